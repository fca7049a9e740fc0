"""What is written reads back the same, or is not written: ED-318 and KML."""

import json
import math
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from geofence.formats import ed318, kml
from geofence.formats.extension import NotWritten
from geofence.times import Span, Timetable
from geofence.zone import Activation, Datum, Switch, ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
SQUARE = [[149.0, -35.0], [149.1, -35.0], [149.1, -35.1], [149.0, -35.1], [149.0, -35.0]]
TOLD = {"zone_id", "source", "remarks", "airspace_class"}


def zone(**facts: Any) -> ZoneVersion:
    plain: dict[str, Any] = {
        "name": "Stromlo",
        "kind": ZoneKind.KEEP_OUT,
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    }
    plain |= {"operator_id": OPERATOR, "zone_id": UUID(int=7), "version": 0, "world": 0}
    return ZoneVersion(**(plain | facts))


def asks(one: ZoneVersion) -> dict[str, Any]:
    """All of a zone but the words about it."""
    return {name: value for name, value in asdict(one).items() if name not in TOLD}


longitudes, latitudes = st.floats(-170, 170), st.floats(-80, 80)


@st.composite
def rings(draw: st.DrawFn, holes: bool = True) -> list[list[list[float]]]:
    """A star of corners round a centre, perhaps with a smaller one of the same form in it."""
    lon, lat, corners = draw(longitudes), draw(latitudes), draw(st.integers(3, 8))
    radii = draw(st.lists(st.floats(0.5, 5), min_size=corners, max_size=corners))
    turns = [2 * math.pi * (corner + 0.3) / corners for corner in range(corners)]
    outer = [[lon + r * math.cos(turn), lat + r * math.sin(turn)] for r, turn in zip(radii, turns, strict=True)]
    inner = [[lon + (x - lon) / 4, lat + (y - lat) / 4] for x, y in outer]
    return [ring + ring[:1] for ring in ([outer, inner] if holes and draw(st.booleans()) else [outer])]


@st.composite
def outlines(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["Polygon", "MultiPolygon", "Point"]))
    if kind == "Point":
        point = {"type": "Point", "coordinates": [draw(longitudes), draw(latitudes)]}
        return {"geometry": point, "radius_m": draw(st.floats(1, 100_000))}
    first = draw(rings())
    if kind == "Polygon":
        return {"geometry": {"type": kind, "coordinates": first}}
    return {"geometry": {"type": kind, "coordinates": [first]}}


@st.composite
def zones(draw: st.DrawFn) -> ZoneVersion:
    floor, ceiling = draw(st.sampled_from(Datum)), draw(st.sampled_from([one for one in Datum if one is not Datum.SFC]))
    facts: dict[str, Any] = draw(outlines())
    facts["kind"] = draw(st.sampled_from(ZoneKind))
    facts["name"] = draw(st.text(min_size=1, max_size=20).filter(lambda name: name.isprintable() and name.strip() == name))
    if floor is not Datum.SFC:
        facts |= {"floor_m": draw(st.floats(1, 100)), "floor_datum": floor}
    if draw(st.booleans()):
        facts |= {"ceiling_m": draw(st.floats(101, 9_000)), "ceiling_datum": ceiling}
    else:
        facts["ceiling_datum"] = ceiling
    begins = draw(st.none() | st.integers(0, 2_000_000_000_000_000))
    facts["valid_from_us"] = begins
    facts["valid_to_us"] = draw(st.none() | st.integers(1, 10**12).map(lambda us: (begins or 0) + us))
    facts["aircraft_ids"] = draw(st.none() | st.lists(st.uuids(), min_size=1, max_size=2).map(tuple))
    facts["raise_after_s"] = draw(st.floats(0, 60))
    return zone(zone_id=draw(st.uuids()), **facts)


@settings(max_examples=60)
@given(st.lists(zones(), max_size=3, unique_by=lambda one: one.zone_id))
def test_what_is_written_reads_back_the_same(given_zones: list[ZoneVersion]) -> None:
    for written in (
        ed318.read(json.loads(ed318.write(given_zones)), OPERATOR, "w"),
        kml.read(kml.write(given_zones), OPERATOR, "w"),
    ):
        assert written.troubles == []
        assert [asks(one) for one in written.zones] == [asks(one) for one in given_zones]


def standard(written: bytes) -> Any:
    """As a program of somebody else would write it on: without our extension."""
    document = json.loads(written)
    for feature in document["features"]:
        del feature["properties"]["extendedProperties"]
    return document


WEEKLY = Timetable("UTC", (Span("08:00", "17:30", (0, 4)), Span("SR", "SS"), Span("22:00", "24:00", (5,))))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"floor_m": 50.5, "floor_datum": Datum.AMSL, "ceiling_m": 120.0},
        {"ceiling_m": 2500.0, "ceiling_datum": Datum.WGS84},
        {"valid_from_us": 1_436_054_400_000_001, "valid_to_us": 1_436_054_500_000_000},
        {"activation": Activation.TIMETABLE, "timetable": WEEKLY},
        {"geometry": {"type": "Point", "coordinates": [149.1, -35.3]}, "radius_m": 5556.0},
    ],
)
def test_what_ed318_has_words_for_stands_in_its_standard_part(facts: dict[str, Any]) -> None:
    given = zone(**facts)
    back = ed318.read(standard(ed318.write([given])), OPERATOR, "w").zones[0]
    assert asks(back) == asks(given)


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, "PROHIBITED"),
        ({"airspace_class": "R"}, "PROHIBITED"),
        ({"airspace_class": "REQ_AUTHORISATION"}, "REQ_AUTHORIZATION"),
        ({"kind": ZoneKind.KEEP_IN}, "CONDITIONAL"),
        ({"kind": ZoneKind.INFORMATION, "airspace_class": "CTR"}, "CONDITIONAL"),
        ({"kind": ZoneKind.INFORMATION, "airspace_class": "NO_RESTRICTION"}, "NO_RESTRICTION"),
        ({"kind": ZoneKind.INFORMATION, "airspace_class": "PROHIBITED"}, "CONDITIONAL"),
    ],
)
def test_the_word_of_ed318_is_not_one_that_promises_more_or_less(facts: dict[str, Any], word: str) -> None:
    (feature,) = json.loads(ed318.write([zone(**facts)]))["features"]
    assert feature["properties"]["type"] == word


