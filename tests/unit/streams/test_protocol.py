"""The points of stream.md that the engine answers for, one test each."""

from itertools import pairwise
from uuid import UUID, uuid5

from core.identity import aircraft_id, operator_id
from core.records import Engine as EngineRecord
from core.records import Gap, GapReason, Listened, Marker
from core.units import US_PER_S
from geofence.facts import AircraftFact, Fact, FactVersion, OperatorFact, fact_id
from geofence.zone import ZoneKind
from streams.entry import Entry, Unjudged
from streams.pipeline import advance
from streams.screen import Screen
from streams.state import State
from tests.unit.streams.flight import LINK, LON, OPERATOR, SQUARE, T0, Engine, S, at, told, zone

FILE = "file:" + "0" * 64


def test_an_earlier_sample_is_late_and_not_judged():
    engine = Engine(zone())
    engine.fly(at(10, lon=150.0))
    assert engine.fly(at(8, seq=20_000), at(9, seq=20_001)) == []
    assert engine.state.screen.kept().judged_us[aircraft_id(OPERATOR, LINK, 1).bytes] == T0 + 10 * S


def test_a_live_sample_far_ahead_of_its_append_time_is_not_judged():
    engine = Engine(zone())
    assert engine.fly(at(0), at(20, seq=2), appended=10) == []
    assert engine.state.screen.kept().judged_us[aircraft_id(OPERATOR, LINK, 1).bytes] == T0


def test_samples_late_for_five_seconds_put_the_clock_in_doubt_until_one_is_on_time():
    engine = Engine()
    engine.fly(at(100))
    assert engine.fly(*(at(50 + i, seq=200_000 + i) for i in range(5))) == []
    (doubt,) = engine.fly(at(55, seq=200_005))
    assert (doubt.rule, doubt.level, doubt.start_us) == ("EVIDENCE-CLOCK", "unknown", T0 + 50 * S)
    (over,) = engine.fly(at(101, seq=200_006))
    assert (over.condition, over.alert_id, over.n) == ("cleared", doubt.alert_id, 2)


def test_a_duplicate_changes_nothing():
    engine = Engine(zone())
    flight = [at(i * 0.5) for i in range(6)]
    once = engine.fly(*flight)
    before = engine.state.dump()
    assert told(once) == [("GEOFENCE-KEEP-OUT", "raised", "breach")]
    assert engine.fly(*flight) == []
    marks = engine.state.screen.kept()
    marks.links[LINK].heard_us = State.load(before).screen.kept().links[LINK].heard_us
    engine.state.screen = Screen(marks)
    assert engine.state.dump() == before


def test_a_new_epoch_continues_aircraft_and_open_alerts():
    engine = Engine(zone())
    (raised,) = engine.fly(*(at(i * 0.5) for i in range(6)))
    later = [at(5 + i, seq=i + 1) for i in range(3)]
    for sample in later:
        sample.epoch = T0 + 4 * S
    assert engine.fly(*later) == []
    (cleared,) = engine.fly(*(_in_epoch(at(9 + i, lon=150, seq=100 + i), T0 + 4 * S) for i in range(12)))
    assert (cleared.alert_id, cleared.condition) == (raised.alert_id, "cleared")


def _in_epoch(sample, epoch):
    sample.epoch = epoch
    return sample


def test_an_armed_aircraft_that_falls_silent_is_lost_and_found_again():
    engine = Engine()
    engine.fly(at(0), at(1))
    assert engine.listened(5.9) == []
    (lost,) = engine.listened(6.1)
    assert (lost.rule, lost.level, lost.start_us, lost.at_us) == ("LINK-LOST", "lost", T0 + S, T0 + 6_100_000)
    assert engine.listened(7.1) == []
    (found,) = engine.fly(at(8))
    assert (found.alert_id, found.condition, found.n) == (lost.alert_id, "cleared", 2)


def stated(fact: Fact, world: int = 1) -> FactVersion:
    return FactVersion(operator_id=OPERATOR, fact_id=fact_id(OPERATOR, fact), version=world, world=world, fact=fact)


