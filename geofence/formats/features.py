"""GeoJSON as the API writes it, a Feature or a FeatureCollection of zones, read as a collection of its own."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from geofence import geojson
from geofence.formats.found import Found, Trouble, zone_id
from geofence.zone import ZoneVersion


def recognised(content: object) -> bool:
    return isinstance(content, dict) and content.get("type") in ("Feature", "FeatureCollection")


def read(content: object, operator_id: UUID, collection: str) -> Found:
    """A zone's identifier is its feature's id, else its name. It says itself what it asks."""
    zones: dict[str, ZoneVersion] = {}
    troubles: list[Trouble] = []
    for number, feature in enumerate(_features(content)):
        where = _where(number, feature)
        try:
            zone = geojson.read(feature, operator_id, UUID(int=0))
        except geojson.WrongZone as error:
            troubles.append(Trouble(where, "; ".join(f"{field}: {detail}" for field, detail in error.problems)))
            continue
        source = f"{collection}/{_identifier(feature) or zone.name}"
        if source in zones:
            troubles.append(Trouble(where, "another feature has the same id, or the same name and no id: left out"))
            continue
        zones[source] = msgspec.structs.replace(zone, source=source, zone_id=zone_id(operator_id, source))
    return Found(list(zones.values()), troubles)


def write(zones: Sequence[ZoneVersion]) -> bytes:
    """A FeatureCollection that read() takes back: everything of a zone, its words too."""
    return json.dumps({"type": "FeatureCollection", "features": [geojson.write(zone) for zone in zones]}).encode()


def _features(content: object) -> list[Any]:
    if not isinstance(content, dict):
        return []
    features = content.get("features") if content.get("type") == "FeatureCollection" else [content]
    return features if isinstance(features, list) else []


def _identifier(feature: object) -> str:
    given = feature.get("id") if isinstance(feature, dict) else None
    return given[:100] if isinstance(given, str) and given.isprintable() else ""


def _where(number: int, feature: object) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return f"feature {number} ({name})" if isinstance(name, str) and name.isprintable() else f"feature {number}"
