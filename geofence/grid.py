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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geofence import cutting, kernels
from geofence.distance import rings_of
from geofence.kernels import PAGE, ZONE, Grid

if TYPE_CHECKING:
    from geofence.index import Entry, Pairs

MOST_SLABS = 4096
CORNERS_A_SLAB = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """A footprint cut up.

    runs: (n, 4) cells of one row from one column to before another, and 1 if the boundary is in them, 0 if they lie within;
    by row from the south and from the west. zone: (1,) ZONE. slabs: (s,) where in edges those of a slab begin, which end
    where those of the next begin. edges: (m, 4) lon and lat of both ends, those that reach several slabs in each of them.
    """

    runs: NDArray[np.int32]
    zone: NDArray[np.void]
    slabs: NDArray[np.int32]
    edges: NDArray[np.float64]


def cut(footprint: Any) -> Cut:
    """Cuts a valid Polygon or MultiPolygon in degrees."""
    points, ring = rings_of(footprint)
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    slabs = min(MOST_SLABS, len(points) // CORNERS_A_SLAB)
    zone = np.array([(west, south, east, north, slabs / (north - south), slabs, 0, 0)], ZONE)
    runs, starts, edges = cutting.cut.run(points, ring, zone)
    return Cut(runs, zone, starts, edges)


class GridIndex:
    """ZoneIndex on the grid. `grid` is what compiled code takes (geofence.kernels)."""

    def __init__(self, entries: Sequence["Entry"]) -> None:
        self.entries = tuple(entries)
        self.grid = _grid([entry.cut for entry in self.entries])

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> "Pairs":
        room = 2 * len(lon_deg) + 16
        while True:
            work, rows, entries = np.empty((5, room), np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
            found = kernels.find_points.run(*self.grid, lon_deg, lat_deg, work, rows, entries)
            if found >= 0:
                return rows[:found], entries[:found]
            room = -found

    def crossing(self, paths_deg: NDArray[np.float64]) -> "Pairs":
        hits = np.empty(len(self.entries), np.int32)
        return _pairs(len(paths_deg), lambda *out: kernels.find_paths.run(*self.grid, paths_deg, hits, *out))


def _pairs(asked: int, find: Callable[..., int]) -> "Pairs":
    """What a kernel finds: again with room for all, should there be more than expected."""
    room = 2 * asked + 16
    while True:
        rows, entries = np.empty(room, np.int64), np.empty(room, np.int64)
        found = find(rows, entries)
        if found >= 0:
            return rows[:found], entries[:found]
        room = -found


def _grid(cuts: Sequence[Cut]) -> Grid:
    def joined(parts: list[NDArray[Any]], nothing: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([*parts, nothing])

    runs = joined([each.runs for each in cuts], np.empty((0, 4), np.int32))
    entries = np.repeat(np.arange(len(cuts)), [len(each.runs) for each in cuts])
    zones = joined([each.zone for each in cuts], np.empty(0, ZONE))
    zones["first"] = np.cumsum(zones["slabs"]) - zones["slabs"]
    edge_counts = np.array([len(each.edges) for each in cuts], np.int64)
    slabs = joined([each.slabs for each in cuts], np.zeros(1, np.int32))
    slabs[:-1] += np.repeat(np.cumsum(edge_counts) - edge_counts, zones["slabs"]).astype(np.int32)
    slabs[-1] = edge_counts.sum()
    edges = joined([each.edges for each in cuts], np.empty((0, 4)))
    row, column = (int(runs[:, i].min()) // PAGE - 1 if len(runs) else 0 for i in (0, 1))
    up, across = ((int(runs[:, i].max()) // PAGE - first + 1 if len(runs) else 1) for i, first in ((0, row), (2, column)))
    column, row = column * PAGE, row * PAGE
    directory, words, starts, items = cutting.lay.run(runs, entries, column, row, across, up)
    return Grid(float(column), float(row), directory, words, starts, items, zones, slabs, edges)
