"""One flush of the recorder: everything that some records say, written in one transaction behind a fence.

The fence is the position itself: it moves from where this owner began to where it ends, or nothing of the flush stays.
So an old owner that wakes in the middle of its COPY writes nothing, and a flush whose commit was never answered is either
there whole or will be written again.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection

from core.columns import NULL
from core.errors import WedgetailError
from core.records import AlertEvent, Gap, Listened
from core.topics import ALERTS, ALERTS_IMPORT, RERUN, TELEMETRY, TELEMETRY_IMPORT
from core.units import utc
from core.whole import AIRCRAFT, LINK, OPERATOR, SYSTEM, TIME, VEHICLE
from storage.copy import copy_rows
from storage.queries import load
from streams import gaps
from streams.gaps import Follow
from streams.kept import StateChunk, UnjudgedMark
from streams.laid import Laid, lay
from streams.logged import UNREADABLE, Logged
from streams.rows import NAMES, telemetry_rows
from streams.screen import Screen, Verdicts, screen_blocks

log = logging.getLogger(__name__)

_IMPORTED = {TELEMETRY_IMPORT.name, ALERTS_IMPORT.name}
_OUTPUTS = {ALERTS.name, ALERTS_IMPORT.name, RERUN.name}  # of the worker: stored elsewhere than in the log
_TABLES = {TELEMETRY.name: "telemetry_live", TELEMETRY_IMPORT.name: "telemetry_import"}


class Fenced(WedgetailError):
    """Someone else has moved the position of {partitions}: nothing was written."""


class NotRegistered(WedgetailError):
    """The database knows no position of {topic}, partition {partition}: run wedgetail migrate first."""


@dataclass(slots=True)
class Part:
    """One partition as its owner holds it. screen and follow move with each flush: after a failed one it is loaded anew."""

    topic: str  # without prefix
    topic_id: str
    partition: int
    next: int
    screen: Screen
    follow: Follow

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(slots=True)
class Counts:
    """What flushes have done since the recorder began."""

    records: int = 0
    rows: int = 0
    late: int = 0
    duplicates: int = 0
    alert_events: int = 0
    gaps: int = 0
    alert_clashes: int = 0  # an event whose key was taken by other bytes: the first stays
    unreadable: int = 0
    fenced: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def screened(self, verdicts: Verdicts) -> None:
        kept = int(np.count_nonzero(verdicts.keep))
        self.rows += kept
        self.duplicates += len(verdicts.keep) - kept
        self.late += int(np.count_nonzero(verdicts.late | verdicts.ahead))


@dataclass(slots=True)
class _Aircraft:
    operator_id: UUID
    aircraft_id: UUID
    link: str
    system_id: int
    vehicle_type: int | None
    first_seen_us: int
    imported: bool


_Missing = tuple[Part, int, Gap]  # of which part, told by the record at which offset


@dataclass(slots=True)
class Recording:
    """Writes flushes for one cluster. known: aircraft that are in the database, and whether their type is."""

    cluster: str
    known: dict[UUID, bool] = field(default_factory=dict)

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
        found = _Found()
        async with conn.transaction():
            for topic, table in _TABLES.items():
                pieces = _rows([each for each in records if each[0].topic == topic], self.known, found)
                first = next(filter(None, pieces), None)  # all is read and screened, even where no row comes of it
                if first is not None:
                    await copy_rows(conn, table, NAMES, chain([first], pieces))
            found.flush += [(part, list(entries)) for part, entries in records if part.topic not in _TABLES]
            flush = found.flush
            met = sorted(found.met.values(), key=lambda each: each.aircraft_id)  # one order: no deadlock
            await _meet(conn, met)
            await _gaps(conn, found.missing)
            await _alerts(conn, flush, found.counts)
            await _kept(conn, self.cluster, flush)
            await self._save(conn, flush)
            # Behind the fence: before it, an old owner would meet its successor's log as a duplicate key.
            await _log(conn, self.cluster, flush)
        counts = found.counts
        counts.gaps = len(found.missing)
        for part, entries in flush:
            part.next = entries[-1].offset + 1
            counts.records += len(entries)
            counts.unreadable += sum(entry.kind == UNREADABLE for entry in entries)
        self.known.update({each.aircraft_id: each.vehicle_type is not None for each in met})
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

    async def _save(self, conn: AsyncConnection[Any], flush: Sequence[tuple[Part, Sequence[Logged]]]) -> None:
        screened = [part for part, _ in flush if part.topic in _TABLES]
        states = {
            "cluster": self.cluster,
            "topic_ids": [part.topic_id for part in screened],
            "partitions": [part.partition for part in screened],
            "states": [part.screen.dump() for part in screened],
            "follows": [part.follow.dump() for part in screened],
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
        if screened:
            await conn.execute(load("recorder")["save_screens"], states)
        moved = await conn.execute(load("recorder")["move_offsets"], moves)
        if moved.rowcount != len(flush):
            raise Fenced(partitions=", ".join(str(part) for part, _ in flush))


@dataclass(slots=True)
class _Found:
    """What a flush's records show while they are read and screened. flush: of each part its records, once they are read."""

    counts: Counts = field(default_factory=Counts)
    flush: list[tuple[Part, Sequence[Logged]]] = field(default_factory=list)
    met: dict[UUID, _Aircraft] = field(default_factory=dict)
    missing: list[_Missing] = field(default_factory=list)


