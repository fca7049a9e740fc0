"""What a reader gathers while it goes through a file: zones with sources that are unique in it, and troubles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from geofence.formats.document import text
from geofence.formats.found import Found, Trouble, zone_id
from geofence.formats.mending import Outline
from geofence.zone import ZoneKind, ZoneVersion

ROUND_THE_WORLD = "it goes round the world, which nobody can close to drones: taken as information"


class Gathering:
    """One file's worth. said: what the source says of a zone. doubts: what was assumed or repaired; they are troubles too."""

    def __init__(self, operator_id: UUID, collection: str) -> None:
        self.operator_id = operator_id
        self._collection = text(collection) or "zones"
        self._zones: dict[str, ZoneVersion] = {}
        self._troubles: list[Trouble] = []

    def lost(self, where: str, detail: str) -> None:
        self._troubles.append(Trouble(where, detail))

    def noted(self, where: str, detail: str) -> None:
        self._troubles.append(Trouble(where, detail, lost=False))

    def add(
        self, where: str, identifier: str, outline: Outline, kind: ZoneKind,
        said: Sequence[str] = (), doubts: Sequence[str] = (), **facts: Any,
    ) -> None:  # fmt: skip
        """Makes a zone of what was read. facts: whatever else ZoneVersion has, its name above all."""
        doubts = [*doubts, *outline.doubts]
        if outline.round_the_world and kind is ZoneKind.KEEP_OUT:
            kind = ZoneKind.INFORMATION
            doubts.append(ROUND_THE_WORLD)
        zone = ZoneVersion(
            operator_id=self.operator_id, zone_id=UUID(int=0), version=0, world=0, kind=kind,
            geometry=outline.geometry, radius_m=outline.radius_m, remarks=(*said, *doubts), **facts,
        )  # fmt: skip
        self.take(where, identifier, zone, doubts)

    def take(self, where: str, identifier: str, zone: ZoneVersion, doubts: Sequence[str] = ()) -> None:
        """A zone that is whole, but for its source and the id that this gives."""
        source = self._source(where, identifier)
        for doubt in doubts:
            self.noted(where, doubt)
        self._zones[source] = replace(zone, source=source, zone_id=zone_id(self.operator_id, source))

    def found(self) -> Found:
        return Found(list(self._zones.values()), self._troubles)

    def _source(self, where: str, identifier: str) -> str:
        own, number = f"{self._collection}/{identifier}", 1
        source = own
        while source in self._zones:
            number += 1
            source = f"{own}~{number}"
        if number > 1:
            self.noted(where, f"the identifier {identifier} stands for another zone too: this one is kept as {source}")
        return source
