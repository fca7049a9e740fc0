"""A zone as people and programs write it, a GeoJSON Feature (RFC 7946), and back. What is wrong is said field by field.

Nothing is guessed: a height without a datum, a time without a zone, a line that crosses itself are refused, because each
has two readings and one of them lets an aircraft pass.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from core.units import to_us
from geofence import activity
from geofence.fields import Fields, Problem, Wrong
from geofence.footprint import read_geometry
from geofence.moments import iso
from geofence.zone import Activation, Datum, Weight, ZoneKind, ZoneVersion

_HEIGHT_M = (-500.0, 30_000.0)  # 99999 and its like mean "unlimited": leave the ceiling out

# property, lowest, highest: how a zone raises and clears
_SETTINGS = (
    ("raise_beyond_m", 0.0, 10_000.0),
    ("raise_after_s", 0.0, 3_600.0),
    ("clear_inside_m", 0.0, 10_000.0),
    ("clear_after_s", 0.0, 3_600.0),
    ("warn_within_s", 0.0, 600.0),
)
_GIVEN = {
    "name", "kind", "radius_m", "floor_m", "floor_datum", "ceiling_m", "ceiling_datum", "valid_from", "valid_to",
    "aircraft_ids", "rule", "airspace_class", "remarks", "weights", *activity.NAMES, *(name for name, _, _ in _SETTINGS),
}  # fmt: skip
# what the server says about a version: may come back with an edited feature, and is not taken from it
_TOLD = {"operator_id", "zone_id", "version", "world", "ended", "recorded_at", "source"}
_NOT_OF_KEEP_IN = ("activation", "switched", "weights", "rule")  # nothing looks at them there
_RULE = re.compile(r"[A-Z][A-Z0-9.-]{2,39}")
_CLASS = re.compile(r"[!-~\u00a1-\uffff][ -~\u00a0-\uffff]{0,39}")  # files have odd ones, and what is written must come back


class WrongZone(Wrong):
    """This is no zone: {detail}"""


def read(feature: object, operator_id: UUID, zone_id: UUID) -> ZoneVersion:
    """A Feature as version 0 in world 0: whoever stores it gives both numbers. Raises WrongZone with every problem found."""
    problems: list[Problem] = []
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        raise WrongZone([Problem("type", 'a GeoJSON object with "type": "Feature" is expected')])
    given = feature.get("properties")
    if not isinstance(given, Mapping):
        problems.append(Problem("properties", "an object with at least name and kind is expected"))
        given = {}
    fields = Fields(given, problems, "properties")
    footprint = read_geometry(feature.get("geometry"), fields.get("radius_m"))
    problems.extend(Problem(field, detail) for field, detail in footprint.problems)
    facts = _facts(fields)
    fields.refuse_unknown(_GIVEN | _TOLD)
    if fields.get("ended") not in (None, False):
        fields.wrong("ended", "a zone is ended by POST /zones/{id}/end")
    if problems:
        raise WrongZone(problems)
    return ZoneVersion(
        operator_id=operator_id, zone_id=zone_id, version=0, world=0,
        geometry=footprint.geometry, radius_m=footprint.radius_m, **facts,
    )  # fmt: skip


def write(zone: ZoneVersion, recorded_at: datetime | None = None) -> dict[str, Any]:
    """A version as a Feature that read() takes back."""
    properties: dict[str, Any] = {
        "operator_id": str(zone.operator_id), "zone_id": str(zone.zone_id), "version": zone.version, "world": zone.world,
        "name": zone.name, "kind": zone.kind.value, "radius_m": zone.radius_m,
        "floor_m": zone.floor_m, "floor_datum": zone.floor_datum.value,
        "ceiling_m": zone.ceiling_m, "ceiling_datum": zone.ceiling_datum.value,
        "valid_from": iso(zone.valid_from_us), "valid_to": iso(zone.valid_to_us),
        "aircraft_ids": None if zone.aircraft_ids is None else [str(one) for one in zone.aircraft_ids],
        "raise_beyond_m": zone.raise_beyond_m, "raise_after_s": zone.raise_after_s,
        "clear_inside_m": zone.clear_inside_m, "clear_after_s": zone.clear_after_s, "warn_within_s": zone.warn_within_s,
        "rule": zone.rule, "source": zone.source, "airspace_class": zone.airspace_class, "remarks": list(zone.remarks),
        "weights": None if zone.weights is None else list(zone.weights), **activity.write(zone), "ended": zone.ended,
    }  # fmt: skip
    if recorded_at is not None:
        properties["recorded_at"] = iso(to_us(recorded_at))
    return {"type": "Feature", "id": str(zone.zone_id), "geometry": zone.geometry, "properties": properties}


def _facts(fields: Fields) -> dict[str, Any]:
    """Everything of a version that is no geometry."""
    kind = fields.word("kind", ZoneKind)
    if fields.get("kind") is None:
        fields.wrong("kind", f"one of {', '.join(ZoneKind)} is expected")
    valid_from, valid_to = fields.time("valid_from"), fields.time("valid_to")
    if valid_from is not None and valid_to is not None and valid_from >= valid_to:
        fields.wrong("valid_to", "it is not after valid_from")
    facts: dict[str, Any] = {"name": fields.text("name"), "kind": kind, "valid_from_us": valid_from, "valid_to_us": valid_to}
    facts["aircraft_ids"], facts["weights"] = fields.ids("aircraft_ids"), fields.words("weights", Weight)
    facts["rule"] = fields.matching("rule", _RULE, "a rule's identifier such as AU-EMERGENCY")
    facts["airspace_class"] = fields.matching("airspace_class", _CLASS, "a class such as R or CTR")
    facts["remarks"] = fields.texts("remarks", 50, 2_000)
    facts.update(activity.read(fields))
    facts.update(_limits(fields))
    for name, low, high in _SETTINGS:
        value = fields.number(name, low, high)
        if value is not None:
            facts[name] = value
    if kind is ZoneKind.KEEP_IN:
        for name in _NOT_OF_KEEP_IN:
            if facts.get(name) not in (None, (), Activation.ALWAYS):
                fields.wrong(name, "a keep-in zone has none: it holds for its aircraft from valid_from to valid_to")
    return facts


def _limits(fields: Fields) -> Iterator[tuple[str, Any]]:
    floor_m, ceiling_m = fields.number("floor_m", *_HEIGHT_M), fields.number("ceiling_m", *_HEIGHT_M)
    floor, ceiling = fields.word("floor_datum", Datum), fields.word("ceiling_datum", Datum)
    if fields.get("floor_m") is not None:
        if fields.get("floor_datum") is None or (floor is Datum.SFC and floor_m):
            fields.wrong("floor_datum", "a floor in metres needs what it is measured from: AGL, AMSL, TAKEOFF, FL or WGS84")
    elif floor not in (None, Datum.SFC):
        fields.wrong("floor_m", f"a floor measured from {floor} needs its metres; from the ground up is floor_datum SFC")
    if fields.get("ceiling_m") is not None and (fields.get("ceiling_datum") is None or ceiling is Datum.SFC):
        fields.wrong("ceiling_datum", "a ceiling in metres needs what it is measured from: AGL, AMSL, TAKEOFF, FL or WGS84")
    elif fields.get("ceiling_m") is None and ceiling is Datum.SFC:
        fields.wrong("ceiling_datum", "a ceiling at the ground holds nothing; without a limit is ceiling_m null")
    if floor_m is not None and ceiling_m is not None and floor is ceiling and floor_m >= ceiling_m:
        fields.wrong("ceiling_m", f"the ceiling {ceiling_m:g} m is not above the floor {floor_m:g} m")
    if floor in (None, Datum.SFC) and ceiling in (Datum.AGL, Datum.TAKEOFF) and ceiling_m is not None and ceiling_m <= 0:
        fields.wrong("ceiling_m", f"the ceiling {ceiling_m:g} m is not above the ground")
    on_ground = floor in (None, Datum.SFC)
    yield "floor_m", None if on_ground else floor_m
    yield "floor_datum", floor or Datum.SFC
    yield "ceiling_m", ceiling_m
    yield "ceiling_datum", ceiling or Datum.AGL