def _rows(records: Iterable[tuple[Part, Iterable[Logged]]], known: Mapping[UUID, bool], found: _Found) -> Iterator[bytes]:
    """The rows of one table, a partition at a time: an aircraft has one partition, so its rows stand together. A piece
    without a byte is a moment in which what was made before can go out, or the database would wait for the next."""
    for part, unread in records:
        entries = []
        for entry in unread:
            entries.append(entry)
            yield b""
        found.flush.append((part, entries))
        laid = lay([entry.batch for entry in entries if entry.batch is not None])
        yield b""
        times_us = np.array([entry.append_time_us for entry in entries if entry.batch is not None], np.int64)
        verdicts = screen_blocks(
            part.screen, laid.links, laid.aircraft, laid.table, laid.begins, times_us, part.topic not in _IMPORTED
        )
        found.counts.screened(verdicts)
        found.missing += _missing(part, entries, laid, np.flatnonzero(verdicts.judged))
        _first_contacts(laid, verdicts.keep, part.topic in _IMPORTED, known, found.met)
        yield b""
        offsets = np.array([entry.offset for entry in entries if entry.batch is not None], np.int64)
        yield from telemetry_rows(laid, verdicts, part.partition, offsets, times_us)


def _missing(part: Part, entries: Sequence[Logged], laid: Laid, judged: NDArray[np.intp]) -> Iterator[_Missing]:
    """Gaps, as the records show them one behind the other; between two words of ingest rows are looked at together."""
    offsets = [entry.offset for entry in entries if entry.batch is not None]
    ends = np.searchsorted(judged, laid.begins)  # which of the judged rows is each block's first
    block = done = 0
    for entry in (*entries, None):
        if entry is not None and entry.batch is not None:
            block += 1
        if entry is not None and not isinstance(entry.control, Listened):
            continue
        for row, gap in gaps.heard(part.follow, laid, judged[ends[done] : ends[block]], part.topic not in _IMPORTED):
            yield part, offsets[int(np.searchsorted(laid.begins, row, "right")) - 1], gap
        done = block
        if entry is not None and isinstance(entry.control, Listened):
            yield from ((part, entry.offset, gap) for gap in gaps.listened(part.follow, entry.control))


def _first_contacts(
    laid: Laid, keep: NDArray[np.bool_], imported: bool, known: Mapping[UUID, bool], met: dict[UUID, _Aircraft]
) -> None:
    """Add the aircraft that are new, or whose type is."""
    for code, key in enumerate(laid.aircraft):
        aircraft_id = UUID(bytes=key)
        if known.get(aircraft_id):
            continue
        rows = laid.table[:, (laid.table[AIRCRAFT] == code) & keep]
        types = rows[VEHICLE][rows[VEHICLE] != NULL]
        if rows.size and (aircraft_id not in known or len(types)):
            first = rows[:, 0].tolist()
            met.setdefault(aircraft_id, _Aircraft(
                UUID(bytes=laid.operators[first[OPERATOR]]), aircraft_id, laid.links[first[LINK]], first[SYSTEM],
                int(types[0]) if len(types) else None, int(rows[TIME].min()), imported,
            ))  # fmt: skip


async def _meet(conn: AsyncConnection[Any], met: Sequence[_Aircraft]) -> None:
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


async def _gaps(conn: AsyncConnection[Any], missing: Sequence[_Missing]) -> None:
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
        "imported": [part.topic in _IMPORTED for part, _, _ in missing],
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
            if (part.topic in _IMPORTED) is imported
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
        "imported": [part.topic in _IMPORTED for part, _, _ in found],
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
