"""What is stated at a time in a world, of whom, and where; and what is assumed of the rest."""

import math
from typing import Any
from uuid import UUID

import pytest

from core.identity import operator_id
from geofence.facts import (
    AircraftFact,
    Authorisation,
    Fact,
    FactVersion,
    Limits,
    OperatorFact,
    Pressure,
    Relaxed,
    TowerHours,
    assumed,
    fact_id,
    weighed,
)
from geofence.known import Facts
from geofence.times import Span, Timetable
from geofence.world import World
from geofence.zone import Weight

OPERATOR, OTHER = operator_id("test"), operator_id("other")
ONE, TWO = UUID(int=1), UUID(int=2)
SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [150, -35], [150, -34], [149, -34], [149, -35]]]}


def version(fact: Fact, number: int = 1, world: int | None = None, **more: Any) -> FactVersion:
    facts = {"operator_id": OPERATOR} | more
    return FactVersion(
        fact_id=fact_id(facts["operator_id"], fact), version=number, world=world or number, fact=fact, **facts
    )  # fmt: skip


def night(number: str, **more: Any) -> Authorisation:
    return Authorisation(number=number, issuer="CASA", type="night", relaxes=(Relaxed("AU-DAY"),), **more)


def weight(grams: float | None) -> AircraftFact:
    return AircraftFact(aircraft_id=ONE, weight_g=grams)


def test_a_later_version_decides_from_its_beginning_on_and_only_in_worlds_that_know_it() -> None:
    history = [
        version(weight(200)),
        version(weight(900), 2, valid_from_us=10),
        version(weight(900), 3, valid_from_us=20, ended=True),
    ]

    def stated(world: int, time_us: int) -> float | None:
        fact = Facts(history, world).aircraft(OPERATOR, ONE, time_us)
        return None if fact is None else fact.weight_g

    assert [stated(3, time_us) for time_us in (9, 10, 19, 20)] == [200, 900, 900, None]
    assert [stated(2, 20), stated(1, 20), stated(0, 20)] == [900, 200, None]


def test_an_authorisation_is_for_those_that_it_names_within_its_window() -> None:
    facts = Facts(
        [
            version(night("B"), valid_from_us=0, valid_to_us=100),
            version(night("A", aircraft_ids=(ONE,)), valid_from_us=50, valid_to_us=100),
            version(night("C"), operator_id=OTHER),
        ],
        1,
    )

    def numbers(operator: UUID, aircraft: UUID, time_us: int) -> list[str]:
        return [local.fact.number for local in facts.authorisations(operator, aircraft, time_us)]

    assert [numbers(OPERATOR, ONE, time_us) for time_us in (-1, 0, 50, 99, 100)] == [[], ["B"], ["A", "B"], ["A", "B"], []]
    assert numbers(OPERATOR, TWO, 50) == ["B"]
    assert numbers(OTHER, ONE, 50) == ["C"]


@pytest.mark.parametrize(
    ("area", "radius_m", "inside"),
    [
        (None, None, [True, True, True, True]),
        (SQUARE, None, [True, True, False, False]),
        ({"type": "Point", "coordinates": [149.5, -34.5]}, 1_000.0, [True, False, False, False]),
    ],
)
def test_an_authorisation_holds_in_its_area_and_on_its_edge(area: Any, radius_m: float | None, inside: list[bool]) -> None:
    (local,) = Facts([version(night("A", area=area, radius_m=radius_m))], 1).authorisations(OPERATOR, ONE, 0)
    places = [(149.5, -34.5), (149.0, -34.5), (148.9, -34.5), (math.nan, math.nan)]
    assert [local.holds_at(lon, lat) for lon, lat in places] == inside