def test_a_stated_silence_counts_from_the_marker_that_brings_it():
    engine = Engine(facts=[stated(OperatorFact(link_lost_s=10), world=2)])
    engine.state.world = 1
    engine.fly(at(0))
    engine.fly(at(0.1, system=2))
    assert engine.listened(4.9) == []
    engine.control(Marker(2), 4.95)
    assert engine.listened(9.9) == []
    assert [event.system_id for event in engine.listened(10.05)] == [1]
    assert [event.system_id for event in engine.listened(11)] == [2]


def test_a_lost_aircraft_stays_lost_when_a_longer_silence_is_stated_until_it_is_heard():
    engine = Engine(facts=[stated(OperatorFact(link_lost_s=30), world=2)])
    engine.state.world = 1
    engine.fly(at(0))
    (lost,) = engine.listened(6)
    engine.control(Marker(2), 6.5)
    assert engine.listened(7) == []
    (found,) = engine.fly(at(8))
    assert (found.alert_id, found.condition) == (lost.alert_id, "cleared")
    assert engine.listened(37) == []
    assert told(engine.listened(38)) == [("LINK-LOST", "raised", "lost")]


def test_nobodys_limit_says_anything_about_anothers_aircraft():
    others = FactVersion(
        operator_id=(other := operator_id("other")), fact_id=fact_id(other, OperatorFact(link_lost_s=30)), version=1, world=1,
        fact=OperatorFact(link_lost_s=30),
    )  # fmt: skip
    engine = Engine(facts=[others])
    engine.fly(at(0))
    assert told(engine.listened(5)) == [("LINK-LOST", "raised", "lost")]


def test_a_closed_file_is_lost_at_once_whatever_is_stated():
    engine = Engine(live=False, facts=[stated(OperatorFact(link_lost_s=30))])
    engine.fly(at(0, link=FILE))
    (lost,) = engine.listened(0.1, FILE, closed=True, epoch=0)
    assert lost.what == "nothing heard since the last sample, armed"


def test_a_flight_ends_on_the_ground_after_the_silence_that_is_stated():
    engine = Engine(facts=[stated(AircraftFact(aircraft_id=aircraft_id(OPERATOR, LINK, 1), link_lost_s=10))])
    engine.fly(at(0, armed=False))
    assert engine.listened(9.9) == []
    assert [aircraft.ended for aircraft in engine.state.aircraft.values()] == [False]
    assert engine.listened(10) == []
    assert [aircraft.ended for aircraft in engine.state.aircraft.values()] == [True]


def test_silence_counts_only_while_ingest_listened_without_a_break():
    engine = Engine()
    engine.fly(at(0))
    restarted = T0 + 60 * S
    assert engine.listened(61, epoch=restarted) == []
    assert engine.listened(64.9, epoch=restarted) == []
    assert told(engine.listened(65.1, epoch=restarted)) == [("LINK-LOST", "raised", "lost")]


def test_silence_is_not_proven_over_what_ingest_had_to_drop():
    engine = Engine()
    engine.fly(at(0))
    engine.listened(1)
    dropped = Gap(OPERATOR, LINK, aircraft_id(OPERATOR, LINK, 1), T0 + 2 * S, T0 + 60 * S, 290, GapReason.DROPPED)
    assert engine.control(Listened((), (dropped,)), 61) == []
    assert engine.listened(61) == []
    assert engine.listened(64.9) == []
    assert told(engine.listened(65.1)) == [("LINK-LOST", "raised", "lost")]


def test_a_disarmed_aircraft_that_falls_silent_has_ended_without_alert_and_what_stood_is_cleared():
    engine = Engine(zone())
    (raised,) = engine.fly(*(at(i * 0.5) for i in range(6)))
    engine.fly(at(3, armed=False))
    (cleared,) = engine.listened(9)
    assert (cleared.alert_id, cleared.condition) == (raised.alert_id, "cleared")
    assert cleared.what == f"the flight has ended; was {raised.what}"
    assert engine.listened(60) == []


