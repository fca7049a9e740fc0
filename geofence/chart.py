"""The zones of one world laid out for asking: by number, by zone, by whom they are meant for, and in columns.

All zones are laid out once. A world in which few of them have changed since is that chart, with those passed over and the new
ones behind it: a change costs what changed, not what there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from geofence import activation
from geofence.asks import rule_of
from geofence.grid import GridIndex
from geofence.index import Entry, ZoneIndex
from geofence.layers import LayeredIndex
from geofence.sift import Sift
from geofence.zone import ZoneKind

Whom = tuple[UUID, UUID | None]  # an operator and its aircraft; None: all of them
Numbers = Mapping[bytes, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Chart:
    """entries: by number. by_zone: numbers by zone id. keep_ins: numbers by whom they are for, in the order of the zones' ids.

    unasked: (n,) whether only the outline, the heights and the validity decide, unless an authorisation relaxes the rule.
    rules: (n,) which of `cited` (an operator, a rule) it is of.
    """

    entries: tuple[Entry, ...]
    index: ZoneIndex
    sift: Sift
    by_zone: Numbers
    keep_ins: Mapping[Whom, tuple[int, ...]]
    unasked: NDArray[np.bool_]
    rules: NDArray[np.int64]
    cited: tuple[tuple[UUID, str], ...]

    @staticmethod
    def of(entries: Sequence[Entry]) -> "Chart":
        """Lays out everything."""
        entries = tuple(sorted(entries, key=_order))
        empty = Chart((), GridIndex(()), Sift(()), {}, {}, np.empty(0, np.bool_), np.empty(0, np.int64), ())
        return empty._with((), entries, GridIndex(entries), Sift(entries))

    def changed(self, zone_ids: Iterable[bytes], entries: Sequence[Entry]) -> "Chart":
        """The chart with these entries in the place of those that these zones have."""
        gone = self._numbers(zone_ids)
        added = tuple(sorted(entries, key=_order))
        return self._with(gone, added, LayeredIndex(self.index, gone, added), self.sift.changed(gone, added))

    def without(self, zone_ids: Iterable[bytes]) -> list[Entry]:
        """The entries of all zones but these."""
        gone = frozenset(self._numbers(zone_ids))
        return [entry for number, entry in enumerate(self.entries) if number not in gone]

    def _numbers(self, zone_ids: Iterable[bytes]) -> list[int]:
        return [number for zone_id in zone_ids for number in self.by_zone.get(zone_id, ())]

    def _with(self, gone: Iterable[int], added: tuple[Entry, ...], index: ZoneIndex, sift: Sift) -> "Chart":
        passed = frozenset(gone)
        entries, first = self.entries + added, len(self.entries)
        by_zone, keep_ins, cited = dict(self.by_zone), dict(self.keep_ins), dict.fromkeys(self.cited)
        new: dict[Whom, list[int]] = {}
        for number in passed:
            by_zone.pop(self.entries[number].zone.zone_id.bytes, None)
            for whom in _meant_for(self.entries[number]):
                keep_ins[whom] = tuple(one for one in keep_ins[whom] if one not in passed)
        for number, entry in enumerate(added, first):
            zone_id = entry.zone.zone_id.bytes
            by_zone[zone_id] = (*by_zone.get(zone_id, ()), number)
            cited.setdefault(_cited(entry))
            for whom in _meant_for(entry):
                new.setdefault(whom, []).append(number)
        for whom, numbers in new.items():
            keep_ins[whom] = tuple(sorted((*keep_ins.get(whom, ()), *numbers), key=lambda number: _order(entries[number])))
        code = {one: at for at, one in enumerate(cited)}
        plain = [activation.always(entry.zone) and entry.zone.weights is None for entry in added]
        return Chart(
            entries,
            index,
            sift,
            by_zone,
            keep_ins,
            np.concatenate((self.unasked, np.array(plain, np.bool_))),
            np.concatenate((self.rules, np.array([code[_cited(entry)] for entry in added], np.int64))),
            tuple(cited),
        )


def _order(entry: Entry) -> bytes:
    return entry.zone.zone_id.bytes


def _cited(entry: Entry) -> tuple[UUID, str]:
    return entry.zone.operator_id, rule_of(entry)


def _meant_for(entry: Entry) -> list[Whom]:
    """Whose keep-in zone it is."""
    zone = entry.zone
    if zone.kind is not ZoneKind.KEEP_IN:
        return []
    return [(zone.operator_id, who) for who in ((None,) if zone.aircraft_ids is None else dict.fromkeys(zone.aircraft_ids))]
