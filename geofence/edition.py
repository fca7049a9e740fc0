"""What an edition of a collection changes: the zones of a file against those of its collection that are known. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from geofence.formats.found import Found
from geofence.zone import ZoneVersion

# What a version has beside what was published: when we knew, and what people said since.
_NOT_PUBLISHED = {"version", "world", "ended", "switched"}
_PUBLISHED = tuple(name for name in ZoneVersion.__struct_fields__ if name not in _NOT_PUBLISHED)
# What readers add to an identifier where one stands for several zones: .2 (geometry), @2026-08-05T11:00 (period), ~2.
_PART = re.compile(r"(\.\d+)?(@[\dT:.-]+)?(~\d+)?$")


class Changed(NamedTuple):
    """A zone whose published part is another: its next version, and which fields differ."""

    zone: ZoneVersion
    fields: tuple[str, ...]


class Changes(NamedTuple):
    """The versions to be stored, numbered, in no world yet; and how many zones stay as they are.

    kept: known zones that the file names but of which it says nothing that can be read: they stay too, and are not ended.
    """

    added: list[ZoneVersion]
    changed: list[Changed]
    ended: list[ZoneVersion]
    unchanged: int
    kept: list[ZoneVersion]

    @property
    def versions(self) -> list[ZoneVersion]:
        return [*self.added, *(one.zone for one in self.changed), *self.ended]


def compare(known: Iterable[ZoneVersion], found: Found, now_us: int) -> Changes:
    """known: the last version of each zone of the collection, ended ones too. now_us: when zones that are gone end.

    A zone that had ended, by an earlier edition or by hand, and is in this one, is added again.
    """
    last = {zone.zone_id: zone for zone in known}
    changes = Changes([], [], [], 0, [])
    unchanged = 0
    for zone in found.zones:
        before = last.pop(zone.zone_id, None)
        if before is None or before.ended:
            changes.added.append(_next(zone, before))
        elif fields := tuple(name for name in _PUBLISHED if getattr(zone, name) != getattr(before, name)):
            changes.changed.append(Changed(_next(zone, before), fields))
        else:
            unchanged += 1
    lost = [trouble.where for trouble in found.troubles if trouble.lost]
    for gone in last.values():
        if gone.ended:
            continue
        if _named(gone, lost):
            changes.kept.append(gone)
        else:
            changes.ended.append(_ending(gone, now_us))
    return changes._replace(unchanged=unchanged)


def _next(zone: ZoneVersion, before: ZoneVersion | None) -> ZoneVersion:
    if before is None:
        return msgspec.structs.replace(zone, version=1)
    # A person's "active until" outlasts a new edition; "inactive" was said of another zone than this, and does not.
    switched = () if before.ended else tuple(switch for switch in before.switched if switch.active)
    return msgspec.structs.replace(zone, version=before.version + 1, switched=switched)


def _ending(zone: ZoneVersion, now_us: int) -> ZoneVersion:
    begins_us = now_us if zone.valid_from_us is None else max(now_us, zone.valid_from_us)
    return msgspec.structs.replace(zone, version=zone.version + 1, ended=True, valid_from_us=begins_us, valid_to_us=None)


def _named(zone: ZoneVersion, lost: Sequence[str]) -> bool:
    identifier = (zone.source or "").partition("/")[2]
    known_as = (zone.name, identifier, _PART.sub("", identifier))
    return any(where in known_as or where.endswith(tuple(f"({one})" for one in known_as)) for where in lost)
