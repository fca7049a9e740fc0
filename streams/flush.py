"""One flush of the recorder: everything that some records say, written in one transaction behind a fence.

The fence is the position itself: it moves from where this owner began to where it ends, or nothing of the flush stays.
So an old owner that wakes in the middle of its COPY writes nothing, and a flush whose commit was never answered is either
there whole or will be written again.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from core.errors import WedgetailError
from core.records import AlertEvent
from core.topics import ALERTS, ALERTS_IMPORT, RERUN, TELEMETRY, TELEMETRY_IMPORT
from core.units import utc
from storage.copy import copy_rows
from storage.queries import load
from streams.found import IMPORTED, Aircraft, Counts, Found, Missing, Part, Saved
from streams.gaps import Follow
from streams.kept import StateChunk, UnjudgedMark
from streams.logged import UNREADABLE, Logged
from streams.rows import NAMES
from streams.screen import Screen

log = logging.getLogger(__name__)

_OUTPUTS = {ALERTS.name, ALERTS_IMPORT.name, RERUN.name}  # of the worker: stored elsewhere than in the log
_TABLES = {TELEMETRY.name: "telemetry_live", TELEMETRY_IMPORT.name: "telemetry_import"}


class Fenced(WedgetailError):
    """Someone else has moved the position of {partitions}: nothing was written."""


class NotRegistered(WedgetailError):
    """The database knows no position of {topic}, partition {partition}: run wedgetail migrate first."""


@dataclass(slots=True)
class Recording:
    """Writes flushes for one cluster. known: aircraft that are in the database, and whether their type is."""

    cluster: str
    known: dict[bytes, bool] = field(default_factory=dict)

    async def load(self, conn: AsyncConnection[Any], wanted: Sequence[tuple[str, str, int]]) -> dict[tuple[str, int], Part]:
        """Where each (topic, topic id, partition) goes on, by (topic, partition). Raises NotRegistered."""
        given = {
            "cluster": self.cluster,
            "topic_ids": [topic_id for _, topic_id, _ in wanted],
            "partitions": [partition for _, _, partition in wanted],
        }
        rows = await (await conn.execute(load("recorder")["positions"], given)).fetchall()
        held = {(topic_id, partition): rest for topic_id, partition, *rest in rows}
        parts = {}
        for topic, topic_id, partition in wanted:
            if (topic_id, partition) not in held:
                raise NotRegistered(topic=topic, partition=partition)
            next, state, follow = held[topic_id, partition]
            parts[topic, partition] = Part(
                topic,
                topic_id,
                partition,
                next,
                Screen.load(state) if state else Screen(),
                Follow.load(follow) if follow else Follow(),
            )
        return parts

    async def store(self, conn: AsyncConnection[Any], records: Sequence[tuple[Part, Iterable[Logged]]]) -> Counts:
        """Write the records of each part (in offset order, at least one) and move its position behind the last.

        They are asked for a part at a time, while the database works on the part before: so read them only then. All or
        nothing: Fenced and every psycopg.Error leave the database as it was, and the parts to be loaded anew.
        """
        found = Found(self.known)
        async with conn.transaction():
            for topic, table in _TABLES.items():
                pieces = found.rows([each for each in records if each[0].topic == topic])
                first = next(pieces, None)  # all is read and screened, even where no row comes of it
                if first is not None:
                    await copy_rows(conn, table, NAMES, chain([first], pieces))
            flush = found.records
            flush += [(part, list(entries)) for part, entries in records if part.topic not in _TABLES]
            met = sorted(found.met.values(), key=lambda each: each.aircraft_id)  # one order: no deadlock
            await _meet(conn, met)
            await _gaps(conn, found.missing)
            await _alerts(conn, flush, found.counts)
            await _kept(conn, self.cluster, flush)
            await self._save(conn, flush, found.saved)
            # Behind the fence: before it, an old owner would meet its successor's log as a duplicate key.
            await _log(conn, self.cluster, flush)
        counts = found.counts
        counts.gaps = len(found.missing)
        for part, entries in flush:
            part.next = entries[-1].offset + 1
            counts.records += len(entries)
            counts.unreadable += sum(entry.kind == UNREADABLE for entry in entries)
        self.known.update({each.aircraft_id.bytes: each.vehicle_type is not None for each in met})
        return counts

    async def pass_over(self, conn: AsyncConnection[Any], part: Part, first: int, now_us: int) -> None:
        """Moves a position over records that are gone for good, and writes that into the log of the stream. Raises Fenced."""
        move = {
            "cluster": self.cluster, "topic_ids": [part.topic_id], "partitions": [part.partition],
            "starts": [part.next], "stops": [first],
        }  # fmt: skip
        gone = Logged(first - 1, now_us, UNREADABLE).unreadable(f"offsets {part.next} to {first - 1} were gone: passed over")
        async with conn.transaction():
            if (await conn.execute(load("recorder")["move_offsets"], move)).rowcount != 1:
                raise Fenced(partitions=str(part))
            await _log(conn, self.cluster, [(part, [gone])])

    async def _save(
        self, conn: AsyncConnection[Any], flush: Sequence[tuple[Part, Sequence[Logged]]], saved: Sequence[Saved]
    ) -> None:
        states = {
            "cluster": self.cluster,
            "topic_ids": [part.topic_id for part, _, _ in saved],
            "partitions": [part.partition for part, _, _ in saved],
            "states": [state for _, state, _ in saved],
            "follows": [follow for _, _, follow in saved],
        }
        moves = {
            "cluster": self.cluster,
            "topic_ids": [part.topic_id for part, _ in flush],
            "partitions": [part.partition for part, _ in flush],
            "starts": [part.next for part, _ in flush],
            "stops": [entries[-1].offset + 1 for _, entries in flush],
        }
        # Not in a pipeline: between its statements neither of the database's timeouts runs, and an owner that is frozen there
        # would keep its locks, and its successor waiting, for as long as it is frozen.
        if saved:
            await conn.execute(load("recorder")["save_screens"], states)
        moved = await conn.execute(load("recorder")["move_offsets"], moves)
        if moved.rowcount != len(flush):
            raise Fenced(partitions=", ".join(str(part) for part, _ in flush))


async def _meet(conn: AsyncConnection[Any], met: Sequence[Aircraft]) -> None:
    if not met:
        return
    given = {
        "operator_ids": [each.operator_id for each in met],
        "aircraft_ids": [each.aircraft_id for each in met],
        "links": [each.link for each in met],
        "system_ids": [each.system_id for each in met],
        "vehicle_types": [each.vehicle_type for each in met],
        "first_seens": [utc(each.first_seen_us) for each in met],
        "imported": [each.imported for each in met],
    }
    await conn.execute(load("recorder")["meet_aircraft"], given)


async def _gaps(conn: AsyncConnection[Any], missing: Sequence[Missing]) -> None:
    if not missing:
        return
    given = {
        "operator_ids": [gap.operator_id for _, _, gap in missing],
        "links": [gap.link for _, _, gap in missing],
        "aircraft_ids": [gap.aircraft_id for _, _, gap in missing],
        "began": [utc(gap.from_us) for _, _, gap in missing],
        "ended": [utc(gap.to_us) for _, _, gap in missing],
        "counts": [gap.count for _, _, gap in missing],
        "reasons": [gap.reason.value for _, _, gap in missing],
        "imported": [part.topic in IMPORTED for part, _, _ in missing],
        "topic_ids": [part.topic_id for part, _, _ in missing],
        "partitions": [part.partition for part, _, _ in missing],
        "offsets": [offset for _, offset, _ in missing],
    }
    await conn.execute(load("recorder")["add_gaps"], given)


async def _log(conn: AsyncConnection[Any], cluster: str, flush: Sequence[tuple[Part, Sequence[Logged]]]) -> None:
    """Every record of a telemetry topic, and of the worker's outputs those that nobody can read."""
    for query, imported in (("log_records", False), ("log_import_records", True)):
        written = [
            (part, entry)
            for part, entries in flush
            if (part.topic in IMPORTED) is imported
            for entry in entries
            if part.topic not in _OUTPUTS or entry.kind == UNREADABLE
        ]
        if not written:
            continue
        async with conn.cursor() as cursor, cursor.copy(load("recorder")[query]) as copy:
            for part, entry in written:
                rows = None if entry.batch is None else entry.batch.num_rows
                time = utc(entry.append_time_us)
                await copy.write_row((
                    cluster, part.topic_id, part.topic, part.partition, entry.offset, time, entry.kind,
                    entry.schema_version, rows, entry.body,
                ))  # fmt: skip


