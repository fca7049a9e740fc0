"""Sifts what an index finds in a block: which of those zones are in force, meant for the aircraft, and at its height.

An index knows outlines only. What stays here is what `geofence.monitor` and the rules look at one by one; for most rows of
most blocks that is nothing, so this is one compiled loop.
"""

# mypy: allow-untyped-defs

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from uuid import UUID

import numpy as np
from numba import boolean, float64, from_dtype, int64, njit
from numpy.typing import NDArray

from core.compiled import given, kernel
from geofence.height import MARGIN
from geofence.index import Entry, Pairs
from geofence.vertical import ROW
from geofence.zone import Datum, ZoneKind

# One entry of the index. ROW of its floor and ceiling; no limit is an infinite one.
_ENTRY = np.dtype(
    [
        ("from_us", "i8"), ("to_us", "i8"), ("floor_m", "f8"), ("ceiling_m", "f8"), ("floor_row", "i8"), ("ceiling_row", "i8"),
        ("operator", "i8"), ("keep_in", "?"), ("named", "?"), ("convex", "?"),
    ],
    align=True,
)  # fmt: skip
# Who flies: the number of the operator (-1: none with zones here), and the entries that name the aircraft, [start, stop)
# of a list. general: the audience that nobody names, of the same operator.
_AUDIENCE = np.dtype([("operator", "i8"), ("start", "i8"), ("stop", "i8"), ("general", "i8")], align=True)
_NOBODY = 0
Audiences = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Track:
    """The positions of a block that are judged, in order.

    rows: (m,) which rows of the block they are. lon_deg, lat_deg: (m,). audience: (m,) int64, as Sift.audience gives it.
    path_points: (p,) which of them have a path from a known fix before; paths_deg: (p, 2 ends, lon and lat);
    before_m: (p, 3) heights of its beginning. By row of the block: time_us (n,), heights_m (6, n) as in Heights.all_m.
    """

    rows: NDArray[np.int64]
    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    audience: Audiences
    path_points: NDArray[np.int64]
    paths_deg: NDArray[np.float64]
    before_m: NDArray[np.float64]
    time_us: NDArray[np.int64]
    heights_m: NDArray[np.float64]


class Sift:
    """The entries of an index in columns."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        operators = {who: number for number, who in enumerate(dict.fromkeys(entry.zone.operator_id for entry in entries))}
        self._entries = np.zeros(len(entries), _ENTRY)
        named: dict[tuple[UUID, UUID], list[int]] = {}
        general: dict[UUID, list[int]] = {who: [] for who in operators}  # keep-ins for all of an operator's aircraft
        for i, entry in enumerate(entries):
            zone = entry.zone
            floor = -inf if zone.floor_m is None or zone.floor_datum is Datum.SFC else zone.floor_m
            ceiling = inf if zone.ceiling_m is None else zone.ceiling_m
            keep_in, names = zone.kind is ZoneKind.KEEP_IN, zone.aircraft_ids
            self._entries[i] = (
                entry.from_us, entry.to_us, floor, ceiling, ROW[zone.floor_datum], ROW[zone.ceiling_datum],
                operators[zone.operator_id], keep_in, names is not None, entry.convex,
            )  # fmt: skip
            for aircraft in set(names or ()):
                named.setdefault((zone.operator_id, aircraft), []).append(i)
            if keep_in and names is None:
                general[zone.operator_id].append(i)
        self._lists: list[int] = []
        audiences = [(-1, 0, 0, _NOBODY)]
        self._general: dict[UUID, int] = {}
        for who, listed in general.items():
            self._general[who] = len(audiences)
            audiences.append((operators[who], *self._list(listed), len(audiences)))
        self._named: dict[tuple[UUID, UUID], int] = {}
        for (who, aircraft), listed in named.items():
            self._named[who, aircraft] = len(audiences)
            audiences.append((operators[who], *self._list(listed), self._general[who]))
        self._audiences = np.array(audiences, _AUDIENCE)
        self._listed = np.array(self._lists, np.int64)

    def _list(self, entries: list[int]) -> tuple[int, int]:
        self._lists += entries
        return len(self._lists) - len(entries), len(self._lists)

    def audience(self, operator: UUID, aircraft: UUID) -> int:
        """A number for all aircraft for whom the same entries are meant."""
        return self._named.get((operator, aircraft), self._general.get(operator, _NOBODY))

    def sift(
        self, track: Track, inside: Pairs, crossed: Pairs, outside: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of an index's pairs (point, entry) and (path, entry), those that matter: (k, 2) row of the block and entry each.

        Keep-out zones that the row may be in; zones that its path may have crossed, though neither end tells. outside:
        (n,) bool by row, is set where a row conforms to none of the keep-in zones that apply to it.
        """
        within = np.empty((len(inside[0]), 2), np.int64)
        through = np.empty((len(crossed[0]), 2), np.int64)
        found, ran = _sift.run(
            self._entries, self._audiences, self._listed, *inside, *crossed,
            track.rows, track.audience, track.path_points, track.before_m, track.time_us, track.heights_m,
            outside, within, through,
        )  # fmt: skip
        return within[:found], through[:ran]


