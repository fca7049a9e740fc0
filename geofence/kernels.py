"""The loops of geofence.grid in which points and paths are found, compiled."""

# mypy: allow-untyped-defs

from typing import Any, NamedTuple

import numpy as np
from numba import float64, from_dtype, int32, int64, types
from numpy.typing import NDArray

from core.compiled import given, inner, kernel
from geofence.exact import meet, side_of, turn

CELLS = 128.0  # in a degree, some 870 m each; a power of two, so that a border is no rounded number
PAGE_BITS = 5  # a page is 32 x 32 cells
PAGE = 1 << PAGE_BITS
SLACK_DEG = 1e-9  # cells reach this far beyond their borders when edges are sorted into them: far more than rounding

# One zone: its box in degrees, and the slabs of latitude that it is cut into, [first, first + slabs) of those of all zones.
ZONE = np.dtype(
    [
        ("west", "f8"), ("south", "f8"), ("east", "f8"), ("north", "f8"), ("slabs_a_degree", "f8"),
        ("slabs", "i8"), ("first", "i8"),
    ],
    align=True,
)  # fmt: skip


class Grid(NamedTuple):
    """Which zones are where, cell by cell; and their edges, slab by slab.

    The directory has twice the number of a page's first cell, + 1 if the page has cells of its own: one stands for them all
    where no boundary is in the page. A word is of 32 cells by number: its low half has a bit for each cell whose list is not
    that of the cell before, its high half counts the lists before. A list is items[starts[list]:starts[list + 1]],
    ascending: 2 x entry, + 1 if its boundary is in the cell. Page 0 is empty: there is what lies beyond all zones.
    """

    west_column: float  # of the window of pages
    south_row: float
    directory: NDArray[np.int32]  # (pages up, pages across)
    words: NDArray[np.int64]
    starts: NDArray[np.int32]
    items: NDArray[np.int32]
    zones: NDArray[np.void]  # ZONE, by entry
    slabs: NDArray[np.int32]  # where the edges of each begin; they end where the next ones begin
    edges: NDArray[np.float64]  # (n, 4) lon and lat of both ends


# A Grid's fields one by one: to unpack a tuple of arrays costs numba a microsecond, a batch of 1,000 points some ten.
FIELDS = (
    float64, float64, int32[:, ::1], int64[::1], int32[::1], int32[::1],
    types.Array(from_dtype(ZONE), 1, "C"), int32[::1], float64[:, ::1],
)  # fmt: skip


@inner
def columns_of(ax: float, ay: float, bx: float, by: float, row: int) -> tuple[int, int]:
    """First and last column of cells that a segment may touch in a row; the segment does reach the row."""
    low, high = row / CELLS - SLACK_DEG, (row + 1) / CELLS + SLACK_DEG
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    from_x = ax + (bx - ax) * ((low - ay) / (by - ay)) if ay < low < by else ax
    to_x = ax + (bx - ax) * ((high - ay) / (by - ay)) if ay < high < by else bx
    first, last = min(from_x, to_x) - SLACK_DEG, max(from_x, to_x) + SLACK_DEG
    return int(np.floor(first * CELLS)), int(np.floor(last * CELLS))


@inner
def rows_of(ay: float, by: float) -> tuple[int, int]:
    """First and last row of cells that a segment may touch."""
    return int(np.floor((min(ay, by) - SLACK_DEG) * CELLS)), int(np.floor((max(ay, by) + SLACK_DEG) * CELLS))


@inner
def slab_of(zone: Any, lat: float) -> int:
    """The slab of a zone that a latitude of its box is in. It never falls as latitude rises, however it is rounded."""
    return int(min(int((lat - zone.south) * zone.slabs_a_degree), zone.slabs - 1))


@inner
def _cell(grid: Any, lon: float, lat: float) -> tuple[Any, Any]:
    """Column and row of the cell of the window that a point is in; of one that no zone is in if it is beyond the window."""
    x, y = lon * CELLS - grid.west_column, lat * CELLS - grid.south_row
    up, across = grid.directory.shape
    known = (x >= 0.0) & (x < across * float(PAGE)) & (y >= 0.0) & (y < up * float(PAGE))
    return np.int32(x if known else 0.0), np.int32(y if known else 0.0)


