"""What the stream carried, read back from the database alone: a flight's samples, what was said between them, the states.

Offsets count within one topic; a topic that was made anew, or one of another cluster, begins at 0 again. So everything here
is asked of a stretch: records of one partition of one topic, told apart by its id.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from core import block
from core.block import Block
from core.columns import NAMES
from core.errors import WedgetailError
from core.identity import partition_of
from core.records import Kind
from core.sample import Sample
from core.topics import PARTITIONS, TELEMETRY, TELEMETRY_IMPORT
from core.units import to_us
from storage.queries import load

UNJUDGED = "unjudged"
_SPEAKS_ON = timedelta(hours=25)  # silence is told for so long after the last sample: an aircraft is watched for 24 h
_AT_A_TIME = 5_000  # rows fetched


class NoSuchFlight(WedgetailError):
    """Nothing of {flight} is in the database."""


class MissingLog(WedgetailError):
    """Records {start} to {stop} of {topic} partition {partition} are not in the database: they cannot be judged again."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the stream. batch: of a block, the rows of this flight that were no duplicates; None: it had none.

    rows: the number that each row of the batch had in the block. body: of any other record; of one of kind "unjudged", why.
    """

    topic: str  # without prefix
    partition: int
    offset: int
    append_time_us: int
    kind: str
    batch: Block | None = None
    body: bytes | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Flight:
    """Whom to run again: the aircraft of a link, or one."""

    name: str
    aircraft_ids: tuple[UUID, ...]
    links: tuple[str, ...]
    imported: bool

    @property
    def topic(self) -> str:
        return (TELEMETRY_IMPORT if self.imported else TELEMETRY).name


@dataclass(frozen=True, slots=True)
class Stretch:
    """The records first to last of one partition of one topic.

    began, oldest: broker time and offset of the oldest record that the database has of it. over: when a topic of the same
    name took its place.
    """

    cluster: str
    topic: str
    topic_id: str
    partition: int
    first: int
    last: int
    began: datetime
    oldest: int
    over: datetime | None = None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"

    @property
    def given(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class StoredState:
    """A state of a partition exactly before record `next`."""

    next: int
    append_time: datetime
    engine: str
    after_gap: bool
    writer: str


async def find_flight(conn: AsyncConnection[Any], name: str) -> Flight:
    """By a link or an aircraft's id. Raises NoSuchFlight."""
    found = await (await conn.execute(load("history")["flight_aircraft"], {"name": name})).fetchall()
    if not found:
        raise NoSuchFlight(flight=name)
    links = tuple(sorted({link for _, link, _ in found}))
    return Flight(name, tuple(sorted(row[0] for row in found)), links, bool(found[0][2]))


async def stretches(
    conn: AsyncConnection[Any], flight: Flight, since: datetime | None = None, until: datetime | None = None
) -> list[Stretch]:
    """Where a flight stands on the stream, by partition, and on each the older topic first.

    since, until: broker time, of live flights; else from the first sample to a day after the last, because silence speaks
    on. An import is always whole: to the word that closes its link. Raises NoSuchFlight.
    """
    given: dict[str, Any] = {"aircraft_ids": list(flight.aircraft_ids), "imported": flight.imported, "topic": flight.topic}
    if not flight.imported:
        first, last = await _span(conn, flight, given)
        given |= {"from": since or first, "to": until or last + _SPEAKS_ON}
        given["partitions"] = sorted({partition_of(each, PARTITIONS) for each in flight.aircraft_ids})
    query = load("history")["import_stretches" if flight.imported else "live_stretches"]
    found = await (await conn.execute(query, given)).fetchall()
    held = [
        Stretch(cluster, flight.topic, topic_id, partition, first, last, began, oldest)
        for cluster, topic_id, partition, first, last, began, oldest in found
    ]
    held = [_with(each, over=_next(held, each)) for each in held if each.first is not None]
    if flight.imported:
        held = [_with(each, last=await _import_end(conn, flight, each)) for each in held]
    if not held:
        raise NoSuchFlight(flight=flight.name)
    return held


async def _span(conn: AsyncConnection[Any], flight: Flight, given: dict[str, Any]) -> tuple[datetime, datetime]:
    row = await (await conn.execute(load("history")["span"], given)).fetchone()
    if row is None or row[0] is None:
        raise NoSuchFlight(flight=flight.name)
    return row[0], row[1]


def _next(held: Sequence[Stretch], each: Stretch) -> datetime | None:
    return min((other.began for other in held if other.partition == each.partition and other.began > each.began), default=None)


def _with(stretch: Stretch, **changed: Any) -> Stretch:
    return Stretch(**(stretch.given | changed))


