"""The loops that make a geofence.grid, compiled: a footprint cut into cells and slabs, and cells laid out for looking up."""

# mypy: allow-untyped-defs

from typing import Any

import numpy as np
from numba import float64, from_dtype, int32, int64

from core.compiled import given, inner, kernel, part
from geofence.kernels import CELLS, PAGE, PAGE_BITS, ZONE, columns_of, rows_of, slab_of


@part
def _edges(points: Any, ring: Any) -> Any:
    """Edges (n, 4) of all rings. Repeated points make none."""
    edges, count = np.empty((len(points), 4), np.float64), 0
    for i in range(len(points) - 1):
        if ring[i] == ring[i + 1] and (points[i, 0] != points[i + 1, 0] or points[i, 1] != points[i + 1, 1]):
            edges[count, :2], edges[count, 2:] = points[i], points[i + 1]
            count += 1
    return edges[:count]


@kernel(given(float64, 2), given(int64), given(from_dtype(ZONE)), aside=True)
def cut(points, ring, zones):
    """Cuts a footprint: points (n, 2) degrees, ring (n,) which closed ring each belongs to, its one ZONE.

    Returns runs, slabs, edges as in geofence.grid.Cut.
    """
    edges, zone = _edges(points, ring), zones[0]
    return _runs(edges), *_slabs(edges, zone)


@part
def _slabs(edges: Any, zone: Any) -> Any:
    """Sorts edges into every slab that they reach, in each by their western end."""
    edges = edges[np.argsort(np.minimum(edges[:, 0], edges[:, 2]))]
    slabs = np.zeros(zone.slabs + 1, np.int32)
    for e in range(len(edges)):
        low, high = min(edges[e, 1], edges[e, 3]), max(edges[e, 1], edges[e, 3])
        for slab in range(slab_of(zone, low), slab_of(zone, high) + 1):
            slabs[slab + 1] += 1
    for slab in range(zone.slabs):
        slabs[slab + 1] += slabs[slab]
    sorted_in, at = np.empty((slabs[-1], 4), np.float64), slabs.copy()
    for e in range(len(edges)):
        low, high = min(edges[e, 1], edges[e, 3]), max(edges[e, 1], edges[e, 3])
        for slab in range(slab_of(zone, low), slab_of(zone, high) + 1):
            sorted_in[at[slab]] = edges[e]
            at[slab] += 1
    return slabs[:-1].copy(), sorted_in


@part
def _runs(edges: Any) -> Any:
    """Cells row by row from the west: what an edge touches is boundary, and the rest of a row is all in or all out between.

    Whether it is in changes where an edge crosses the middle of the row, which it does in a cell that it touches.
    """
    count = 0
    for e in range(len(edges)):
        low, high = rows_of(edges[e, 1], edges[e, 3])
        count += high - low + 1
    order, spans, count = np.empty(count, np.int64), np.empty((count, 4), np.int64), 0
    for e in range(len(edges)):
        ax, ay, bx, by = edges[e]
        low, high = rows_of(ay, by)
        for row in range(low, high + 1):
            west, east = columns_of(ax, ay, bx, by, row)
            middle = (row + 0.5) / CELLS
            spans[count] = row, west, east + 1, int((ay > middle) != (by > middle))
            order[count] = (row << 32) + west
            count += 1
    order = np.argsort(order)
    runs, made = np.empty((2 * count, 4), np.int64), 0
    at_row, beyond, inside = np.int64(1) << 40, np.int64(0), np.int64(0)
    for i in order:
        row, west, east, crosses = spans[i]
        if row != at_row:
            at_row, beyond, inside = row, west, np.int64(0)
            runs[made] = row, west, west, 1
            made += 1
        if west > beyond:
            if inside:
                runs[made] = row, beyond, west, 0
                made += 1
            runs[made] = row, west, east, 1
            made += 1
        beyond = max(beyond, east)
        runs[made - 1, 2] = beyond
        inside ^= crosses
    return runs[:made].astype(np.int32)


@inner
def _pages(run: Any, x0: int) -> tuple[int, int]:
    """The first page of a window that a run reaches, and the one beyond its last."""
    return (run[1] - x0) >> PAGE_BITS, ((run[2] - x0 - 1) >> PAGE_BITS) + 1


