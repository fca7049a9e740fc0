"""The loops of geofence.grid in which boundaries near points are found, and how near they are, compiled.

A point's neighbourhood is the box of so many metres around it. Of the zones whose boundary is in a cell of that box, edges
are looked at from the point's own slab of latitude outwards, until the next slab is further than what was found.
"""

# mypy: allow-untyped-defs

import math
from typing import Any

import numpy as np
from numba import float64, int32, int64

from core.compiled import given, inner, kernel
from core.geodesy import metres_per_degree, per_degree
from geofence.kernels import CELLS, FIELDS, PAGE, SLACK_DEG, Grid, insert, list_of, slab_of

_SLACK_M = 1e-4  # as SLACK_DEG
# Degrees in a metre: of longitude by whole degrees of latitude, at their far end, where there are most; and of latitude, at
# the equator. To say which cells may be near this is enough, and needs no cosine for each point.
_MOST_ACROSS = 1.0 / metres_per_degree(np.minimum(np.arange(1.0, 92.0), 90.0))[0]
_MOST_UP = 1.0 / metres_per_degree(0.0)[1]


@kernel(
    *FIELDS, given(float64), given(float64), float64, int32[:, ::1], int64[::1], int64[::1], float64[::1], makes_arrays=False
)  # fmt: skip
def find_near(
    west_column, south_row, directory, words, starts, items, zones, slabs, edges,
    lon, lat, reach_m, work, rows_out, entries_out, metres_out,
):  # fmt: skip
    """Writes (row, entry) of zones whose boundary is nearer than reach_m, by row and then entry, and how near it is in metres.
    Returns how many; or -room, where that much is needed.

    In passes, as kernels.find_points: what one point needs from memory is fetched while others are looked at. work: (2, room).
    """
    grid, room = Grid(west_column, south_row, directory, words, starts, items, zones, slabs, edges), len(rows_out)
    lists, rows = work[0], work[1]
    cells = 0
    for row in range(len(lon)):
        cells = _cells(grid, row, lon[row], lat[row], reach_m, lists, rows, cells)
    if cells > room:
        return -cells
    never, occupied, most = 0, 0, 0  # never: what is read only to have it fetched
    for at in range(cells):
        count = grid.starts[lists[at] + 1] - grid.starts[lists[at]]
        lists[occupied], rows[occupied] = lists[at], rows[at]
        occupied += count > 0
        most += count
    if most > room:
        return -most
    for at in range(occupied):
        never += grid.items[grid.starts[lists[at]]] < 0
    candidates = begin = 0
    for at in range(occupied):
        if at == 0 or rows[at] != rows[at - 1]:
            begin = candidates
        for item in range(grid.starts[lists[at]], grid.starts[lists[at] + 1]):
            if grid.items[item] & 1:
                rows_out[candidates] = rows[at]
                candidates = insert(entries_out, begin, candidates, grid.items[item] >> 1)
    for at in range(candidates):
        zone = grid.zones[entries_out[at]]
        slab = slab_of(zone, min(max(lat[rows_out[at]], zone.south), zone.north))
        never += grid.edges[grid.slabs[zone.first + slab], 0] > 180.0
    pairs, row, lon_m, lat_m = 0, -1, 0.0, 0.0
    for at in range(candidates):
        if rows_out[at] != row:
            row = int(rows_out[at])
            lon_m, lat_m = per_degree(lat[row])
        square = _square(grid.zones[entries_out[at]], grid, lon[row], lat[row], lon_m, lat_m, reach_m)
        rows_out[pairs], entries_out[pairs], metres_out[pairs] = row, entries_out[at], np.sqrt(square)
        pairs += square < reach_m * reach_m
    return pairs + never


