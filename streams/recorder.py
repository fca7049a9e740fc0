"""The recorder: what stands on the stream goes into the database, each record once, whoever dies in between.

Positions are the database's (recorder_offset), never Kafka's. Where a partition goes on is read with its screen when the
partition is assigned and after every failure; a flush moves it (streams.flush).
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from core.compiled import warm
from core.errors import BrokerUnreachable, WedgetailError
from core.kafka import cluster_id, topic_ids
from core.settings import Settings
from core.topics import ALERTS, ALERTS_IMPORT, RERUN, TELEMETRY, TELEMETRY_IMPORT
from storage.errors import UnfitValue
from storage.pool import connect
from storage.queries import load
from streams.flush import Fenced, NotRegistered, Recording
from streams.found import Counts, Part
from streams.logged import Logged, alert_entry, kept_entry, telemetry_entry

log = logging.getLogger(__name__)

TOPICS = (TELEMETRY.name, TELEMETRY_IMPORT.name, ALERTS.name, ALERTS_IMPORT.name, RERUN.name)
GROUP = "wedgetail-recorder"
FLUSH_AFTER_S = 0.2
# Live samples can wait: the longer, the more rows of an aircraft stand together, which is what reading its flight costs.
LIVE_AFTER_S = 2.0
FLUSH_BYTES = 3_000_000  # of records: about 20,000 rows
RECORDS_AT_A_TIME = 32  # a block of 1,000 rows has some 100 kB
TIMEOUT_MS = 5_000  # a frozen owner's locks block its successor no longer than this
HEALTH_EVERY_S = 1.0
RECONNECT_AFTER_S = (0.2, 0.5, 1.0, 2.0)  # then every last one

# What a record's own contents can cause, as against a database that is away.
_BAD_CONTENTS = (psycopg.DataError, psycopg.IntegrityError, UnfitValue)
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)


class ClusterChanged(WedgetailError):
    """Kafka is another cluster now, {found}, not {expected}: nothing of it is recorded."""


class Recorder:
    """One recorder process: any number may run, each partition is with one of them."""

    def __init__(self, settings: Settings, worker: str | None = None, accept_gap: Iterable[str] = ()) -> None:
        """accept_gap: topic/partition of which a person said that missing records are to be passed over."""
        self.counts = Counts()
        self.stopped: dict[tuple[str, int], dict[str, Any]] = {}
        self._settings = settings
        self._accept_gap = frozenset(accept_gap)
        self._prefix = settings.kafka.prefix
        self._worker = worker or f"{socket.gethostname()}:{os.getpid()}"
        self._parts: dict[tuple[str, int], Part] = {}
        self._owned: Set[tuple[str, int]] = frozenset()  # as last said in the log
        self._held: dict[tuple[str, int], list[ConsumerRecord[Any, Any]]] = {}  # unread until they are stored
        self._bytes_held = 0
        self._reload = False
        self._assigned = False  # partitions have come that were not looked at yet
        self._told_at = 0.0
        self._trouble: str | None = None  # why nothing can be stored: said when it begins, and when it is over
        self._refused = False  # it is a flush that failed, not the connection: only a stored flush ends that
        self._tries = 0
        self._conn: AsyncConnection[Any] | None = None
        self._topic_ids: dict[str, str] = {}
        self._recording = Recording("")
        self._consumer: AIOKafkaConsumer | None = None

    async def run(self) -> None:
        """Record until cancelled. What is held and not yet written then is read again by whoever comes next.

        Raises NotRegistered when topics or positions have not been made, BrokerUnreachable when no broker answers at the
        start; later it waits for broker and database, and says so.
        """
        warm()
        bootstrap = self._settings.kafka.bootstrap
        self._recording = Recording(await cluster_id(bootstrap))
        self._topic_ids = await topic_ids(bootstrap, self._prefix)
        for topic in TOPICS:
            if topic not in self._topic_ids:
                raise NotRegistered(topic=f"{self._prefix}{topic}", partition=0)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=f"{self._prefix}{GROUP}",
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=3_000,
            heartbeat_interval_ms=500,
            # It stores in flushes anyway: waking for each record only costs the others their time.
            fetch_min_bytes=1 << 20,
            fetch_max_wait_ms=200,
        )
        self._consumer = consumer
        await consumer.start()
        try:
            consumer.subscribe([self._prefix + topic for topic in TOPICS], listener=_Assignments(self))
            while True:
                await self._turn(consumer)
        finally:
            await consumer.stop()
            if self._conn is not None:
                await self._conn.close()

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Called within a rebalance: what was held is somebody else's now; positions are loaded in the next turn."""
        self._drop()
        self._parts = {}
        self._reload = self._assigned = True
        if self._consumer is not None:
            self._consumer.pause(*partitions)

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        flushing = False
        try:
            conn = await self._database()
            if self._must_load():
                await self._load(consumer, conn)
            await self._tell(conn)
            await self._gather(consumer)
            if self._held and not self._must_load():
                flushing = True
                await self._flush(consumer, conn)
                self._well()
            elif not self._refused:
                self._well()
        except Fenced as error:
            self.counts.fenced += 1
            log.warning("%s Loading positions again.", error)
            self._begin_again()
        except BrokerUnreachable as error:
            log.warning("%s", error)  # it was there a moment ago, for it gave us partitions: the next turn asks again
            await asyncio.sleep(RECONNECT_AFTER_S[0])
        except _AWAY as error:
            self._refused = self._refused or flushing
            await self._wait(error)

    async def _database(self) -> AsyncConnection[Any]:
        """The connection. Raises psycopg.OperationalError."""
        if self._conn is None:
            self._conn = await connect(
                self._settings.database.url,
                name=GROUP,
                statement_timeout_ms=TIMEOUT_MS,
                idle_in_transaction_timeout_ms=TIMEOUT_MS,
            )
        return self._conn

    async def _wait(self, error: psycopg.Error) -> None:
        """Nothing can be stored now: says so once, keeps positions, and lets some time pass before the next try."""
        why = str(error).strip().partition("\n")[0]
        if self._trouble is None:
            log.error("nothing can be stored now, trying on: %s", why)
        self._trouble = f"nothing can be stored: {why}"
        self._begin_again()
        if self._conn is not None:
            await self._conn.close()
            self._conn = None
        # Nothing tells when a database is back: only asking does.
        await asyncio.sleep(RECONNECT_AFTER_S[min(self._tries, len(RECONNECT_AFTER_S) - 1)])
        self._tries += 1

    def _well(self) -> None:
        if self._trouble is not None:
            log.warning("storing again, after %d tries", self._tries)
        self._trouble, self._refused, self._tries = None, False, 0

    async def _load(self, consumer: AIOKafkaConsumer, conn: AsyncConnection[Any]) -> None:
        """Read where each assigned partition goes on, and go there."""
        partitions = consumer.assignment()
        if self._assigned:
            await self._same_cluster()
            self._assigned = False
        wanted = [(self._plain(tp.topic), self._topic_ids[self._plain(tp.topic)], tp.partition) for tp in partitions]
        parts = await self._recording.load(conn, wanted)
        if consumer.assignment() != partitions:
            return  # a rebalance came between: the next turn loads again
        self._parts, self._reload = parts, False
        if parts.keys() != self._owned:
            log.info("recorder %s is recording %d partitions", self._worker, len(parts))
            self._owned = parts.keys()
        self._drop()
        self.stopped = {key: why for key, why in self.stopped.items() if key in parts and why["next"] == parts[key].next}
        for tp in partitions:
            key = (self._plain(tp.topic), tp.partition)
            consumer.seek(tp, parts[key].next)
            if key not in self.stopped:
                consumer.resume(tp)

    async def _same_cluster(self) -> None:
        """Raises ClusterChanged: a broker that comes back behind the same address may be another one."""
        found = await cluster_id(self._settings.kafka.bootstrap)
        if found != self._recording.cluster:
            raise ClusterChanged(found=found, expected=self._recording.cluster)

    async def _gather(self, consumer: AIOKafkaConsumer) -> None:
        """Hold records until the first of them has waited for as long as it may, or until there are enough of them; return
        after 200 ms without any, too."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FLUSH_AFTER_S
        while not self._must_load() and self._bytes_held < FLUSH_BYTES and (left := until - loop.time()) > 0:
            empty = not self._held
            try:
                records = await consumer.getmany(
                    timeout_ms=max(1, int(min(left, FLUSH_AFTER_S) * 1000)), max_records=RECORDS_AT_A_TIME
                )
            except OffsetOutOfRangeError as error:
                for tp, offset in error.args[0].items():
                    await self._outside(consumer, tp, offset)
                continue
            except NoOffsetForPartitionError:
                continue  # aiokafka looked for a position of its own before ours was set
            if self._must_load():
                return
            for tp, batch in records.items():
                self._hold(consumer, tp, batch)
            if self._held:
                due = loop.time() + (LIVE_AFTER_S if {topic for topic, _ in self._held} == {TELEMETRY.name} else FLUSH_AFTER_S)
                until = due if empty else min(until, due)

    def _hold(self, consumer: AIOKafkaConsumer, tp: TopicPartition, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        key = (self._plain(tp.topic), tp.partition)
        part = self._parts.get(key)
        if part is None or key in self.stopped:
            return
        for record in records:
            expected = self._expected(key)
            if record.offset < expected:
                continue
            if record.offset > expected:
                self._stop(consumer, key, expected, missing=(expected, record.offset - 1))
                return
            self._held.setdefault(key, []).append(record)
            self._bytes_held += len(record.value or b"")

    async def _flush(self, consumer: AIOKafkaConsumer, conn: AsyncConnection[Any]) -> None:
        flush = [(self._parts[key], records) for key, records in sorted(self._held.items())]
        self._drop()
        try:
            self.counts.add(await self._recording.store(conn, [(part, _read(part, records)) for part, records in flush]))
            return
        except _BAD_CONTENTS as error:
            log.warning("a flush was refused, looking for the record: %s", str(error).strip())
        for part, records in flush:
            try:
                for entry in _read(part, records):
                    await self._store_alone(conn, part, entry)
            except _BAD_CONTENTS as error:  # not even the mark: something else than the record is wrong here
                key = (part.topic, part.partition)
                at = self._parts[key].next
                self._stop(consumer, key, at, f"the database refuses offset {at} of {part}: {str(error).strip()}")

    async def _store_alone(self, conn: AsyncConnection[Any], part: Part, entry: Logged) -> None:
        """One record in a flush of its own; what the database refuses is marked as unreadable, and the rest goes on."""
        try:
            await self._store_fresh(conn, part, entry)
        except _BAD_CONTENTS as error:
            refusal = str(error).strip()
            log.error("%s, offset %d cannot be stored: %s", part, entry.offset, refusal)
            await self._store_fresh(conn, part, entry.unreadable(refusal))

    async def _store_fresh(self, conn: AsyncConnection[Any], part: Part, entry: Logged) -> None:
        """Store with the screen that the database has: a refused flush has moved the one in memory."""
        key = (part.topic, part.partition)
        fresh = (await self._recording.load(conn, [(part.topic, part.topic_id, part.partition)]))[key]
        if fresh.next > entry.offset:
            raise Fenced(partitions=str(part))
        self._parts[key] = fresh
        self.counts.add(await self._recording.store(conn, [(fresh, [entry])]))

    async def _outside(self, consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> None:
        """The broker has no such offset: name what is missing and stop this partition."""
        key = (self._plain(tp.topic), tp.partition)
        if key not in self._parts or offset != self._expected(key):
            return  # from before a seek
        try:
            first = (await consumer.beginning_offsets([tp]))[tp]
            end = (await consumer.end_offsets([tp]))[tp]
        except KafkaError as error:
            log.warning("which offsets %s has cannot be asked now: %s", tp, error)
            return  # the next fetch fails in the same way, and asks again
        if offset < first and str(self._parts[key]) in self._accept_gap and self._conn is not None:
            if key not in self._held:  # what is held is stored first; then the next fetch fails again
                log.warning("passing over offsets %d to %d of %s, as told", offset, first - 1, self._parts[key])
                await self._recording.pass_over(self._conn, self._parts[key], first, time.time_ns() // 1_000)
                self._begin_again()
        elif offset < first:
            self._stop(consumer, key, offset, missing=(offset, first - 1))
        elif offset > end:
            self._stop(consumer, key, offset, missing=(end, offset - 1))

    def _stop(
        self,
        consumer: AIOKafkaConsumer,
        key: tuple[str, int],
        next: int,
        why: str = "",
        missing: tuple[int, int] | None = None,
    ) -> None:
        """Record this partition no further, and say why in health; the others go on."""
        consumer.pause(TopicPartition(self._prefix + key[0], key[1]))
        if key in self.stopped:
            return
        if missing is not None:
            why = f"offsets {missing[0]} to {missing[1]} of {key[0]}, partition {key[1]}, are missing from the log"
            if missing[1] >= next:  # gone for good: what is ahead of the log's end may yet come
                why += f": start a recorder with --accept-gap {key[0]}/{key[1]} to go on behind them"
        log.error("not recording on: %s", why)
        self.stopped[key] = {
            "topic": key[0], "partition": key[1], "since": datetime.now(UTC).isoformat(), "why": why,
            "missing": missing, "next": next,
        }  # fmt: skip

    async def _tell(self, conn: AsyncConnection[Any]) -> None:
        """Each second: a row of part_health."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at < HEALTH_EVERY_S:
            return
        detail = {
            "positions": {str(part): part.next for part in self._parts.values()},
            "stopped": list(self.stopped.values()),
            "trouble": self._trouble,
            "counts": {name: getattr(self.counts, name) for name in Counts.__slots__},
        }
        queries = load("recorder")
        await conn.execute(queries["report_health"], {"part": "recorder", "worker": self._worker, "detail": Jsonb(detail)})
        if not self._told_at:
            await conn.execute(queries["forget_old_health"], {"part": "recorder"})
        self._told_at = now

    def _must_load(self) -> bool:
        """Asked again after each await: a rebalance may have come between."""
        return self._reload

    def _expected(self, key: tuple[str, int]) -> int:
        """The next offset to hold."""
        held = self._held.get(key)
        return held[-1].offset + 1 if held else self._parts[key].next

    def _begin_again(self) -> None:
        self._drop()
        self._parts = {}
        self._reload = True

    def _drop(self) -> None:
        self._held = {}
        self._bytes_held = 0

    def _plain(self, topic: str) -> str:
        return topic.removeprefix(self._prefix)


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._recorder.assigned([])

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._recorder.assigned(list(assigned))


def _read(part: Part, records: Iterable[ConsumerRecord[Any, Any]]) -> Iterator[Logged]:
    """Each when it is asked for."""
    for record in records:
        append_time_us = record.timestamp * 1_000
        if part.topic in (ALERTS.name, ALERTS_IMPORT.name):
            yield alert_entry(record.offset, append_time_us, record.value)
        elif part.topic == RERUN.name:
            yield kept_entry(record.offset, append_time_us, record.headers, record.value)
        else:
            yield telemetry_entry(record.offset, append_time_us, dict(record.headers), record.value)


async def run(settings: Settings, accept_gap: Iterable[str] = ()) -> None:
    """Record until cancelled."""
    await Recorder(settings, accept_gap=accept_gap).run()
