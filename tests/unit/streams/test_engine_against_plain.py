"""The compiled engine against the plain one, on random flights among random zones, in blocks of any size."""

import math
from random import Random
from typing import Any
from unittest import mock

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from core import block, records
from core.identity import aircraft_id, operator_id
from core.sample import HeightSource, NoPosition, Sample, SampleKind
from geofence.facts import AircraftFact, Authorisation, Fact, FactVersion, OperatorFact, Relaxed, fact_id
from geofence.world import World
from geofence.zone import Activation, Datum, ZoneKind, ZoneVersion
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State
from tests.unit.streams.flight import LAT, LINK, LON, OPERATOR, SQUARE, T0, S, at, zone
from tests.unit.streams.plain import Plain

LINKS = (LINK, "udp:14550/127.0.0.2", "file:" + "0" * 64)
CRAFT = tuple((link, system) for link in LINKS for system in (1, 2))
FLOORS, CEILINGS = tuple(Datum), (Datum.AGL, Datum.AMSL, Datum.TAKEOFF)


def ring(random: Random) -> list[list[float]]:
    if random.random() < 0.1:
        return SQUARE
    lon, lat, size = LON + random.uniform(-0.02, 0.02), LAT + random.uniform(-0.02, 0.02), random.choice((0.002, 0.01, 0.03))
    while True:
        corners = [
            [lon + size * random.uniform(0.3, 1) * math.cos(turn), lat + size * random.uniform(0.3, 1) * math.sin(turn)]
            for turn in sorted(random.uniform(0, math.tau) for _ in range(random.randint(3, 9)))
        ]
        outline = shapely.Polygon(corners)
        if outline.is_valid and outline.area > 1e-9:
            return [*corners, corners[0]]
        size *= 1.1


def versions(random: Random, number: int) -> list[ZoneVersion]:
    outline, made = ring(random), []
    for version in range(1, random.randint(1, 3) + 1):
        facts: dict[str, object] = {
            "zone_id": str(operator_id(f"zone {number}")), "name": f"Z{number}", "version": version,
            "kind": random.choice(list(ZoneKind)), "ring": outline if random.random() < 0.7 else ring(random),
        }  # fmt: skip
        if random.random() < 0.4:
            facts |= {"floor_m": random.uniform(0, 80), "floor_datum": random.choice(FLOORS)}
        if random.random() < 0.5:
            facts |= {"ceiling_m": random.uniform(60, 140), "ceiling_datum": random.choice(CEILINGS)}
        if random.random() < 0.3:
            facts["valid_from_us"] = T0 + round(random.uniform(-5, 30) * S)
        if random.random() < 0.3:
            facts["valid_to_us"] = T0 + round(random.uniform(31, 60) * S)
        if random.random() < 0.4:
            facts["aircraft_ids"] = [str(aircraft_id(OPERATOR, *craft)) for craft in CRAFT if random.random() < 0.5]
        if random.random() < 0.1:
            facts["operator_id"] = str(operator_id("another"))
        if random.random() < 0.1:
            facts["ended"] = True
        if random.random() < 0.3:
            facts |= {"raise_after_s": random.choice((0.0, 3.0)), "clear_after_s": random.choice((0.0, 2.0))}
        if facts["kind"] == ZoneKind.KEEP_OUT:
            facts |= sometimes(random)
        made.append(zone(**facts))
    return made


def sometimes(random: Random) -> dict[str, object]:
    """What keeps a zone from asking everybody at every time."""
    facts: dict[str, object] = {}
    if random.random() < 0.3:
        facts["rule"] = "AU-PRD"
    if random.random() < 0.3:
        facts["activation"] = random.choice(list(Activation))
        facts["timetable"] = {"timezone": "UTC", "spans": [{"start": "22:13", "end": random.choice(("22:14", "SS"))}]}
    if random.random() < 0.2:
        switch = T0 + round(random.uniform(-5, 30) * S), T0 + round(random.uniform(31, 60) * S), random.random() < 0.5
        facts["switched"] = [dict(zip(("from_us", "to_us", "active"), switch, strict=True))]
    if random.random() < 0.2:
        facts["weights"] = random.choice((["micro"], ["very_small", "small"]))
    return facts


