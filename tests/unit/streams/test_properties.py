"""Whatever the stream does to a flight on its way - blocks cut or joined, aircraft in another order, records sent again, a
worker that stops and another that goes on - the same is told.

Bodies are compared whole but for offset and row, which say in which block a sample came: instead of those, which sample (or
control record) it was that triggered the event. The re-run of a stretch is compared with them too, byte for byte.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core import block, records
from core.identity import aircraft_id
from core.records import AlertEvent, Control, LinkListened, Listened, Marker, Tick
from core.sample import NoPosition, Sample
from geofence.facts import AircraftFact, Fact, FactVersion, OperatorFact, fact_id
from geofence.world import World
from geofence.zone import Datum, ZoneKind
from storage.history import UNJUDGED, StoredRecord
from streams.entry import Entry, Unjudged
from streams.pipeline import advance
from streams.rerun import judge_again
from streams.state import State
from tests.unit.streams.flight import LAT, LON, OPERATOR, SQUARE, T0, S, at, zone

LINKS = ("udp:14550/127.0.0.1", "udp:14550/127.0.0.2")
CREW = [(link, system) for link in LINKS for system in (1, 2)]
IDS = [aircraft_id(OPERATOR, *who) for who in CREW]
_id = (str(aircraft_id(OPERATOR, "zone", n)) for n in range(9))
ZONES = (
    zone(ZoneKind.KEEP_IN, name="Field", zone_id=next(_id)),
    zone(ring=[[x + 0.2, y] for x, y in SQUARE], name="Town", zone_id=next(_id)),
    zone(name="Lid", zone_id=next(_id), floor_m=100.0, floor_datum=Datum.AGL.value, raise_after_s=0.0),
    zone(name="Show", zone_id=(show := next(_id)), valid_from_us=T0 + 10 * S, valid_to_us=T0 + 30 * S, clear_after_s=2.0),
    zone(name="Show", zone_id=show, version=2, world=2, valid_from_us=T0 + 15 * S, ceiling_m=60.0, ceiling_datum="TAKEOFF"),
    zone(name="Its own", zone_id=next(_id), world=2, aircraft_ids=[str(IDS[0])]),
)


def _stated(fact: Fact, world: int, **more: int) -> FactVersion:
    return FactVersion(operator_id=OPERATOR, fact_id=fact_id(OPERATOR, fact), version=world, world=world, fact=fact, **more)


Stated = tuple[FactVersion, ...]
LIMITS: Stated = (
    _stated(OperatorFact(link_lost_s=9.0, vlos_m=5_000.0), 1),
    _stated(OperatorFact(link_lost_s=3.0), 2, valid_from_us=T0 + 20 * S),
    _stated(AircraftFact(aircraft_id=IDS[0], link_lost_s=20.0), 1, valid_to_us=T0 + 15 * S),
    _stated(AircraftFact(aircraft_id=IDS[2], link_lost_s=4.0), 2),
)
STATED = st.sampled_from([(), LIMITS])


@dataclass(frozen=True)
class Moment:
    """A sample of one of the crew, so long after the one before. shift_s: its clock is wrong by that."""

    who: int
    after_s: float
    lon: float | None
    height_m: float | None
    from_ground: bool
    armed: bool | None
    airborne: bool | None
    shift_s: float
    ambiguous: bool


@dataclass(frozen=True)
class Said:
    """What comes behind some samples: a word of ingest for a link, a tick, a marker, a block that nobody can read."""

    what: str
    after_s: float
    link: int


MOMENTS = st.builds(
    Moment,
    who=st.integers(0, len(CREW) - 1),
    after_s=st.sampled_from([0.2, 1.0, 3.0, 7.0]),
    lon=st.sampled_from([LON, LON + 0.0999, LON + 0.1, LON + 0.12, LON + 0.4, None]),
    height_m=st.sampled_from([50.0, 118.0, 121.0, 140.0, None]),
    from_ground=st.booleans(),
    armed=st.sampled_from([True, True, None, False]),
    airborne=st.sampled_from([None, True, False]),
    shift_s=st.sampled_from([0.0, 0.0, 0.0, -9.0, 60.0]),
    ambiguous=st.sampled_from([False, False, False, True]),
)
SAID = st.builds(
    Said,
    what=st.sampled_from(["listened", "listened", "restarted", "tick", "tick", "marker", "unread"]),
    after_s=st.sampled_from([0.0, 1.0, 1.9, 6.0]),
    link=st.integers(0, len(LINKS) - 1),
)
SCRIPTS = st.lists(st.tuples(st.lists(MOMENTS, min_size=1, max_size=8), SAID), min_size=1, max_size=6)


@dataclass(frozen=True)
class Record:
    """What stands on the stream: samples, or a word."""

    append_us: int
    body: tuple[Sample, ...] | Control | Unjudged


def written(script: Sequence[tuple[Sequence[Moment], Said]]) -> list[Record]:
    """Each group of samples as one block, with the broker's time of its last; each word a record of its own."""
    now_us, found = T0, []
    epochs = [T0] * len(LINKS)
    for moments, said in script:
        samples = []
        for each in moments:
            now_us += round(each.after_s * S)
            samples.append(_sample(each, now_us, epochs))
        found.append(Record(now_us, tuple(samples)))
        now_us += round(said.after_s * S)
        found.append(Record(now_us, _body(said, now_us, epochs)))
    return numbered(found)


