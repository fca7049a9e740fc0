"""The loops of geofence.grid in which points and paths are found, compiled.

`holding` and `touching` answer for one point and one path without leaving compiled code; any other kernel may call them
with a Grid and a buffer of as many int32 as the index has entries. They are plain functions until a kernel calls them.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import float64, int32, int64, types
from numpy.typing import NDArray

from core.compiled import given, inner, kernel

PAGE_BITS = 5  # a page is 32 x 32 cells: 32 rows, each a word that says which of its cells are used
PAGE = 1 << PAGE_BITS
LEVEL_BITS = 3  # a cell of one level is 8 x 8 of the level before
SLACK_DEG = 1e-9  # cells reach this far beyond their borders when edges are sorted into them: far more than rounding
ABOVE_ALL = 1e3  # a latitude beyond every position


class Grid(NamedTuple):
    """Cells of several sizes, level by level, the coarsest first, and in each the zones that are there.

    A cell's number: page = directory[span's offset + place of the page], word = words[32 page + row within the page], whose
    low 32 bits tell the used cells of that row and whose high bits the number of the first. Its items are
    items[starts[cell]:starts[cell + 1]]. A cell is used if there are items in it or in a finer cell of its area.
    """

    scale: NDArray[np.float64]  # (levels,) cells in a degree, a power of two, so that a border is no rounded number
    span: NDArray[np.int64]  # (levels, 5) first page x and y, pages across and up, offset in the directory
    directory: NDArray[np.int32]  # a page's number, 0 (an empty page) where there is none
    words: NDArray[np.int64]
    starts: NDArray[np.int32]
    items: NDArray[np.int32]  # (n, 4) entry, its first edge here, how many are real, 2 x how many in all + odd
    edges: NDArray[np.float64]  # (n, 4) lon and lat of both ends


GRID: Any = types.NamedTuple(  # type: ignore[no-untyped-call]
    (float64[::1], int64[:, ::1], int32[::1], int64[::1], int32[::1], int32[:, ::1], float64[:, ::1]), Grid
)


@inner
def _two_sum(a: float, b: float) -> tuple[float, float]:
    """A sum and what rounding took from it (Knuth, TAOCP 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@inner
def _two_product(a: float, b: float) -> tuple[float, float]:
    """A product and what rounding took from it (Dekker 1971)."""
    product = a * b
    a_high = 134217729.0 * a
    a_high = a_high - (a_high - a)
    b_high = 134217729.0 * b
    b_high = b_high - (b_high - b)
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@inner
def _exact_product(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """(a - b) (c - d) as the sum of two numbers, right to 100 bits, and exactly where neither difference is rounded."""
    left, left_rest = _two_sum(a, -b)
    right, right_rest = _two_sum(c, -d)
    product, rest = _two_product(left, right)
    return _two_sum(product, rest + (left * right_rest + left_rest * right))


@inner
def turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """1 if c lies left of the line from a to b, -1 if right, 0 if on it. As GEOS: fast where that is sure, else in twice
    the precision.

    The error bound of the fast way is Shewchuk's (Adaptive Precision Floating-Point Arithmetic, 1997, ccwerrboundA).
    """
    left, right = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
    side = left - right
    if abs(side) <= 3.3306690738754716e-16 * (abs(left) + abs(right)):
        left, left_rest = _exact_product(bx, ax, cy, ay)
        right, right_rest = _exact_product(by, ay, cx, ax)
        side, rest = _two_sum(left, -right)
        side += rest + (left_rest - right_rest)
    return (side > 0.0) - (side < 0.0)


@inner
def _meet(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    """Have the segments a-b and c-d a point in common."""
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    if turn(ax, ay, bx, by, cx, cy) * turn(ax, ay, bx, by, dx, dy) > 0:
        return False
    return turn(cx, cy, dx, dy, ax, ay) * turn(cx, cy, dx, dy, bx, by) <= 0


@inner
def columns_of(ax: float, ay: float, bx: float, by: float, scale: float, row: int) -> tuple[int, int]:
    """First and last column of cells that a segment may touch in a row; the segment does reach the row."""
    low, high = row / scale - SLACK_DEG, (row + 1) / scale + SLACK_DEG
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    from_x = ax + (bx - ax) * ((low - ay) / (by - ay)) if ay < low < by else ax
    to_x = ax + (bx - ax) * ((high - ay) / (by - ay)) if ay < high < by else bx
    first, last = min(from_x, to_x) - SLACK_DEG, max(from_x, to_x) + SLACK_DEG
    return int(np.floor(first * scale)), int(np.floor(last * scale))


@inner
def rows_of(ay: float, by: float, scale: float) -> tuple[int, int]:
    """First and last row of cells that a segment may touch."""
    return int(np.floor((min(ay, by) - SLACK_DEG) * scale)), int(np.floor((max(ay, by) + SLACK_DEG) * scale))


@inner
def bits_set(word: int) -> int:
    """How many of the low 32 bits are set (Warren, Hacker's Delight, 5-1)."""
    word = word - ((word >> 1) & 0x55555555)
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F
    return ((word * 0x01010101) & 0xFFFFFFFF) >> 24


@inner
def _cell(grid: Any, level: int, x: int, y: int) -> int:
    """The number of a level's cell, -1 if no zone is there."""
    cell = -1
    across, up = (x >> PAGE_BITS) - grid.span[level, 0], (y >> PAGE_BITS) - grid.span[level, 1]
    if 0 <= across < grid.span[level, 2] and 0 <= up < grid.span[level, 3]:
        page = np.int64(grid.directory[grid.span[level, 4] + up * grid.span[level, 2] + across])
        word = grid.words[(page << PAGE_BITS) + (y & (PAGE - 1))]
        bit = np.int64(1) << (x & (PAGE - 1))
        if word & bit:
            cell = (word >> 32) + bits_set(word & (bit - 1))
    return cell


@inner
def _inside(grid: Any, item: int, lon: float, lat: float) -> bool:
    """Is a point of a cell in the zone of an item of that cell: the edges to its east are counted."""
    first, counted = grid.items[item, 1], grid.items[item, 3]
    odd, on_edge = counted & 1, False
    for e in range(first, first + (counted >> 1)):
        ax, ay, bx, by = grid.edges[e, 0], grid.edges[e, 1], grid.edges[e, 2], grid.edges[e, 3]
        if (ay > lat) != (by > lat):
            side = turn(ax, ay, bx, by, lon, lat)
            on_edge |= side == 0
            odd ^= (side > 0) == (by > ay)
        elif ay == lat or by == lat:
            on_edge |= (ay == lat and ax == lon) or (by == lat and bx == lon)
            on_edge |= ay == by and min(ax, bx) <= lon <= max(ax, bx)
    return on_edge or odd == 1


@inner
def _insert(hits: Any, found: int, entry: int) -> int:
    """Puts an entry in its place among the ascending ones found so far."""
    at = found
    while at > 0 and hits[at - 1] > entry:
        hits[at] = hits[at - 1]
        at -= 1
    hits[at] = entry
    return found + 1


@inner
def holding(grid: Any, lon: float, lat: float, hits: Any) -> int:
    """Writes the entries that hold a point (degrees; on an edge is inside) into hits, ascending; returns how many."""
    found = 0
    if abs(lon) <= 180.0 and abs(lat) <= 90.0:
        for level in range(len(grid.scale)):
            scale = grid.scale[level]
            cell = _cell(grid, level, int(np.floor(lon * scale)), int(np.floor(lat * scale)))
            if cell < 0:
                break
            for item in range(grid.starts[cell], grid.starts[cell + 1]):
                if _inside(grid, item, lon, lat):
                    found = _insert(hits, found, grid.items[item, 0])
    return found


@inner
def touching(grid: Any, ax: float, ay: float, bx: float, by: float, hits: Any) -> int:
    """Writes the entries that the straight path from a to b touches into hits, ascending; returns how many."""
    found = 0
    if not (abs(ax) <= 180.0 and abs(ay) <= 90.0 and abs(bx) <= 180.0 and abs(by) <= 90.0):
        return found
    found = holding(grid, ax, ay, hits)  # where the path begins, or it meets an edge
    for level in range(len(grid.scale)):
        scale, span = grid.scale[level], grid.span[level]
        low, high = rows_of(ay, by, scale)
        for row in range(max(low, span[1] << PAGE_BITS), min(high, ((span[1] + span[3]) << PAGE_BITS) - 1) + 1):
            west, east = columns_of(ax, ay, bx, by, scale, row)
            for column in range(max(west, span[0] << PAGE_BITS), min(east, ((span[0] + span[2]) << PAGE_BITS) - 1) + 1):
                cell = _cell(grid, level, column, row)
                if cell < 0:
                    continue
                for item in range(grid.starts[cell], grid.starts[cell + 1]):
                    entry, first = grid.items[item, 0], grid.items[item, 1]
                    known = grid.items[item, 2] == 0
                    for i in range(found):
                        known |= hits[i] == entry
                    if known:
                        continue
                    for e in range(first, first + grid.items[item, 2]):
                        edge = grid.edges[e]
                        if _meet(ax, ay, bx, by, edge[0], edge[1], edge[2], edge[3]):
                            found = _insert(hits, found, entry)
                            break
    return found


@kernel(GRID, given(float64), given(float64), int64[:, ::1], int64[::1], int64[::1], makes_arrays=False)
def find_points(grid, lon, lat, spots, rows_out, entries_out):  # type: ignore[no-untyped-def]
    """Returns how many (row, entry) pairs there are, by row and then entry, and writes those that find room.

    In three passes, so that what one point needs from memory is fetched while others are looked at. spots: room for row
    and cell of every used cell, (levels x points + 1, 2).
    """
    used, pairs, room, row_began, never = 0, 0, len(rows_out), 0, 0
    for row in range(len(lon)):
        if abs(lon[row]) <= 180.0 and abs(lat[row]) <= 90.0:
            for level in range(len(grid.scale)):
                scale = grid.scale[level]
                cell = _cell(grid, level, int(np.floor(lon[row] * scale)), int(np.floor(lat[row] * scale)))
                if cell < 0:
                    break
                spots[used, 0], spots[used, 1] = row, cell
                used += 1
    for spot in range(used):
        never += grid.edges[grid.items[grid.starts[spots[spot, 1]], 1], 0] > ABOVE_ALL  # only to have it fetched
    row = -1
    for spot in range(used):
        if spots[spot, 0] != row:
            row, row_began = spots[spot, 0], pairs
        cell = spots[spot, 1]
        for item in range(grid.starts[cell], grid.starts[cell + 1]):
            if _inside(grid, item, lon[row], lat[row]):
                if pairs < room:
                    rows_out[pairs], at = row, pairs
                    while at > row_began and entries_out[at - 1] > grid.items[item, 0]:
                        entries_out[at] = entries_out[at - 1]
                        at -= 1
                    entries_out[at] = grid.items[item, 0]
                pairs += 1
    return pairs + never


@kernel(GRID, given(float64, 3), int32[::1], int64[::1], int64[::1], makes_arrays=False)
def find_paths(grid, paths, hits, rows_out, entries_out):  # type: ignore[no-untyped-def]
    """The same for paths, (n, 2 ends, lon and lat)."""
    pairs, room = 0, len(rows_out)
    for row in range(len(paths)):
        found = touching(grid, paths[row, 0, 0], paths[row, 0, 1], paths[row, 1, 0], paths[row, 1, 1], hits)
        for i in range(found):
            if pairs < room:
                rows_out[pairs], entries_out[pairs] = row, hits[i]
            pairs += 1
    return pairs