def test_a_landed_aircraft_ends_even_if_armed():
    engine = Engine()
    engine.fly(at(0, airborne=False))
    assert engine.listened(30) == []
    assert [aircraft.ended for aircraft in engine.state.aircraft.values()] == [True]


def test_the_last_record_of_a_file_closes_its_link_armed_is_lost():
    engine = Engine(live=False)
    engine.fly(at(0, link=FILE))
    (lost,) = engine.listened(0.1, FILE, closed=True, epoch=0)
    assert (lost.rule, lost.start_us) == ("LINK-LOST", T0)
    assert engine.state.aircraft == {}, "a closed file says no more"
    assert FILE in engine.state.screen.kept().links, "its high-water mark stays"


def test_a_file_imported_again_changes_nothing():
    engine = Engine(zone(), live=False)
    flight = [at(i * 0.5, link=FILE) for i in range(6)]
    for _ in range(2):
        engine.fly(*flight, appended=1e6)
        engine.listened(2.6, FILE, closed=True, epoch=0)
    assert told(engine.events) == [("GEOFENCE-KEEP-OUT", "raised", "breach"), ("LINK-LOST", "raised", "lost")]


def test_when_ingest_is_silent_each_aircraft_that_has_not_ended_is_not_heard():
    engine = Engine()
    engine.fly(at(0), at(0.1, system=2, armed=False))
    for second in range(1, 7):
        engine.tick(second)
        engine.listened(second)  # at 6 system 2 has ended, system 1 is lost
    for second in range(7, 11):
        assert engine.tick(second) == []
    (alert,) = engine.tick(11.1)
    assert (alert.rule, alert.level, alert.system_id) == ("LINK-NOT-HEARD", "unknown", 1)
    assert (alert.start_us, alert.at_us) == (T0 + 6 * S, T0 + 11_100_000)
    (over,) = engine.listened(12)
    assert (over.alert_id, over.condition) == (alert.alert_id, "cleared")


def test_after_a_gap_in_broker_time_the_five_seconds_start_anew():
    engine = Engine()
    engine.fly(at(0))
    engine.listened(0.5)
    engine.tick(1)
    assert engine.tick(60) == []
    assert [told(engine.tick(60 + second)) for second in range(1, 6)] == [[]] * 4 + [[("LINK-NOT-HEARD", "raised", "unknown")]]


def test_broker_time_is_a_running_maximum():
    engine = Engine()
    engine.tick(10)
    engine.tick(8)
    assert engine.state.broker_us == T0 + 10 * S


def test_a_zone_is_judged_by_from_the_marker_of_its_world_on():
    engine = Engine(zone(world=2), world=1)
    assert engine.fly(*(at(i * 0.5) for i in range(6))) == []
    engine.control(Marker(2), 3)
    (raised,) = engine.fly(*(at(3 + i * 0.5) for i in range(6)))
    assert (raised.start_us, raised.world) == (T0 + 3 * S, 2)


def test_a_marker_not_above_the_states_world_does_nothing():
    engine = Engine(world=3)
    engine.control(Marker(2), 0)
    assert engine.state.world == 3


def test_a_replaced_zone_continues_the_alert_and_both_versions_are_named():
    bigger = [[148.9, -35.5], [149.3, -35.5], [149.3, -35.1], [148.9, -35.1], [148.9, -35.5]]
    engine = Engine(zone(), zone(version=2, world=2, ring=bigger), world=1)
    (raised,) = engine.fly(*(at(i * 0.5) for i in range(6)))
    engine.control(Marker(2), 3)
    assert engine.fly(at(3)) == []
    cleared = engine.fly(*(at(4 + i, lon=150) for i in range(12)))[-1]
    assert (cleared.alert_id, cleared.zone_versions) == (raised.alert_id, (1, 2))


def test_an_ended_zone_clears_its_alert():
    engine = Engine(zone(), zone(version=2, world=2, ended=True, valid_from_us=T0 + 3 * S), world=1)
    (raised,) = engine.fly(*(at(i * 0.5) for i in range(6)))
    engine.control(Marker(2), 3)
    (cleared,) = engine.fly(at(4))
    assert (cleared.alert_id, cleared.condition) == (raised.alert_id, "cleared")
    assert cleared.what == f"the zone has ended; was {raised.what}"


