"""The best height above ground at hand, with its source and its margin; a height that cannot be is no height.

Order and margins (house.md): a terrain report or a rangefinder, margin 0; the height above mean sea level less the ground
below it by a terrain model, 15 m; height above take-off standing in, 40 m.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from dataclasses import dataclass
from math import nan

import numpy as np
from numba import float64, int64, uint8
from numpy.typing import NDArray

from core import whole
from core.block import Block
from core.columns import NULL
from core.compiled import given, kernel, part
from core.sample import HeightSource

LOWEST_AGL_M = -30.0  # a derived height below this is no height
FAR_FROM_TAKEOFF_M = 500.0  # so is one this far from the height above take-off
TAKEOFF_RANGE_M = (-1_000.0, 10_000.0)  # outside this the height above take-off is nonsense (seen: 31,392 m from a boat)
AMSL_RANGE_M = (-450.0, 20_000.0)

MARGIN_M = {
    HeightSource.TERRAIN_REPORT: 0.0,
    HeightSource.RANGEFINDER: 0.0,
    HeightSource.TERRAIN_MODEL: 15.0,
    HeightSource.TAKEOFF: 40.0,
}
SOURCE_WORDS = {
    HeightSource.NONE: "none",
    HeightSource.AUTOPILOT: "autopilot",
    HeightSource.TERRAIN_REPORT: "terrain report",
    HeightSource.RANGEFINDER: "rangefinder",
    HeightSource.TERRAIN_MODEL: "terrain model",
    HeightSource.TAKEOFF: "above take-off",
}
_MARGINS_M = np.array([MARGIN_M.get(source, 0.0) for source in HeightSource])
_NONE, _MODEL, _TAKEOFF = int(HeightSource.NONE), int(HeightSource.TERRAIN_MODEL), int(HeightSource.TAKEOFF)
AGL, AMSL, TAKEOFF, MARGIN, REFUSED, REFUSED_MODEL = range(6)  # rows of Heights.all_m


@dataclass(frozen=True, slots=True)
class Heights:
    """By row of a block, metres, NaN where not known.

    all_m: (6, n) float64: the best height above ground, above mean sea level, above take-off, the margin of the first; and
    why the next source serves: a reported height above ground that cannot be, one from the terrain model that cannot be.
    source: HeightSource of the first.
    """

    all_m: NDArray[np.float64]
    source: NDArray[np.uint8]

    @property
    def agl_m(self) -> NDArray[np.float64]:
        agl_m: NDArray[np.float64] = self.all_m[AGL]
        return agl_m

    @property
    def amsl_m(self) -> NDArray[np.float64]:
        amsl_m: NDArray[np.float64] = self.all_m[AMSL]
        return amsl_m

    @property
    def margin_m(self) -> NDArray[np.float64]:
        margin_m: NDArray[np.float64] = self.all_m[MARGIN]
        return margin_m


def best_heights(batch: Block) -> Heights:
    """The heights of each row of a block."""
    return heights_of(batch.whole())


def heights_of(table: NDArray[np.int64]) -> Heights:
    """The same of (columns, n) whole numbers, as Block.whole() has them; of its columns only those of heights are looked at."""
    heights = Heights(np.empty((6, table.shape[1])), np.empty(table.shape[1], np.uint8))
    _best.run(table, _MARGINS_M, heights.all_m, heights.source)
    return heights


@kernel(given(int64, 2), given(float64), float64[:, ::1], uint8[::1])
def _best(table, margins_m, all_m, source):
    for i in range(len(source)):
        takeoff_mm, amsl_mm, reported_mm = table[whole.TAKEOFF, i], table[whole.AMSL, i], table[whole.AGL, i]
        takeoff = takeoff_mm / 1_000.0 if takeoff_mm != NULL else nan
        if takeoff < TAKEOFF_RANGE_M[0] or takeoff > TAKEOFF_RANGE_M[1]:
            takeoff = nan
        amsl = amsl_mm / 1_000.0 if amsl_mm != NULL else nan
        if amsl < AMSL_RANGE_M[0] or amsl > AMSL_RANGE_M[1]:
            amsl = nan
        all_m[AMSL, i], all_m[TAKEOFF, i] = amsl, takeoff
        all_m[REFUSED, i] = all_m[REFUSED_MODEL, i] = nan
        best, by = takeoff, (_NONE if takeoff != takeoff else _TAKEOFF)
        ground_mm = table[whole.GROUND, i]
        model = amsl - ground_mm / 1_000.0 if ground_mm != NULL else nan
        reported = reported_mm / 1_000.0 if reported_mm != NULL else nan
        if reported == reported and not _impossible(reported, takeoff):
            best, by = reported, table[whole.AGL_SOURCE, i]
        else:
            all_m[REFUSED, i] = reported
            if model == model and not _impossible(model, takeoff):
                best, by = model, _MODEL
            else:
                all_m[REFUSED_MODEL, i] = model
        if by < 0 or by >= len(margins_m):
            raise ValueError("a source of height that nobody knows")
        all_m[AGL, i], all_m[MARGIN, i], source[i] = best, margins_m[by], by


@part
def _impossible(agl_m, takeoff_m):
    return agl_m < LOWEST_AGL_M or abs(agl_m - takeoff_m) > FAR_FROM_TAKEOFF_M