async def _import_end(conn: AsyncConnection[Any], flight: Flight, stretch: Stretch) -> int:
    last = stretch.last
    for link in flight.links:
        end = await (await conn.execute(load("history")["import_end"], stretch.given | {"link": link})).fetchone()
        if end is not None and end[0] is not None:
            last = max(last, end[0])
    return last


async def last_marker_before(conn: AsyncConnection[Any], stretch: Stretch) -> list[StoredRecord]:
    """Of an import: which world its partition had come to; empty: none."""
    found = await (await conn.execute(load("history")["last_marker_before"], stretch.given)).fetchall()
    return [
        StoredRecord(stretch.topic, stretch.partition, offset, to_us(time), kind, body=body.encode())
        for offset, time, kind, body in found
    ]


async def engine_before(conn: AsyncConnection[Any], stretch: Stretch) -> str:
    """Of an import: which engine judged its partition when it began; empty: none had said so."""
    row = await (await conn.execute(load("history")["engine_before"], stretch.given)).fetchone()
    return "" if row is None else str(row[0])


async def states(conn: AsyncConnection[Any], stretch: Stretch) -> list[StoredState]:
    """The complete states up to the last record of a stretch, the last one first."""
    found = await conn.execute(load("history")["states"], stretch.given)
    return [StoredState(*row) for row in await found.fetchall()]


async def state_bytes(conn: AsyncConnection[Any], stretch: Stretch, state: StoredState) -> bytes:
    """A state as it was written: compressed."""
    given = stretch.given | {"next": state.next, "writer": state.writer}
    found = await conn.execute(load("history")["state"], given)
    return b"".join(data for (data,) in await found.fetchall())


async def engines(conn: AsyncConnection[Any], stretch: Stretch, first: int) -> list[tuple[int, str]]:
    """From which offsets on which engine judged, as said between first and the stretch's last record."""
    found = await conn.execute(load("history")["engines"], stretch.given | {"first": first})
    return [(offset, version) for offset, version in await found.fetchall()]


async def flight_events(conn: AsyncConnection[Any], flight: Flight, stretch: Stretch) -> list[bytes]:
    """The bodies of the alert events that the records of a stretch gave for these aircraft, in the order of judging."""
    given = stretch.given | {"aircraft_ids": list(flight.aircraft_ids), "imported": flight.imported}
    found = await conn.execute(load("history")["flight_events"], given)
    return [body.encode() for (body,) in await found.fetchall()]


async def read_records(conn: AsyncConnection[Any], flight: Flight, stretch: Stretch, first: int) -> AsyncIterator[StoredRecord]:
    """The records from first to the stretch's last, in order: every control, and the blocks with the rows of these aircraft.

    Within a transaction: it reads with two cursors side by side, a piece at a time. Raises MissingLog for a live stretch
    with a hole.
    """
    given = stretch.given | {"first": first, "aircraft_ids": list(flight.aircraft_ids), "imported": flight.imported}
    blocks = _blocks(conn, given)
    held = await anext(blocks, None)
    expected = first
    async with conn.cursor(name="rerun_log") as log:
        log.itersize = _AT_A_TIME
        await log.execute(load("history")["log"], given)
        async for offset, time, kind, body, unjudged in log:
            if not flight.imported and offset != expected:
                raise MissingLog(topic=stretch.topic, partition=stretch.partition, start=expected, stop=offset - 1)
            expected = offset + 1
            batch: Block | None = None
            rows: tuple[int, ...] = ()
            if held is not None and held[0] == offset:
                _, batch, rows = held
                held = await anext(blocks, None)
            place = (stretch.topic, stretch.partition, offset, to_us(time))
            if unjudged is not None:
                yield StoredRecord(*place, UNJUDGED, body=unjudged.encode())
            elif kind == Kind.BLOCK:
                yield StoredRecord(*place, kind, batch=batch, rows=rows)
            elif kind in set(Kind):
                yield StoredRecord(*place, kind, body=(body or "").encode())


async def _blocks(conn: AsyncConnection[Any], given: dict[str, Any]) -> AsyncIterator[tuple[int, Block, tuple[int, ...]]]:
    """Rows back to batches, by offset, with the number that each row had in its block."""
    samples: list[Sample] = []
    numbers: list[int] = []
    offset = -1
    async with conn.cursor(name="rerun_rows", row_factory=dict_row) as cursor:
        cursor.itersize = _AT_A_TIME
        await cursor.execute(load("history")["rows"], given)
        async for row in cursor:
            if row["offset"] != offset and samples:
                yield offset, block.from_samples(samples), tuple(numbers)
                samples, numbers = [], []
            offset = row["offset"]
            values = {name: row[name] for name in NAMES if name != "event_time_us"}
            samples.append(Sample(**values, event_time_us=to_us(row["event_time"])))
            numbers.append(row["row"])
    if samples:
        yield offset, block.from_samples(samples), tuple(numbers)