def facts(random: Random) -> list[FactVersion]:
    stated: list[Fact] = []
    for craft in CRAFT:
        if random.random() < 0.3:
            stated.append(
                AircraftFact(
                    aircraft_id=aircraft_id(OPERATOR, *craft), weight_g=random.choice((None, 200.0, 900.0)),
                    vlos_m=random.choice((None, 500.0, 5_000.0)), battery_warn_pct=random.choice((None, 40.0)),
                    battery_breach_pct=random.choice((None, 5.0, 50.0)), fix_type_min=random.choice((None, 3.0, 5.0)),
                    station_lon_deg=(lon := random.choice((None, LON))), station_lat_deg=None if lon is None else LAT,
                )
            )  # fmt: skip
    if random.random() < 0.3:
        stated.append(
            OperatorFact(
                vlos_m=random.choice((None, 1_000.0)), battery_warn_pct=random.choice((None, 15.0, 90.0)),
                fix_type_min=random.choice((None, 6.0)),
            )
        )  # fmt: skip
    for number in range(random.choice((0, 0, 1, 3))):
        relaxes = [
            Relaxed(rule, to)
            for rule, to in (("AU-101.085-HEIGHT", 150.0), ("AU-PRD", None), ("GEOFENCE-KEEP-OUT", 60.0), ("AU-DAY", None))
            if random.random() < 0.5
        ]
        area: dict[str, Any] = (
            {} if random.random() < 0.5 else {"area": {"type": "Point", "coordinates": [LON, LAT]}, "radius_m": 2e3}
        )
        whose = None if random.random() < 0.5 else tuple(aircraft_id(OPERATOR, *craft) for craft in CRAFT[:3])
        stated.append(
            Authorisation(number=f"A{number}", issuer="CASA", type="night", relaxes=tuple(relaxes), aircraft_ids=whose, **area)
        )
    return [
        FactVersion(
            operator_id=OPERATOR, fact_id=fact_id(OPERATOR, fact), version=1, world=1, fact=fact,
            valid_from_us=random.choice((None, T0 + 5 * S)), valid_to_us=random.choice((None, T0 + 40 * S)),
        )
        for fact in stated
    ]  # fmt: skip


def flight(random: Random) -> list[Sample]:
    craft = [one for one in CRAFT if random.random() < 0.6] or [CRAFT[0]]
    places = {one: [LON + random.uniform(-0.03, 0.03), LAT + random.uniform(-0.03, 0.03)] for one in craft}
    headings = {one: random.uniform(0, math.tau) for one in craft}
    heights = {one: random.uniform(20, 140) for one in craft}
    states: dict[tuple[str, int], tuple[bool | None, bool | None]] = dict.fromkeys(craft, (True, None))
    speed, seconds, samples, seqs = random.choice((2e-5, 2e-4, 8e-4)), 0.0, [], dict.fromkeys(LINKS, 0)
    for _ in range(random.randint(10, 120)):
        one = random.choice(craft)
        link, system = one
        seconds += random.choice((0.01, 0.05, 0.2, 0.2, 0.5, 1.0, 7.0 if random.random() < 0.1 else 0.1))
        headings[one] += random.uniform(-0.3, 0.3)
        heights[one] += random.choice((0, 0, 0, random.uniform(-15, 15)))
        places[one][0] += speed * math.cos(headings[one]) + (0.01 if random.random() < 0.02 else 0)
        places[one][1] += speed * math.sin(headings[one])
        if random.random() < 0.05:
            states[one] = random.choice((True, False, None)), random.choice((True, False, None))
        seqs[link] += 1
        none = random.random() < 0.08
        sample = at(
            seconds + random.choice((0,) * 18 + (-6, 7)), None if none else places[one][0], places[one][1],
            system=system, link=link, seq=seqs[link] - random.choice((0,) * 15 + (2,)),
            armed=states[one][0], airborne=states[one][1], ambiguous=random.random() < 0.03,
            takeoff_m=random.choice((heights[one], heights[one], heights[one], None, 31_392.0)),
            agl_m=random.choice((None, None, heights[one] + random.uniform(-3, 3), -40.0, 900.0)),
            amsl_mm=random.choice((None, round(heights[one] * 1_000), 580_000)),
            ground_amsl_mm=random.choice((None, None, 0, 12_345, 461_000, 590_000)),
        )  # fmt: skip
        if random.random() < 0.9:
            cmps = min(speed * 1e7 / random.choice((0.2, 1.0)), 30_000)
            sample.velocity_east_cmps = round(cmps * math.cos(headings[one]))
            sample.velocity_north_cmps = round(cmps * math.sin(headings[one]))
            sample.velocity_down_cmps = random.choice((None, 0, -500, -300, 400))
        sample.fix_type, sample.battery_pct = random.choice((None, 3, 3, 3, 2)), random.choice((None, 80, 35, 20, 10))
        if sample.agl_mm is not None:
            sample.agl_source = random.choice((HeightSource.TERRAIN_REPORT, HeightSource.TERRAIN_MODEL))
        if none:
            sample.no_position = random.choice((NoPosition.NOT_SENT, NoPosition.ZERO, NoPosition.IMPOSSIBLE))
            sample.kind = SampleKind.HEARTBEAT if sample.no_position == NoPosition.NOT_SENT else SampleKind.POSITION
        sample.epoch += random.random() < 0.02
        samples.append(sample)
    return samples


