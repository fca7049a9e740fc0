"""The simulated fleet: the same at any hour, its script as its docstring tells it, its words real MAVLink."""

import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from shapely.geometry import Point, shape

from core import identity
from core.geodesy import metres_per_degree
from core.identity import aircraft_id
from geofence import factjson, geojson
from geofence.facts import Authorisation, Relaxed
from geofence.zone import ZoneKind
from ingest.counts import Counts
from ingest.fleet import Fleet, Piece
from tests.unit.ingest.told import as_samples
from wedgetail.fleet import CYCLE_S, State, demo_authorisation, demo_zones, fleet_at, plans
from wedgetail.simulate import Voice

OPERATOR = identity.operator_id("demo")
TICKS = [tick / 5 for tick in range(5 * int(CYCLE_S))]


def _times(system_id: int, what: Callable[[State], bool]) -> list[float]:
    return [t for t in TICKS if what(fleet_at(t)[system_id - 1])]


def _zone(name: str) -> dict[str, Any]:
    return next(zone for zone in demo_zones(OPERATOR) if zone["properties"]["name"] == name)


def _distance_m(zone: dict[str, Any], state: State) -> float:
    """How far outside a footprint; negative inside."""
    properties, lat_m = zone["properties"], metres_per_degree(state.lat_deg)
    area, place = shape(zone["geometry"]), Point(state.lon_deg, state.lat_deg)
    if area.geom_type == "Point":
        east, north = (place.x - area.x) * lat_m[0], (place.y - area.y) * lat_m[1]
        return math.hypot(east, north) - properties["radius_m"]
    return -1.0 if area.covers(place) else area.distance(place) * 100_000


def test_the_same_time_gives_the_same_fleet_and_the_script_repeats() -> None:
    assert fleet_at(33.3) == fleet_at(33.3)
    for before, after in zip(fleet_at(33.3, 8), fleet_at(33.3 + 7 * CYCLE_S, 8), strict=True):
        assert (before.lon_deg, before.lat_deg, before.height_m) == pytest.approx(
            (after.lon_deg, after.lat_deg, after.height_m)
        )
        assert (before.talks, before.has_fix, before.armed) == (after.talks, after.has_fix, after.armed)


def test_it_is_around_canberra_and_moves_no_faster_than_aircraft_do() -> None:
    for t in TICKS[::7]:
        for state in fleet_at(t, 40):
            assert 149.0 < state.lon_deg < 149.3
            assert -35.45 < state.lat_deg < -35.2
            assert math.hypot(state.north_mps, state.east_mps) < 30
            assert abs(state.down_mps) < 10
            assert 0 <= state.height_m <= 145


def test_the_climber_is_above_120_m_from_3_s_to_37_s() -> None:
    above = _times(1, lambda state: state.height_m > 120)
    assert (above[0], above[-1], len(above)) == (pytest.approx(3, abs=0.5), pytest.approx(37, abs=0.5), len(set(above)))


def test_the_survey_leaves_its_block_from_32_s_to_65_s() -> None:
    zone = _zone("Survey block")
    outside = _times(2, lambda state: _distance_m(zone, state) > 0)
    assert (outside[0], outside[-1]) == (pytest.approx(32, abs=1), pytest.approx(65, abs=1))
    assert zone["properties"]["aircraft_ids"] == [str(aircraft_id(OPERATOR, "udp:14550/127.0.0.1", 2))]


def test_the_crosser_jumps_the_power_line_between_two_fixes() -> None:
    zone = _zone("Power line")
    sides = [math.copysign(1, fleet_at(t)[2].lon_deg - shape(zone["geometry"]).centroid.x) for t in TICKS]
    crossings = [t for t, before, after in zip(TICKS[1:], sides, sides[1:], strict=False) if before != after]
    assert crossings == [pytest.approx(15, abs=0.5), pytest.approx(102, abs=0.5)]


def test_the_intruder_is_in_the_circle_from_43_s_to_94_s() -> None:
    inside = _times(4, lambda state: _distance_m(_zone("Showground crowd"), state) < 0)
    assert (inside[0], inside[-1]) == (pytest.approx(43.5, abs=1), pytest.approx(93.5, abs=1))


