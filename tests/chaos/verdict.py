"""The three things that must hold, whoever was harmed: rows, alerts and samples, each held to the Kafka log itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from aiokafka import ConsumerRecord, TopicPartition
from psycopg.rows import dict_row

from core import records
from core.block import Block
from core.identity import aircraft_id, operator_id
from core.records import AlertEvent, Judged
from core.sample import SampleKind
from core.settings import Settings
from core.topics import ALERTS, ALERTS_IMPORT, JUDGED, PARTITIONS, TELEMETRY, TELEMETRY_IMPORT, UNJUDGED, WORLD, Topic
from core.units import to_us
from geofence.world import World
from ingest.links import link_name, udp_source
from streams.entry import Entry
from streams.judging import stored_of
from streams.log import LogReader
from streams.partition import Partition
from streams.screen import Screen, screen
from streams.worlds import read_into
from tests.chaos.flight import ADDRESS, Sent

_PATIENCE_S = 120.0
_AGAIN_S = 0.2
Record = ConsumerRecord
Place = tuple[int, int, int]  # partition, offset, row
Key = tuple[UUID, int]  # alert, n


@dataclass
class Verdict:
    """What was compared, and everything that was not as it must be."""

    positions_sent: int = 0
    lost_in_gaps: int = 0
    rows: int = 0
    duplicates: int = 0
    alert_events: int = 0
    told_again: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        gaps = f" ({self.lost_in_gaps} of them while ingest was away, in recorded gaps)" if self.lost_in_gaps else ""
        return (
            f"{self.positions_sent} positions sent{gaps}, {self.rows} rows, {self.duplicates} duplicates in the log; "
            f"{self.alert_events} alert events, {self.told_again} told again"
        )

    def blame(self, what: str) -> None:
        self.problems.append(what)


async def judge(settings: Settings, sent: Iterable[Sent], imported: dict[str, set[tuple[int, int]]] | None = None) -> Verdict:
    """Once nothing more is sent: waits until all is judged and recorded, then compares.

    imported: each imported file's link, and its positions by (system id, number).
    """
    verdict = Verdict()
    reader = LogReader(settings.kafka.bootstrap)
    await reader.start()
    try:
        log = _Log(settings, reader)
        ends = {topic.name: await log.ends(topic) for topic in (TELEMETRY, TELEMETRY_IMPORT)}
        await _judged(log, ends)
        await _recorded(settings, log, ends)
        world = await log.world()
        if unjudged := sum(len(held) for held in (await log.read(UNJUDGED)).values()):
            verdict.blame(f"{unjudged} records are not judged")
        for telemetry, alerts in ((TELEMETRY, ALERTS), (TELEMETRY_IMPORT, ALERTS_IMPORT)):
            live = telemetry is TELEMETRY
            found = await log.read(telemetry, ends[telemetry.name])
            entries = {at: [_entry(at, record, live) for record in held] for at, held in found.items()}
            again = _again(telemetry.name, found, world, live)
            told = await log.read(alerts)
            samples = _rows(entries, verdict, live)
            with psycopg.connect(settings.database.url) as conn:
                conn.execute("SET TIME ZONE 'UTC'")
                _compare_rows(conn, samples, ends[telemetry.name], live, verdict)
                _compare_alerts(conn, again, told, ends[telemetry.name], live, verdict)
                if live:
                    _compare_sent(conn, settings, list(sent), samples, verdict)
                else:
                    _compare_imported(imported or {}, samples, verdict)
    finally:
        await reader.stop()
    return verdict


class _Log:
    """The broker's log, whole."""

    def __init__(self, settings: Settings, reader: LogReader) -> None:
        self._prefix = settings.kafka.prefix
        self._reader = reader

    async def ends(self, topic: Topic) -> dict[int, int]:
        """The offset behind the last record of each partition."""
        return {tp.partition: bounds.end for tp, bounds in (await self._reader.bounds(self._partitions(topic))).items()}

    async def read(self, topic: Topic, ends: dict[int, int] | None = None) -> dict[int, list[Record]]:
        """Every record, up to the ends."""
        bounds = await self._reader.bounds(self._partitions(topic))
        ranges = {tp: (b.first, b.end if ends is None else ends[tp.partition]) for tp, b in bounds.items()}
        return {tp.partition: found for tp, found in (await self._reader.read(ranges)).items()}

    async def last(self, topic: Topic, most: int) -> list[Record]:
        """The last records of a topic's first partition."""
        (tp,) = self._partitions(topic)[:1]
        bounds = (await self._reader.bounds([tp]))[tp]
        return (await self._reader.read({tp: (max(bounds.first, bounds.end - most), bounds.end)}))[tp]

    async def world(self) -> World:
        """Every version that was published."""
        world = World()
        for record in (await self.read(WORLD))[0]:
            world.complete = max(world.complete, read_into(world, record.key, record.value) or 0)
        return world

    def _partitions(self, topic: Topic) -> list[TopicPartition]:
        return [TopicPartition(self._prefix + topic.name, at) for at in range(topic.partitions)]


