"""The best height above ground at hand, with its source and its margin; a height that cannot be is no height.

Order and margins (house.md): a terrain report or a rangefinder, margin 0; a terrain model, 15 m; height above take-off
standing in, 40 m.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.block import Block
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


@dataclass(frozen=True, slots=True)
class Heights:
    """By row, (n,) float64 metres, NaN where not known.

    agl_m: the best height above ground; source: HeightSource of it, (n,) uint8; margin_m belongs to it.
    refused_m: a reported height above ground that cannot be, else NaN: why the next source serves.
    """

    agl_m: NDArray[np.float64]
    source: NDArray[np.uint8]
    margin_m: NDArray[np.float64]
    refused_m: NDArray[np.float64]
    takeoff_m: NDArray[np.float64]
    amsl_m: NDArray[np.float64]


def _metres(batch: Block, column: str) -> NDArray[np.float64]:
    metres = batch.values(column).astype(np.float64) / 1_000.0
    metres[~batch.valid(column)] = np.nan
    return metres


def best_heights(batch: Block) -> Heights:
    """The heights of each row of a block."""
    takeoff, amsl, reported = (_metres(batch, name) for name in ("takeoff_height_mm", "amsl_mm", "agl_mm"))
    with np.errstate(invalid="ignore"):
        takeoff[(takeoff < TAKEOFF_RANGE_M[0]) | (takeoff > TAKEOFF_RANGE_M[1])] = np.nan
        amsl[(amsl < AMSL_RANGE_M[0]) | (amsl > AMSL_RANGE_M[1])] = np.nan
        impossible = (reported < LOWEST_AGL_M) | (np.abs(reported - takeoff) > FAR_FROM_TAKEOFF_M)
    usable = ~np.isnan(reported) & ~impossible
    source = np.where(
        usable, batch.values("agl_source"), np.where(np.isnan(takeoff), HeightSource.NONE, HeightSource.TAKEOFF)
    ).astype(np.uint8)
    margins = np.zeros(max(HeightSource) + 1)
    for known, margin in MARGIN_M.items():
        margins[known] = margin
    return Heights(
        agl_m=np.where(usable, reported, takeoff),
        source=source,
        margin_m=margins[source],
        refused_m=np.where(impossible, reported, np.nan),
        takeoff_m=takeoff,
        amsl_m=amsl,
    )
