"""A recorded flight as the stream carried it: its blocks and what was said between them, from the database alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from core import block
from core.block import Block
from core.columns import NAMES
from core.errors import WedgetailError
from core.records import Kind
from core.sample import Sample
from core.topics import TELEMETRY, TELEMETRY_IMPORT
from core.units import to_us
from storage.queries import load


class NoSuchFlight(WedgetailError):
    """Nothing of link {link} is in the database."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the stream. batch: of a block, its rows of this flight that were no duplicates; body: of any other.

    rows: the number that each row of the batch had in the block.
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
class _Stretch:
    """The records of one partition of one topic, as it was before it was ever made anew."""

    topic_id: str
    partition: int
    began: datetime
    blocks: Sequence[tuple[int, datetime]]  # offset, append time


async def read_flight(conn: AsyncConnection[Any], link: str) -> list[StoredRecord]:
    """The records of a link, in order of (partition, offset); those of a topic that was made anew after those before.

    Of each partition on which the link had aircraft: the last marker before its first block, then its blocks and every
    control record between them, to the one that closes the link (or last mentions it). Reads in one snapshot (of its own,
    or of the transaction that the caller began). Raises NoSuchFlight.
    """
    queries = load("history")
    records: list[StoredRecord] = []
    outermost = conn.info.transaction_status == TransactionStatus.IDLE
    async with conn.transaction():
        if outermost:
            await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = await (await conn.execute(queries["flight_aircraft"], {"link": link})).fetchall()
        if not found:
            raise NoSuchFlight(link=link)
        imported = bool(found[0][1])
        topic = (TELEMETRY_IMPORT if imported else TELEMETRY).name
        given = {"aircraft_ids": [row[0] for row in found], "imported": imported, "topic": topic}
        stretches = await _stretches(conn, given)
        batches: dict[int, dict[tuple[int, datetime], tuple[Block, tuple[int, ...]]]] = {}
        for stretch in stretches:
            if stretch.partition not in batches:
                batches[stretch.partition] = await _batches(conn, given | {"partition": stretch.partition})
            records += await _records(conn, link, topic, stretch, batches[stretch.partition])
    return records


async def _stretches(conn: AsyncConnection[Any], given: dict[str, Any]) -> list[_Stretch]:
    blocks: dict[tuple[int, str], list[tuple[int, datetime]]] = {}
    for topic_id, _, partition, offset, append_time in await (
        await conn.execute(load("history")["flight_blocks"], given)
    ).fetchall():
        blocks.setdefault((partition, topic_id), []).append((offset, append_time))
    stretches = [
        _Stretch(topic_id, partition, min(time for _, time in held), sorted(held))
        for (partition, topic_id), held in blocks.items()
    ]
    return sorted(stretches, key=lambda each: (each.partition, each.began))


async def _records(
    conn: AsyncConnection[Any],
    link: str,
    topic: str,
    stretch: _Stretch,
    batches: dict[tuple[int, datetime], tuple[Block, tuple[int, ...]]],
) -> list[StoredRecord]:
    queries = load("history")
    first, last = stretch.blocks[0][0], stretch.blocks[-1][0]
    given: dict[str, Any] = {"topic_id": stretch.topic_id, "partition": stretch.partition}
    end = await (await conn.execute(queries["flight_end"], given | {"link": link, "last_block": last})).fetchone()
    upto = end[0] if end is not None and end[0] is not None else last
    before = await conn.execute(queries["last_marker_before"], given | {"first": first})
    spoken = await before.fetchall()
    between = await conn.execute(queries["control_records"], given | {"first": first, "last": upto})
    spoken += await between.fetchall()
    records = [
        StoredRecord(topic, stretch.partition, offset, to_us(time), kind, body=(body or "").encode())
        for offset, time, kind, body in spoken
    ]
    records += [
        StoredRecord(topic, stretch.partition, offset, to_us(time), Kind.BLOCK, batch=batch, rows=rows)
        for offset, time in stretch.blocks
        for batch, rows in [batches[offset, time]]
    ]
    return sorted(records, key=lambda each: each.offset)


async def _batches(
    conn: AsyncConnection[Any], given: dict[str, Any]
) -> dict[tuple[int, datetime], tuple[Block, tuple[int, ...]]]:
    """Rows back to batches with their row numbers, by (offset, append time)."""
    samples: dict[tuple[int, datetime], list[Sample]] = {}
    numbers: dict[tuple[int, datetime], list[int]] = {}
    async with conn.cursor(row_factory=dict_row) as cursor:
        async for row in cursor.stream(load("history")["flight_rows"], given):
            values = {name: row[name] for name in NAMES if name != "event_time_us"}
            sample = Sample(**values, event_time_us=to_us(row["event_time"]))
            samples.setdefault((row["offset"], row["append_time"]), []).append(sample)
            numbers.setdefault((row["offset"], row["append_time"]), []).append(row["row"])
    return {key: (block.from_samples(rows), tuple(numbers[key])) for key, rows in samples.items()}


async def flight_events(conn: AsyncConnection[Any], link: str) -> list[bytes]:
    """The bodies of the alert events that a flight gave, in the order in which they were judged on each partition."""
    found = await conn.execute(load("history")["flight_events"], {"link": link})
    return [body.encode() for (body,) in await found.fetchall()]
