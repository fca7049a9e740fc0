"""ED-318: UAS geographical zones as GeoJSON, each geometry with its layer (floor and ceiling). Read and written.

What ED-318 has no words for (keep-in, heights above take-off, flight levels, clock times in a time zone, for which aircraft)
stands in extendedProperties.wedgetail. The standard part then says what comes nearest and is not less.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from core import strictjson
from geofence.formats.applicability import DAYS, EVENTS, Period, between
from geofence.formats.document import Unreadable, items, mapping, text
from geofence.formats.extension import hold, properties_of, zone_of
from geofence.formats.found import Found
from geofence.formats.gathering import Gathering
from geofence.formats.geozone import Geozone, Volume, add_geozone, authorities, named, reasons
from geofence.formats.layers import Given
from geofence.formats.meaning import RESTRICTIONS, Meaning, spelled
from geofence.formats.mending import NoOutline, read_outline
from geofence.geojson import WrongZone
from geofence.moments import iso
from geofence.times import Span
from geofence.zone import Activation, Datum, ZoneKind, ZoneVersion

_DATUMS = (Datum.AGL, Datum.AMSL, Datum.WGS84)
_WORDS = {ZoneKind.KEEP_OUT: "PROHIBITED", ZoneKind.KEEP_IN: "CONDITIONAL", ZoneKind.INFORMATION: "CONDITIONAL"}
_CONDITIONS = {
    ZoneKind.KEEP_IN: "An operator's own limit: its aircraft stay inside.",
    ZoneKind.INFORMATION: "For information: other rules say what holds here.",
}


def recognised(document: object) -> bool:
    """Is a JSON document of this form: GeoJSON whose features have the properties of geographical zones."""
    if mapping(document).get("type") != "FeatureCollection":
        return False
    told = (mapping(mapping(feature).get("properties")) for feature in items(mapping(document).get("features")))
    return any("identifier" in properties and "type" in properties for properties in told)


def read(given: object, operator_id: UUID, collection: str, meanings: Mapping[str, Meaning] = RESTRICTIONS) -> Found:
    """The zones of a JSON document, and by feature what could not be understood. Raises Unreadable if it is none of these."""
    document = mapping(given)
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise Unreadable(format="ED-318", detail="a GeoJSON FeatureCollection with a list of features is expected")
    gathering = Gathering(operator_id, collection)
    whole = _whole(document)
    for number, feature in enumerate(features, 1):
        properties = mapping(mapping(feature).get("properties"))
        identifier = text(properties.get("identifier"))
        where = named(number, identifier)
        if mapping(feature).get("type") != "Feature":
            gathering.lost(where, "it is no GeoJSON Feature")
        elif whole.unreadable:
            gathering.lost(where, f"when its file is valid cannot be read: metadata.{whole.unreadable}")
        else:
            doubts: list[str] = []
            if not _own(where, feature, gathering, doubts):
                add_geozone(_geozone(number, feature, whole, doubts), meanings, gathering)
    return gathering.found()


def write(zones: Sequence[ZoneVersion], country: str = "AUS") -> bytes:
    """A FeatureCollection that read() takes back. country: in three letters. Raises NotWritten rather than lose part."""
    features = [_feature(zone, country) for zone in zones]
    data = json.dumps({"type": "FeatureCollection", "title": "Wedgetail", "features": features}, ensure_ascii=False).encode()
    if zones:
        hold(zones, read(strictjson.loads(data), zones[0].operator_id, "written"), "ED-318")
    return data


def _whole(document: Mapping[str, Any]) -> Period:
    """The time that the file as a whole is valid for: its zones do not hold before it, nor after."""
    metadata = {**mapping(document.get("datasetMetadata")), **mapping(document.get("metadata"))}
    return between({"validFrom": metadata.get("validFrom"), "validTo": metadata.get("validTo")}, [])


def _geozone(number: int, feature: Mapping[str, Any], whole: Period, doubts: list[str]) -> Geozone:
    properties = mapping(feature.get("properties"))
    identifier, name = text(properties.get("identifier")), text(properties.get("name"))
    if not identifier:
        doubts.append("it has no identifier: found again by its place in the file")
    said = reasons(properties) + authorities(properties.get("zoneAuthority"))
    if text(properties.get("variant")).upper() == "CUSTOMIZED":
        said.append("customized: it is for certain users only")
    return Geozone(
        named(number, identifier), identifier or f"feature {number}", name or identifier or f"feature {number}",
        properties.get("type"), _volumes(feature.get("geometry")), properties.get("limitedApplicability"), said, doubts, whole,
    )  # fmt: skip


def _volumes(geometry: object) -> list[Volume]:
    if not isinstance(geometry, Mapping):
        return []
    if geometry.get("type") != "GeometryCollection":
        return [_volume(geometry, geometry.get("layer"))]
    parts = geometry.get("geometries")
    return [
        _volume(part, mapping(part).get("layer") or geometry.get("layer"))
        for part in (parts if isinstance(parts, list) else ())
    ]


def _volume(geometry: object, layer: object) -> Volume:
    """A circle's radius is in metres."""
    limits = mapping(layer)
    radius_m = mapping(mapping(geometry).get("extent")).get("radius")
    return Volume(
        geometry, radius_m,
        Given(
            limits.get("lower"), limits.get("lowerReference"), limits.get("upper"), limits.get("upperReference"),
            limits.get("uom"),
        ),
    )  # fmt: skip


