"""What comes warns before it happens, once, and not where it does not come: flights through the whole engine."""

import math
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geodesy import metres_per_degree
from core.sample import Sample
from geofence.zone import ZoneKind
from tests.unit.streams.flight import LAT, LON, T0, Engine, S, at, zone

LON_M, LAT_M = metres_per_degree(LAT)
HALF_M = 1_000.0


def square(east_m: float = 0.0, half_m: float = HALF_M) -> list[list[float]]:
    corners = [(-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m), (-half_m, -half_m)]
    return [[LON + (east_m + x) / LON_M, LAT + y / LAT_M] for x, y in corners]


def moving(seconds: float, x_m: float, y_m: float, east: float, north: float, up: float = 0.0, **more: object) -> Sample:
    """A sample metres east and north of the middle, with its velocity."""
    sample = at(seconds, LON + x_m / LON_M, LAT + y_m / LAT_M, **more)
    sample.velocity_east_cmps, sample.velocity_north_cmps = round(east * 100), round(north * 100)
    sample.velocity_down_cmps = round(-up * 100)
    return sample


def fly(engine: Engine, samples: Iterable[Sample]) -> None:
    for sample in samples:
        engine.fly(sample)


def told(engine: Engine) -> list[tuple[str, str]]:
    return [(event.condition.value, event.level.value) for event in engine.events]


def straight(speed: float, from_m: float, to_m: float, every_s: float = 0.2) -> list[Sample]:
    """East along the middle line."""
    seconds = (to_m - from_m) / speed
    steps = range(math.ceil(seconds / every_s))
    return [moving(i * every_s, from_m + speed * i * every_s, 0.0, speed, 0.0) for i in steps]


def test_straight_through_its_own_fence_warns_and_then_breaches_in_one_alert() -> None:
    engine = Engine(zone(ZoneKind.KEEP_IN, square()))
    fly(engine, straight(15.0, 0.0, HALF_M + 60.0))
    assert told(engine)[:2] == [("raised", "warning"), ("worsened", "breach")]
    assert len({event.alert_id for event in engine.events}) == 1
    warning = engine.events[0]
    assert warning.what == "leaves keep-in Tower (version 1) in 1 s"  # three seconds ahead, after one
    assert warning.beyond_m is None


@settings(deadline=None, max_examples=40)
@given(speed=st.floats(2.0, 30.0), every_s=st.sampled_from((0.1, 0.2, 0.5)), inside=st.booleans())
def test_a_warning_always_precedes_the_breach_at_the_set_time_within_a_sample(
    speed: float, every_s: float, inside: bool
) -> None:
    kind, within_s = (ZoneKind.KEEP_IN, 3.0) if inside else (ZoneKind.KEEP_OUT, 10.0)
    edge_m = HALF_M if inside else -HALF_M
    began_m = edge_m - speed * (within_s + 5.0)
    engine = Engine(zone(kind, square()))
    fly(engine, straight(speed, began_m, edge_m + speed * 3.0, every_s))
    first, second = engine.events[:2]
    assert told(engine)[:2] == [("raised", "warning"), ("worsened", "breach")]
    assert first.alert_id == second.alert_id
    due_s = (edge_m - began_m) / speed - within_s  # of the flight: when the boundary is the set time ahead
    start_s = (first.start_us - T0) / S
    assert due_s - 0.02 <= start_s <= due_s + every_s + 0.02
    assert (first.at_us - first.start_us) / S == pytest.approx(1.0, abs=every_s + 1e-6)


def lawnmower(speed: float, braking: float, inside_m: float, every_s: float = 0.1) -> list[Sample]:
    """Legs east and west, braking to a stop that far inside the fence, a step aside, back."""
    samples: list[Sample] = []
    seconds, x, y, direction, now = 0.0, 0.0, -200.0, 1.0, 0.0
    while y < 200.0:
        end = direction * (HALF_M - inside_m)
        left = (end - x) * direction
        now = min(now + 3.0 * every_s, speed, math.sqrt(max(0.0, 2 * braking * left)))
        if left < 0.05 or now < 0.05:
            x, direction, y, now = end, -direction, y + 40.0, 0.0
        samples.append(moving(seconds, x, y, direction * now, 0.0))
        x += direction * now * every_s
        seconds += every_s
    return samples


@pytest.mark.parametrize("braking", (2.0, 2.5, 3.5, 5.0))
def test_a_survey_fifteen_metres_inside_its_own_fence_raises_nothing(braking: float) -> None:
    engine = Engine(zone(ZoneKind.KEEP_IN, square()))
    fly(engine, lawnmower(10.0, braking, 15.0))
    assert told(engine) == []


@pytest.mark.parametrize("kind", (ZoneKind.KEEP_IN, ZoneKind.KEEP_OUT))
def test_flying_parallel_to_a_boundary_raises_nothing(kind: ZoneKind) -> None:
    engine = Engine(zone(kind, square()))
    beside = HALF_M - 4.0 if kind is ZoneKind.KEEP_IN else HALF_M + 4.0
    fly(engine, (moving(i * 0.2, beside, -600.0 + 3.0 * i, 0.0, 15.0) for i in range(200)))
    assert told(engine) == []


def test_slowing_enough_to_stop_before_a_prohibited_zone_raises_nothing() -> None:
    engine = Engine(zone(ZoneKind.KEEP_OUT, square()))
    speed, braking = 15.0, 2.0
    far, samples = speed * speed / (2 * braking) + 20.0, []
    for i in range(80):  # at 15 m/s from 14 s out would warn at 10 s; braking begins there
        seconds = i * 0.1
        now = max(0.0, speed - braking * seconds)
        gone = speed * seconds - braking * seconds**2 / 2 if now else speed**2 / (2 * braking)
        samples.append(moving(seconds, -HALF_M - far + gone, 0.0, now, 0.0))
    fly(engine, samples)
    assert told(engine) == []


def test_climbing_into_a_zone_overhead_warns_by_its_floor() -> None:
    engine = Engine(zone(ZoneKind.KEEP_OUT, square(), floor_m=60.0, floor_datum="TAKEOFF"))
    fly(engine, (moving(i * 0.2, 0.0, 0.0, 0.0, 0.0, up=3.0, takeoff_m=6.0 + 0.6 * i) for i in range(105)))
    assert told(engine)[:2] == [("raised", "warning"), ("worsened", "breach")]
    assert engine.events[0].what == "enters keep-out Tower (version 1) in 8 s"


def test_a_descent_that_passes_under_a_zone_before_reaching_it_raises_nothing() -> None:
    engine = Engine(zone(ZoneKind.KEEP_OUT, square(), floor_m=60.0, floor_datum="TAKEOFF"))
    for i in range(100):
        height = max(40.0, 75.0 - 5.0 * i * 0.2)
        up = -5.0 if height > 40.0 else 0.0
        engine.fly(moving(i * 0.2, -HALF_M - 140.0 + 2.0 * i, 0.0, 10.0, 0.0, up=up, takeoff_m=height))
    assert told(engine) == []


def test_turning_away_clears_the_warning_and_it_is_one_alert() -> None:
    engine = Engine(zone(ZoneKind.KEEP_OUT, square()))
    towards = straight(10.0, -HALF_M - 120.0, -HALF_M - 60.0)
    away = [moving(6.0 + i * 0.2, -HALF_M - 60.0 - 2.0 * i, 0.0, -10.0, 0.0) for i in range(1, 60)]
    fly(engine, [*towards, *away])
    assert told(engine) == [("raised", "warning"), ("cleared", "warning")]
