"""What the loops over a block's positions share: where aircraft were, are and will be, and an index's zones in columns."""

# mypy: allow-untyped-defs

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

# One entry of the index. ROW of its floor and ceiling; no limit is an infinite one; margins beside those of the heights.
ENTRY = np.dtype(
    [
        ("from_us", "i8"), ("to_us", "i8"), ("floor_m", "f8"), ("ceiling_m", "f8"), ("floor_row", "i8"), ("ceiling_row", "i8"),
        ("floor_margin_m", "f8"), ("ceiling_margin_m", "f8"), ("warn_s", "f8"),
        ("operator", "i8"), ("keep_in", "?"), ("named", "?"), ("convex", "?"),
    ],
    align=True,
)  # fmt: skip
# Who flies: the number of the operator (-1: none with zones here), and the entries that name the aircraft, [start, stop)
# of a list. general: the audience that nobody names, of the same operator.
AUDIENCE = np.dtype([("operator", "i8"), ("start", "i8"), ("stop", "i8"), ("general", "i8")], align=True)
NOBODY = 0
EAST, NORTH, CLIMB, SLOWING, LEVELLING = range(5)  # rows of Track.motion: m/s and m/s2 as in prediction.Motion, NaN: not known
Audiences = NDArray[np.int64]


class Track(NamedTuple):
    """The positions of a block that are judged, in order.

    aircraft_ids: by code; codes: (n,) by row of the block. rows: (m,) which rows of the block they are. lon_deg, lat_deg:
    (m,). audience: (m,) int64, as Sift.audience gives it.
    path_points: (p,) which of them have a path from a known fix before; paths_deg: (p, 2 ends, lon and lat);
    before_m: (p, 3) heights of its beginning. ahead_points, ahead_deg: the same for where it would be ahead_s from now
    (geofence.prediction). By row of the block: time_us (n,), heights_m (6, n) as in Heights.all_m, motion (5, n).
    """

    aircraft_ids: Sequence[bytes]
    codes: NDArray[np.int64]
    rows: NDArray[np.int64]
    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    audience: Audiences
    path_points: NDArray[np.int64]
    paths_deg: NDArray[np.float64]
    before_m: NDArray[np.float64]
    ahead_points: NDArray[np.int64]
    ahead_deg: NDArray[np.float64]
    ahead_s: NDArray[np.float64]
    motion: NDArray[np.float64]
    time_us: NDArray[np.int64]
    heights_m: NDArray[np.float64]


@njit
def meant(entry, number, who, listed, time_us):
    """Is an entry in force, and meant for this audience?"""
    if not (entry.from_us <= time_us < entry.to_us) or entry.operator != who.operator:
        return False
    if not entry.named:
        return True
    for i in range(who.start, who.stop):  # noqa: SIM110
        if listed[i] == number:
            return True
    return False
