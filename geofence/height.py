"""The best height above ground at hand, with its source and its margin; a height that cannot be is no height.

Order and margins (house.md): a terrain report or a rangefinder, margin 0; a terrain model, 15 m; height above take-off
standing in, 40 m.
"""

# mypy: allow-untyped-defs

from dataclasses import dataclass
from math import nan

import numpy as np
from numba import boolean, float64, int32, uint8
from numpy.typing import NDArray

from core.block import Block
from core.compiled import given, kernel
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
_NONE, _TAKEOFF = int(HeightSource.NONE), int(HeightSource.TAKEOFF)
AGL, AMSL, TAKEOFF, MARGIN, REFUSED = range(5)  # rows of Heights.all_m


@dataclass(frozen=True, slots=True)
class Heights:
    """By row of a block, metres, NaN where not known.

    all_m: (5, n) float64: the best height above ground, above mean sea level, above take-off, the margin of the first,
    and a reported height above ground that cannot be (why the next source serves). source: HeightSource of the first.
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
    heights = Heights(np.empty((5, batch.num_rows)), np.empty(batch.num_rows, np.uint8))
    _best.run(
        batch.values("takeoff_height_mm"), batch.valid("takeoff_height_mm"),
        batch.values("amsl_mm"), batch.valid("amsl_mm"),
        batch.values("agl_mm"), batch.valid("agl_mm"), batch.values("agl_source"),
        _MARGINS_M, heights.all_m, heights.source,
    )  # fmt: skip
    return heights


@kernel(
    given(int32), given(boolean), given(int32), given(boolean), given(int32), given(boolean), given(uint8),
    given(float64), float64[:, ::1], uint8[::1],
)  # fmt: skip
def _best(
    takeoff_mm, has_takeoff, amsl_mm, has_amsl, reported_mm, has_reported, reported_source, margins_m, all_m, source
):  # fmt: skip
    for i in range(len(source)):
        takeoff = takeoff_mm[i] / 1_000.0 if has_takeoff[i] else nan
        if takeoff < TAKEOFF_RANGE_M[0] or takeoff > TAKEOFF_RANGE_M[1]:
            takeoff = nan
        amsl = amsl_mm[i] / 1_000.0 if has_amsl[i] else nan
        if amsl < AMSL_RANGE_M[0] or amsl > AMSL_RANGE_M[1]:
            amsl = nan
        reported = reported_mm[i] / 1_000.0 if has_reported[i] else nan
        impossible = reported < LOWEST_AGL_M or abs(reported - takeoff) > FAR_FROM_TAKEOFF_M
        if has_reported[i] and not impossible:
            best, by = reported, reported_source[i]
        else:
            best, by = takeoff, (_NONE if takeoff != takeoff else _TAKEOFF)
        if by >= len(margins_m):
            raise ValueError("a source of height that nobody knows")
        all_m[AGL, i], all_m[AMSL, i], all_m[TAKEOFF, i] = best, amsl, takeoff
        all_m[MARGIN, i], source[i] = margins_m[by], by
        all_m[REFUSED, i] = reported if impossible else nan
