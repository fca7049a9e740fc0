"""A ZoneIndex compiled for speed: every zone is cut into the cells of a fixed longitude/latitude grid.

A cell that lies within a zone says so; one on its boundary has the edges that pass through it, and only those are looked
at. A zone has cells of the finest level at which it needs at most MOST_CELLS of them, and fewer where it has few corners: a
cell with an edge or two is settled as fast as an empty one, and many cells fill the processor's cache. Within a zone the
cells of coarser levels stand for those of finer ones. The answers are shapely's (a point on an edge is inside; edges are
straight in longitude and latitude), but for points exactly on an edge within some 0.0004 degrees of 0,0: there shapely and
this both round, and either may call such a point outside (exact fractions in the tests say which).

What a footprint is cut into (Cells) depends on nothing else, so it is made once and stands in every later index: making one
for a new world is laying out cells that are there, but for those of the new zones. Nothing here changes an index once it is
made, so another can be made aside, in a thread, and swapped in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geofence import cutting, kernels
from geofence.distance import rings_of
from geofence.kernels import LEVEL_BITS, PAGE_BITS, Grid

if TYPE_CHECKING:
    from geofence.index import Entry, Pairs

MOST_CELLS = 4096
CELLS_A_CORNER = 16
SCALES = np.array([1024.0 / (1 << LEVEL_BITS * level) for level in range(8)])  # cells in a degree; 1024: some 100 m


@dataclass(frozen=True, slots=True)
class Cells:
    """A footprint cut up. places (n, 3), items (n, 3), edges (m, 4): as geofence.cutting.cut says; a level is one of SCALES."""

    places: NDArray[np.int32]
    items: NDArray[np.int32]
    edges: NDArray[np.float64]


def cells_of(footprint: Any) -> Cells:
    """Cuts a valid Polygon or MultiPolygon in degrees."""
    points, ring = rings_of(footprint)
    low, high = points.min(axis=0) - 1e-9, points.max(axis=0) + 1e-9
    level, most = 0, min(MOST_CELLS, CELLS_A_CORNER * len(points))
    while True:
        (x0, y0), (x1, y1) = (np.floor(corner * SCALES[level]).astype(int).tolist() for corner in (low, high))
        if (x1 - x0 + 1) * (y1 - y0 + 1) <= most or level == len(SCALES) - 1:
            window = x0, y0, x1 - x0 + 1, y1 - y0 + 1
            return Cells(*cutting.cut.run(points, ring, SCALES[level], level, len(SCALES), *window))
        level += 1


class GridIndex:
    """ZoneIndex on the grid. `grid` is what compiled code takes (geofence.kernels)."""

    def __init__(self, entries: Sequence["Entry"]) -> None:
        self.entries = tuple(entries)
        self.grid = _grid([entry.cells for entry in self.entries])

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> "Pairs":
        spots = np.empty((len(lon_deg) * len(self.grid.scale) + 1, 2), np.int64)
        return _pairs(len(lon_deg), lambda *out: kernels.find_points.run(self.grid, lon_deg, lat_deg, spots, *out))

    def crossing(self, paths_deg: NDArray[np.float64]) -> "Pairs":
        hits = np.empty(len(self.entries), np.int32)
        return _pairs(len(paths_deg), lambda *out: kernels.find_paths.run(self.grid, paths_deg, hits, *out))


def _pairs(asked: int, find: Callable[..., int]) -> "Pairs":
    """What a kernel finds: again with room for all, should there be more than expected."""
    room = 2 * asked + 16
    while True:
        rows, entries = np.empty(room, np.int64), np.empty(room, np.int64)
        found = find(rows, entries)
        if found <= room:
            return rows[:found], entries[:found]
        room = found


def _grid(all_cells: Sequence[Cells]) -> Grid:
    def joined(parts: list[NDArray[Any]], columns: int) -> NDArray[Any]:
        return np.concatenate(parts) if parts else np.zeros((0, columns), np.int32)

    counts, edge_counts = (
        np.array([len(part) for part in parts], np.int64)
        for parts in ([cells.places for cells in all_cells], [cells.edges for cells in all_cells])
    )
    places = joined([cells.places for cells in all_cells], 3)
    items = np.empty((len(places), 4), np.int32)
    items[:, 0] = np.repeat(np.arange(len(all_cells)), counts)
    items[:, 1:] = joined([cells.items for cells in all_cells], 3)
    items[:, 1] += np.repeat(np.cumsum(edge_counts) - edge_counts, counts)
    coarsest, finest = (int(places[:, 0].max()), int(places[:, 0].min())) if len(places) else (0, 0)
    places[:, 0] = coarsest - places[:, 0]
    span, size = np.zeros((coarsest - finest + 1, 5), np.int64), 0
    for level in range(len(span)):  # a level has pages also for what stands in finer ones
        finer = places[places[:, 0] >= level]
        pages = finer[:, 1:] >> (PAGE_BITS + LEVEL_BITS * (finer[:, :1] - level))
        if len(pages):
            span[level, :2] = pages.min(axis=0)
            span[level, 2:4] = pages.max(axis=0) - span[level, :2] + 1
        span[level, 4] = size
        size += int(span[level, 2] * span[level, 3])
    edges = joined([cells.edges for cells in all_cells], 4).astype(np.float64, copy=False)
    scales: NDArray[np.float64] = SCALES[finest : coarsest + 1][::-1].copy()
    return Grid(scales, span, *cutting.lay.run(places, items, edges, span, size))