def _sample(each: Moment, now_us: int, epochs: Sequence[int]) -> Sample:
    link, system = CREW[each.who]
    made = at(
        0, each.lon, LAT, takeoff_m=None if each.from_ground else each.height_m,
        agl_m=each.height_m if each.from_ground else None, armed=each.armed, system=system, link=link,
        airborne=each.airborne, ambiguous=each.ambiguous,
    )  # fmt: skip
    made.event_time_us = now_us + round(each.shift_s * S)
    made.epoch = epochs[LINKS.index(link)]
    if each.lon is None:
        made.no_position = NoPosition.ZERO
    return made


def _body(said: Said, now_us: int, epochs: list[int]) -> Control | Unjudged:
    match said.what:
        case "tick":
            return Tick()
        case "marker":
            return Marker(2)
        case "unread":
            return Unjudged((IDS[said.link],), "broken")
        case "restarted":
            epochs[said.link] = now_us
    return Listened((LinkListened(OPERATOR, LINKS[said.link], epochs[said.link], now_us),))


def numbered(stream: Iterable[Record]) -> list[Record]:
    """Frames are numbered on their link in the order in which they stand."""
    seqs = dict.fromkeys(LINKS, 0)
    found = []
    for record in stream:
        body = record.body
        if isinstance(body, tuple):
            samples = []
            for each in body:
                seqs[each.link] += 1
                samples.append(_with(each, seq=seqs[each.link]))
            body = tuple(samples)
        found.append(Record(record.append_us, body))
    return found


def _with(sample: Sample, **changed: object) -> Sample:
    return Sample(**({name: getattr(sample, name) for name in block.from_samples([sample]).row(0)} | changed))


Told = tuple[object, list[object]]


def judged(
    stream: Sequence[Record], stated: Stated = (), stops: Iterable[int] = ()
) -> tuple[list[Told], object, list[AlertEvent]]:
    """What triggered each event (a sample's link, epoch and number, or the number of the word) and the event but for
    offset and row; the state after all, in whatever order its parts stand; the events.

    stops: through a checkpoint before these records.
    """
    state, world, words = State.empty(), World(ZONES, complete=2, facts=stated), 0
    state.world = 1
    told: list[Told] = []
    events: list[AlertEvent] = []
    for offset, record in enumerate(stream):
        if offset in stops:
            state = State.load(state.dump())
        came = advance(state, entry(offset, record), world)
        words += not isinstance(record.body, tuple)
        for event in came:
            trigger: object = words
            if isinstance(record.body, tuple):
                sample = record.body[event.row]
                trigger = (sample.link, sample.epoch, sample.seq)
            told.append((trigger, _placeless(event)))
        events += came
    return told, msgspec.msgpack.decode(state.dump()), events


def entry(offset: int, record: Record) -> Entry:
    body = block.from_samples(record.body) if isinstance(record.body, tuple) else record.body
    return Entry(0, offset, record.append_us, True, body)


def _placeless(event: AlertEvent) -> list[object]:
    return [getattr(event, name) for name in event.__struct_fields__ if name not in ("offset", "row")]


def cut(stream: Sequence[Record], data: st.DataObject) -> list[Record]:
    """The same with each block in pieces."""
    found = []
    for record in stream:
        if not isinstance(record.body, tuple):
            found.append(record)
            continue
        cuts = sorted(data.draw(st.sets(st.integers(1, len(record.body)), max_size=3), label="cuts"))
        for start, stop in zip([0, *cuts], [*cuts, len(record.body)], strict=True):
            if start < stop:
                found.append(Record(record.append_us, record.body[start:stop]))
    return found


@settings(max_examples=40)
@given(SCRIPTS, STATED, st.data())
def test_blocks_cut_or_joined_tell_the_same(
    script: list[tuple[list[Moment], Said]], stated: Stated, data: st.DataObject
) -> None:
    whole = written(script)
    assert judged(cut(whole, data), stated)[:2] == judged(whole, stated)[:2]


@settings(max_examples=40)
@given(SCRIPTS, STATED, st.data())
def test_a_checkpoint_anywhere_changes_nothing(
    script: list[tuple[list[Moment], Said]], stated: Stated, data: st.DataObject
) -> None:
    whole = written(script)
    stops = data.draw(st.sets(st.integers(0, len(whole) - 1)), label="stops")
    assert judged(whole, stated, stops) == judged(whole, stated)


