"""What a format has no words for goes into a place of our own in it, as the properties of our GeoJSON; and whoever writes a
file reads it again before anybody gets it, so that nothing is written that says something else."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import asdict

from core.errors import WedgetailError
from geofence import geojson
from geofence.formats.found import Found
from geofence.formats.mending import Outline
from geofence.zone import ZoneVersion

# Whose it is and which version is told by who stores it, and who switched it is no part of it; name and outline have a place
# in every format.
_ELSEWHERE = {"operator_id", "zone_id", "version", "world", "recorded_at", "name", "radius_m", "switched"}
# Not held against a file: its words about a zone, and who switched it here.
_BESIDE = {"operator_id", "zone_id", "version", "world", "source", "remarks", "airspace_class", "switched"}


class NotWritten(WedgetailError):
    """Zone {name} cannot be written as {format}: {detail}"""


def properties_of(zone: ZoneVersion) -> dict[str, Any]:
    """Everything of a zone that is neither its name nor its outline."""
    properties = geojson.write(zone)["properties"]
    kept = {name: value for name, value in properties.items() if name not in _ELSEWHERE}
    return {name: value for name, value in kept.items() if value is not None and value is not False}


def zone_of(properties: Mapping[str, Any], name: str, outline: Outline, operator_id: UUID) -> ZoneVersion:
    """The zone that properties_of() was given. Raises geojson.WrongZone."""
    given = {**properties, "name": name, "radius_m": outline.radius_m}
    feature = {"type": "Feature", "geometry": outline.geometry, "properties": given}
    return geojson.read(feature, operator_id, UUID(int=0))


def hold(zones: Iterable[ZoneVersion], found: Found, file_format: str) -> None:
    """Raises NotWritten if what was found in a written file is not what the zones ask."""
    given, back = list(zones), found.zones
    if len(back) < len(given):
        names = [zone.name for zone in back]
        name = next(zone.name for place, zone in enumerate(given) if names[place : place + 1] != [zone.name])
        raise NotWritten(
            name=name, format=file_format, detail=next(trouble.detail for trouble in found.troubles if trouble.lost)
        )
    for zone, read in zip(given, back, strict=True):
        kept, wanted = asdict(read), asdict(zone)
        lost = [field for field in wanted if field not in _BESIDE and wanted[field] != kept[field]]
        if lost:
            raise NotWritten(name=zone.name, format=file_format, detail=f"its {', '.join(lost)} would be lost")
