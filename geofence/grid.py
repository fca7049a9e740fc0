"""A ZoneIndex compiled for speed: a fixed longitude/latitude grid says which zones are where.

In a cell that lies within a zone nothing needs to be computed. Of a zone whose boundary is in the cell, only the edges in
the point's slab are looked at: every zone is cut into slabs of latitude, so that few edges are in each. The answers are
shapely's (a point on an edge is inside; edges are straight in longitude and latitude), but for points exactly on an edge
within some 0.0004 degrees of 0,0: there shapely and this both round, and either may call such a point outside (exact
fractions in the tests say which).

What a footprint is cut into (Cut) depends on nothing else, so it is made once and stands in every later index: making one
for a new world is laying out what is there, but for the new zones. Nothing here changes an index once it is made, so
another can be made aside, in a thread, and swapped in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geofence import cutting, kernels, near
from geofence.distance import rings_of
from geofence.kernels import PAGE, ZONE, Grid

if TYPE_CHECKING:
    from geofence.index import Entry, Met, Near, Pairs

MOST_SLABS = 4096


@dataclass(frozen=True, slots=True)
class Cut:
    """A footprint cut up.

    zone: (1,) ZONE. runs: (n, 4) row, first column, the one beyond the last, and 1 if the boundary is in these cells, 0 if
    they lie within; by row from the south, in it from the west. slabs: (s,) where in edges those of a slab begin, which end
    where those of the next begin. edges: (m, 4) lon and lat of both ends, in each slab that they reach, from the west.
    """

    zone: NDArray[np.void]
    runs: NDArray[np.int32]
    slabs: NDArray[np.int32]
    edges: NDArray[np.float64]


def cut(footprint: Any) -> Cut:
    """Cuts a valid Polygon or MultiPolygon in degrees."""
    points, ring = rings_of(footprint)
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    slabs = min(MOST_SLABS, len(points) // 2)  # two: fewer corners a slab fill more memory than they save time
    zone = np.array([(west, south, east, north, slabs / max(north - south, 1e-9), slabs, 0)], ZONE)
    return Cut(zone, *cutting.cut.run(points, ring, zone))


class GridIndex:
    """ZoneIndex on the grid. Several threads may ask at once: what a question needs to note it notes in arrays of its own."""

    def __init__(self, entries: Sequence["Entry"]) -> None:
        self.entries = tuple(entries)
        grid = _grid([entry.cut for entry in self.entries])
        self._find_points = partial(kernels.find_points.run, *grid)
        self._find_paths = partial(kernels.find_paths.run, *grid)
        self._find_meetings = partial(kernels.find_meetings.run, *grid)
        self._find_near = partial(near.find_near.run, *grid)

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> "Pairs":
        room = 2 * len(lon_deg) + 16
        while True:  # again with room for all, should there be more than expected
            work, rows, entries = np.empty((5, room), np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
            found = self._find_points(lon_deg, lat_deg, work, rows, entries)
            if found >= 0:
                return rows[:found], entries[:found]
            room = -found

    def crossing(self, paths_deg: NDArray[np.float64]) -> "Pairs":
        room, hits = 2 * len(paths_deg) + 16, np.empty(len(self.entries), np.int32)
        while True:
            rows, entries = np.empty(room, np.int64), np.empty(room, np.int64)
            found = self._find_paths(paths_deg, hits, rows, entries)
            if found >= 0:
                return rows[:found], entries[:found]
            room = -found

    def meeting(self, paths_deg: NDArray[np.float64]) -> "Met":
        room, hits = 2 * len(paths_deg) + 16, np.empty(len(self.entries), np.int32)
        while True:
            rows, entries, parts = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
            found = self._find_meetings(paths_deg, hits, rows, entries, parts)
            if found >= 0:
                return rows[:found], entries[:found], parts[:found]
            room = -found

    def within(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], reach_m: float) -> "Near":
        room = 8 * len(lon_deg) + 16
        while True:
            work, rows, entries, distance_m = np.empty((2, room), np.int32), *np.empty((2, room), np.int64), np.empty(room)
            found = self._find_near(lon_deg, lat_deg, reach_m, work, rows, entries, distance_m)
            if found >= 0:
                return rows[:found], entries[:found], distance_m[:found]
            room = -found


def _grid(cuts: Sequence[Cut]) -> Grid:
    runs = np.concatenate([np.empty((0, 4), np.int32), *(each.runs for each in cuts)])
    entries = np.repeat(np.arange(len(cuts)), [len(each.runs) for each in cuts])
    zones = np.frombuffer(bytearray().join(each.zone.tobytes() for each in cuts), ZONE)  # numpy takes ten times as long
    zones["first"] = np.cumsum(zones["slabs"]) - zones["slabs"]
    edges = np.concatenate([np.empty((0, 4)), *(each.edges for each in cuts)])
    ends = np.cumsum([len(each.edges) for each in cuts], dtype=np.int32)
    slabs = np.concatenate([*(each.slabs for each in cuts), np.array([len(edges)], np.int32)])
    slabs[:-1] += np.repeat(ends - np.diff(ends, prepend=np.int32(0)), zones["slabs"])
    low, high = (runs.min(axis=0) // PAGE, runs.max(axis=0) // PAGE) if len(runs) else (np.zeros(4, int), np.zeros(4, int))
    row, column = low[:2].tolist()
    row, column, up, across = row - 1, column - 1, int(high[0]) - row + 2, int(high[2]) - column + 2
    directory, words, starts, items = cutting.lay.run(runs, entries, column * PAGE, row * PAGE, across, up)
    return Grid(float(column * PAGE), float(row * PAGE), directory, words, starts, items, zones, slabs, edges)
