"""A fact is read whole, or refused with every field that is wrong."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core import strictjson
from core.identity import operator_id
from geofence import rules
from geofence.factjson import WrongFact, read, read_many, write
from geofence.facts import Authorisation, Relaxed, fact_id, kind_of

OPERATOR, AIRCRAFT = operator_id("test"), str(UUID(int=7))
SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [149.1, -35], [149.1, -35.1], [149, -35.1], [149, -35]]]}
POINT = {"type": "Point", "coordinates": [149.1, -35.3]}


def aircraft(**more: Any) -> dict[str, Any]:
    return {"kind": "aircraft", "aircraft_id": AIRCRAFT, "weight_g": 900} | more


def everybody(**more: Any) -> dict[str, Any]:
    return {"kind": "operator", "link_lost_s": 10} | more


def night(**more: Any) -> dict[str, Any]:
    return {
        "kind": "authorisation", "number": "CASA.1", "issuer": "CASA", "type": "night", "relaxes": [{"rule": "AU-DAY"}],
        "valid_from": "2026-07-01T00:00:00+10:00", "valid_to": "2027-07-01T00:00:00+10:00",
    } | more  # fmt: skip


def relaxing(*relaxed: Any) -> dict[str, Any]:
    return night(relaxes=list(relaxed))


def tower(**more: Any) -> dict[str, Any]:
    span = {"start": "06:00", "end": "22:00", "days": [0, 1, 2, 3, 4]}
    return {"kind": "tower", "aerodrome": "YSCB", "timetable": {"timezone": "Australia/Sydney", "spans": [span]}} | more


def spans(*given: Any) -> dict[str, Any]:
    return tower(timetable={"timezone": "Australia/Sydney", "spans": list(given)})


def pressure(**more: Any) -> dict[str, Any]:
    return {"kind": "pressure", "name": "Canberra", "qnh_hpa": 1018.2} | more


RIGHT = [
    aircraft(),
    aircraft(weight_g=None, station_lon_deg=149.1, station_lat_deg=-35.3, vlos_m=500),
    aircraft(battery_warn_pct=30, battery_breach_pct=20, valid_from="2026-07-01T00:00:00Z"),
    aircraft(weight_g=None, link_lost_s=3, fix_type_min=6),
    everybody(),
    everybody(link_lost_s=60, vlos_m=500, battery_warn_pct=40, battery_breach_pct=25, fix_type_min=5),
    night(),
    night(area=SQUARE, aircraft_ids=[AIRCRAFT]),
    night(area=POINT, radius_m=500),
    relaxing({"rule": "AU-101.085-HEIGHT", "to": 250}, {"rule": "AU-DAY", "to": None}, {"rule": "AU-VLOS"}),
    tower(),
    spans({"start": "SR-30", "end": "SS"}),
    pressure(),
    pressure(area=SQUARE, valid_to="2026-07-01T06:00:00Z"),
]


@pytest.mark.parametrize("given", RIGHT)
def test_what_is_written_reads_back_the_same(given: dict[str, Any]) -> None:
    version = read(given, OPERATOR)
    assert read(write(version), OPERATOR) == version
    assert version.fact_id == fact_id(OPERATOR, version.fact)


def test_who_states_a_fact_again_means_the_same_one_and_no_other_operators() -> None:
    assert read(night(), OPERATOR).fact_id == read(night(type="bvlos"), OPERATOR).fact_id
    assert read(night(), OPERATOR).fact_id != read(night(number="CASA.2"), OPERATOR).fact_id
    assert read(night(), OPERATOR).fact_id != read(night(), operator_id("other")).fact_id


def test_an_authorisation_keeps_the_rules_that_it_relaxes_and_to_what() -> None:
    fact = read(relaxing({"rule": "AU-101.085-HEIGHT", "to": 250}, {"rule": "AU-DAY"}), OPERATOR).fact
    assert isinstance(fact, Authorisation)
    assert fact.relaxes == (Relaxed("AU-101.085-HEIGHT", 250.0), Relaxed("AU-DAY"))


def test_an_aircraft_named_twice_is_authorised_once() -> None:
    fact = read(night(aircraft_ids=[AIRCRAFT, AIRCRAFT.upper()]), OPERATOR).fact
    assert isinstance(fact, Authorisation) and fact.aircraft_ids == (UUID(AIRCRAFT),)


@pytest.mark.parametrize("rule", sorted(rules.KNOWN))
def test_every_known_rule_may_be_named(rule: str) -> None:
    assert read(relaxing({"rule": rule}), OPERATOR)


WRONG: list[tuple[str, object, str, str]] = [
    ("a list", [], "kind", "an object is expected"),
    ("no kind", {}, "kind", "one of aircraft, operator, authorisation, tower, pressure"),
    ("another kind", {"kind": "weather"}, "kind", "one of aircraft"),
    ("a kind that is no text", {"kind": ["aircraft"]}, "kind", "one of aircraft"),
    ("a field of another kind", aircraft(qnh_hpa=1013), "qnh_hpa", "no such property"),
    ("no aircraft", aircraft(aircraft_id=None), "aircraft_id", "a UUID"),
    ("an aircraft by name", aircraft(aircraft_id="VH-1"), "aircraft_id", "a UUID"),
    ("nothing of an aircraft", aircraft(weight_g=None), "kind", "nothing is stated"),
    ("no weight", aircraft(weight_g=0), "weight_g", "0 is not from 1 to 1e+06"),
    ("a weight in text", aircraft(weight_g="900 g"), "weight_g", "a finite number"),
    ("a weight without end", aircraft(weight_g=float("inf")), "weight_g", "a finite number"),
    ("half a station", aircraft(station_lon_deg=149.1), "station_lat_deg", "a longitude and a latitude"),
    ("a station nowhere", aircraft(station_lon_deg=149, station_lat_deg=-95), "station_lat_deg", "-95 is not from -90"),
    ("a battery that breaches first", aircraft(battery_warn_pct=20, battery_breach_pct=30), "battery_breach_pct", "not below"),
    ("a silence shorter than a sample's pace", aircraft(link_lost_s=2), "link_lost_s", "2 is not from 3 to 60 s"),
    ("a silence that is too long", everybody(link_lost_s=61), "link_lost_s", "61 is not from 3 to 60 s"),
    ("a silence in words", everybody(link_lost_s="10 s"), "link_lost_s", "a finite number"),
    ("a fix that is none", everybody(fix_type_min=2), "fix_type_min", "2 is not from 3 to 6 GPS_FIX_TYPE"),
    ("half a fix", aircraft(fix_type_min=4.5), "fix_type_min", "4.5 is no whole number"),
    ("nothing for all", everybody(link_lost_s=None), "kind", "one of vlos_m, battery_warn_pct"),
    ("a weight for all", everybody(weight_g=900), "weight_g", "no such property"),
    ("for all and for one", everybody(aircraft_id=AIRCRAFT), "aircraft_id", "no such property"),
    ("a breach at the warning", everybody(battery_warn_pct=9, battery_breach_pct=9), "battery_breach_pct", "not below"),
    ("no number", night(number=" "), "number", "1 to 200 printable"),
    ("a number with a NUL", night(number="a\0b"), "number", "printable"),
    ("no issuer", night(issuer=None), "issuer", "1 to 200 printable"),
    ("another type", night(type="dusk"), "type", "above_400ft_controlled, "),
    ("no type", night(type=None), "type", "above_400ft_controlled, "),
    ("no beginning", night(valid_from=None), "valid_from", "a beginning and an end"),
    ("no end", night(valid_to=None), "valid_to", "a beginning and an end"),
    ("a time without zone", night(valid_to="2027-07-01T00:00:00"), "valid_to", "without a zone"),
    ("over before it begins", night(valid_to="2025-07-01T00:00:00Z"), "valid_to", "not after"),
    ("relaxing nothing", night(relaxes=[]), "relaxes", "a list of the rules"),
    ("relaxing a text", relaxing("AU-DAY"), "relaxes[0]", "an object with rule, to"),
    ("an unknown rule", relaxing({"rule": "AU-DAY"}, {"rule": "AU-NIGHT"}), "relaxes[1].rule", "one of AU-101.025-POPULOUS"),
    ("no rule", relaxing({"to": 4}), "relaxes[0].rule", "the identifier of a rule"),
    ("a rule twice", relaxing({"rule": "AU-DAY"}, {"rule": "AU-DAY"}), "relaxes[1].rule", "stands there twice"),
    ("a typing error", relaxing({"rule": "AU-VLOS", "too": 4}), "relaxes[0].too", "no such property"),
    ("a value of no rule", relaxing({"rule": "AU-DAY", "to": 120}), "relaxes[0].to", "AU-DAY has no value"),
    ("a height in feet", relaxing({"rule": "AU-101.085-HEIGHT", "to": 99999}), "relaxes[0].to", "metres above ground"),
    ("a height in words", relaxing({"rule": "AU-101.085-HEIGHT", "to": "all"}), "relaxes[0].to", "a finite number"),
    ("for no aircraft", night(aircraft_ids=[]), "aircraft_ids", "null for all"),
    ("for no id", night(aircraft_ids=[7]), "aircraft_ids[0]", "a UUID"),
    ("an area that is none", night(area="ACT"), "area.type", "Polygon, MultiPolygon, Point"),
    ("no ring", night(area={"type": "Polygon", "coordinates": [[[149, -35]]]}), "area.coordinates[0]", "4 positions or more"),
    ("a point without radius", night(area=POINT), "radius_m", "needs its radius"),
    ("a radius without area", night(radius_m=5), "radius_m", "an area that is a Point"),
    ("an aerodrome by name", tower(aerodrome="Canberra"), "aerodrome", "code in capitals"),
    ("no aerodrome", tower(aerodrome=None), "aerodrome", "code in capitals"),
    ("no hours", tower(timetable=None), "timetable", "an object with timezone, spans"),
    ("no time zone", tower(timetable={"spans": [{"start": "06:00", "end": "22:00"}]}), "timetable.timezone", "printable"),
    ("no spans", spans(), "timetable.spans", "a list is expected"),
    ("a span in words", spans("always"), "timetable.spans[0]", "an object with start, end, days"),
    ("a span without end", spans({"start": "06:00"}), "timetable.spans[0].end", "printable"),
    ("a day too many", spans({"start": "06:00", "end": "22:00", "days": [7]}), "timetable.spans[0].days[0]", "0 (Monday)"),
    ("a day in words", spans({"start": "06:00", "end": "22:00", "days": ["MON"]}), "timetable.spans[0].days", "0 Monday to 6"),
    ("one day", spans({"start": "06:00", "end": "22:00", "day": [1]}), "timetable.spans[0].day", "no such property"),
    ("no zone", tower(timetable={"timezone": "Sydney", "spans": [{"start": "SR", "end": "SS"}]}), "timetable.timezone", "no"),
    ("no such hour", spans({"start": "25:00", "end": "SS"}), "timetable.spans[0].start", "no time"),
    ("no such event", spans({"start": "06:00", "end": "noon"}), "timetable.spans[0].end", "SS-30"),
    ("no pressure", pressure(qnh_hpa=None), "qnh_hpa", "the QNH in hPa"),
    ("a pressure in inches", pressure(qnh_hpa=29.92), "qnh_hpa", "29.92 is not from 850 to 1100"),
    ("an end by hand", pressure(ended=True), "ended", "POST /facts/{id}/end"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "field", "detail"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_told_by_field(given: object, field: str, detail: str) -> None:
    with pytest.raises(WrongFact) as caught:
        read(given, OPERATOR)
    told = dict(caught.value.problems)
    assert detail in told[field], told
    assert len(told) == 1 or field in ("aircraft_id",), told


def test_a_file_tells_every_problem_by_position_and_field() -> None:
    given = {"facts": [aircraft(weight_g=0), night(), {"kind": "x"}, night(type="bvlos"), pressure(qnh_hpa=0)], "version": 1}
    with pytest.raises(WrongFact) as caught:
        read_many(given, OPERATOR)
    assert [field for field, _ in caught.value.problems] == [
        "version", "facts[0].weight_g", "facts[2].kind", "facts[3]", "facts[4].qnh_hpa",
    ]  # fmt: skip
    assert "authorisation CASA.1 stands there twice" in str(caught.value)


@pytest.mark.parametrize("given", [[], {}, {"facts": []}, {"facts": {}}, "facts", None])
def test_a_file_without_facts_says_what_it_should_be(given: object) -> None:
    with pytest.raises(WrongFact, match="at least one fact"):
        read_many(given, OPERATOR)


def test_the_documents_example_can_be_imported_and_it_names_every_rule_and_type() -> None:
    text = (Path(__file__).parents[3] / "docs/facts.md").read_text(encoding="utf-8")
    example = text.split("```json")[1].split("```")[0]
    kinds = {kind_of(version.fact) for version in read_many(strictjson.loads(example), OPERATOR)}
    assert kinds == {"aircraft", "operator", "authorisation", "tower", "pressure"}
    assert [word for word in (*rules.KNOWN, *rules.AUTHORISATION_TYPES, *rules.LIMITS) if word not in text] == []
