"""A zone as people and programs write it, a GeoJSON Feature (RFC 7946), and back. What is wrong is said field by field.

Nothing is guessed: a height without a datum, a time without a zone, a line that crosses itself are refused, because each
has two readings and one of them lets an aircraft pass.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import WedgetailError
from core.units import US_PER_S, to_us, utc
from geofence.footprint import finite, read_geometry
from geofence.zone import Datum, ZoneKind, ZoneVersion

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|z|[+-]\d{2}:?\d{2})?")
_HEIGHT_M = (-500.0, 30_000.0)  # 99999 and its like mean "unlimited": leave the ceiling out
_EARLIEST_US, _LATEST_US = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (1900, 2200))

# property, lowest, highest: how a zone raises and clears
_SETTINGS = (
    ("raise_beyond_m", 0.0, 10_000.0),
    ("raise_after_s", 0.0, 3_600.0),
    ("clear_inside_m", 0.0, 10_000.0),
    ("clear_after_s", 0.0, 3_600.0),
)
_GIVEN = {
    "name", "kind", "radius_m", "floor_m", "floor_datum", "ceiling_m", "ceiling_datum", "valid_from", "valid_to",
    "aircraft_ids", *(name for name, _, _ in _SETTINGS),
}  # fmt: skip
# what the server says about a version: may come back with an edited feature, and is not taken from it
_TOLD = {"operator_id", "zone_id", "version", "world", "ended", "recorded_at"}


class Problem(NamedTuple):
    """One thing that is wrong, and where: a dotted path such as properties.floor_m."""

    field: str
    detail: str


class Wrong(WedgetailError):
    """{detail}"""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(detail="; ".join(f"{field}: {detail}" for field, detail in problems))
        self.problems = problems


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
    fields = Fields(given, problems, "properties.")
    footprint = read_geometry(feature.get("geometry"), fields.get("radius_m"))
    problems.extend(Problem(field, detail) for field, detail in footprint.problems)
    facts = _facts(fields)
    fields.refuse_unknown(_GIVEN | _TOLD)
    if given.get("ended") not in (None, False):
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
        "clear_inside_m": zone.clear_inside_m, "clear_after_s": zone.clear_after_s, "ended": zone.ended,
    }  # fmt: skip
    if recorded_at is not None:
        properties["recorded_at"] = iso(to_us(recorded_at))
    return {"type": "Feature", "id": str(zone.zone_id), "geometry": zone.geometry, "properties": properties}


def iso(time_us: int | None) -> str | None:
    """2015-07-05T00:26:43.000000Z"""
    if time_us is None:
        return None
    second, rest_us = divmod(time_us, US_PER_S)
    return f"{_second(second)}.{rest_us:06d}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    return utc(second * US_PER_S).strftime("%Y-%m-%dT%H:%M:%S")


def read_time(value: object) -> int:
    """An ISO 8601 time with its zone as microseconds since 1970. Raises ValueError that says what is missing."""
    if not isinstance(value, str) or not (match := _TIME.fullmatch(value)):
        raise ValueError("an ISO 8601 time such as 2026-07-01T03:00:00Z is expected")
    if match[3] is None:
        raise ValueError("a time without a zone: end it with Z or an offset such as +10:00")
    try:
        time_us = to_us(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None
    if not _EARLIEST_US <= time_us < _LATEST_US:
        raise ValueError("a time from 1900 to 2200 is expected")
    return time_us


class Fields:
    """Reads one field of a JSON object after another, noting what is wrong with each; a wrong one reads as absent.

    path: where the object stands, such as "properties.".
    """

    def __init__(self, given: Mapping[Any, Any], problems: list[Problem], path: str = "") -> None:
        self._given = given
        self._problems = problems
        self._path = path

    def get(self, name: str) -> Any:
        return self._given.get(name)

    def wrong(self, name: str, detail: str) -> None:
        self._problems.append(Problem(self._path + name, detail))

    def within(self, name: str, given: object, known: Collection[str]) -> "Fields | None":
        """The fields of an object that stands in this one; None where it is none."""
        if not isinstance(given, Mapping):
            self.wrong(name, f"an object with {', '.join(known)} is expected")
            return None
        fields = Fields(given, self._problems, f"{self._path}{name}.")
        fields.refuse_unknown(known)
        return fields

    def refuse_unknown(self, known: Collection[str]) -> None:
        for name in self._given:
            if name not in known:
                self.wrong(str(name), "there is no such property")

    def text(self, name: str) -> str:
        value = self.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
            self.wrong(name, "a text of 1 to 200 printable characters is expected")
            return ""
        return value.strip()

    def number(self, name: str, low: float, high: float, unit: str = "") -> float | None:
        value = self.get(name)
        if value is None:
            return None
        number = finite(value)
        if number is None:
            self.wrong(name, "a finite number is expected")
        elif not low <= number <= high:
            self.wrong(name, f"{number:g} is not from {low:g} to {high:g} {unit}".rstrip())
            return None
        return number

    def word(self, name: str, words: type[Datum] | type[ZoneKind]) -> Any:
        """None where absent or wrong."""
        value = self.one_of(name, [word.value for word in words])
        return None if value is None else words(value)

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        """None where absent or wrong."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in words:
            self.wrong(name, f"one of {', '.join(words)} is expected")
            return None
        return value

    def time(self, name: str) -> int | None:
        value = self.get(name)
        if value is None:
            return None
        try:
            return read_time(value)
        except ValueError as error:
            self.wrong(name, str(error))
            return None

    def ids(self, name: str) -> tuple[UUID, ...] | None:
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not value:
            self.wrong(name, "a list of aircraft ids is expected, or null for all aircraft")
            return None
        found = [self.id(f"{name}[{position}]", item) for position, item in enumerate(value)]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def id(self, name: str, value: object) -> UUID | None:
        if isinstance(value, str):
            with suppress(ValueError):
                return UUID(value)
        self.wrong(name, "an aircraft's id (a UUID) is expected")
        return None