@inner
def list_of(grid: Any, column: int, row: int) -> Any:
    """The number of the list of a cell of the window. All in unsigned numbers, which need no test for being negative."""
    x, y, one, last = np.uint64(column), np.uint64(row), np.uint64(1), np.uint64(PAGE - 1)
    bits = np.uint64(PAGE_BITS)
    page = np.uint64(grid.directory[y >> bits, x >> bits])
    own_cells = ~(page & one) + one  # all bits, or none
    cell = (page >> one) + (((y & last) << bits | (x & last)) & own_cells)
    word, up_to_it = np.uint64(grid.words[cell >> bits]), (np.uint64(2) << (cell & last)) - one
    return np.int64((word >> np.uint64(32)) + _bits_set(word & up_to_it))


@inner
def _bits_set(word: Any) -> Any:
    """How many bits are set (Warren, Hacker's Delight, 5-1), in a form for which compilers know the instruction."""
    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    word = word - ((word >> one) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> two) & np.uint64(0x3333333333333333))
    word = (word + (word >> four)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@inner
def _in_box(zone: Any, lon: float, lat: float) -> bool:
    return bool((zone.west <= lon) & (lon <= zone.east) & (zone.south <= lat) & (lat <= zone.north))


@inner
def _odd(grid: Any, first: int, beyond: int, lon: float, lat: float) -> bool:
    """Is a point inside by these edges, all those of its slab from the west: those to its west are odd, or it is on one."""
    odd = on_edge = False
    for e in range(first, beyond):
        ax, ay, bx, by = grid.edges[e, 0], grid.edges[e, 1], grid.edges[e, 2], grid.edges[e, 3]
        if (ax > lon) & (bx > lon):
            break
        side = side_of(ax, ay, bx, by, lon, lat)
        if (side == 0.0) | (ay == lat) | (by == lat):  # seldom: what is always done, is done without a jump
            side = float(turn(ax, ay, bx, by, lon, lat))
            within = (min(ax, bx) <= lon) & (lon <= max(ax, bx)) & (min(ay, by) <= lat) & (lat <= max(ay, by))
            on_edge |= (side == 0.0) & within
        odd ^= ((ay > lat) != (by > lat)) & ((side < 0.0) == (by > ay))
    return on_edge | odd


@inner
def _inside(grid: Any, entry: int, lon: float, lat: float) -> bool:
    """Is a point in a zone."""
    zone = grid.zones[entry]
    if not _in_box(zone, lon, lat):
        return False
    slab = zone.first + slab_of(zone, lat)
    return _odd(grid, grid.slabs[slab], grid.slabs[slab + 1], lon, lat)


@inner
def insert(hits: Any, first: int, beyond: int, entry: int) -> int:
    """Puts an entry in its place among the ascending ones found so far, [first, beyond), if it is not there; gives beyond."""
    at = beyond
    while at > first and hits[at - 1] > entry:
        at -= 1
    if at > first and hits[at - 1] == entry:
        return beyond
    for moved in range(beyond, at, -1):
        hits[moved] = hits[moved - 1]
    hits[at] = entry
    return beyond + 1


@inner
def _touching(grid: Any, ax: float, ay: float, bx: float, by: float, hits: Any) -> int:
    """Writes the entries that the straight path from a to b touches into hits, ascending; returns how many."""
    found = 0
    if not (abs(ax) <= 180.0 and abs(ay) <= 90.0 and abs(bx) <= 180.0 and abs(by) <= 90.0):
        return found
    column, row = _cell(grid, ax, ay)
    here = list_of(grid, column, row)
    for at in range(grid.starts[here], grid.starts[here + 1]):  # where the path begins, or it meets an edge
        if grid.items[at] & 1 == 0 or _inside(grid, grid.items[at] >> 1, ax, ay):
            found = insert(hits, 0, found, grid.items[at] >> 1)
    column0, row0 = int(grid.west_column), int(grid.south_row)
    up, across = grid.directory.shape
    low, high = rows_of(ay, by)
    if low == high and grid.starts[here] == grid.starts[here + 1]:
        west, east = columns_of(ax, ay, bx, by, low)
        if west == east:  # most paths are short, and most cells empty
            return found
    for row in range(max(low, row0), min(high, row0 + up * PAGE - 1) + 1):
        west, east = columns_of(ax, ay, bx, by, row)
        south = max(row / CELLS - SLACK_DEG, min(ay, by))
        north = min((row + 1) / CELLS + SLACK_DEG, max(ay, by))
        for column in range(max(west, column0), min(east, column0 + across * PAGE - 1) + 1):
            here = list_of(grid, column - column0, row - row0)
            for at in range(grid.starts[here], grid.starts[here + 1]):
                item = grid.items[at]
                if item & 1 and _meets_edge(grid, item >> 1, south, north, ax, ay, bx, by):
                    found = insert(hits, 0, found, item >> 1)
    return found


@inner
def _meets_edge(grid: Any, entry: int, south: float, north: float, ax: float, ay: float, bx: float, by: float) -> bool:
    """Does a path from a to b meet an edge of a zone; the slabs between two latitudes are looked at."""
    zone = grid.zones[entry]
    if north < zone.south or south > zone.north or max(ax, bx) < zone.west or min(ax, bx) > zone.east:
        return False
    first = zone.first + slab_of(zone, max(south, zone.south))
    last = zone.first + slab_of(zone, min(north, zone.north))
    for e in range(grid.slabs[first], grid.slabs[last + 1]):
        if meet(ax, ay, bx, by, grid.edges[e, 0], grid.edges[e, 1], grid.edges[e, 2], grid.edges[e, 3]):
            return True
    return False


@kernel(*FIELDS, given(float64), given(float64), int32[:, ::1], int64[::1], int64[::1], makes_arrays=False)
def find_points(
    west_column, south_row, directory, words, starts, items, zones, slabs, edges,
    lon, lat, work, rows_out, entries_out,
):  # fmt: skip
    """Writes (row, entry) pairs, by row and then entry, and returns how many; or -room, where that much is needed.

    In many short passes: what one point needs from memory is fetched while others are looked at, and few passes have jumps
    that the processor cannot foresee. work: (5, room) to note things in; room: at least as many as points.
    """
    grid = Grid(west_column, south_row, directory, words, starts, items, zones, slabs, edges)
    lists, rows, columns = work[0], work[1], work[2]
    for row in range(len(lon)):
        columns[row], rows[row] = _cell(grid, lon[row], lat[row])
    for row in range(len(lon)):
        lists[row] = list_of(grid, columns[row], rows[row])
    occupied, candidates = 0, 0
    for row in range(len(lon)):
        count = grid.starts[lists[row] + 1] - grid.starts[lists[row]]
        candidates += count
        lists[occupied], rows[occupied] = lists[row], row
        occupied += count > 0
    if candidates > len(rows_out):
        return -candidates

    never = 0  # what is read only to have it fetched, all at once and before anything depends on it
    for at in range(occupied):
        never += grid.items[grid.starts[lists[at]]] < 0
    candidates, uncertain = 0, 0
    unsure, first, beyond = work[2], work[3], work[4]  # candidates with a boundary in the cell; the edges that tell
    for at in range(occupied):
        for item in range(grid.starts[lists[at]], grid.starts[lists[at] + 1]):
            rows_out[candidates], entries_out[candidates] = rows[at], grid.items[item]
            unsure[uncertain] = candidates
            uncertain += grid.items[item] & 1
            candidates += 1
    for at in range(uncertain):
        row, zone = rows_out[unsure[at]], grid.zones[entries_out[unsure[at]] >> 1]
        first[at] = beyond[at] = 0
        if _in_box(zone, lon[row], lat[row]):
            slab = zone.first + slab_of(zone, lat[row])
            first[at], beyond[at] = grid.slabs[slab], grid.slabs[slab + 1]
            never += grid.edges[first[at], 0] > 180.0
    for at in range(uncertain):
        row = rows_out[unsure[at]]
        entries_out[unsure[at]] -= _odd(grid, first[at], beyond[at], lon[row], lat[row])
    pairs = 0
    for at in range(candidates):
        row, item = rows_out[at], entries_out[at]
        rows_out[pairs], entries_out[pairs] = row, item >> 1
        pairs += 1 - (item & 1)
    return pairs + never


@kernel(*FIELDS, given(float64, 3), int32[::1], int64[::1], int64[::1], makes_arrays=False)
def find_paths(
    west_column, south_row, directory, words, starts, items, zones, slabs, edges,
    paths, hits, rows_out, entries_out,
):  # fmt: skip
    """The same for paths, (n, 2 ends, lon and lat). hits: room for all entries."""
    grid = Grid(west_column, south_row, directory, words, starts, items, zones, slabs, edges)
    pairs, room = 0, len(rows_out)
    for row in range(len(paths)):
        found = _touching(grid, paths[row, 0, 0], paths[row, 0, 1], paths[row, 1, 0], paths[row, 1, 1], hits)
        for i in range(found):
            if pairs < room:
                rows_out[pairs], entries_out[pairs] = row, hits[i]
            pairs += 1
    return pairs if pairs <= room else -pairs


@kernel(*FIELDS, given(float64, 3), int32[::1], int64[::1], int64[::1], float64[::1], makes_arrays=False)
def find_meetings(
    west_column, south_row, directory, words, starts, items, zones, slabs, edges,
    paths, hits, rows_out, entries_out, parts_out,
):  # fmt: skip
    """(row, entry) of zones whose boundary a path meets, by row and then entry, and after which part of the path it does."""
    grid = Grid(west_column, south_row, directory, words, starts, items, zones, slabs, edges)
    pairs, room = 0, len(rows_out)
    for row in range(len(paths)):
        ax, ay, bx, by = paths[row, 0, 0], paths[row, 0, 1], paths[row, 1, 0], paths[row, 1, 1]
        for i in range(_near(grid, ax, ay, bx, by, hits)):
            part = _first_meeting(grid, hits[i], ax, ay, bx, by)
            if part <= 1.0:
                if pairs < room:
                    rows_out[pairs], entries_out[pairs], parts_out[pairs] = row, hits[i], part
                pairs += 1
    return pairs if pairs <= room else -pairs


@inner
def _near(grid: Any, ax: float, ay: float, bx: float, by: float, hits: Any) -> int:
    """Writes the entries whose boundary is in a cell that the path touches into hits, ascending; returns how many."""
    found = 0
    if not (abs(ax) <= 180.0 and abs(ay) <= 90.0 and abs(bx) <= 180.0 and abs(by) <= 90.0):
        return found
    column0, row0 = int(grid.west_column), int(grid.south_row)
    up, across = grid.directory.shape
    low, high = rows_of(ay, by)
    for row in range(max(low, row0), min(high, row0 + up * PAGE - 1) + 1):
        west, east = columns_of(ax, ay, bx, by, row)
        for column in range(max(west, column0), min(east, column0 + across * PAGE - 1) + 1):
            here = list_of(grid, column - column0, row - row0)
            for at in range(grid.starts[here], grid.starts[here + 1]):
                if grid.items[at] & 1:
                    found = insert(hits, 0, found, grid.items[at] >> 1)
    return found


@inner
def _first_meeting(grid: Any, entry: int, ax: float, ay: float, bx: float, by: float) -> float:
    """After which part of a path from a to b it meets a zone's boundary; 2 if it does not. Along an edge: at once."""
    zone, first_part = grid.zones[entry], 2.0
    south, north = min(ay, by), max(ay, by)
    if north < zone.south or south > zone.north or max(ax, bx) < zone.west or min(ax, bx) > zone.east:
        return first_part
    first = zone.first + slab_of(zone, max(south, zone.south))
    last = zone.first + slab_of(zone, min(north, zone.north))
    for e in range(grid.slabs[first], grid.slabs[last + 1]):
        cx, cy, dx, dy = grid.edges[e, 0], grid.edges[e, 1], grid.edges[e, 2], grid.edges[e, 3]
        if meet(ax, ay, bx, by, cx, cy, dx, dy):
            side_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
            side_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
            part = 0.0 if side_a == side_b else side_a / (side_a - side_b)
            first_part = min(first_part, max(part, 0.0))
    return first_part
