"""The loops that make a geofence.grid, compiled: a footprint cut into cells, and cells laid out for looking up."""

from typing import Any

import numpy as np
from numba import float64, int32, int64

from core.compiled import given, inner, kernel, part
from geofence.kernels import ABOVE_ALL, LEVEL_BITS, PAGE, PAGE_BITS, SLACK_DEG, bits_set, columns_of, rows_of


@part
def _ring_edges(points: Any, ring: Any) -> Any:
    """Edges (n, 4) of all rings, and for each the one before and the one after in its ring. Repeated points make none."""
    edges, links = np.empty((len(points), 4), np.float64), np.empty((len(points), 2), np.int32)
    count, start = 0, 0
    for i in range(len(points) - 1):
        if ring[i] == ring[i + 1] and (points[i, 0] != points[i + 1, 0] or points[i, 1] != points[i + 1, 1]):
            edges[count, :2], edges[count, 2:] = points[i], points[i + 1]
            links[count] = count - 1, count + 1
            count += 1
        if ring[i] != ring[i + 1] or i == len(points) - 2:
            if count > start:
                links[start, 0], links[count - 1, 1] = count - 1, start
            start = count
    return edges[:count], links[:count]


@inner
def _listed(edge: Any, scale: float, column: int, row: int) -> bool:
    """Is an edge sorted into this cell."""
    low, high = rows_of(edge[1], edge[3], scale)
    if row < low or row > high:
        return False
    west, east = columns_of(edge[0], edge[1], edge[2], edge[3], scale, row)
    return west <= column <= east