@kernel(
    given(from_dtype(_ENTRY)), given(from_dtype(_AUDIENCE)), given(int64), given(int64), given(int64), given(int64),
    given(int64), given(int64), given(int64), given(int64), given(float64, 2), given(int64), given(float64, 2),
    boolean[::1], int64[:, ::1], int64[:, ::1],
)  # fmt: skip
def _sift(
    entries, audiences, listed, inside_points, inside_entries, crossed_paths, crossed_entries,
    rows, audience, path_points, before_m, time_us, heights_m,
    outside, within, through,
):  # fmt: skip
    conforming = np.zeros(len(rows), np.bool_)
    must = np.zeros(len(rows), np.bool_)
    found, ran = 0, 0
    first, following = np.full(len(rows), -1), np.empty(len(within), np.int64)  # the chain of within of each point
    for pair in range(len(inside_points)):
        point, number = inside_points[pair], inside_entries[pair]
        entry, row = entries[number], rows[point]
        if not _meant(entry, number, audiences[audience[point]], listed, time_us[row]):
            continue
        margin = heights_m[MARGIN, row]
        floor = ceiling = inf
        floor_margin = ceiling_margin = 0.0
        if entry.floor_m > -inf:
            floor = heights_m[entry.floor_row, row] - entry.floor_m
            floor_margin = margin if entry.floor_row == 0 else 0.0
        if entry.ceiling_m < inf:
            ceiling = entry.ceiling_m - heights_m[entry.ceiling_row, row]
            ceiling_margin = margin if entry.ceiling_row == 0 else 0.0
        unknown = math.isnan(floor) or math.isnan(ceiling)
        if entry.keep_in:
            if not unknown and min(floor - floor_margin, ceiling - ceiling_margin) >= 0.0:
                conforming[point] = True
        elif unknown or min(floor + floor_margin, ceiling + ceiling_margin) > 0.0:
            within[found, 0], within[found, 1] = row, number
            first[point], following[found] = found, first[point]
            found += 1
    for point in range(len(rows)):
        row, who = rows[point], audiences[audience[point]]
        must[point] = _any_keep_in(entries, who, listed, time_us[row])
        if not must[point] and who.general != audience[point]:
            must[point] = _any_keep_in(entries, audiences[who.general], listed, time_us[row])
        if must[point] and not conforming[point]:
            outside[row] = True
    for pair in range(len(crossed_paths)):
        path, number = crossed_paths[pair], crossed_entries[pair]
        point = path_points[path]
        entry, row = entries[number], rows[point]
        if not _meant(entry, number, audiences[audience[point]], listed, time_us[row]):
            continue
        if entry.keep_in:
            if entry.convex or not must[point] or not conforming[point]:
                continue
        else:
            held = first[point]
            while held >= 0 and within[held, 1] != number:
                held = following[held]
            if held >= 0 or _passed(entry, before_m[path], heights_m[:, row]):
                continue
        through[ran, 0], through[ran, 1] = row, number
        ran += 1
    return found, ran


@njit
def _meant(entry, number, who, listed, time_us):
    """Is an entry in force, and meant for this audience?"""
    if not (entry.from_us <= time_us < entry.to_us) or entry.operator != who.operator:
        return False
    if not entry.named:
        return True
    for i in range(who.start, who.stop):  # noqa: SIM110
        if listed[i] == number:
            return True
    return False


@njit
def _any_keep_in(entries, who, listed, time_us):
    for i in range(who.start, who.stop):
        entry = entries[listed[i]]
        if entry.keep_in and entry.from_us <= time_us < entry.to_us:
            return True
    return False


@njit
def _passed(entry, before_m, now_m):
    """Were both ends of a path surely below the floor, or both above the ceiling? As `geofence.monitor.crossed` says."""
    if before_m[entry.floor_row] - entry.floor_m < 0.0 and now_m[entry.floor_row] - entry.floor_m < 0.0:
        return True
    return entry.ceiling_m - before_m[entry.ceiling_row] < 0.0 and entry.ceiling_m - now_m[entry.ceiling_row] < 0.0
