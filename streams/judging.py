"""What a worker does with the records that Faust hands it: load, judge, publish, acknowledge, keep. No Faust in here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Iterable
from uuid import UUID

from aiokafka import AIOKafkaProducer, TopicPartition

from core import records
from core.block import Headers
from core.errors import WedgetailError
from core.records import AlertEvent, Engine, Judged, Tick
from core.topics import (
    ALERTS,
    ALERTS_IMPORT,
    CHECKPOINT,
    CHECKPOINT_IMPORT,
    JUDGED,
    RERUN,
    TELEMETRY,
    TELEMETRY_IMPORT,
    UNJUDGED,
)
from core.units import US_PER_S
from streams import checkpoint, kept
from streams.entry import Entry, Unjudged
from streams.log import LogReader, MissingRecords
from streams.partition import Partition, Stored, world_needed
from streams.state import ENGINE
from streams.worlds import WorldFollower

log = logging.getLogger(__name__)
_WINDOW = 64  # records of the checkpoint topic read first; doubled while they hold no complete checkpoint
STATE_EVERY_S = 3600.0
_CHECKPOINT_EVERY = 2_000  # records; and each time every_seconds passes


class NoCheckpoint(WedgetailError):
    """no checkpoint, and the log begins at {first}: start the worker with --accept-gap {partition} to go on from there"""


class Judging:
    """The partitions of one worker. committed: the group's offsets, below which everything was told.

    state_every_s: how often each live partition's state goes to the recorder. topic_ids, by name without prefix, must be
    set before the first record: what is kept for re-runs names the topic that it belongs to.
    """

    def __init__(
        self,
        prefix: str,
        name: str,
        producer: AIOKafkaProducer,
        reader: LogReader,
        worlds: WorldFollower,
        committed: Callable[[list[TopicPartition]], Awaitable[dict[TopicPartition, int]]],
        accept_gap: Iterable[int] = (),
        state_every_s: float = STATE_EVERY_S,
    ) -> None:
        self._prefix, self._name = prefix, name
        self._producer, self._reader, self._worlds = producer, reader, worlds
        self._committed = committed
        self._accept_gap = frozenset(accept_gap)
        self._state_every_us = round(state_every_s * US_PER_S)
        self.topic_ids: dict[str, str] = {}
        self.partitions: dict[TopicPartition, Partition] = {}
        self._loading = asyncio.Lock()
        self.owned: frozenset[TopicPartition] = frozenset()

    def live(self, tp: TopicPartition) -> bool:
        topic: str = tp.topic
        return topic == self._prefix + TELEMETRY.name

    def own(self, assigned: Iterable[TopicPartition]) -> None:
        """The partitions that are this worker's now; the state of others is dropped."""
        topics = {self._prefix + TELEMETRY.name, self._prefix + TELEMETRY_IMPORT.name}
        self.owned = frozenset(tp for tp in assigned if tp.topic in topics)
        self.partitions = {tp: held for tp, held in self.partitions.items() if tp in self.owned}

    async def load_owned(self) -> None:
        """Loads every owned partition that has no state, all at once."""
        async with self._loading:
            wanted = [tp for tp in sorted(self.owned) if not self._partition(tp).loaded]
            await self._load([self._partition(tp) for tp in wanted])

    async def take(self, tp: TopicPartition, stored: Stored) -> bool:
        """One record: judged and told when this returns True. False: its partition stopped, and it must stay unacknowledged."""
        partition = self._partition(tp)
        if not partition.loaded and partition.stopped is None:
            async with self._loading:
                if not partition.loaded:
                    await self._load([partition])
        if partition.stopped is None and stored.offset > partition.next:
            await self._catch_up(partition, stored.offset)
        if partition.stopped is not None:
            return False
        if stored.offset == partition.next:
            await self._judge(partition, stored)
        return True

    async def _judge(self, partition: Partition, stored: Stored) -> None:
        while True:
            entry = partition.entry(stored)
            await self._worlds.until(world_needed(partition, entry))
            extra = self._for_reruns(partition, entry)
            try:
                events = partition.take(entry, self._worlds.world)
                break
            except Exception as error:  # whatever the engine fails on, the partition goes on without that block
                log.exception("%s/%d offset %d cannot be judged", *partition.tp, stored.offset)
                partition.unjudgeable[stored.offset] = f"{type(error).__name__}: {error}"[:200]
                partition.drop()
                await self._load([partition])
                await self._catch_up(partition, stored.offset)
        if stored.offset >= partition.told:
            try:
                await self._tell(partition, entry, stored, events, extra)
            except BaseException:
                partition.drop()  # judged but not told: begin again from the checkpoint
                raise
        partition.done(entry)
        if events and partition.live and stored.offset >= partition.told:  # what an event does not say waits for no second
            await self._say(partition, {event.aircraft_id for event in events})
        if partition.next - partition.checkpointed >= _CHECKPOINT_EVERY:
            await self.keep([partition])

    def _for_reruns(self, partition: Partition, entry: Entry) -> list[tuple[Headers, bytes]]:
        """What the recorder must keep of this record, beside itself, for a re-run: said before the state moves."""
        if entry.offset < partition.told:
            return []
        topic_id = self.topic_ids[partition.tp.topic.removeprefix(self._prefix)]
        said: list[tuple[Headers, bytes]] = []
        if partition.live and (partition.after_gap or kept.due(partition.state, entry, self._state_every_us)):
            said = kept.state_records(partition.state, entry, topic_id, partition.after_gap, self._name)
        if isinstance(entry.body, Unjudged):
            said.append(kept.unjudged_record(entry, entry.body, topic_id))
        return said

    async def _tell(
        self,
        partition: Partition,
        entry: Entry,
        stored: Stored,
        events: list[AlertEvent],
        extra: list[tuple[Headers, bytes]],
    ) -> None:
        topic = self._prefix + (ALERTS if partition.live else ALERTS_IMPORT).name
        sent = [
            await self._producer.send(
                topic, records.encode(event), key=event.aircraft_id.bytes, partition=partition.tp.partition
            )
            for event in events
        ]
        for headers, value in extra:
            sent.append(await self._producer.send(self._prefix + RERUN.name, value, partition=0, headers=headers))
        if isinstance(entry.body, Unjudged):
            log.error("%s/%d offset %d is not judged: %s", *partition.tp, stored.offset, entry.body.why)
            headers = [*stored.headers, ("offset", str(stored.offset).encode()), ("why", entry.body.why.encode())]
            sent.append(
                await self._producer.send(
                    self._prefix + UNJUDGED.name, stored.value, partition=partition.tp.partition, headers=headers
                )
            )
        if sent:
            await asyncio.gather(*sent)

    async def _load(self, partitions: list[Partition]) -> None:
        """From the checkpoint topic, each partition's state; then the records since, from the log."""
        if not partitions:
            return
        checkpoints = {
            TopicPartition(self._prefix + (CHECKPOINT if p.live else CHECKPOINT_IMPORT).name, p.tp.partition): p
            for p in partitions
        }
        bounds = await self._reader.bounds([*checkpoints, *(p.tp for p in partitions)])
        left, window = dict(checkpoints), _WINDOW
        while left:
            ranges = {tp: (max(bounds[tp].first, bounds[tp].end - window), bounds[tp].end) for tp in left}
            for tp, found in (await self._reader.read(ranges)).items():
                held = checkpoint.latest((record.headers, record.value or b"") for record in found)
                partition = checkpoints[tp]
                if held is not None:
                    partition.state, partition.next = held.state, held.next
                elif ranges[tp][0] > bounds[tp].first:
                    continue
                else:
                    self._begin(partition, bounds[partition.tp].first)
                partition.checkpointed = partition.next
                del left[tp]
            window *= 2
        committed = await self._committed([p.tp for p in partitions])
        await asyncio.gather(*(self._resume(p, committed[p.tp]) for p in partitions if p.stopped is None))

    async def _resume(self, partition: Partition, told: int) -> None:
        """What was told already is judged again at once: no further record need come, on an import none does."""
        partition.told = told
        if partition.next < told:
            await self._catch_up(partition, told)
        if partition.stopped is None:
            partition.loaded = True
            if partition.other_engine:
                await self._append(partition.tp, Engine(ENGINE))

    def _begin(self, partition: Partition, first: int) -> None:
        """Without a checkpoint: empty if the log is whole, else stopped, unless a person accepts the gap."""
        if first == 0 or partition.tp.partition in self._accept_gap:
            partition.next, partition.after_gap = first, first > 0
            return
        self._stop(partition, NoCheckpoint(first=first, partition=partition.tp.partition))

    async def _catch_up(self, partition: Partition, end: int) -> None:
        """Judges what the log holds between next and end: missed while another worker had the partition."""
        try:
            found = await self._reader.read({partition.tp: (partition.next, end)})
        except MissingRecords as gone:
            if partition.tp.partition not in self._accept_gap:
                self._stop(partition, gone)
                return
            log.warning("%s/%d: going on although %s", *partition.tp, gone)
            partition.next = (await self._reader.bounds([partition.tp]))[partition.tp].first
            partition.after_gap = True
            found = await self._reader.read({partition.tp: (partition.next, end)})
        for record in found[partition.tp]:
            await self._judge(partition, stored_of(record.offset, record.timestamp, record.headers, record.value))

    def _stop(self, partition: Partition, why: WedgetailError) -> None:
        partition.stopped = str(why)
        log.error("%s/%d is not judged: %s", *partition.tp, why)

    async def tick(self) -> None:
        """A tick to each live partition: the broker's clock goes on for it."""
        for tp in self.owned:
            if self.live(tp):
                await self._append(tp, Tick())

    async def _append(self, tp: TopicPartition, control: records.Control) -> None:
        await self._producer.send(
            tp.topic, records.encode(control), partition=tp.partition, headers=records.control_headers(control)
        )

    async def progress(self) -> None:
        """Says how far each partition is judged, and where its open alerts stand."""
        for partition in list(self.partitions.values()):
            if partition.tp in self.owned and (partition.loaded or partition.stopped):
                await self._say(partition)

    async def _say(self, partition: Partition, only: Container[UUID] | None = None) -> None:
        said = Judged(
            topic=partition.tp.topic.removeprefix(self._prefix),
            partition=partition.tp.partition,
            next=partition.next,
            append_time_us=partition.append_time_us,
            world=partition.state.world,
            worker=self._name,
            stopped=partition.stopped,
            guidance=partition.guidance(self._worlds.world, only) if partition.live else (),
        )
        await self._producer.send(self._prefix + JUDGED.name, records.encode(said))

    async def keep(self, partitions: Iterable[Partition]) -> None:
        """Writes a checkpoint of each that moved since its last."""
        sent = []
        for partition in list(partitions):
            if partition.loaded and partition.next > partition.checkpointed:
                topic = self._prefix + (CHECKPOINT if partition.live else CHECKPOINT_IMPORT).name
                for headers, value in checkpoint.chunks(partition.state, partition.next, self._name):
                    sent.append(await self._producer.send(topic, value, partition=partition.tp.partition, headers=headers))
                partition.checkpointed = partition.next
        await asyncio.gather(*sent)

    def _partition(self, tp: TopicPartition) -> Partition:
        if tp not in self.partitions:
            self.partitions[tp] = Partition(tp, self.live(tp))
        return self.partitions[tp]


def stored_of(offset: int, timestamp_ms: int, headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Stored:
    """A consumed record; the broker's clock has milliseconds."""
    return Stored(offset, timestamp_ms * 1_000, tuple(headers), value)