@kernel(given(int32, 2), given(int64), int64, int64, int64, int64, aside=True)
def lay(runs, entries, x0, y0, across, up):
    """Lays cells out: runs (n, 4) as in Cut and the entry of each, ascending -> directory, words, starts, items of Grid.

    x0, y0: the window's first cell, across, up: its pages. A page is split into cells of its own if a zone fills only a part
    of it; what fills a page that is not split is said once. So a zone costs what its boundary is long, however large it is.
    """
    split, covered = np.zeros((up, across), np.bool_), np.zeros((up, across), np.int32)
    start = 0
    for r in range(len(runs)):
        row = (runs[r, 0] - y0) >> PAGE_BITS
        first, beyond = _pages(runs[r], x0)
        for page in range(first, beyond):
            if runs[r, 3]:
                split[row, page] = True
            else:
                west = max(runs[r, 1], x0 + page * PAGE)
                covered[row, page] += min(runs[r, 2], x0 + (page + 1) * PAGE) - west
        if r + 1 == len(runs) or entries[r + 1] != entries[r]:  # all runs of one zone are known
            for again in range(start, r + 1):
                row = (runs[again, 0] - y0) >> PAGE_BITS
                first, beyond = _pages(runs[again], x0)
                for page in range(first, beyond):
                    split[row, page] |= 0 < covered[row, page] < PAGE * PAGE
                    covered[row, page] = 0
            start = r + 1
    directory, cells = np.zeros((up, across), np.int32), 0
    for own_cells in (True, False):  # those with cells of their own first: their rows are whole words
        for row in range(up):
            for page in range(across):
                if split[row, page] == own_cells:
                    directory[row, page] = 2 * cells + own_cells
                    cells += PAGE * PAGE if own_cells else 1
    ends, items = np.zeros(cells + 1, np.int32), np.empty(0, np.int32)  # of each cell's items; the last stays unused
    for fill in (False, True):
        for r in range(len(runs)):
            row, in_page = (runs[r, 0] - y0) >> PAGE_BITS, (runs[r, 0] - y0) & (PAGE - 1)
            first, beyond = _pages(runs[r], x0)
            for page in range(first, beyond):
                cell, west = directory[row, page] >> 1, x0 + page * PAGE
                if split[row, page]:
                    cell += in_page * PAGE
                    from_cell, to_cell = cell + max(runs[r, 1] - west, 0), cell + min(runs[r, 2] - west, PAGE)
                else:
                    from_cell, to_cell = cell, cell + (in_page == 0)
                for cell in range(from_cell, to_cell):
                    if fill:
                        items[ends[cell]] = 2 * entries[r] + runs[r, 3]
                        ends[cell] += 1
                    else:
                        ends[cell + 1] += 1
        if not fill:
            for cell in range(cells):
                ends[cell + 1] += ends[cell]
            items = np.empty(ends[cells], np.int32)
    return directory, *_lists(ends[:cells], items)


@part
def _lists(ends: Any, items: Any) -> Any:
    """Each cell's items, which end where it says, as lists that do not repeat within a word -> words, starts, items."""
    words, starts = np.zeros((len(ends) >> PAGE_BITS) + 1, np.int64), np.zeros(len(ends) + 2, np.int32)
    lists, start, before, count, kept = np.int64(0), 0, 0, 0, 0
    for cell in range(len(ends)):
        new = cell & (PAGE - 1) == 0 or ends[cell] - start != count
        for i in range(count):
            if new:
                break
            new = items[start + i] != items[before + i]
        if cell & (PAGE - 1) == 0:
            words[cell >> PAGE_BITS] = lists << 32
        if new:
            words[cell >> PAGE_BITS] |= np.int64(1) << (cell & (PAGE - 1))
            before, count = kept, ends[cell] - start
            for i in range(count):  # kept <= start: nothing is overwritten that is still to be read
                items[kept + i] = items[start + i]
            kept += count
            lists += 1
            starts[lists + 1] = kept
        start = ends[cell]
    return words, starts[: lists + 2].copy(), items[:kept].copy()