def test_the_low_approach_is_in_the_volume_from_74_s_to_98_s() -> None:
    above = _times(8, lambda state: state.height_m > 60)
    assert (above[0], above[-1]) == (pytest.approx(74, abs=1), pytest.approx(98, abs=1))
    assert all(_distance_m(_zone("Hospital approach above 60 m"), fleet_at(t)[7]) < 0 for t in above)


def test_silence_zero_positions_and_the_landing_are_as_told() -> None:
    assert _times(5, lambda state: not state.talks) == [t for t in TICKS if 40 <= t < 60]
    assert _times(6, lambda state: not state.has_fix) == [t for t in TICKS if 20 <= t < 50]
    assert _times(7, lambda state: not state.armed) == [t for t in TICKS if 54 <= t < 118]
    assert all(fleet_at(t)[6].landed for t in TICKS if not fleet_at(t)[6].armed)
    assert _times(7, lambda state: not state.talks) == [t for t in TICKS if 64 <= t < 116]


def test_a_breach_stands_within_five_seconds_and_then_without_a_gap_for_the_first_minute() -> None:
    survey, crowd = _zone("Survey block"), _zone("Showground crowd")
    for t in (tick / 5 for tick in range(5 * 4, 5 * 60)):
        fleet = fleet_at(t)
        assert fleet[0].height_m > 120 or _distance_m(survey, fleet[1]) > 0 or _distance_m(crowd, fleet[3]) < 0, t


def test_the_others_break_no_rule() -> None:
    zones = demo_zones(OPERATOR)
    keep_outs = [zone for zone in zones if zone["properties"]["kind"] == ZoneKind.KEEP_OUT]
    vineyard = _zone("Vineyard")
    for t in [tick * 1.7 for tick in range(120)]:
        fleet = fleet_at(t, 60)
        assert _distance_m(vineyard, fleet[8]) < 0
        for state in fleet[8:]:
            assert state.height_m <= (107 if state.plan.terrain else 72)
            assert all(_distance_m(zone, state) > 0 for zone in keep_outs)


def test_the_demos_zones_are_zones() -> None:
    for feature in demo_zones(OPERATOR):
        assert geojson.read(feature, OPERATOR, UUID(int=1)).name == feature["properties"]["name"]


def test_the_demo_may_fly_by_night_for_a_year_and_nothing_else() -> None:
    version = factjson.read(demo_authorisation(OPERATOR, 300, 1_000_000), OPERATOR)
    assert isinstance(version.fact, Authorisation) and version.fact.aircraft_ids is not None
    assert (version.fact.type, version.fact.relaxes, len(version.fact.aircraft_ids)) == ("night", (Relaxed("AU-DAY"),), 250)
    assert (version.valid_from_us, version.valid_to_us) == (1_000_000, 1_000_000 + 365 * 86_400_000_000)
    bound = demo_zones(OPERATOR)[0]["properties"]["aircraft_ids"]
    assert version.fact.aircraft_ids[1] == UUID(bound[0])


def test_its_frames_are_mavlink_2_that_ingest_understands_whole() -> None:
    counts = Counts()
    fleet = Fleet(OPERATOR, counts)
    link = fleet.link("udp:14550/127.0.0.1", 1)
    taken = fleet.taken()
    voices = [Voice(plan) for plan in plans()]
    for tick in range(5 * 60):
        for voice in voices:
            for frame in voice.frames(tick / 5, each_second=tick % 5 == 0):
                assert frame[0] == 0xFD
                fleet.take([Piece(link, tick * 200_000, 1, frame)], taken)
    samples = as_samples(taken.samples)
    assert (counts.ignored.total(), counts.rejected.total()) == (0, 0)
    assert len({sample.aircraft_id for sample in samples}) == 25
    by_system = {n: [s for s in samples if s.system_id == n and s.kind == 0] for n in range(1, 26)}
    assert {sample.no_position for sample in by_system[6]} == {0, 2}
    climber = by_system[1][100]
    assert climber.agl_mm is not None
    assert climber.agl_mm > 120_000
    assert (climber.armed, climber.airborne, climber.mode, climber.fix_type) == (True, True, "AUTO", 3)
    assert by_system[7][-1].airborne is False
    assert all(0 <= (sample.battery_pct or -1) <= 100 for sample in samples[1_000:])
