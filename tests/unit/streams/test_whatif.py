"""What differs with other zones, as a table of cases."""

import json
from pathlib import Path

import msgspec
import pytest

from core.colour import Level
from core.records import AlertEvent, Condition
from geofence.geojson import WrongZone
from streams.state import State
from streams.whatif import differences, known_as, only_zones, other_zones, pairs, read_zones
from tests.unit.streams.flight import LON, OPERATOR, SQUARE, Engine, at, zone
from wedgetail.rerun import WrongZoneFile, zones_of


def flight(*zones: object, out_after_s: int = 6) -> list[AlertEvent]:
    """Into the square, and out again far enough and long enough to clear."""
    engine = Engine(*zones)  # type: ignore[arg-type]
    engine.fly(*(at(n, LON) for n in range(out_after_s)))
    engine.fly(*(at(n, LON + 0.4) for n in range(out_after_s, out_after_s + 14)))
    assert [event.condition for event in engine.events] in ([], [Condition.RAISED, Condition.CLEARED])
    return engine.events


ELSEWHERE = [[x + 5, y] for x, y in SQUARE]
BIGGER = [[x + (0.5 if x > LON else -0.5), y] for x, y in SQUARE]


def test_the_same_is_no_difference() -> None:
    assert differences(flight(zone()), flight(zone())) == []


def test_the_version_of_a_zone_is_no_difference() -> None:
    assert differences(flight(zone()), flight(zone(version=7))) == []


@pytest.mark.parametrize(
    ("then", "now", "wanted"),
    [
        (flight(zone()), flight(zone(ring=ELSEWHERE)), [(True, False)]),
        (flight(), flight(zone()), [(False, True)]),
        (flight(zone()), flight(zone(), out_after_s=9), [(True, True)]),
    ],
    ids=["only then", "only now", "changed"],
)
def test_what_differs(then: list[AlertEvent], now: list[AlertEvent], wanted: list[tuple[bool, bool]]) -> None:
    found = [(each.then is not None, each.now is not None) for each in differences(then, now)]
    assert found == wanted


def test_an_alert_that_began_sooner_is_changed_and_one_that_stood_later_is_another() -> None:
    then = flight(zone())
    sooner = [msgspec.structs.replace(e, alert_id=OPERATOR, start_us=e.start_us - 1_000_000) for e in then]
    later = [msgspec.structs.replace(e, alert_id=OPERATOR, start_us=e.start_us + 900_000_000) for e in then]
    assert [(e.then is None, e.now is None) for e in differences(then, sooner)] == [(False, False)]
    assert [(e.then is None, e.now is None) for e in differences(then, later)] == [(False, True), (True, False)]


def test_every_alert_is_paired_and_what_differs_of_it_is_named() -> None:
    then = flight(zone())
    ended = [*then[:-1], msgspec.structs.replace(then[-1], at_us=then[-1].at_us + 1)]
    deeper = [msgspec.structs.replace(e, beyond_m=(e.beyond_m or 0) + 5) for e in then]
    worse = [msgspec.structs.replace(e, level=Level.WARNING) for e in then]
    sideways = [msgspec.structs.replace(e, way_back="FLY 10° true, 5 m") for e in then]
    found = [pairs(then, side)[0].differs for side in (then, ended, deeper, worse, sideways, [])]
    assert found == [(), ("its end",), ("how far",), ("its level",), ("its steps",), ("only then",)]
    assert pairs([], then)[0].differs == ("only now",) and pairs([], []) == []


@pytest.mark.parametrize(
    ("limit_m", "wanted"),
    [(120.0, ["breach"]), (90.0, ["breach"]), (130.0, []), (200.0, [])],
    ids=["rule", "lower", "higher", "high"],
)
def test_another_height_limit_is_judged_as_the_rules_own_is(limit_m: float, wanted: list[str]) -> None:
    engine = Engine(height_limit_m=limit_m)
    engine.fly(*(at(n, agl_m=122.0 if n > 2 else 50.0) for n in range(9)))
    engine.fly(*(at(n, agl_m=50.0) for n in range(9, 30)))
    assert [e.level.value for e in engine.events if e.condition is Condition.RAISED] == wanted
    assert all(f"above the {limit_m:g} m limit" in e.what for e in engine.events)
    if wanted:
        assert engine.events[0].beyond_m == 122.0 - limit_m


def test_zones_that_cannot_be_read_are_named_by_their_place() -> None:
    with pytest.raises(WrongZone) as wrong:
        read_zones(
            {"type": "FeatureCollection", "features": [feature("Good"), feature("Bad", geometry=None)]}, OPERATOR, "zones"
        )
    assert [one.field for one in wrong.value.problems] == ["zones.features[1].geometry.type"]
    with pytest.raises(WrongZone) as wrong:
        read_zones([], OPERATOR)
    assert wrong.value.problems[0].field == "type"


def test_the_given_zones_replace_those_of_their_id_or_all() -> None:
    tower, lid = zone(), zone(zone_id=str(OPERATOR), name="Lid")
    moved = zone(ring=ELSEWHERE)
    assert other_zones([tower, lid], [moved]) == [lid, moved]
    assert other_zones([tower, lid], [moved], instead=True) == [moved]
    assert other_zones([tower, lid], without=["Lid"]) == [tower]
    assert other_zones([tower, lid], without=[str(tower.zone_id)]) == [lid]


def test_a_state_is_left_without_what_stood_under_other_zones() -> None:
    engine = Engine(zone())
    engine.fly(*(at(n) for n in range(6)))
    (held,) = engine.state.aircraft.values()
    assert held.conditions
    kept = only_zones(engine.state, frozenset({zone().zone_id.bytes}))
    bare = only_zones(engine.state, frozenset())
    assert kept.dump() == State.load(engine.state.dump()).dump()
    assert [each.conditions for each in bare.aircraft.values()] == [{}] and held.conditions


def feature(name: str, **more: object) -> dict[str, object]:
    return {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "properties": {"name": name, "kind": "keep_out"},
    } | more  # fmt: skip


def test_a_zone_of_a_file_is_the_stored_one_of_its_id_else_of_its_name_else_new(tmp_path: Path) -> None:
    stored = [zone(), zone(zone_id=str(OPERATOR), name="Lid")]
    file = tmp_path / "zones.geojson"
    features = [feature("Tower"), feature("Renamed", id=str(OPERATOR)), feature("Neu")]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8-sig")
    tower, renamed, new = known_as(zones_of(file, OPERATOR), stored)
    assert (tower.zone_id, renamed.zone_id) == (stored[0].zone_id, OPERATOR)
    assert new.zone_id not in {tower.zone_id, OPERATOR}
    file.write_text(json.dumps(feature("Tower")))
    assert [each.name for each in zones_of(file, OPERATOR)] == ["Tower"]


@pytest.mark.parametrize(
    "content", ["no json", "[]", '{"type": "FeatureCollection", "features": []}', "{}", '{"type": "Feature"}']
)
def test_a_file_without_zones_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "zones.geojson"
    file.write_text(content)
    with pytest.raises(WrongZoneFile, match=r"zones\.geojson is no file of zones"):
        zones_of(file, OPERATOR)
