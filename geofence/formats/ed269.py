"""ED-269: UAS geographical zones of the European states as JSON of its own form, before ED-318. Read only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from geofence.formats.document import Unreadable, items, mapping, text
from geofence.formats.found import Found
from geofence.formats.gathering import Gathering
from geofence.formats.geozone import Geozone, Volume, add_geozone, authorities, named, reasons
from geofence.formats.layers import Given, metres
from geofence.formats.meaning import RESTRICTIONS, Meaning


def recognised(document: object) -> bool:
    """Is a JSON document of this form: a list of features, and no GeoJSON."""
    return isinstance(mapping(document).get("features"), list) and "type" not in mapping(document)


def read(given: object, operator_id: UUID, collection: str, meanings: Mapping[str, Meaning] = RESTRICTIONS) -> Found:
    """The zones of a JSON document, and by feature what could not be understood. Raises Unreadable if it is none of these."""
    document = mapping(given)
    features = document.get("features")
    if document.get("type") == "FeatureCollection":
        raise Unreadable(format="ED-269", detail="it is a GeoJSON FeatureCollection, as ED-318 has it")
    if not isinstance(features, list):
        raise Unreadable(format="ED-269", detail="it has no list of features")
    gathering = Gathering(operator_id, collection)
    for number, feature in enumerate(features, 1):
        if isinstance(feature, Mapping):
            add_geozone(_geozone(number, feature), meanings, gathering)
        else:
            gathering.lost(named(number, ""), "it is no object")
    return gathering.found()


def _geozone(number: int, feature: Mapping[str, Any]) -> Geozone:
    identifier, name = text(feature.get("identifier")), text(feature.get("name"))
    doubts = [] if identifier else ["it has no identifier: found again by its place in the file"]
    said = reasons(feature) + authorities(feature.get("zoneAuthority"))
    if text(feature.get("type")).upper() == "CUSTOMIZED":
        said.append("customized: it is for certain users only")
    return Geozone(
        named(number, identifier), identifier or f"feature {number}", name or identifier or f"feature {number}",
        feature.get("restriction"), [_volume(mapping(volume)) for volume in items(feature.get("geometry"))],
        feature.get("applicability"), said, doubts,
    )  # fmt: skip


def _volume(given: Mapping[str, Any]) -> Volume:
    """A circle's radius is in the unit of the limits."""
    shape, unit = mapping(given.get("horizontalProjection")), given.get("uomDimensions")
    limits = Given(
        given.get("lowerLimit"), given.get("lowerVerticalReference"),
        given.get("upperLimit"), given.get("upperVerticalReference"), unit,
    )  # fmt: skip
    if shape.get("type") == "Circle":
        return Volume({"type": "Point", "coordinates": shape.get("center")}, metres(shape.get("radius"), unit), limits)
    return Volume({"type": shape.get("type"), "coordinates": shape.get("coordinates")}, None, limits)
