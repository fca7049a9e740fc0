"""Sifts what an index finds in a block: which of those zones are in force, meant for the aircraft, and at its height.

An index knows outlines only. What stays here is what `geofence.monitor` and the rules look at one by one; for most rows of
most blocks that is nothing, so this is one compiled loop.
"""

# mypy: allow-untyped-defs

import math
from collections.abc import Sequence
from copy import copy
from itertools import chain
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
        self.entries = np.empty(0, ENTRY)
        self._operators: dict[UUID, int] = {}
        self._general: dict[UUID, list[int]] = {}  # of each operator the keep-in zones for all of its aircraft
        self._named: dict[tuple[UUID, UUID], list[int]] = {}  # the zones that name an aircraft
        self._add((), entries)

    def changed(self, gone: Sequence[int], added: Sequence[Entry]) -> "Sift":
        """These columns with more behind them; those that are gone are in force at no time."""
        other = copy(self)
        other._operators, other._general, other._named = dict(self._operators), dict(self._general), dict(self._named)
        other._add(gone, added)
        return other

    def _add(self, gone: Sequence[int], added: Sequence[Entry]) -> None:
        first = len(self.entries)
        self.entries = np.concatenate((self.entries, np.zeros(len(added), ENTRY)))
        self.entries["from_us"][list(gone)] = self.entries["to_us"][list(gone)] = 0
        for number, entry in enumerate(added, first):
            zone = entry.zone
            operator = self._operators.setdefault(zone.operator_id, len(self._operators))
            floor = -inf if zone.floor_m is None or zone.floor_datum is Datum.SFC else zone.floor_m
            ceiling = inf if zone.ceiling_m is None else zone.ceiling_m
            keep_in, names = zone.kind is ZoneKind.KEEP_IN, zone.aircraft_ids
            self.entries[number] = (
                entry.from_us, entry.to_us, floor, ceiling, ROW[zone.floor_datum], ROW[zone.ceiling_datum],
                UNCERTAIN_M.get(zone.floor_datum, 0.0), UNCERTAIN_M.get(zone.ceiling_datum, 0.0), warn_within_s(zone),
                operator, keep_in, names is not None, entry.convex,
            )  # fmt: skip
        self._name(first, added)
        self._number_audiences()

    def _name(self, first: int, added: Sequence[Entry]) -> None:
        named: dict[tuple[UUID, UUID], list[int]] = {}
        general: dict[UUID, list[int]] = {}
        for number, entry in enumerate(added, first):
            zone, its = entry.zone, general.setdefault(entry.zone.operator_id, [])
            if zone.aircraft_ids is None and zone.kind is ZoneKind.KEEP_IN:
                its.append(number)
            for aircraft in set(zone.aircraft_ids or ()):
                named.setdefault((zone.operator_id, aircraft), []).append(number)
        # Lists of charts before this one stay as they are.
        self._general |= {who: self._general.get(who, []) + numbers for who, numbers in general.items()}
        self._named |= {who: self._named.get(who, []) + numbers for who, numbers in named.items()}

    def _number_audiences(self) -> None:
        general = {who: number for number, who in enumerate(self._general, NOBODY + 1)}
        named = {who: number for number, who in enumerate(self._named, NOBODY + 1 + len(general))}
        lists = ((), *self._general.values(), *self._named.values())
        ends = np.cumsum([len(each) for each in lists])
        self.audiences = np.zeros(len(lists), AUDIENCE)
        self.audiences["operator"] = [-1, *map(self._operators.__getitem__, (*general, *(who for who, _ in named)))]
        self.audiences["start"][1:], self.audiences["stop"] = ends[:-1], ends
        self.audiences["general"] = [NOBODY, *general.values(), *(general[who] for who, _ in named)]
        self.listed = np.fromiter(chain.from_iterable(lists), np.int64)
        self._numbers: tuple[dict[UUID, int], dict[tuple[UUID, UUID], int]] = general, named

    def audience(self, operator: UUID, aircraft: UUID) -> int:
        """A number for all aircraft for whom the same entries are meant."""
        general, named = self._numbers
        return named.get((operator, aircraft), general.get(operator, NOBODY))

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
