"""Feeds the picture: once from the database, then from the stream, beginning exactly where the database ends.

Ready when it has come to where the stream ended at its start. Where the stream no longer holds what the database has not
yet: never ready, and it says what is missing; the picture goes on with what there is.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

import psycopg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from api import store
from api.hub import Hub
from api.picture import Picture
from core import kafka
from core.ending import closed
from core.errors import BrokerUnreachable, UnreadableRecord
from core.identity import operator_id
from core.records import AlertEvent, Judged, decode
from core.settings import Settings
from core.topics import ALERTS, JUDGED, PARTITIONS, TELEMETRY, UNJUDGED, WORLD
from storage.pool import connect
from streams.logged import UNREADABLE, telemetry_entry
from streams.worlds import COMPLETE_KEY

_AGAIN_S = 1.0
_JUDGED_BACK = 4_000  # about two minutes of words about every partition: who stopped lately, and when
_AT_ONCE = 500  # records between two turns of the loop
# A fetch names every partition and its answer lists every one, which costs more than what it brings: so what moves all the
# time is fetched apart from what hardly moves.
_BUSY, _QUIET = (TELEMETRY,), (ALERTS, JUDGED, UNJUDGED, WORLD)

log = logging.getLogger(__name__)


class Feed:
    """run() until cancelled. picture is whole once loaded is set."""

    def __init__(self, settings: Settings, now_us: Callable[[], int]) -> None:
        self.picture = Picture(operator_id(settings.operator.name), PARTITIONS, now_us())
        self.hub = Hub(self.picture, now_us)
        self.loaded = asyncio.Event()
        self.ready = asyncio.Event()
        self.missing: list[str] = []  # ranges that neither the database nor the stream holds
        self.problem: str | None = "not loaded yet"
        self.unreadable = 0
        self.cluster = ""
        self.topic_ids: dict[str, str] = {}
        self._settings = settings
        self._now_us = now_us
        self._consumers: list[AIOKafkaConsumer] = []
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}  # as seen at the start: where it must come to be ready

    async def run(self) -> None:
        try:
            await self._begin()
            async with asyncio.TaskGroup() as group:
                for consumer in self._consumers:
                    group.create_task(self._follow(consumer), name="feed")
        finally:
            for consumer in self._consumers:
                await closed(consumer.stop())

    async def tick(self) -> None:
        """Each second: time passes in the picture, everyone hears the heart beat."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.picture.tick(self._now_us())
            self.hub.publish()
            self.hub.beat()
            due = max(due + 1.0, loop.time())
            await asyncio.sleep(due - loop.time())

    async def log_ends(self) -> dict[tuple[str, int], tuple[int, int]]:
        """First and end offset of each recorded live partition, by topic id and partition. Raises KafkaError."""
        if not self._consumers:
            raise KafkaError("not connected yet")
        consumer = self._consumers[-1]  # the quiet one
        names = (self._name(TELEMETRY.name), self._name(ALERTS.name))
        partitions = [TopicPartition(name, at) for name in names for at in range(PARTITIONS)]
        firsts = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        return {(self.topic_ids[self._plain(tp.topic)], tp.partition): (firsts[tp], ends[tp]) for tp in partitions}

    async def _begin(self) -> None:
        """Until database and broker have both answered."""
        while True:
            try:
                await self._load()
                return
            except (psycopg.OperationalError, KafkaError, BrokerUnreachable) as error:
                if self.problem != str(error):
                    log.warning("the door cannot open yet: %s", error)
                self.problem = str(error) or type(error).__name__
            await asyncio.sleep(_AGAIN_S)  # neither server tells when it is back

    async def _load(self) -> None:
        where = self._settings.kafka
        self.cluster = await kafka.cluster_id(where.bootstrap)
        self.topic_ids = await kafka.topic_ids(where.bootstrap, where.prefix)
        wanted = (*_BUSY, *_QUIET)
        if absent := [topic.name for topic in wanted if topic.name not in self.topic_ids]:
            raise BrokerUnreachable(bootstrap=where.bootstrap, detail=f"no topic {', '.join(absent)}")
        consumers = []
        try:
            for topics in (_BUSY, _QUIET):
                consumer = AIOKafkaConsumer(
                    bootstrap_servers=where.bootstrap, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=500
                )
                consumers.append(consumer)
                await consumer.start()
                consumer.assign(
                    [TopicPartition(self._name(topic.name), at) for topic in topics for at in range(topic.partitions)]
                )
            await self._meet(consumers)
            self._consumers = consumers
        finally:
            if not self._consumers:
                for consumer in consumers:
                    await closed(consumer.stop())

    async def _meet(self, consumers: list[AIOKafkaConsumer]) -> None:
        """The picture as the database has it, and the consumers at the place in the stream where that ends."""
        conn = await connect(self._settings.database.url, name="wedgetail-api-start", statement_timeout_ms=60_000)
        try:
            start = await store.read_start(conn, self.picture.operator_id, self.cluster, self._now_us())
        finally:
            await conn.close()
        self.missing = []
        for consumer in consumers:
            await self._begin_at(consumer, start.positions)
        self.picture.apply_stored(start.samples)
        self.picture.load(start.cases, start.names, start.early)
        self.picture.tick(self._now_us())
        self.picture.changes()  # nobody has looked yet
        self.problem = None
        self.loaded.set()
        self._look_ready()

    async def _begin_at(self, consumer: AIOKafkaConsumer, stored: dict[tuple[str, int], int]) -> None:
        """Takes a consumer to where the database ends in its partitions."""
        partitions = list(consumer.assignment())
        firsts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        for tp in partitions:
            name = self._plain(tp.topic)
            if name in (TELEMETRY.name, ALERTS.name):
                begin = stored.get((self.topic_ids[name], tp.partition), 0)
                self._ends[tp] = ends[tp]
                if not firsts[tp] <= begin <= ends[tp]:
                    self._lose(tp, begin, firsts[tp], ends[tp])
                    begin = firsts[tp] if begin < firsts[tp] else ends[tp]
            else:
                begin = max(firsts[tp], ends[tp] - _JUDGED_BACK) if name == JUDGED.name else ends[tp]
            consumer.seek(tp, begin)
            self._next[tp] = begin

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await self._step(consumer)

    async def _step(self, consumer: AIOKafkaConsumer) -> None:
        try:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=_AT_ONCE)
        except OffsetOutOfRangeError as error:
            for tp, offset in error.args[0].items():
                first = (await consumer.beginning_offsets([tp]))[tp]
                end = (await consumer.end_offsets([tp]))[tp]
                self._lose(tp, offset, first, end)
                consumer.seek(tp, first if offset < first else end)
            return
        for tp, records in batches.items():
            name = self._plain(tp.topic)
            for record in records:
                self._take(name, record)
            if records:
                self._next[tp] = records[-1].offset + 1
        self.hub.publish()
        if not self.ready.is_set():
            self._look_ready()
        await asyncio.sleep(0)  # full buffers must not keep viewers from their turn

    def _take(self, topic: str, record: ConsumerRecord) -> None:
        """One record into the picture. One that cannot be read is counted; if it was a block its aircraft are marked."""
        append_us = record.timestamp * 1_000
        headers = dict(record.headers)
        if topic == TELEMETRY.name:
            entry = telemetry_entry(record.offset, append_us, headers, record.value)
            if entry.batch is not None:
                self.picture.apply_block(entry.batch, append_us)
            elif entry.kind == UNREADABLE:
                self._unjudged(headers, append_us, entry.body or "")
            return
        if topic == UNJUDGED.name:
            self._unjudged(headers, append_us, "a block could not be judged")
            return
        try:
            if topic == ALERTS.name:
                self.picture.apply_alert(decode(AlertEvent, record.value or b""), append_us)
                # At once: what comes after in the same batch must not be told before it.
                self.hub.publish()
            elif topic == JUDGED.name:
                self.picture.apply_judged(decode(Judged, record.value or b""))
            elif record.key == COMPLETE_KEY:
                self.hub.zones_changed()
        except UnreadableRecord as error:
            self.unreadable += 1
            log.error("%s, partition %d, offset %d: %s", topic, record.partition, record.offset, error)

    def _unjudged(self, headers: dict[str, bytes], append_us: int, why: str) -> None:
        self.unreadable += 1
        named = headers.get("aircraft", b"")
        aircraft = [UUID(bytes=named[at : at + 16]) for at in range(0, len(named) // 16 * 16, 16)]
        self.picture.apply_unjudged(aircraft, append_us, why)

    def _lose(self, tp: TopicPartition, wanted: int, first: int, end: int) -> None:
        name = self._plain(tp.topic)
        if wanted < first:
            what = f"{name}, partition {tp.partition}: offsets {wanted} to {first - 1} are gone from the log"
        else:
            what = f"{name}, partition {tp.partition}: the log ends at {end}, the database is at {wanted}"
        log.error("not ready: %s", what)
        self.missing.append(what)
        self.ready.clear()

    def _look_ready(self) -> None:
        if not self.missing and all(self._next[tp] >= end for tp, end in self._ends.items()):
            self.ready.set()

    def _name(self, topic: str) -> str:
        return self._settings.kafka.prefix + topic

    def _plain(self, name: str) -> str:
        return name.removeprefix(self._settings.kafka.prefix)