def test_a_block_that_cannot_be_judged_puts_its_aircraft_in_doubt_until_the_next_one():
    engine = Engine()
    engine.fly(at(0))
    who = aircraft_id(OPERATOR, LINK, 1)
    (doubt,) = advance(engine.state, Entry(0, 1, T0 + S, True, Unjudged((who, UUID(int=9)), "broken")), engine.world)
    assert (doubt.rule, doubt.level, doubt.what) == ("EVIDENCE-NOT-JUDGED", "unknown", "not judged: broken")
    (over,) = engine.fly(at(2))
    assert (over.alert_id, over.condition) == (doubt.alert_id, "cleared")


def test_ids_derive_from_operator_aircraft_rule_zone_and_start():
    engine = Engine(zone())
    (raised,) = engine.fly(*(at(i * 0.5) for i in range(6)))
    aircraft = uuid5(OPERATOR, f"{LINK}/1")
    assert raised.aircraft_id == aircraft
    assert raised.alert_id == uuid5(OPERATOR, f"{aircraft}/GEOFENCE-KEEP-OUT/{zone().zone_id}/{T0}")


def test_two_fleets_may_both_use_system_id_1():
    engine = Engine(zone(aircraft_ids=[str(aircraft_id(OPERATOR, "udp:14550/127.0.0.2", 1))]))
    samples = [at(i * 0.5, link=link) for i in range(6) for link in (LINK, "udp:14550/127.0.0.2")]
    (raised,) = engine.fly(*samples)
    assert raised.link == "udp:14550/127.0.0.2"


def test_two_senders_at_once_are_ambiguous():
    engine = Engine()
    (alert,) = engine.fly(at(0), at(0.2, ambiguous=True))
    assert (alert.rule, alert.level) == ("IDENTITY-AMBIGUOUS", "unknown")
    assert told(engine.fly(*(at(1 + i) for i in range(4)))) == [("IDENTITY-AMBIGUOUS", "cleared", "unknown")]


def test_state_leaves_after_a_day_of_silence_and_what_stood_is_cleared():
    engine = Engine(zone())
    (raised,) = engine.fly(*(at(i * 0.5) for i in range(6)))
    engine.tick(10)
    events = engine.tick(86_410)
    assert [(e.alert_id, e.condition) for e in events] == [(raised.alert_id, "cleared")]
    assert engine.state.aircraft == {}


def test_any_split_of_a_flight_gives_the_same_events():
    path = [at(i * 0.3, lon=149.19 + 0.0004 * i + (0.01 if i % 7 == 0 else 0), takeoff_m=70 + i % 60) for i in range(60)]
    zones = (zone(ZoneKind.KEEP_IN), zone(zone_id=str(UUID(int=5)), ring=[[x + 0.2, y] for x, y in SQUARE]))
    whole = Engine(*zones)
    whole.fly(*path, appended=20)
    assert whole.events
    for size in (1, 2, 7, 59):
        split = Engine(*zones)
        for start in range(0, len(path), size):
            split.state = State.load(split.state.dump())  # through a checkpoint each time
            split.fly(*path[start : start + size], appended=20)
        assert [_timeless(e) for e in split.events] == [_timeless(e) for e in whole.events]


def _timeless(event):
    return [getattr(event, name) for name in event.__struct_fields__ if name not in ("offset", "row")]


def test_numbers_within_an_alert_count_up_from_one():
    engine = Engine(zone(ZoneKind.KEEP_IN))
    engine.fly(*(at(i, lon=149.2 + 0.0005 * i) for i in range(30)), appended=30)
    engine.fly(*(at(31 + i, lon=LON) for i in range(15)), appended=50)
    numbers = [event.n for event in engine.events]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 3
    assert all(later.at_us >= sooner.at_us for sooner, later in pairwise(engine.events))


def test_the_engine_that_judges_is_noted():
    engine = Engine()
    engine.control(EngineRecord("7"), 0)
    assert engine.state.engine == "7"
    assert US_PER_S == S