@inner
def _cells(grid: Any, row: int, lon: float, lat: float, reach_m: float, lists: Any, rows: Any, cells: int) -> int:
    """Notes the list of each cell of the box around a point, behind those noted so far; returns how many there are then, also
    of those for which there is no room."""
    if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        return cells
    across, up = min(reach_m * _MOST_ACROSS[int(abs(lat))], 360.0), reach_m * _MOST_UP
    column0, row0 = int(grid.west_column), int(grid.south_row)
    pages_up, pages_across = grid.directory.shape
    south = max(int(np.floor((lat - up - SLACK_DEG) * CELLS)) - row0, 0)
    north = min(int(np.floor((lat + up + SLACK_DEG) * CELLS)) - row0, pages_up * PAGE - 1)
    round_it = abs(lon) + across > 180.0  # the box goes on beyond the antimeridian
    for turn in range(-round_it, round_it + 1):
        west = max(int(np.floor((lon + turn * 360.0 - across - SLACK_DEG) * CELLS)) - column0, 0)
        east = min(int(np.floor((lon + turn * 360.0 + across + SLACK_DEG) * CELLS)) - column0, pages_across * PAGE - 1)
        for y in range(south, north + 1):
            before = np.int64(-1)
            for x in range(west, east + 1):
                here = list_of(grid, x, y)
                if cells < len(lists):
                    lists[cells], rows[cells] = here, row
                cells += here != before
                before = here
    return cells


@inner
def _square(zone: Any, grid: Any, lon: float, lat: float, lon_m: float, lat_m: float, reach_m: float) -> float:
    """The square of the metres to a zone's boundary, or that of reach_m if it is not nearer. As geofence.distance says it: in
    the plane that is linear in degrees around the point, without the edges at which a zone is cut at longitude 180."""
    best, first, last = reach_m * reach_m, int(zone.first), int(zone.first + zone.slabs - 1)
    if max(zone.east - lon, lon - zone.west) >= 180.0:
        goes_on = zone.west == -180.0 and zone.east == 180.0
        return _nearest_round(grid, grid.slabs[first], grid.slabs[last + 1], lon, lat, lon_m, lat_m, goes_on, best)
    here = first + slab_of(zone, min(max(lat, zone.south), zone.north))
    best = _nearest(grid, grid.slabs[here], grid.slabs[here + 1], lon, lat, lon_m, lat_m, best)
    up = (np.sqrt(best) + _SLACK_M) / lat_m
    low = first + slab_of(zone, min(max(lat - up, zone.south), zone.north))
    if low < here:
        best = _nearest(grid, grid.slabs[low], grid.slabs[here], lon, lat, lon_m, lat_m, best)
        up = (np.sqrt(best) + _SLACK_M) / lat_m
    high = first + slab_of(zone, min(max(lat + up, zone.south), zone.north))
    if here < high:
        best = _nearest(grid, grid.slabs[here + 1], grid.slabs[high + 1], lon, lat, lon_m, lat_m, best)
    return best


@inner
def _nearest(grid: Any, begin: int, end: int, lon: float, lat: float, lon_m: float, lat_m: float, best: float) -> float:
    """The square of the metres to the nearest of some edges, or best."""
    for e in range(np.uint64(begin), np.uint64(end)):
        ax, ay, bx, by = grid.edges[e, 0], grid.edges[e, 1], grid.edges[e, 2], grid.edges[e, 3]
        best = min(best, _square_of((ax - lon) * lon_m, (ay - lat) * lat_m, (bx - ax) * lon_m, (by - ay) * lat_m))
    return best


@inner
def _nearest_round(
    grid: Any, begin: int, end: int, lon: float, lat: float, lon_m: float, lat_m: float, goes_on: bool, best: float
) -> float:
    """The same for a zone that may be nearer the other way round the Earth: all of its edges."""
    for e in range(begin, end):
        ax, ay, bx, by = grid.edges[e, 0], grid.edges[e, 1], grid.edges[e, 2], grid.edges[e, 3]
        if goes_on and abs(ax) == 180.0 and abs(bx) == 180.0:
            continue
        offset = ax - lon
        if abs(offset) > 180.0:
            offset -= math.copysign(360.0, offset)
        best = min(best, _square_of(offset * lon_m, (ay - lat) * lat_m, (bx - ax) * lon_m, (by - ay) * lat_m))
    return best


@inner
def _square_of(x: float, y: float, along_x: float, along_y: float) -> float:
    """The square of how far an edge is from 0,0 that begins at x,y."""
    part = -(x * along_x + y * along_y) / (along_x * along_x + along_y * along_y)
    part = min(max(part, 0.0), 1.0)
    x, y = x + part * along_x, y + part * along_y
    return x * x + y * y
