"""A fact as people and programs write it, a JSON object, and back. What is wrong is said field by field.

As with zones nothing is guessed: a rule by a name that nobody knows, a time without a zone, an authorisation without an
end are refused, because a fact that is misread relaxes a rule.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.units import to_us
from geofence import activity, rules
from geofence.facts import (
    AircraftFact,
    Authorisation,
    Fact,
    FactVersion,
    OperatorFact,
    Pressure,
    Relaxed,
    TowerHours,
    assumed,
    fact_id,
    kind_of,
    subject,
)
from geofence.fields import Fields, Problem, Wrong
from geofence.footprint import read_geometry, shown
from geofence.moments import iso
from geofence.times import Timetable

_AERODROME = re.compile(r"[A-Z0-9][A-Z0-9-]{1,9}")
_VALIDITY = {"kind", "valid_from", "valid_to"}
# what the server says about a version: may come back with an edited fact, and is not taken from it
_TOLD = {"operator_id", "fact_id", "version", "world", "ended", "recorded_at", "assumed", "in_force", "detail"}


class WrongFact(Wrong):
    """This is no fact: {detail}"""


def read(given: object, operator_id: UUID) -> FactVersion:
    """An object as version 0 in world 0: whoever stores it gives both numbers. Raises WrongFact with every problem found."""
    if not isinstance(given, Mapping):
        raise WrongFact([Problem("kind", f"an object is expected, with one of {', '.join(_READERS)} as its kind")])
    problems: list[Problem] = []
    fields = Fields(given, problems)
    kind = fields.one_of("kind", _READERS)
    if kind is None:
        raise WrongFact(problems or [Problem("kind", f"one of {', '.join(_READERS)} is expected")])
    kind_of_fact, reader = _READERS[kind]
    values = reader(fields)
    valid_from, valid_to = fields.time("valid_from"), fields.time("valid_to")
    if valid_from is not None and valid_to is not None and valid_from >= valid_to:
        fields.wrong("valid_to", "it is not after valid_from")
    if kind_of_fact is Authorisation:
        for name in ("valid_from", "valid_to"):
            if fields.get(name) is None:
                fields.wrong(name, "an authorisation has a beginning and an end")
    fields.refuse_unknown(_VALIDITY | _TOLD | set(kind_of_fact.__struct_fields__))
    if given.get("ended") not in (None, False):
        fields.wrong("ended", "a fact is ended by POST /facts/{id}/end")
    if problems:
        raise WrongFact(problems)
    fact = kind_of_fact(**values)
    return FactVersion(
        operator_id=operator_id, fact_id=fact_id(operator_id, fact), version=0, world=0, fact=fact,
        valid_from_us=valid_from, valid_to_us=valid_to,
    )  # fmt: skip


def read_many(given: object, operator_id: UUID) -> list[FactVersion]:
    """{"facts": [...]}, all or none. Raises WrongFact, whose fields begin with the position: facts[2].relaxes[0].rule."""
    if not isinstance(given, Mapping) or not isinstance(given.get("facts"), list) or not given["facts"]:
        raise WrongFact([Problem("facts", 'an object such as {"facts": [...]} with at least one fact is expected')])
    problems = [Problem(shown(name), "there is no such member: facts is the only one") for name in given if name != "facts"]
    found: dict[UUID, FactVersion] = {}
    for position, one in enumerate(given["facts"]):
        try:
            fact = read(one, operator_id)
        except WrongFact as error:
            problems += [Problem(f"facts[{position}].{field}", detail) for field, detail in error.problems]
            continue
        if fact.fact_id in found:
            what = f"{kind_of(fact.fact)} {subject(fact.fact)}"
            problems.append(Problem(f"facts[{position}]", f"{what} stands there twice: which one holds nobody can tell"))
        found[fact.fact_id] = fact
    if problems:
        raise WrongFact(problems)
    return list(found.values())


def write(version: FactVersion, recorded_at: datetime | None = None) -> dict[str, Any]:
    """A version as an object that read() takes back; of an aircraft also what is assumed because nobody stated it."""
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(version.fact))
    said |= {
        "valid_from": iso(version.valid_from_us), "valid_to": iso(version.valid_to_us),
        "operator_id": str(version.operator_id), "fact_id": str(version.fact_id),
        "version": version.version, "world": version.world, "ended": version.ended,
    }  # fmt: skip
    if isinstance(version.fact, AircraftFact):
        said["assumed"] = assumed(version.fact)
    if recorded_at is not None:
        said["recorded_at"] = iso(to_us(recorded_at))
    return said


def _aircraft(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {
        "weight_g": fields.number("weight_g", 1, 1_000_000, "g"),
        "station_lon_deg": fields.number("station_lon_deg", -180, 180),
        "station_lat_deg": fields.number("station_lat_deg", -90, 90),
        **_limits(fields),
    }
    if all(fields.get(name) is None for name in found):
        fields.wrong("kind", "nothing is stated of this aircraft")
    for name, other in (("station_lon_deg", "station_lat_deg"), ("station_lat_deg", "station_lon_deg")):
        if fields.get(name) is None and fields.get(other) is not None:
            fields.wrong(name, "a station has a longitude and a latitude")
    return found | {"aircraft_id": fields.id("aircraft_id")}


def _operator(fields: Fields) -> dict[str, Any]:
    found = _limits(fields)
    if all(fields.get(name) is None for name in found):
        fields.wrong("kind", f"nothing is stated of the operator's aircraft: one of {', '.join(found)} is expected")
    return found


def _limits(fields: Fields) -> dict[str, Any]:
    found = {name: fields.number(name, limit.low, limit.high, limit.unit) for name, limit in rules.LIMITS.items()}
    warn, breach, fix = found["battery_warn_pct"], found["battery_breach_pct"], found["fix_type_min"]
    if warn is not None and breach is not None and breach >= warn:
        fields.wrong("battery_breach_pct", f"{breach:g} is not below battery_warn_pct")
    if fix is not None and fix % 1:
        fields.wrong("fix_type_min", f"{fix:g} is no whole number")
    return found


def _authorisation(fields: Fields) -> dict[str, Any]:
    kind = fields.one_of("type", rules.AUTHORISATION_TYPES)
    if fields.get("type") is None:
        fields.wrong("type", f"one of {', '.join(rules.AUTHORISATION_TYPES)} is expected")
    return {
        "number": fields.text("number"), "issuer": fields.text("issuer"), "type": kind, "relaxes": _relaxes(fields),
        "aircraft_ids": fields.ids("aircraft_ids"), **_area(fields),
    }  # fmt: skip


def _tower(fields: Fields) -> dict[str, Any]:
    aerodrome = fields.get("aerodrome")
    if not isinstance(aerodrome, str) or not _AERODROME.fullmatch(aerodrome):
        fields.wrong("aerodrome", "an aerodrome's code in capitals, such as YSCB, is expected")
    if fields.get("timetable") is None:
        fields.wrong("timetable", f"an object with {', '.join(Timetable.__struct_fields__)} is expected")
    return {"aerodrome": aerodrome, "timetable": activity.read_timetable(fields)}


def _pressure(fields: Fields) -> dict[str, Any]:
    qnh = fields.number("qnh_hpa", 850, 1_100, "hPa")
    if fields.get("qnh_hpa") is None:
        fields.wrong("qnh_hpa", "the QNH in hPa is expected")
    return {"name": fields.text("name"), "qnh_hpa": qnh, **_area(fields)}


_READERS: Mapping[str, tuple[type[Fact], Callable[[Fields], dict[str, Any]]]] = {
    "aircraft": (AircraftFact, _aircraft),
    "operator": (OperatorFact, _operator),
    "authorisation": (Authorisation, _authorisation),
    "tower": (TowerHours, _tower),
    "pressure": (Pressure, _pressure),
}


def _area(fields: Fields) -> dict[str, Any]:
    """As a zone's outline, without the members that only a Feature has."""
    if fields.get("area") is None:
        if fields.get("radius_m") is not None:
            fields.wrong("radius_m", "only an area that is a Point has a radius")
        return {}
    found = read_geometry(fields.get("area"), fields.get("radius_m"))
    for field, detail in found.problems:
        fields.wrong(field.replace("geometry", "area", 1).removeprefix("properties."), detail)
    return {"area": found.geometry, "radius_m": found.radius_m}


def _relaxes(fields: Fields) -> tuple[Relaxed, ...]:
    if not fields.get("relaxes"):
        fields.wrong("relaxes", 'a list of the rules that it relaxes is expected, such as [{"rule": "AU-DAY"}]')
        return ()
    found: dict[str, Relaxed] = {}
    for one in fields.members("relaxes", Relaxed.__struct_fields__):
        rule = one.one_of("rule", sorted(rules.KNOWN))
        if one.get("rule") is None:
            one.wrong("rule", "the identifier of a rule is expected")
        if rule is None:
            continue
        if rule in found:
            one.wrong("rule", f"{rule} stands there twice")
        value, to = rules.RULES[rule].value, one.get("to")
        if value is not None:
            to = one.number("to", value.low, value.high, value.unit)
        elif to is not None:
            one.wrong("to", f"{rule} has no value: leave it out")
        found[rule] = Relaxed(rule, to)
    return tuple(found.values())
