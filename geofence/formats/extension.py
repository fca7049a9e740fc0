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

# Whose it is and which version is told by who stores it; name and outline have a place in every format.
_ELSEWHERE = {"operator_id", "zone_id", "version", "world", "recorded_at", "name", "radius_m"}
# Not held against a file: its words about a zone, and who switched it here.
_BESIDE = {"operator_id", "zone_id", "version", "world", "source", "remarks", "airspace_class", "switched"}


class NotWritten(WedgetailError):
    """Zone {name} cannot be written as {format}: its {detail} would be lost."""


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
    for zone, read in zip(given, back, strict=False):
        kept, wanted = asdict(read), asdict(zone)
        lost = [name for name in wanted if name not in _BESIDE and wanted[name] != kept[name]]
        if lost:
            raise NotWritten(name=zone.name, format=file_format, detail=", ".join(lost))
    if len(back) < len(given):
        raise NotWritten(name=given[len(back)].name, format=file_format, detail=found.troubles[-1].detail)
