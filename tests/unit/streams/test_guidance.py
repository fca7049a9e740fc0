"""Where alerts stand, as it is told each second and stored nowhere: the seconds to what comes, a way back that can be flown."""

from uuid import UUID

import pytest
from aiokafka import TopicPartition

from geofence.zone import ZoneKind
from streams.partition import Partition
from tests.unit.streams.flight import Engine, zone
from tests.unit.streams.test_prediction import HALF_M, fly, moving, square, straight


def test_the_seconds_are_told_while_it_comes_and_no_more_when_it_does_not() -> None:
    engine = Engine(zone(ZoneKind.KEEP_OUT, square()))
    partition = Partition(TopicPartition("telemetry", 0), True, engine.state)
    fly(engine, straight(10.0, -HALF_M - 120.0, -HALF_M - 59.0))
    [coming] = partition.guidance(engine.world)
    assert coming.ahead_s == pytest.approx(6.0, abs=0.2) and coming.beyond_m is None
    assert partition.guidance(engine.world, only={UUID(int=0)}) == ()
    engine.fly(moving(6.4, -HALF_M - 62.0, 0.0, -10.0, 0.0))
    [over] = partition.guidance(engine.world)
    assert over.ahead_s is None


def test_a_way_back_across_another_prohibited_zone_is_told_as_none_and_the_event_stays_as_it_is() -> None:
    between = zone(ZoneKind.KEEP_OUT, square(HALF_M + 60.0, 20.0), zone_id=UUID(int=8), name="Rifle range")
    engine = Engine(zone(ZoneKind.KEEP_IN, square()), between)
    partition = Partition(TopicPartition("telemetry", 0), True, engine.state)
    fly(engine, [moving(i * 0.2, HALF_M + 120.0, 0.0, 0.0, 0.0) for i in range(10)])
    [event] = engine.events
    assert event.way_back == "FLY 270° true, 121 m"
    [told] = partition.guidance(engine.world)
    assert told.way_back == "no direct way back: Rifle range lies between"