def test_towers_and_pressures_are_found_by_operator_and_time() -> None:
    hours = TowerHours(aerodrome="YSCB", timetable=Timetable("Australia/Sydney", (Span("06:00", "22:00"),)))
    qnh = Pressure(name="Canberra", qnh_hpa=1018, area=SQUARE)
    facts = Facts([version(hours), version(qnh, valid_to_us=10)], 1)
    assert facts.tower(OPERATOR, "YSCB", 0) == hours
    assert facts.tower(OTHER, "YSCB", 0) is None and facts.tower(OPERATOR, "YSSY", 0) is None
    assert [local.fact for local in facts.pressures(OPERATOR, 0)] == [qnh]
    assert facts.pressures(OPERATOR, 10) == facts.pressures(OTHER, 0) == []


def test_a_world_keeps_what_it_knew_when_more_becomes_known() -> None:
    world = World(facts=[version(weight(200))])
    before = world.facts(1)
    world.add_fact(version(weight(900), 2))
    assert world.facts(1) is before
    stated = [world.facts(number).aircraft(OPERATOR, ONE, 0) for number in (0, 1, 2)]
    assert [None if fact is None else fact.weight_g for fact in stated] == [None, 200, 900]


@pytest.mark.parametrize(
    ("fact", "weight_class", "words"),
    [
        (None, Weight.VERY_SMALL, ["over 250 g (assumed)", "the pilot's station is at the take-off point (assumed)"]),
        (weight(None), Weight.VERY_SMALL, ["over 250 g (assumed)", "the pilot's station is at the take-off point (assumed)"]),
        (weight(250), Weight.MICRO, ["the pilot's station is at the take-off point (assumed)"]),
        (weight(250.5), Weight.VERY_SMALL, ["the pilot's station is at the take-off point (assumed)"]),
        (AircraftFact(aircraft_id=ONE, weight_g=26_000, station_lon_deg=149, station_lat_deg=-35), Weight.MEDIUM, []),
    ],
)
def test_what_nobody_stated_is_assumed_and_says_so(fact: AircraftFact | None, weight_class: Weight, words: list[str]) -> None:
    assert (weighed(fact).weight, assumed(fact)) == (weight_class, words)
    assert weighed(fact).assumed == any("250 g" in word for word in words)


def test_an_aircrafts_own_limit_decides_before_its_operators_value_by_value() -> None:
    limits = Facts(
        [
            version(OperatorFact(link_lost_s=8, battery_warn_pct=40), valid_from_us=0, valid_to_us=100),
            version(AircraftFact(aircraft_id=ONE, link_lost_s=20, weight_g=900), valid_from_us=50, valid_to_us=150),
            version(OperatorFact(link_lost_s=3), operator_id=OTHER),
        ],
        1,
    ).limits
    alone = [limits.at(OPERATOR, ONE, time_us) for time_us in (-1, 0, 50, 99, 100, 150)]
    everybodys = Limits(link_lost_s=8, battery_warn_pct=40)
    both, own = Limits(link_lost_s=20, battery_warn_pct=40), Limits(link_lost_s=20)
    assert [one.over(Limits()) for one in alone] == [Limits(), everybodys, both, both, own, Limits()]
    assert [limits.at(OPERATOR, TWO, time_us).link_lost_s for time_us in (0, 99, 100)] == [8, 8, None]
    assert limits.at(OTHER, ONE, 50).link_lost_s == 3


def test_a_group_knows_the_highest_that_its_limits_ever_are_or_the_rules_own() -> None:
    limits = Facts(
        [
            version(OperatorFact(battery_warn_pct=40, battery_breach_pct=10, vlos_m=500)),
            version(AircraftFact(aircraft_id=ONE, battery_breach_pct=60, fix_type_min=5), valid_to_us=10),
        ],
        1,
    ).limits
    one, two, nobody = limits.group(OPERATOR, ONE), limits.group(OPERATOR, TWO), limits.group(OTHER, ONE)
    assert limits.battery_below_pct[[one, two, nobody]].tolist() == [60, 40, 30]
    assert limits.fix_below[[one, two, nobody]].tolist() == [5, 3, 3]
    begins = limits.distance_begins
    assert [int(begins[group + 1] - begins[group]) for group in (one, two, nobody)] == [2, 1, 0]
