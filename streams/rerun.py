"""A stored flight through the same engine again, from the database alone; and whether it says what it said then.

An import runs from its first block. A live flight runs from the latest stored state of its partition before the window: of
the records since, only its own samples are read, because other aircraft change nothing for it (tests/unit/streams holds
that), and everything that is no block.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from core import records
from core.block import Block
from core.errors import WedgetailError
from core.records import AlertEvent, Kind
from core.topics import TELEMETRY
from geofence import factstore, store
from geofence.facts import FactVersion
from geofence.world import World
from geofence.zone import ZoneVersion
from storage import history
from storage.history import Flight, StoredRecord, StoredState, Stretch
from streams import whatif
from streams.entry import Entry, Unjudged
from streams.kept import load_state
from streams.pipeline import advance
from streams.state import ENGINE, State
from streams.whatif import Other, WhatIf

Moved = Callable[[int, int], object]


def _unseen(done: int, total: int) -> None:
    """Nobody watches."""


class NoState(WedgetailError):
    """{stretch} cannot be judged again: no stored state up to record {last} can be read, and the log begins at {oldest}."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """before: the bodies that are stored; again: those of this run. Equal, byte for byte and in order, when all is well.

    boundaries: why part of it may differ or is missing, in words; empty: all was judged by this engine, without a gap.
    """

    before: tuple[bytes, ...]
    again: tuple[bytes, ...]
    boundaries: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()  # which judged then, as far as the record says so

    @property
    def same(self) -> bool:
        return self.before == self.again


@dataclass(slots=True)
class _Side:
    """One way of judging the same records: with the zones of then, or with others."""

    world: World
    zones: frozenset[bytes] | None = None  # what-if: the conditions of other zones are not of this side
    state: State = field(default_factory=State.empty)
    events: list[AlertEvent] = field(default_factory=list)

    def begin(self, data: State) -> None:
        self.state = State.load(data.dump()) if self.zones is None else whatif.only_zones(data, self.zones)


async def rerun(
    conn: AsyncConnection[Any],
    flights: str | Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
    moved: Moved = _unseen,
) -> Rerun:
    """Runs a flight (a link, or an aircraft's id) again, or several one after another; live ones in a window of broker time,
    or whole. moved: how many records are judged, and of how many.

    Raises NoSuchFlight, MissingLog, NoState.
    """
    async with _snapshot(conn):
        side = _Side(await stored_world(conn))
        run = await _run(conn, flights, since, until, [side], moved)
    again = tuple(records.encode(event) for event in side.events)
    return Rerun(tuple(run.before), again, tuple(run.boundaries), tuple(sorted(run.engines)))


async def what_if(
    conn: AsyncConnection[Any],
    flights: str | Sequence[str],
    other: Other,
    since: datetime | None = None,
    until: datetime | None = None,
    moved: Moved = _unseen,
) -> WhatIf:
    """Judges flights with other zones or limits than those of then. Nothing is written.

    Both sides are judged now, by this engine. Raises as rerun does, and NoSuchZone.
    """
    async with _snapshot(conn):
        stored, facts = await _versions(conn)
        zones = other.zones(stored)
        then = _Side(World(stored, facts=facts))
        now = _Side(World(zones, 0, facts, other.height_limit_m), frozenset(zone.zone_id.bytes for zone in zones))
        run = await _run(conn, flights, since, until, [then, now], moved)
    return WhatIf(tuple(then.events), tuple(now.events), tuple(run.boundaries))


async def stored_world(conn: AsyncConnection[Any]) -> World:
    """Every version that the database has: what the stream's workers judged by, whichever world a marker names."""
    zones, facts = await _versions(conn)
    return World(zones, facts=facts)


async def _versions(conn: AsyncConnection[Any]) -> tuple[list[ZoneVersion], list[FactVersion]]:
    number = await store.world_number(conn)
    return await store.versions_between(conn, 0, number), await factstore.versions_between(conn, 0, number)


@asynccontextmanager
async def _snapshot(conn: AsyncConnection[Any]) -> AsyncIterator[None]:
    """All from one moment: of a transaction of its own, or of the one that the caller began."""
    outermost = conn.info.transaction_status == TransactionStatus.IDLE
    async with conn.transaction():
        if outermost:
            await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@dataclass(slots=True)
class _Run:
    """What comes together on the way. before: the stored events of then. total: records, as far as they are known yet."""

    moved: Moved
    before: list[bytes] = field(default_factory=list)
    boundaries: list[str] = field(default_factory=list)
    engines: set[str] = field(default_factory=set)
    done: int = 0
    total: int = 0


async def _run(
    conn: AsyncConnection[Any],
    names: str | Sequence[str],
    since: datetime | None,
    until: datetime | None,
    sides: Sequence[_Side],
    moved: Moved,
) -> _Run:
    """Each side's events are in it."""
    run = _Run(moved)
    flights = [await history.find_flight(conn, name) for name in ([names] if isinstance(names, str) else names)]
    found = [(flight, await history.stretches(conn, flight, since, until)) for flight in flights]
    run.total = sum(stretch.last + 1 - stretch.first for _, stretches in found for stretch in stretches)
    for flight, stretches in found:
        await _run_one(conn, flight, stretches, sides, run)
    return run


async def _run_one(
    conn: AsyncConnection[Any], flight: Flight, stretches: Sequence[Stretch], sides: Sequence[_Side], run: _Run
) -> None:
    partition = -1
    for stretch in stretches:
        held = await history.states(conn, stretch)
        if flight.imported:
            first = stretch.first
            if stretch.partition != partition:  # a topic made anew goes on where the one before it ended
                for side in sides:
                    side.begin(State.empty())
            for marker in await history.last_marker_before(conn, stretch):
                for side in sides:
                    judge_again(side.state, marker, side.world)
            partition = stretch.partition
            judged_by = await history.engine_before(conn, stretch)
        else:
            first, state, why = await _begin(conn, stretch, held)
            run.boundaries += why
            for side in sides:
                side.begin(state)
            judged_by = sides[0].state.engine
        said = await history.engines(conn, stretch, first)
        run.engines |= {judged_by, *(version for _, version in said)} - {""}
        run.boundaries += _engines(stretch, judged_by, said)
        gaps = {each.next: each for each in held if each.after_gap and each.next > first}
        run.total += stretch.first - first
        await _judge(conn, flight, stretch, first, gaps, sides, run)
        run.before += await history.flight_events(conn, flight, stretch)


async def _begin(conn: AsyncConnection[Any], stretch: Stretch, held: Sequence[StoredState]) -> tuple[int, State, list[str]]:
    """From which record on, with which state; and what stands in the way of more."""
    unreadable: list[str] = []
    before = [each for each in held if each.next <= stretch.first]
    for each in before:
        state = load_state(await history.state_bytes(conn, stretch, each))
        if state is not None:
            return each.next, state, unreadable
        unreadable.append(f"{stretch}: the state at record {each.next}, of engine {each.engine}, cannot be read by {ENGINE}")
    if stretch.oldest == 0:
        return 0, State.empty(), unreadable
    for each in reversed(held[: len(held) - len(before)]):
        state = load_state(await history.state_bytes(conn, stretch, each))
        if state is not None:
            why = f"{stretch}: records {stretch.first} to {each.next - 1} are not judged again: no state before {each.next}"
            return each.next, state, [*unreadable, why]
    raise NoState(stretch=stretch, last=stretch.last, oldest=stretch.oldest)


def _engines(stretch: Stretch, judged: str, said: Sequence[tuple[int, str]]) -> list[str]:
    """Where another engine judged. judged: which one did before; empty: none had said so yet."""
    found = []
    for offset, version in said:
        if judged and judged != version:
            found.append(f"{stretch}: records before {offset} were judged by engine {judged}, from there on by {version}")
        judged = version
    if judged and judged != ENGINE:
        found.append(f"{stretch}: its last records were judged by engine {judged}; this program's is {ENGINE}")
    return found


async def _judge(
    conn: AsyncConnection[Any],
    flight: Flight,
    stretch: Stretch,
    first: int,
    gaps: dict[int, StoredState],
    sides: Sequence[_Side],
    run: _Run,
) -> None:
    whom = frozenset(flight.aircraft_ids)
    begun = run.done
    async for record in history.read_records(conn, flight, stretch, first):
        run.done = begun + record.offset + 1 - first
        run.moved(run.done, run.total)
        gap = gaps.get(record.offset)
        if gap is not None:
            run.boundaries.append(f"{stretch}: records before {gap.next} were passed over, as a person accepted")
            state = load_state(await history.state_bytes(conn, stretch, gap))
            for side in sides if state is not None else ():
                assert state is not None
                side.begin(state)
        for side in sides:
            events = judge_again(side.state, record, side.world)
            if record.offset >= stretch.first:
                side.events += [event for event in events if event.aircraft_id in whom]


def judge_again(state: State, record: StoredRecord, world: World) -> list[AlertEvent]:
    """What one stored record gives. The state is changed in place."""
    live = record.topic == TELEMETRY.name
    body: Block | records.Control | Unjudged
    if record.kind == history.UNJUDGED:
        body = records.decode(Unjudged, record.body or b"")
    elif record.kind == Kind.BLOCK:
        if record.batch is None:
            if live:
                state.screen.sweep(record.append_time_us)  # even a block of others ends a day of silence
            return []
        body = record.batch
    else:
        body = records.decode(records.CONTROLS[record.kind], record.body or b"")
    return advance(state, Entry(record.partition, record.offset, record.append_time_us, live, body, record.rows), world)
