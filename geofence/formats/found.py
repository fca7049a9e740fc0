"""What every reader gives: the zones that it understood, and by line or feature why the rest was not."""

from typing import NamedTuple
from uuid import UUID, uuid5

from geofence.zone import ZoneVersion


class Trouble(NamedTuple):
    """Something that was not understood. lost: the zone is left out, else only noted.

    where: "line 12", "feature 3 (LSR41)". Say the zone's name or identifier in brackets wherever it is known: a zone that a
    file still names, but of which nothing can be read, is not ended by an import.
    """

    where: str
    detail: str
    lost: bool = True


class Found(NamedTuple):
    """zones: version 0 in world 0, each with its source (COLLECTION/IDENTIFIER, unique here) and the id that it gives."""

    zones: list[ZoneVersion]
    troubles: list[Trouble]


def zone_id(operator_id: UUID, source: str) -> UUID:
    """The id of a zone that came from elsewhere: the same at each import."""
    return uuid5(operator_id, f"zone:{source}")