@pytest.mark.parametrize("datum", [Datum.TAKEOFF, Datum.FL])
def test_a_limit_without_a_datum_in_ed318_is_left_out_of_its_standard_part(datum: Datum) -> None:
    given = zone(floor_m=30.0, floor_datum=datum, ceiling_m=60.0, ceiling_datum=datum)
    back = ed318.read(standard(ed318.write([given])), OPERATOR, "w").zones[0]
    assert (back.floor_m, back.ceiling_m) == (None, None)


def test_what_the_schema_of_ed318_asks_for_is_there() -> None:
    given = zone(source="au/LONG-IDENTIFIER", valid_from_us=0, remarks=("x" * 300,))
    (feature,) = json.loads(ed318.write([given, zone()][:1]))["features"]
    properties = feature["properties"]
    assert len(properties["identifier"]) <= 7 and len(properties["country"]) == 3
    assert properties["variant"] == "COMMON" and properties["zoneAuthority"]
    assert properties["limitedApplicability"][0]["schedule"] == [{"day": ["ANY"]}]
    assert all(len(told["text"]) <= 200 for told in properties["message"])


def test_who_changes_the_standard_part_is_believed() -> None:
    document = json.loads(ed318.write([zone(kind=ZoneKind.KEEP_IN)]))
    document["features"][0]["properties"]["type"] = "PROHIBITED"
    found = ed318.read(document, OPERATOR, "w")
    assert found.zones[0].kind is ZoneKind.KEEP_OUT
    assert "its extension says something else" in found.troubles[0].detail


def test_an_extension_that_is_wrong_is_not_used() -> None:
    document = json.loads(ed318.write([zone()]))
    document["features"][0]["properties"]["extendedProperties"]["wedgetail"]["floor_m"] = "low"
    found = ed318.read(document, OPERATOR, "w")
    assert found.zones[0].kind is ZoneKind.KEEP_OUT
    assert "properties.floor_m" in found.troubles[0].detail


@pytest.mark.parametrize("lon", [179.99, -179.99])
def test_a_circle_over_longitude_180_comes_back(lon: float) -> None:
    given = zone(geometry={"type": "Point", "coordinates": [lon, -17.0]}, radius_m=5556.0)
    for found in (ed318.read(json.loads(ed318.write([given])), OPERATOR, "w"), kml.read(kml.write([given]), OPERATOR, "w")):
        assert (found.troubles, asks(found.zones[0])) == ([], asks(given))


def test_a_zone_written_to_kml_and_drawn_anew_keeps_its_rules() -> None:
    given = zone(kind=ZoneKind.KEEP_IN, ceiling_m=90.0, ceiling_datum=Datum.TAKEOFF)
    found = kml.read(kml.write([given]).replace(b"149.1,-35.1", b"149.2,-35.1"), OPERATOR, "w")
    assert found.zones[0].geometry["coordinates"][0][2] == [149.2, -35.1]
    assert (found.zones[0].kind, found.zones[0].ceiling_m, found.zones[0].ceiling_datum) == (
        ZoneKind.KEEP_IN,
        90,
        Datum.TAKEOFF,
    )


def test_a_circle_drawn_anew_is_a_polygon() -> None:
    given = zone(geometry={"type": "Point", "coordinates": [149.0, -35.0]}, radius_m=500.0)
    written = kml.write([given])
    first = written.split(b"<Polygon>")[1].split(b"<coordinates>")[1].split()[0]
    found = kml.read(written.replace(first, b"149.1,-35.0"), OPERATOR, "w")
    assert (found.zones[0].geometry["type"], found.zones[0].radius_m) == ("Polygon", None)
    assert "the polygon is taken" in found.troubles[0].detail


def test_a_wrong_property_in_kml_is_told_by_its_name() -> None:
    found = kml.read(kml.write([zone()]).replace(b">keep_out</value>", b">keep_off</value>"), OPERATOR, "w")
    assert found.zones == []
    assert "properties.kind" in found.troubles[0].detail


def test_what_cannot_be_said_is_not_written() -> None:
    ended = zone(name="Old", ended=True)
    for write in (ed318.write, kml.write):
        with pytest.raises(NotWritten, match=r"^Zone Old cannot be written as"):
            write([zone(), ended, zone(name="New")])


def test_who_switched_a_zone_here_is_not_written_and_not_held_against_it() -> None:
    given = zone(switched=(Switch(0, 1, True),))
    assert ed318.read(json.loads(ed318.write([given])), OPERATOR, "w").zones[0].switched == ()


def test_no_zones_are_a_file_without_zones() -> None:
    assert ed318.read(json.loads(ed318.write([])), OPERATOR, "w") == kml.read(kml.write([]), OPERATOR, "w") == ([], [])


def test_the_same_zones_are_written_as_the_same_bytes() -> None:
    given = [zone(), replace(zone(), name="Other", zone_id=UUID(int=8))]
    assert ed318.write(given) == ed318.write(given)
    assert kml.write(given) == kml.write(given)