def _facts(fields: Fields) -> dict[str, Any]:
    """Everything of a version that is no geometry."""
    kind = fields.word("kind", ZoneKind)
    if fields.get("kind") is None:
        fields.wrong("kind", "one of keep_in, keep_out is expected")
    valid_from, valid_to = fields.time("valid_from"), fields.time("valid_to")
    if valid_from is not None and valid_to is not None and valid_from >= valid_to:
        fields.wrong("valid_to", "it is not after valid_from")
    facts = {"name": fields.text("name"), "kind": kind, "valid_from_us": valid_from, "valid_to_us": valid_to}
    facts["aircraft_ids"] = fields.ids("aircraft_ids")
    facts.update(_limits(fields))
    for name, low, high in _SETTINGS:
        value = fields.number(name, low, high)
        if value is not None:
            facts[name] = value
    return facts


def _limits(fields: Fields) -> Iterator[tuple[str, Any]]:
    floor_m, ceiling_m = fields.number("floor_m", *_HEIGHT_M), fields.number("ceiling_m", *_HEIGHT_M)
    floor, ceiling = fields.word("floor_datum", Datum), fields.word("ceiling_datum", Datum)
    if fields.get("floor_m") is not None:
        if fields.get("floor_datum") is None or (floor is Datum.SFC and floor_m):
            fields.wrong("floor_datum", "a floor in metres needs what it is measured from: AGL, AMSL or TAKEOFF")
    elif floor not in (None, Datum.SFC):
        fields.wrong("floor_m", f"a floor measured from {floor} needs its metres; from the ground up is floor_datum SFC")
    if fields.get("ceiling_m") is not None and (fields.get("ceiling_datum") is None or ceiling is Datum.SFC):
        fields.wrong("ceiling_datum", "a ceiling in metres needs what it is measured from: AGL, AMSL or TAKEOFF")
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