def _own(where: str, feature: Mapping[str, Any], gathering: Gathering, doubts: list[str]) -> bool:
    """Takes a zone that write() wrote, unless somebody changed what the standard part says of it since."""
    properties = mapping(feature.get("properties"))
    own = mapping(properties.get("extendedProperties")).get("wedgetail")
    if own is None:
        return False
    volumes = _volumes(feature.get("geometry"))
    try:
        outline = read_outline(volumes[0].geometry, volumes[0].radius_m) if volumes else None
        zone = zone_of(mapping(own), _written_name(properties), outline, gathering.operator_id) if outline else None
    except (NoOutline, WrongZone) as problem:
        doubts.append(f"its extension is not used: {problem}")
        return False
    word = text(properties.get("type"))
    if zone is None or _deciding(_feature(replace(zone, airspace_class=word), "")) != _deciding(feature):
        doubts.append("its extension says something else than its standard part, and is not used")
        return False
    gathering.take(where, text(properties.get("identifier")) or where, zone)
    return True


def _written_name(properties: Mapping[str, Any]) -> str:
    """As it is, not tidied up: it was ours."""
    names = items(properties.get("name"))
    name = mapping(names[0] if names else None).get("text")
    return name if isinstance(name, str) else ""


def _deciding(feature: Mapping[str, Any]) -> tuple[object, ...]:
    properties = mapping(feature.get("properties"))
    return feature.get("geometry"), properties.get("type"), properties.get("limitedApplicability")


def _feature(zone: ZoneVersion, country: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "identifier": _short(zone), "country": country, "name": [_told(zone.name)], "type": _word(zone), "variant": "COMMON",
        "reason": ["OTHER"], "zoneAuthority": [{"name": [_told("The operator, by Wedgetail")], "purpose": "INFORMATION"}],
        "extendedProperties": {"wedgetail": properties_of(zone)},
    }  # fmt: skip
    if properties["type"] == "CONDITIONAL" and zone.kind in _CONDITIONS:
        properties["restrictionConditions"] = _CONDITIONS[zone.kind]
    if zone.remarks:
        properties["message"] = [_told(remark) for remark in zone.remarks]
    times = {"startDateTime": iso(zone.valid_from_us), "endDateTime": iso(zone.valid_to_us)}
    schedule = _schedule(zone)
    if schedule or any(times.values()):
        period = {name: time for name, time in times.items() if time is not None}
        properties["limitedApplicability"] = [{**period, "schedule": schedule or [{"day": ["ANY"]}]}]
    return {"type": "Feature", "geometry": _geometry(zone), "properties": properties}


def _told(words: str) -> dict[str, str]:
    return {"text": words[:200], "lang": "en-AU"}


def _short(zone: ZoneVersion) -> str:
    """Its identifier where it came from if that fits into seven characters, else seven that its id gives."""
    own = (zone.source or "").rpartition("/")[2]
    return own if 0 < len(own) <= 7 else base64.b32encode(zone.zone_id.bytes[-5:]).decode()[:7]


def _word(zone: ZoneVersion) -> str:
    """The zone's own word if it is one of ED-318's and means what the zone asks."""
    own = spelled(zone.airspace_class)
    if own in RESTRICTIONS and RESTRICTIONS[own].kind is zone.kind:
        return own.replace("AUTHORISATION", "AUTHORIZATION")
    return _WORDS[zone.kind]


def _geometry(zone: ZoneVersion) -> dict[str, Any]:
    geometry: dict[str, Any] = {"type": zone.geometry["type"], "coordinates": zone.geometry["coordinates"]}
    if zone.radius_m is not None:
        geometry["extent"] = {"subType": "Circle", "radius": zone.radius_m}
    layer: dict[str, Any] = {}
    if zone.ceiling_m is not None and zone.ceiling_datum in _DATUMS:
        layer |= {"upper": zone.ceiling_m, "upperReference": zone.ceiling_datum.value}
    if zone.floor_m is not None and zone.floor_datum in _DATUMS:
        layer |= {"lower": zone.floor_m, "lowerReference": zone.floor_datum.value}
    elif layer:
        layer |= {"lower": 0.0, "lowerReference": Datum.AGL.value}
    if layer:
        geometry["layer"] = {**layer, "uom": "m"}
    return geometry


def _schedule(zone: ZoneVersion) -> list[dict[str, Any]]:
    """Empty where ED-318 cannot say it: by the standard part the zone then holds all the time."""
    table = zone.timetable
    if zone.activation is not Activation.TIMETABLE or table is None or table.timezone != "UTC":
        return []
    daily = [_daily(span) for span in table.spans]
    return [part for part in daily if part is not None] if None not in daily else []


def _daily(span: Span) -> dict[str, Any] | None:
    part: dict[str, Any] = {"day": [DAYS[day] for day in span.days] or ["ANY"]}
    for side, at in (("start", span.start), ("end", span.end)):
        if at in EVENTS:
            part[f"{side}Event"] = at
        elif ":" in at:
            part[f"{side}Time"] = f"{'00:00' if at == '24:00' else at}:00Z"
        else:
            return None  # minutes before or after an event
    return part