@settings(max_examples=40)
@given(SCRIPTS, STATED, st.data())
def test_aircraft_in_another_order_each_tell_the_same(
    script: list[tuple[list[Moment], Said]], stated: Stated, data: st.DataObject
) -> None:
    """Only what was between two words changes places, and of each aircraft nothing."""
    whole = written(script)
    mixed = []
    for record in whole:
        body = record.body
        if isinstance(body, tuple):
            order = data.draw(st.permutations([each.aircraft_id for each in body]), label="order")
            queues = {who: iter([each for each in body if each.aircraft_id == who]) for who in order}
            body = tuple(next(queues[who]) for who in order)
        mixed.append(Record(record.append_us, body))
    _, _, events = judged(whole, stated)
    _, _, other = judged(cut(numbered(mixed), data), stated)
    for who in IDS:
        assert [_placeless(e) for e in other if e.aircraft_id == who] == [_placeless(e) for e in events if e.aircraft_id == who]


@settings(max_examples=40)
@given(SCRIPTS, STATED, st.data())
def test_what_is_sent_again_is_told_once(script: list[tuple[list[Moment], Said]], stated: Stated, data: st.DataObject) -> None:
    """A block again, or some of what came before in front of new samples, as one who resumes sends it."""
    whole = written(script)
    repeated: list[Record] = []
    sent: list[Sample] = []
    for record in whole:
        body = record.body
        if isinstance(body, tuple):
            back = data.draw(st.integers(0, len(sent)), label="back")
            resumed = tuple(sent[len(sent) - back :])
            sent += body
            body = resumed + body if data.draw(st.booleans(), label="in one block") else body
            repeated += [Record(record.append_us, resumed)] if resumed else []
        repeated.append(Record(record.append_us, body))
        if isinstance(body, tuple) and data.draw(st.booleans(), label="again"):
            repeated.append(repeated[-1])
    told, _, _ = judged(whole, stated)
    assert judged(repeated, stated)[0] == told


@settings(max_examples=40)
@given(SCRIPTS, STATED, st.data())
def test_one_aircraft_alone_from_any_state_tells_the_same_bytes(
    script: list[tuple[list[Moment], Said]], stated: Stated, data: st.DataObject
) -> None:
    """What a re-run rests on: a stored state, then only its own samples and every word."""
    whole = written(script)
    first = data.draw(st.integers(0, len(whole) - 1), label="first")
    whom = data.draw(st.sets(st.sampled_from(IDS), min_size=1), label="whom")
    world = World(ZONES, complete=2, facts=stated)
    state = State.empty()
    state.world = 1
    for offset, record in enumerate(whole[:first]):
        advance(state, entry(offset, record), world)
    kept, expected = state.dump(), []
    for offset, record in enumerate(whole[first:], first):
        expected += [records.encode(e) for e in advance(state, entry(offset, record), world) if e.aircraft_id in whom]
    state, found = State.load(kept), []
    for offset, record in enumerate(whole[first:], first):
        stored = _stored(offset, record, whom)
        found += [records.encode(e) for e in judge_again(state, stored, world) if e.aircraft_id in whom]
    assert found == expected


def _stored(offset: int, record: Record, whom: set[object]) -> StoredRecord:
    body = record.body
    if isinstance(body, tuple):
        rows = tuple(row for row, each in enumerate(body) if each.aircraft_id in whom)
        batch = block.from_samples([body[row] for row in rows]) if rows else None
        return StoredRecord("telemetry", 0, offset, record.append_us, "block", batch=batch, rows=rows)
    if isinstance(body, Unjudged):
        return StoredRecord("telemetry", 0, offset, record.append_us, UNJUDGED, body=msgspec.json.encode(body))
    kind = dict(records.control_headers(body))["kind"].decode()
    return StoredRecord("telemetry", 0, offset, record.append_us, kind, body=records.encode(body))


def test_the_scripts_reach_every_rule() -> None:
    """Or the properties above would hold of nothing."""
    fly = {"height_m": 50.0, "from_ground": False, "armed": True, "airborne": None, "shift_s": 0.0, "ambiguous": False}

    def moment(who: int = 0, after_s: float = 1.0, lon: float | None = LON, **more: object) -> Moment:
        return msgspec.convert({"who": who, "after_s": after_s, "lon": lon} | fly | more, Moment)

    script = [
        ([moment() for _ in range(9)], Said("tick", 0.0, 0)),
        ([moment(lon=LON + 0.4, height_m=140.0) for _ in range(9)], Said("marker", 0.0, 0)),
        ([moment(lon=None, ambiguous=True) for _ in range(9)], Said("listened", 6.0, 0)),
        ([moment(), moment(1)], Said("unread", 1.0, 0)),
        ([moment(1, shift_s=-60.0) for _ in range(9)], Said("listened", 1.0, 0)),
        *(([moment(3, after_s=0.2)], Said("tick", 1.0, 0)) for _ in range(8)),
    ]
    rules = {event.rule for event in judged(written(script))[2]}
    assert rules == {
        "GEOFENCE-KEEP-IN", "GEOFENCE-KEEP-OUT", "AU-101.085-HEIGHT", "LINK-LOST", "LINK-NOT-HEARD", "EVIDENCE-POSITION",
        "EVIDENCE-CLOCK", "EVIDENCE-NOT-JUDGED", "IDENTITY-AMBIGUOUS",
    }  # fmt: skip