def blocks(random: Random, samples: list[Sample]) -> list[list[Sample]]:
    """Cut anywhere, and now and then sent again."""
    cut: list[list[Sample]] = []
    while samples:
        size = random.choice((1, 1, 2, 5, 20, 60))
        cut += [samples[:size]] * random.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 2))
        samples = samples[size:]
    return cut


@pytest.mark.parametrize("live", [True, False])
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_the_compiled_engine_says_what_the_plain_one_says(live: bool, seed: int) -> None:
    random = Random(seed)
    zones = [version for number in range(random.randint(0, 8)) for version in versions(random, number)]
    world = World(zones, complete=1, facts=facts(random))
    later_us = random.choice((0, 0, 12 * 3600 * S))  # by night
    state, plain = State.empty(), Plain(State.empty())
    state.world = plain.state.world = 1
    flown = flight(random)
    for sample in flown:
        sample.event_time_us += later_us
    for offset, samples in enumerate(blocks(random, flown)):
        appended_us = max(sample.event_time_us for sample in samples) + 50_000 - random.choice((0, 0, 0, 0, 6)) * S
        entry = Entry(0, offset, appended_us, live, block.decode(block.from_samples(samples).encode()))
        said = [records.encode(event) for event in advance(state, entry, world)]
        assert said == [records.encode(event) for event in plain.advance(entry, world.monitor(1))]
        assert aircraft_of(state) == aircraft_of(plain.state)


@pytest.mark.parametrize("few", [0, 1, 64])
@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_a_world_that_grew_is_judged_by_as_one_that_was_laid_out_whole(few: int, seed: int) -> None:
    random = Random(seed)
    zones = [
        structs.replace(version, world=world)
        for number in range(random.randint(1, 8))
        for world, version in zip(sorted(random.choices(range(1, 9), k=3)), versions(random, number), strict=False)
    ]
    stated = [structs.replace(fact, world=random.randint(1, 8)) for fact in facts(random)]
    grown, judged_by = World(), 0
    state, whole = State.empty(), State.empty()
    with mock.patch("geofence.world._FEW", few), mock.patch("geofence.world._SHARE", 1 << 30):
        for offset, samples in enumerate(blocks(random, flight(random))):
            if judged_by < 8 and random.random() < 0.7:
                judged_by += random.choice((1, 1, 2)) if judged_by < 7 else 1
                for zone_version in (one for one in zones if grown.complete < one.world <= judged_by):
                    grown.add(zone_version)
                for fact in (one for one in stated if grown.complete < one.world <= judged_by):
                    grown.add_fact(fact)
                grown.complete = state.world = whole.world = judged_by
                grown.prepare(judged_by)
            fresh = World(zones, 8, stated)
            entry = Entry(0, offset, samples[-1].event_time_us, True, block.decode(block.from_samples(samples).encode()))
            said = [records.encode(event) for event in advance(state, entry, grown)]
            assert said == [records.encode(event) for event in advance(whole, entry, fresh)]
            assert aircraft_of(state) == aircraft_of(whole)


def aircraft_of(state: State) -> list[object]:
    """The aircraft alone: the screen of a plain engine is not in its state."""
    kept = State.load(state.dump())
    return sorted(
        (
            key,
            repr(
                [getattr(each, name) for name in ("heard_us", "armed", "ended", "off_time_us", "last", "conditions", "motion")]
            ),
        )
        for key, each in kept.aircraft.items()
    )