@kernel(given(float64, 2), given(int64), float64, int64, int64, int64, int64, int64, int64)
def cut(points, ring, scale, level, levels, x0, y0, width, height):  # type: ignore[no-untyped-def]
    """Cuts a footprint into cells of a level, of 1/scale degrees; the window of cells begins at (x0, y0) and holds all of it.

       points: (n, 2) degrees, ring: which closed ring each belongs to. Returns places (cells, 3: level, x, y), items (cells, 3)
       as in Grid without the entry, and edges. Where a whole cell of the next level lies within, that one stands for its cells.
    A point of a cell is inside if the edges to its east are odd. Edges that do not
       touch the cell stand wholly east or west of it, and how many stand east changes with latitude only where an edge that
       touches it gives way to one that does not: there a line north from that corner stands in for all the others.
    """
    edges, links = _ring_edges(points, ring)
    cells = width * height
    starts, east_odd = np.zeros(cells + 1, np.int32), np.zeros(cells, np.int32)
    for e in range(len(edges)):
        ax, ay, bx, by = edges[e]
        low, high = rows_of(ay, by, scale)
        for row in range(low, high + 1):
            west, east = columns_of(ax, ay, bx, by, scale, row)
            line = (row - y0) * width - x0
            for column in range(west, east + 1):
                starts[line + column + 1] += 1
            middle = (row + 0.5) / scale
            if (ay > middle) != (by > middle) and west > x0:
                east_odd[line + west - 1] ^= 1
    for row in range(height):
        for column in range(width - 2, -1, -1):
            east_odd[row * width + column] ^= east_odd[row * width + column + 1]
    used = 0
    for cell in range(cells):
        used += starts[cell + 1] > 0 or east_odd[cell] > 0
        starts[cell + 1] += starts[cell]
    sorted_in, at = np.empty(starts[cells], np.int32), starts[:-1].copy()
    for e in range(len(edges)):
        low, high = rows_of(edges[e, 1], edges[e, 3], scale)
        for row in range(low, high + 1):
            west, east = columns_of(edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3], scale, row)
            for column in range(west, east + 1):
                cell = (row - y0) * width + column - x0
                sorted_in[at[cell]] = e
                at[cell] += 1

    places, items = np.empty((used, 3), np.int32), np.zeros((used, 3), np.int32)
    own, count, used = np.empty((3 * len(sorted_in), 4), np.float64), 0, 0
    for cell in range(cells):
        real, odd = starts[cell + 1] - starts[cell], east_odd[cell]
        if real == 0:
            continue
        east_odd[cell] = 0  # what stays in it are the cells that lie within
        column, row, first = x0 + cell % width, y0 + cell // width, count
        for i in range(starts[cell], starts[cell + 1]):
            own[count] = edges[sorted_in[i]]
            count += 1
        low, high, middle = row / scale - SLACK_DEG, (row + 1) / scale + SLACK_DEG, (row + 0.5) / scale
        for i in range(starts[cell], starts[cell + 1]):
            e = sorted_in[i]
            for end in range(2):
                x, y = edges[e, 2 * end], edges[e, 2 * end + 1]
                if x * scale > column + 1 and low <= y <= high and not _listed(edges[links[e, end]], scale, column, row):
                    own[count] = x, y, x, ABOVE_ALL
                    odd ^= y <= middle
                    count += 1
        places[used] = level, column, row
        items[used] = first, real, 2 * (count - first) + odd
        used += 1

    within = east_odd
    while True:
        blocks_x0, blocks_y0 = x0 >> LEVEL_BITS, y0 >> LEVEL_BITS
        across, up = ((x0 + width - 1) >> LEVEL_BITS) - blocks_x0 + 1, ((y0 + height - 1) >> LEVEL_BITS) - blocks_y0 + 1
        full = np.zeros(across * up, np.int32)
        for cell in range(len(within)):
            block = ((y0 + cell // width) >> LEVEL_BITS) - blocks_y0
            block = block * across + ((x0 + cell % width) >> LEVEL_BITS) - blocks_x0
            full[block] += within[cell]
        for block in range(len(full)):
            full[block] = full[block] == 1 << 2 * LEVEL_BITS and level + 1 < levels
        for cell in range(len(within)):
            block = ((y0 + cell // width) >> LEVEL_BITS) - blocks_y0
            block = block * across + ((x0 + cell % width) >> LEVEL_BITS) - blocks_x0
            if within[cell] and not full[block]:
                places[used] = level, x0 + cell % width, y0 + cell // width
                items[used] = 0, 0, 1
                used += 1
        if not full.any():
            break
        within, x0, y0, width, height, level = full, blocks_x0, blocks_y0, across, up, level + 1
    return places[:used].copy(), items[:used].copy(), own[:count].copy()


@inner
def _page(span: Any, level: int, place: Any, bits: int) -> int:
    """Where in the directory the page stands that a place (level, x, y) is in, or belongs to, that many bits coarser."""
    across, up = (place[1] >> bits + PAGE_BITS) - span[level, 0], (place[2] >> bits + PAGE_BITS) - span[level, 1]
    return int(span[level, 4] + up * span[level, 2] + across)


@kernel(given(int32, 2), given(int32, 2), given(float64, 2), given(int64, 2), int64)
def lay(places, items, edges, span, size):  # type: ignore[no-untyped-def]
    """Lays cells out: items (n, 4) at places (n, 3: level from the coarsest, x, y) with their edges -> what Grid holds.

    Items and edges are put into the order of the cells; one of each more than there are, so that a cell without items may
    be looked up like any other.
    """
    directory, pages = np.zeros(size, np.int32), 1  # page 0 stays empty: it is where no zone is
    for i in range(len(places)):
        for level in range(places[i, 0] + 1):
            at = _page(span, level, places[i], LEVEL_BITS * (places[i, 0] - level))
            if directory[at] == 0:
                directory[at] = pages
                pages += 1
    words, cells = np.zeros(pages << PAGE_BITS, np.int64), np.int64(0)
    spot = np.empty(len(places), np.int64)  # first the item's word, then its cell
    for i in range(len(places)):
        for level in range(places[i, 0] + 1):
            bits = LEVEL_BITS * (places[i, 0] - level)
            page = np.int64(directory[_page(span, level, places[i], bits)])
            spot[i] = (page << PAGE_BITS) + ((places[i, 2] >> bits) & (PAGE - 1))
            words[spot[i]] |= np.int64(1) << ((places[i, 1] >> bits) & (PAGE - 1))
    for i in range(len(words)):
        used = bits_set(words[i])
        words[i] |= cells << 32
        cells += used
    starts = np.zeros(cells + 1, np.int32)
    for i in range(len(places)):
        word = words[spot[i]]
        spot[i] = (word >> 32) + bits_set(word & ((np.int64(1) << (places[i, 1] & (PAGE - 1))) - 1))
        starts[spot[i] + 1] += 1
    for cell in range(cells):
        starts[cell + 1] += starts[cell]
    order, next_at = np.empty(len(places), np.int64), starts[:-1].copy()
    for i in range(len(places)):
        order[next_at[spot[i]]] = i
        next_at[spot[i]] += 1
    laid, laid_edges, count = np.zeros((len(items) + 1, 4), np.int32), np.zeros((len(edges) + 1, 4), np.float64), 0
    for i in range(len(order)):
        laid[i] = items[order[i]]
        first, edges_here = laid[i, 1], laid[i, 3] >> 1
        laid[i, 1] = count
        for e in range(first, first + edges_here):
            laid_edges[count] = edges[e]
            count += 1
    return directory, words, starts, laid, laid_edges