async def _kept(conn: AsyncConnection[Any], cluster: str, flush: Sequence[tuple[Part, Sequence[Logged]]]) -> None:
    """What the worker says for re-runs. Rare: a statement each."""
    for kept in (entry.kept for _, entries in flush for entry in entries):
        match kept:
            case StateChunk():
                given = asdict(kept) | {"cluster": cluster, "append_time": utc(kept.append_time_us)}
                await conn.execute(load("recorder")["keep_state"], given)
            case UnjudgedMark():
                await conn.execute(load("recorder")["keep_unjudged"], asdict(kept) | {"cluster": cluster})


async def _alerts(conn: AsyncConnection[Any], flush: Sequence[tuple[Part, Sequence[Logged]]], counts: Counts) -> None:
    events: dict[tuple[UUID, int], tuple[Part, Logged, AlertEvent]] = {}
    clashes: list[tuple[UUID, int]] = []
    for part, entries in flush:
        for entry in entries:
            if entry.event is None:
                continue
            counts.alert_events += 1
            key = (entry.event.alert_id, entry.event.n)
            first = events.setdefault(key, (part, entry, entry.event))
            if first[1].body != entry.body:
                clashes.append(key)
    if not events:
        return
    found = list(events.values())
    given = {
        "operator_ids": [event.operator_id for _, _, event in found],
        "alert_ids": [event.alert_id for _, _, event in found],
        "ns": [event.n for _, _, event in found],
        "imported": [part.topic in IMPORTED for part, _, _ in found],
        "aircraft_ids": [event.aircraft_id for _, _, event in found],
        "rules": [event.rule for _, _, event in found],
        "zone_ids": [event.zone_id for _, _, event in found],
        "levels": [event.level.value for _, _, event in found],
        "conditions": [event.condition.value for _, _, event in found],
        "starts": [utc(event.start_us) for _, _, event in found],
        "ats": [utc(event.at_us) for _, _, event in found],
        "bodies": [entry.body for _, entry, _ in found],
        "published": [utc(entry.append_time_us) for _, entry, _ in found],
        "partitions": [part.partition for part, _, _ in found],
        "offsets": [entry.offset for _, entry, _ in found],
    }
    rows = await (await conn.execute(load("recorder")["add_alert_events"], given)).fetchall()
    for alert_id, n in [*clashes, *((row[0], row[1]) for row in rows)]:
        counts.alert_clashes += 1
        log.error("alert %s: event %d came again with other contents; the first stays", alert_id, n)
