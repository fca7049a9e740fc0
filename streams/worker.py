"""The Faust app: two agents, live and imports, one engine. Faust without its tables: state is a checkpoint and the log since.

An event is acknowledged only when it is judged and what it gave is acknowledged by the broker. An import is taken only
while live traffic has no lag.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterable
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from core.compiled import warm
from core.ending import end_within
from core.errors import BrokerUnreachable, WedgetailError
from core.kafka import cluster_id, ensure_topics, producer, topic_ids
from core.settings import Settings
from core.topics import TELEMETRY, TELEMETRY_IMPORT, WORLD
from streams.judging import STATE_EVERY_S, Judging, stored_of
from streams.log import LogReader
from streams.worlds import WorldFollower

log = logging.getLogger(__name__)
SECOND = 1.0
CHECKPOINT_EVERY_S = 20.0
_END_S = 5.0


class WorkerFailed(WedgetailError):
    """The worker cannot go on: {detail}"""


class Worker:
    """One worker process: start, stop. It shares the partitions with its like."""

    def __init__(self, settings: Settings, accept_gap: Iterable[int] = (), state_every_s: float = STATE_EVERY_S) -> None:
        bootstrap, prefix = settings.kafka.bootstrap, settings.kafka.prefix
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self._topics = [prefix + TELEMETRY.name, prefix + TELEMETRY_IMPORT.name]
        self._group = f"{prefix}wedgetail-worker"  # Faust's app id is its consumer group
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._producer = producer(bootstrap)
        self._reader = LogReader(bootstrap)
        self._worlds = WorldFollower(bootstrap, prefix + WORLD.name)
        self.judging = Judging(
            prefix, self.name, self._producer, self._reader, self._worlds, self._committed, accept_gap, state_every_s
        )
        self._kafka = settings.kafka
        self._quiet = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cluster = ""
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.app = self._faust(settings)

    def _faust(self, settings: Settings) -> faust.App:
        datadir = settings.data_dir / "faust"  # Faust wants one, and leaves it empty
        datadir.mkdir(parents=True, exist_ok=True)
        app = faust.App(
            self._group,
            broker=f"kafka://{settings.kafka.bootstrap.replace(',', ';kafka://')}",
            datadir=str(datadir),
            value_serializer="raw",
            key_serializer="raw",
            store="memory://",
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=3.0,
            broker_heartbeat_interval=0.5,
            broker_commit_interval=0.5,
            stream_wait_empty=False,
        )
        live, imports = (app.topic(name, key_type=bytes, value_type=bytes) for name in self._topics)
        app.agent(live, name="live")(self._judge_live)
        app.agent(imports, name="imports")(self._judge_imports)
        app.on_partitions_assigned.connect(self._assigned)
        return app

    async def start(self) -> None:
        self._cluster = await cluster_id(self._kafka.bootstrap)
        await self._admin.start()
        await self._producer.start()
        await self._reader.start()
        self._watch(await self._worlds.start())
        self.judging.topic_ids = await topic_ids(self._kafka.bootstrap, self._kafka.prefix)
        self.app.finalize()
        await self.app.start()
        self._spawn(self._each_second(), "each second")

    async def stop(self) -> None:
        """Stops taking, keeps a checkpoint of everything, leaves the group."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.app.stop()
        await self.judging.keep(self.judging.partitions.values())
        await self._worlds.stop()
        await self._reader.stop()
        await self._producer.stop()
        await self._admin.close()

    async def _judge_live(self, stream: Any) -> None:
        async for event in stream.noack().events():
            await self._take(event)
            if not self._lags(TopicPartition(event.message.topic, event.message.partition)):
                async with self._quiet:
                    self._quiet.notify_all()

    async def _judge_imports(self, stream: Any) -> None:
        async for event in stream.noack().events():
            async with self._quiet:
                await self._quiet.wait_for(lambda: not self._live_lags())
            await self._take(event)

    async def _take(self, event: Any) -> None:
        message = event.message
        tp = TopicPartition(message.topic, message.partition)
        headers = message.headers.items() if hasattr(message.headers, "items") else message.headers or ()
        stored = stored_of(message.offset, round(message.timestamp * 1_000), headers, message.value)
        if await self.judging.take(tp, stored):
            event.ack()

    def _live_lags(self) -> bool:
        return any(self._lags(tp) for tp, partition in self.judging.partitions.items() if partition.live)

    def _lags(self, tp: TopicPartition) -> bool:
        """Is more than one record of an owned partition still waiting here?"""
        partition = self.judging.partitions.get(tp)
        if partition is None or not partition.loaded or tp not in self.judging.owned:
            return False
        end = self.app.consumer.highwater(tp)
        return end is not None and end - partition.next > 1

    async def _committed(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The group's offsets; 0 where it has none."""
        found = await self._admin.list_consumer_group_offsets(self._group, partitions=partitions)
        return {tp: max(0, found[tp].offset) if tp in found else 0 for tp in partitions}

    async def _assigned(self, app: Any, /, *args: Any, **_: Any) -> None:
        (assigned,) = args
        await self._same_cluster()
        self.judging.own(TopicPartition(tp.topic, tp.partition) for tp in assigned)
        self._spawn(self.judging.load_owned(), "load")

    async def _same_cluster(self) -> None:
        """Returns if it is; else never: nothing of another one may be taken, and we end."""
        while True:
            try:
                found = await cluster_id(self._kafka.bootstrap)
                break
            except BrokerUnreachable:
                await asyncio.sleep(SECOND)  # it was there a moment ago, for it gave us partitions
        if found != self._cluster:
            self._fail(
                WorkerFailed(detail=f"Kafka at {self._kafka.bootstrap} is another cluster now, {found}, not {self._cluster}")
            )
            await asyncio.Event().wait()

    async def _each_second(self) -> None:
        seconds = 0
        while True:
            await asyncio.sleep(SECOND)  # the tick itself: the one thing here that is about the clock
            await self.judging.tick()
            await self.judging.progress()
            seconds += 1
            if seconds % CHECKPOINT_EVERY_S == 0:
                await self.judging.keep(self.judging.partitions.values())

    async def until(self, stop: asyncio.Event) -> None:
        """Returns when told to stop. Raises WorkerFailed as soon as any part of it has failed: half a worker judges nothing,
        and looks well."""
        asked, ended = asyncio.create_task(stop.wait()), asyncio.create_task(self.app.wait())
        first: set[asyncio.Future[Any]] = {asked, ended, self._failed}
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            ended.cancel()
        if self._failed.done():
            self._failed.result()
        if not stop.is_set():
            raise WorkerFailed(detail=f"Faust ended by itself: {self.app.crash_reason!r}")

    def _spawn(self, work: Any, name: str) -> None:
        self._watch(asyncio.create_task(work, name=name))

    def _watch(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
            self._fail(WorkerFailed(detail=f"{task.get_name()} failed: {error or type(error).__name__}"))

    def _fail(self, error: "WorkerFailed") -> None:
        if not self._failed.done():
            self._failed.set_exception(error)


async def run(settings: Settings, accept_gap: Iterable[int] = ()) -> None:
    """Until SIGINT or SIGTERM. Raises WorkerFailed and the errors of core.kafka.ensure_topics."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    warm()
    await ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
    worker = Worker(settings, accept_gap)
    await worker.start()
    log.info("worker %s is judging", worker.name)
    try:
        await worker.until(stop)
    except WorkerFailed as error:
        end_within(_END_S, error)  # what is left of Faust does not always end
        raise
    await worker.stop()
