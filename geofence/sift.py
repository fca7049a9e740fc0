"""Sifts what an index finds in a block: which of those zones are in force, meant for the aircraft, and at its height.

An index knows outlines only. What stays here is what `geofence.monitor` and the rules look at one by one; for most rows of
most blocks that is nothing, so this is one compiled loop.
"""

# mypy: allow-untyped-defs

import math
from collections.abc import Sequence
from math import inf
from uuid import UUID

import numpy as np
from numba import boolean, float64, from_dtype, int64, njit
from numpy.typing import NDArray

from core.compiled import given, kernel
from geofence.coming import coming
from geofence.height import MARGIN
from geofence.index import Entry, Met, Pairs
from geofence.prediction import warn_within_s
from geofence.track import AUDIENCE, ENTRY, NOBODY, Track, meant
from geofence.vertical import ROW, UNCERTAIN_M
from geofence.zone import Datum, ZoneKind


class Sift:
    """The entries of an index in columns."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        operators = {who: number for number, who in enumerate(dict.fromkeys(entry.zone.operator_id for entry in entries))}
        self.entries = np.zeros(len(entries), ENTRY)
        named: dict[tuple[UUID, UUID], list[int]] = {}
        general: dict[UUID, list[int]] = {who: [] for who in operators}  # keep-ins for all of an operator's aircraft
        for i, entry in enumerate(entries):
            zone = entry.zone
            floor = -inf if zone.floor_m is None or zone.floor_datum is Datum.SFC else zone.floor_m
            ceiling = inf if zone.ceiling_m is None else zone.ceiling_m
            keep_in, names = zone.kind is ZoneKind.KEEP_IN, zone.aircraft_ids
            self.entries[i] = (
                entry.from_us, entry.to_us, floor, ceiling, ROW[zone.floor_datum], ROW[zone.ceiling_datum],
                UNCERTAIN_M.get(zone.floor_datum, 0.0), UNCERTAIN_M.get(zone.ceiling_datum, 0.0), warn_within_s(zone),
                operators[zone.operator_id], keep_in, names is not None, entry.convex,
            )  # fmt: skip
            for aircraft in set(names or ()):
                named.setdefault((zone.operator_id, aircraft), []).append(i)
            if keep_in and names is None:
                general[zone.operator_id].append(i)
        self._lists: list[int] = []
        audiences = [(-1, 0, 0, NOBODY)]
        self._general: dict[UUID, int] = {}
        for who, listed in general.items():
            self._general[who] = len(audiences)
            audiences.append((operators[who], *self._list(listed), len(audiences)))
        self._named: dict[tuple[UUID, UUID], int] = {}
        for (who, aircraft), listed in named.items():
            self._named[who, aircraft] = len(audiences)
            audiences.append((operators[who], *self._list(listed), self._general[who]))
        self.audiences = np.array(audiences, AUDIENCE)
        self.listed = np.array(self._lists, np.int64)

    def _list(self, entries: list[int]) -> tuple[int, int]:
        self._lists += entries
        return len(self._lists) - len(entries), len(self._lists)

    def audience(self, operator: UUID, aircraft: UUID) -> int:
        """A number for all aircraft for whom the same entries are meant."""
        return self._named.get((operator, aircraft), self._general.get(operator, NOBODY))

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
            self.entries, self.audiences, self.listed, *inside, *crossed,
            track.rows, track.audience, track.path_points, track.before_m, track.time_us, track.heights_m,
            outside, within, through,
        )  # fmt: skip
        return within[:found], through[:ran]

    def coming(self, track: Track, inside: Pairs, met: Met) -> NDArray[np.int64]:
        """Of pairs (point, entry) that hold and (path ahead, entry, part of the path) that meet, those that matter soon: (k, 2)
        row of the block and entry each."""
        found = np.empty((len(inside[0]) + len(met[0]), 2), np.int64)
        count = coming.run(
            self.entries, self.audiences, self.listed, *inside, *met,
            track.rows, track.audience, track.ahead_points, track.ahead_s, track.motion, track.time_us, track.heights_m, found,
        )  # fmt: skip
        return found[:count]


@kernel(
    given(from_dtype(ENTRY)), given(from_dtype(AUDIENCE)), given(int64), given(int64), given(int64), given(int64),
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
        if not meant(entry, number, audiences[audience[point]], listed, time_us[row]):
            continue
        margin = heights_m[MARGIN, row]
        floor = ceiling = inf
        floor_margin = ceiling_margin = 0.0
        if entry.floor_m > -inf:
            floor = heights_m[entry.floor_row, row] - entry.floor_m
            floor_margin = margin if entry.floor_row == 0 else entry.floor_margin_m
        if entry.ceiling_m < inf:
            ceiling = entry.ceiling_m - heights_m[entry.ceiling_row, row]
            ceiling_margin = margin if entry.ceiling_row == 0 else entry.ceiling_margin_m
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
        if not meant(entry, number, audiences[audience[point]], listed, time_us[row]):
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