async def _judged(log: _Log, ends: dict[str, dict[int, int]]) -> None:
    """Until the workers say that they have come so far."""
    wanted = {(name, at): end for name, held in ends.items() for at, end in held.items()}

    async def come() -> dict[tuple[str, int], int]:
        said = [records.decode(Judged, record.value) for record in await log.last(JUDGED, 500)]
        return {(one.topic, one.partition): one.next for one in said}

    await _reached("judged", wanted, come)


async def _reached(
    what: str, wanted: dict[tuple[str, int], int], look: Callable[[], Awaitable[dict[tuple[str, int], int]]]
) -> None:
    """Looks again and again until every partition has come so far. Raises TimeoutError that names those that have not."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        come = await look()
        behind = {place: (come.get(place), goal) for place, goal in wanted.items() if (come.get(place) or 0) < goal}
        if not behind:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"not {what} after {_PATIENCE_S:.0f} s, (come to, wanted): {behind}")
        await asyncio.sleep(_AGAIN_S)


async def _recorded(settings: Settings, log: _Log, ends: dict[str, dict[int, int]]) -> None:
    """Until the database has come so far, with the alerts that stand on the stream now."""
    wanted = {(name, at): end for name, held in ends.items() for at, end in held.items()}
    for topic in (ALERTS, ALERTS_IMPORT):
        wanted |= {(topic.name, at): end for at, end in (await log.ends(topic)).items()}

    async def come() -> dict[tuple[str, int], int]:
        with psycopg.connect(settings.database.url) as conn:
            held = conn.execute("SELECT topic, partition, next FROM recorder_offset").fetchall()
        return {(topic, at): next_offset for topic, at, next_offset in held}

    await _reached("recorded", wanted, come)


def _entry(partition: int, record: Record, live: bool) -> Entry:
    held = Partition(TopicPartition(record.topic, partition), live)
    return held.entry(stored_of(record.offset, record.timestamp, record.headers, record.value))


def _again(topic: str, log: dict[int, list[Record]], world: World, live: bool) -> dict[Key, tuple[AlertEvent, bytes]]:
    """What one uninterrupted run of the engine over the log says."""
    said: dict[Key, tuple[AlertEvent, bytes]] = {}
    for at, held in log.items():
        partition = Partition(TopicPartition(topic, at), live)
        for record in held:
            entry = partition.entry(stored_of(record.offset, record.timestamp, record.headers, record.value))
            for event in partition.take(entry, world):
                said[event.alert_id, event.n] = event, records.encode(event)
            partition.done(entry)
    return said


def _rows(entries: dict[int, list[Entry]], verdict: Verdict, live: bool) -> dict[Place, dict[str, Any]]:
    """The samples of the log without its duplicates, as rows of the database."""
    rows: dict[Place, dict[str, Any]] = {}
    for partition, held in entries.items():
        state = Screen()
        for expected, entry in enumerate(held):
            if entry.offset != expected:
                verdict.blame(f"the log of partition {partition} has {entry.offset} where {expected} belongs")
                break
            batch = entry.body
            if not isinstance(batch, Block):
                continue
            verdicts = screen(state, batch, entry.append_time_us, live)
            verdict.duplicates += int((~verdicts.keep).sum())
            samples = batch.rows()
            for number in verdicts.keep.nonzero()[0].tolist():
                row = _sample(samples[number])
                row |= {"partition": partition, "offset": entry.offset, "row": number}
                row |= {"late": bool(verdicts.late[number] | verdicts.ahead[number]), "append_time": entry.append_time_us}
                rows[partition, entry.offset, number] = row
    return rows


def _sample(row: dict[str, Any]) -> dict[str, Any]:
    row["event_time"] = row.pop("event_time_us")
    for name in ("operator_id", "aircraft_id"):
        row[name] = UUID(bytes=row[name])
    return row


def _compare_rows(
    conn: "psycopg.Connection[Any]", expected: dict[Place, dict[str, Any]], ends: dict[int, int], live: bool, verdict: Verdict
) -> None:
    """(a)"""
    table = "telemetry_live" if live else "telemetry_import"
    verdict.rows += len(expected)
    found: set[Place] = set()
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(f'SELECT * FROM {table} ORDER BY partition, "offset", row'):  # type: ignore[arg-type]
            place = (row["partition"], row["offset"], row["row"])
            if place[1] >= ends[place[0]]:
                continue  # came after the end was looked at
            row["event_time"], row["append_time"] = to_us(row["event_time"]), to_us(row["append_time"])
            if place in found:
                verdict.blame(f"{table}: the row {place} is there twice")
            elif place not in expected:
                verdict.blame(f"{table}: the row {place} is not a sample of the log")
            elif {name: row[name] for name in expected[place]} != expected[place]:
                wrong = [name for name, value in expected[place].items() if row[name] != value]
                verdict.blame(f"{table}: the row {place} differs in {wrong}")
            found.add(place)
    if missing := sorted(expected.keys() - found):
        verdict.blame(f"{table}: {len(missing)} rows are missing, such as {missing[:3]}")
    topic = (TELEMETRY if live else TELEMETRY_IMPORT).name
    logged = dict(
        conn.execute(
            'SELECT partition, count(*) FROM stream_log WHERE topic = %s AND "offset" < (%s::bigint[])[partition + 1]'
            " GROUP BY partition",
            [topic, [ends[at] for at in range(PARTITIONS)]],
        ).fetchall()
    )
    for partition, end in ends.items():
        if logged.get(partition, 0) != end:
            verdict.blame(f"stream_log has {logged.get(partition, 0)} records of {topic}/{partition}, the log {end}")


def _compare_alerts(
    conn: "psycopg.Connection[Any]",
    again: dict[Key, tuple[AlertEvent, bytes]],
    told: dict[int, list[Record]],
    ends: dict[int, int],
    live: bool,
    verdict: Verdict,
) -> None:
    """(b)"""
    expected = {key: body for key, (_, body) in again.items()}
    verdict.alert_events += len(expected)
    on_topic: dict[Key, bytes] = {}
    for held in told.values():
        highest: dict[UUID, int] = {}
        for record in held:
            event = records.decode(AlertEvent, record.value)
            if event.offset >= ends[event.partition]:
                continue
            first = on_topic.setdefault((event.alert_id, event.n), record.value)
            if event.n <= highest.get(event.alert_id, 0):
                verdict.told_again += 1
                if first != record.value:
                    verdict.blame(f"alert {event.alert_id}: event {event.n} came again with other contents")
            elif event.n != highest.get(event.alert_id, 0) + 1:
                verdict.blame(f"alert {event.alert_id}: event {event.n} came after {highest.get(event.alert_id, 0)}")
            highest[event.alert_id] = max(event.n, highest.get(event.alert_id, 0))
    query = "SELECT alert_id, n, body FROM alert_event WHERE imported = %s"
    stored = {
        (alert, n): body.encode()
        for alert, n, body in conn.execute(query, [not live])
        if (event := records.decode(AlertEvent, body.encode())).offset < ends[event.partition]
    }
    for where, found in (("alerts topic", on_topic), ("database", stored)):
        for word, keys in (("lacks", expected.keys() - found.keys()), ("has too many:", found.keys() - expected.keys())):
            if keys:
                example = (expected | found)[min(keys)]
                verdict.blame(f"the {where} {word} {len(keys)} of {len(expected)} alert events, such as {example.decode()}")
        if other := [key for key in expected.keys() & found.keys() if expected[key] != found[key]]:
            verdict.blame(f"{where}: {len(other)} events differ, such as {found[other[0]]!r} for {expected[other[0]]!r}")


def _compare_sent(
    conn: "psycopg.Connection[Any]", settings: Settings, sent: list[Sent], rows: dict[Place, dict[str, Any]], verdict: Verdict
) -> None:
    """(c)"""
    link = link_name(udp_source(settings.ingest.port), ADDRESS)
    operator = operator_id(settings.operator.name)
    held = _numbers(rows, link, verdict)
    gaps = _gaps(conn)
    verdict.positions_sent += len(sent)
    for one in sent:
        if (one.system_id, one.number) in held:
            continue
        aircraft = aircraft_id(operator, link, one.system_id)
        if any(start <= one.after_us and one.before_us <= end for start, end in gaps.get(aircraft, [])):
            verdict.lost_in_gaps += 1
        else:
            verdict.blame(f"position {one.number} of system {one.system_id}, sent at {one.before_us}, is lost without a gap")
    if strange := held - {(one.system_id, one.number) for one in sent}:
        verdict.blame(f"{len(strange)} positions in the log were never sent")


def _compare_imported(imported: dict[str, set[tuple[int, int]]], rows: dict[Place, dict[str, Any]], verdict: Verdict) -> None:
    for link, wanted in imported.items():
        held = _numbers(rows, link, verdict)
        verdict.positions_sent += len(wanted)
        if held != wanted:
            verdict.blame(f"import: {len(wanted - held)} positions are missing and {len(held - wanted)} too many")


def _numbers(rows: dict[Place, dict[str, Any]], link: str, verdict: Verdict) -> set[tuple[int, int]]:
    """(system id, number) of every position of a link."""
    found = [
        (row["system_id"], row["vehicle_time_ms"])
        for row in rows.values()
        if row["kind"] == SampleKind.POSITION and row["link"] == link
    ]
    if len(found) != len(set(found)):
        verdict.blame(f"{len(found) - len(set(found))} positions of {link} have two samples")
    return set(found)


def _gaps(conn: "psycopg.Connection[Any]") -> dict[UUID, list[tuple[int, int]]]:
    """When nobody listened to an aircraft, as the database says."""
    found: dict[UUID, list[tuple[int, int]]] = {}
    query = "SELECT aircraft_id, began, ended FROM link_gap WHERE NOT imported AND reason = 'not_listening'"
    for aircraft, began, ended in conn.execute(query):
        found.setdefault(aircraft, []).append((to_us(began), to_us(ended)))
    return found
