"""A Feature is read whole, or refused with every field that is wrong."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from geofence.geojson import WrongZone, read, write
from geofence.moments import read_time
from geofence.zone import Datum, ZoneKind

OPERATOR, ZONE = UUID(int=1), UUID(int=2)
SQUARE = [[149.0, -35.0], [149.1, -35.0], [149.1, -35.1], [149.0, -35.1], [149.0, -35.0]]
HOLE = [[149.02, -35.02], [149.04, -35.02], [149.04, -35.04], [149.02, -35.04], [149.02, -35.02]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings) or [SQUARE]}


def feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    facts = {"name": "Stromlo", "kind": "keep_in"} | properties
    return {"type": "Feature", "geometry": geometry or polygon(), "properties": facts}


def moved(ring: list[list[float]], by: float) -> list[list[float]]:
    return [[lon + by, lat] for lon, lat in ring]


def switch(**said: Any) -> dict[str, Any]:
    return {"from": "2026-07-01T03:00:00Z", "to": "2026-07-01T05:00:00Z", "active": True} | said


def timetable(*spans: Any, timezone: Any = "Australia/Sydney") -> dict[str, Any]:
    return {"timezone": timezone, "spans": list(spans)}


def timed(timetable: Any) -> dict[str, Any]:
    return feature(kind="keep_out", activation="timetable", timetable=timetable)


def problems(given: object) -> dict[str, str]:
    with pytest.raises(WrongZone) as caught:
        read(given, OPERATOR, ZONE)
    return dict(caught.value.problems)


@pytest.mark.parametrize(
    "given",
    [
        feature(),
        feature(polygon(SQUARE, HOLE)),
        feature({"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [moved(SQUARE, 1)]]}),
        feature({"type": "Point", "coordinates": [149.1, -35.3]}, radius_m=5500),
        feature(floor_m=50, floor_datum="AGL", ceiling_m=120, ceiling_datum="AGL"),
        feature(floor_m=600, floor_datum="AMSL", ceiling_m=120, ceiling_datum="AGL"),
        feature(valid_from="2015-07-05T10:00:00+10:00", valid_to="2015-07-06T00:00:00.123456Z"),
        feature(aircraft_ids=[str(UUID(int=7))], raise_after_s=0, clear_after_s=5),
        feature(kind="information", airspace_class="CTR", remarks=["its ceiling is given by NOTAM:\nwithout limit"]),
        feature(kind="keep_out", rule="AU-EMERGENCY", weights=["small", "large"], warn_within_s=15),
        feature(floor_m=5486.4, floor_datum="FL", ceiling_m=7467.6, ceiling_datum="FL"),
        feature(ceiling_m=700, ceiling_datum="WGS84", activation="unknown", kind="keep_out"),
        feature(kind="keep_out", activation="by_hand", switched=[switch(), switch(active=False)]),
        timed(timetable({"start": "08:00", "end": "24:00", "days": [0, 4]})),
        feature(
            kind="information",
            activation="timetable",
            timetable=timetable({"start": "BMCT", "end": "SS-30"}, {"start": "22:00", "end": "02:00"}),
        ),
    ],
)
def test_what_is_written_reads_back_the_same(given: dict[str, Any]) -> None:
    zone = read(given, OPERATOR, ZONE)
    assert read(write(zone), OPERATOR, ZONE) == zone


def test_a_zone_says_from_the_ground_up_and_without_limit_unless_told_otherwise() -> None:
    zone = read(feature(kind="keep_out"), OPERATOR, ZONE)
    assert (zone.kind, zone.floor_m, zone.floor_datum, zone.ceiling_m) == (ZoneKind.KEEP_OUT, None, Datum.SFC, None)


def test_times_keep_their_microseconds() -> None:
    zone = read(feature(valid_from="2015-07-05T10:00:00.000001+10:00"), OPERATOR, ZONE)
    assert zone.valid_from_us == 1_436_054_400_000_001


SPAN = {"start": "08:00", "end": "17:00"}


POINT = {"type": "Point", "coordinates": [1, 2]}
BOW_TIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
AT = "geometry.coordinates"
WRONG: list[tuple[str, Callable[[], object], str, str]] = [
    ("a list", lambda: [], "type", "Feature"),
    ("a FeatureCollection", lambda: {"type": "FeatureCollection", "features": []}, "type", "Feature"),
    ("no properties", lambda: {"type": "Feature", "geometry": polygon()}, "properties", "name and kind"),
    ("no geometry", lambda: feature() | {"geometry": None}, "geometry.type", "Polygon"),
    ("a line", lambda: feature({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}), "geometry.type", "Polygon"),
    ("no coordinates", lambda: feature({"type": "Polygon"}), AT, "list of rings"),
    ("no rings", lambda: feature({"type": "Polygon", "coordinates": []}), AT, "list of rings"),
    ("no polygons", lambda: feature({"type": "MultiPolygon", "coordinates": []}), AT, "list of polygons"),
    ("an empty polygon", lambda: feature({"type": "MultiPolygon", "coordinates": [[]]}), f"{AT}[0]", "list of rings"),
    ("NaN", lambda: feature(polygon([[float("nan"), 0], *SQUARE])), f"{AT}[0][0]", "not a finite number"),
    ("infinity", lambda: feature(polygon([[0, float("inf")], *SQUARE])), f"{AT}[0][0]", "not a finite number"),
    ("a number too large", lambda: feature(polygon([[0, 10**400], *SQUARE])), f"{AT}[0][0]", "not a finite number"),
    ("text in place of a number", lambda: feature(polygon([["149", 0], *SQUARE])), f"{AT}[0][0]", "not a finite number"),
    ("truth in place of a number", lambda: feature(polygon([[True, 0], *SQUARE])), f"{AT}[0][0]", "not a finite number"),
    ("longitude beyond 180", lambda: feature(polygon(moved(SQUARE, 40))), f"{AT}[0][0]", "beyond 180"),
    ("latitude first", lambda: feature(polygon([p[::-1] for p in SQUARE])), f"{AT}[0][0]", "longitude stands first"),
    ("a height in a position", lambda: feature(polygon([[*p, 0] for p in SQUARE])), f"{AT}[0][0]", "floor_m"),
    ("an unclosed ring", lambda: feature(polygon(SQUARE[:-1])), f"{AT}[0]", "not closed"),
    ("too few points", lambda: feature(polygon([[0, 0], [1, 1], [0, 0]])), f"{AT}[0]", "4 positions or more"),
    ("a ring that is none", lambda: feature(polygon("ring")), f"{AT}[0]", "list of positions"),
    ("a crossing outline", lambda: feature(polygon(BOW_TIE)), AT, "crosses itself at 0.5 0.5"),
    ("no area", lambda: feature(polygon([[0, 0], [1, 1], [2, 2], [0, 0]])), AT, ""),
    ("a hole outside", lambda: feature(polygon(SQUARE, moved(HOLE, 1))), AT, "hole"),
    ("around the world", lambda: feature(polygon([[-170, 0], [170, 0], [170, 1], [-170, 1], [-170, 0]])), f"{AT}[0]", "180"),
    ("a circle without radius", lambda: feature(POINT), "properties.radius_m", "needs its radius"),
    ("a radius of nothing", lambda: feature(POINT, radius_m=0), "properties.radius_m", "from 1"),
    ("a polygon with radius", lambda: feature(radius_m=5), "properties.radius_m", "only a circle"),
    ("no name", lambda: feature(name="  "), "properties.name", "1 to 200"),
    ("a name with a NUL", lambda: feature(name="a\0b"), "properties.name", "printable"),
    ("a time beyond all", lambda: feature(valid_to="9999-12-31T23:59:59-10:00"), "properties.valid_to", "1900 to 2200"),
    ("no kind", lambda: feature(kind=None), "properties.kind", "keep_in, keep_out"),
    ("a wrong kind", lambda: feature(kind="prohibited"), "properties.kind", "keep_in, keep_out"),
    ("a wrong datum", lambda: feature(ceiling_m=120, ceiling_datum="QNH"), "properties.ceiling_datum", "SFC, AGL, AMSL"),
    ("a ceiling without datum", lambda: feature(ceiling_m=120), "properties.ceiling_datum", "measured from"),
    ("a floor without datum", lambda: feature(floor_m=20), "properties.floor_datum", "measured from"),
    ("a floor above SFC", lambda: feature(floor_m=20, floor_datum="SFC"), "properties.floor_datum", "measured from"),
    ("a datum without floor", lambda: feature(floor_datum="AMSL"), "properties.floor_m", "needs its metres"),
    ("a ceiling of SFC", lambda: feature(ceiling_datum="SFC"), "properties.ceiling_datum", "holds nothing"),
    ("unlimited as 99999", lambda: feature(ceiling_m=99999, ceiling_datum="AGL"), "properties.ceiling_m", "30000"),
    (
        "floor above ceiling",
        lambda: feature(floor_m=120, floor_datum="AGL", ceiling_m=50, ceiling_datum="AGL"),
        "properties.ceiling_m", "not above the floor",
    ),
    ("a time without zone", lambda: feature(valid_from="2026-07-01T03:00:00"), "properties.valid_from", "without a zone"),
    ("no such day", lambda: feature(valid_from="2026-02-30T03:00:00Z"), "properties.valid_from", "no such time"),
    ("a time in seconds", lambda: feature(valid_to=1436056003), "properties.valid_to", "ISO 8601"),
    (
        "an end before the start",
        lambda: feature(valid_from="2026-07-02T00:00:00Z", valid_to="2026-07-01T00:00:00Z"),
        "properties.valid_to", "not after",
    ),
    ("for no aircraft", lambda: feature(aircraft_ids=[]), "properties.aircraft_ids", "null for all"),
    ("an aircraft by name", lambda: feature(aircraft_ids=["VH-123"]), "properties.aircraft_ids[0]", "UUID"),
    ("a negative delay", lambda: feature(raise_after_s=-1), "properties.raise_after_s", "from 0"),
    ("a rule in small letters", lambda: feature(rule="au-prd"), "properties.rule", "identifier such as"),
    ("a class that is none", lambda: feature(airspace_class=""), "properties.airspace_class", "such as R"),
    ("a remark that is none", lambda: feature(remarks=["a", 1]), "properties.remarks", "printable texts"),
    ("remarks without end", lambda: feature(remarks=["a"] * 51), "properties.remarks", "at most 50"),
    ("a weight that is none", lambda: feature(weights=["heavy"]), "properties.weights", "micro, very_small"),
    ("a weight twice", lambda: feature(weights=["micro", "micro"]), "properties.weights", "each once"),
    ("for no weight", lambda: feature(weights=[]), "properties.weights", "null for all"),
    ("a warning too early", lambda: feature(warn_within_s=601), "properties.warn_within_s", "from 0 to 600"),
    ("a wrong activation", lambda: feature(activation="notam"), "properties.activation", "always, timetable, by_hand"),
    ("no timetable", lambda: feature(activation="timetable"), "properties.timetable", "needs one"),
    ("a timetable for nothing", lambda: feature(timetable=timetable(SPAN)), "properties.activation", "timetable"),
    ("a timetable that is none", lambda: timed("always"), "properties.timetable", "object"),
    ("a timetable without spans", lambda: timed(timetable()), "properties.timetable.spans", "a list is expected"),
    ("no such time zone", lambda: timed(timetable(SPAN, timezone="Sydney")), "properties.timetable.timezone", "Australia/"),
    ("a folder of time zones", lambda: timed(timetable(SPAN, timezone="Australia")), "properties.timetable.timezone", "is no"),
    ("a path", lambda: timed(timetable(SPAN, timezone="../../etc/passwd")), "properties.timetable.timezone", "is no"),
    ("no such hour", lambda: timed(timetable(SPAN | {"start": "24:00"})), "properties.timetable.spans[0].start", "24:00 ends"),
    ("no such event", lambda: timed(timetable(SPAN | {"end": "noon"})), "properties.timetable.spans[0].end", "SS-30"),
    ("an end missing", lambda: timed(timetable({"start": "08:00"})), "properties.timetable.spans[0].end", "expected"),
    ("days by name", lambda: timed(timetable(SPAN | {"days": ["MON"]})), "properties.timetable.spans[0].days", "0 Monday"),
    ("a day too many", lambda: timed(timetable(SPAN | {"days": [7]})), "properties.timetable.spans[0].days[0]", "0 (Monday)"),
    ("an unknown word", lambda: timed(timetable(SPAN | {"day": 1})), "properties.timetable.spans[0].day", "no such"),
    ("a switch for ever", lambda: feature(switched=[switch(to=None)]), "properties.switched[0].to", "for ever"),
    ("a switch back", lambda: feature(switched=[switch(to="2026-07-01T03:00Z")]), "properties.switched[0].to", "not after"),
    ("a switch in words", lambda: feature(switched=[switch(active="yes")]), "properties.switched[0].active", "true or false"),
    ("switches that are none", lambda: feature(switched=switch()), "properties.switched", "list"),
    ("a switch that is none", lambda: feature(switched=[1]), "properties.switched[0]", "object"),
    ("a keep-in by hand", lambda: feature(activation="by_hand"), "properties.activation", "from valid_from to valid_to"),
    ("a keep-in switched", lambda: feature(switched=[switch()]), "properties.switched", "a keep-in zone has none"),
    ("a keep-in by weight", lambda: feature(weights=["small"]), "properties.weights", "a keep-in zone has none"),
    ("a keep-in by a rule", lambda: feature(rule="AU-PRD"), "properties.rule", "a keep-in zone has none"),
    ("an unknown property", lambda: feature(celing_m=120), "properties.celing_m", "no such property"),
    ("half a letter", lambda: feature(**{"\ud800": 1}), "properties.\\ud800", "no such property"),
    ("half a letter beside", lambda: feature(polygon() | {"\ud800": 1}), "geometry.\\ud800", "no such member"),
    ("an ending", lambda: feature(ended=True), "properties.ended", "/end"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "field", "detail"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_zone_is_refused_naming_the_field_and_the_reason(given: Callable[[], object], field: str, detail: str) -> None:
    found = problems(given())
    assert field in found
    assert detail in found[field]


def test_every_problem_is_told_at_once() -> None:
    found = problems(feature(polygon(SQUARE[:-1]), kind="x", ceiling_m=1, valid_from="now"))
    assert set(found) == {f"{AT}[0]", "properties.kind", "properties.ceiling_datum", "properties.valid_from"}


@pytest.mark.parametrize("text", ["2026-07-01T13:00:00+10:00", "2026-07-01T03:00Z", "2026-07-01 03:00:00Z"])
def test_one_moment_reads_the_same_in_any_zone(text: str) -> None:
    assert read_time(text) == 1_782_874_800_000_000
