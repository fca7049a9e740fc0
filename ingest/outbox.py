"""Records on their way to Kafka: in order within a partition, held while the broker is away, the oldest dropped when there
are too many.

One batch of a partition is under way at a time, and stays here until the broker has it: what is sent again after a failure
is the same records in the same order, and readers drop by (epoch, seq) what they already have.
"""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from core import kafka
from core.ending import closed
from ingest.packer import Record

_AGAIN_S = 0.5
_MOST_UNDER_WAY = 16_384  # bytes of a partition's values: what one batch of the producer holds
_PLACE = 160  # bytes of its place in a lane: a tuple, its number and its size, and what the allocator adds
_HEADER = 72  # bytes of a header's tuple, whose name is shared
_PATIENCE_S = 5.0

log = logging.getLogger(__name__)


class Carrier:
    """A started producer, made anew when it has failed for good. Shared by several outboxes."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(self, topic: str, partition: int, records: list[Record]) -> int:
        """Sends as many of the first records as one batch holds, waits until the broker has them, returns how many.

        Waits for a broker that is away. Raises KafkaError for what waiting does not mend.
        """
        producer = await self._started()
        batch = producer.create_batch()
        number = 0
        for record in records:
            if batch.append(timestamp=None, key=None, value=record.value, headers=record.headers) is None:
                break
            number += 1
        try:
            await (await producer.send_batch(batch, topic, partition=partition))
        except (MessageSizeTooLargeError, RecordTooLargeError):
            raise
        except KafkaError:
            await self._discard(producer)
            raise
        return number

    async def close(self) -> None:
        producer = self._producer
        if producer is not None:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await producer.stop()
            except TimeoutError:  # it waits for its last batch, however long the broker is away
                log.warning("Kafka at %s did not take the last records", self._bootstrap)

    async def _started(self) -> AIOKafkaProducer:
        async with self._lock:
            while self._producer is None:
                producer = kafka.producer(self._bootstrap)
                try:
                    await producer.start()
                except KafkaError as error:
                    log.debug("Kafka at %s does not answer: %s", self._bootstrap, error)
                    await closed(producer.stop())
                    await asyncio.sleep(_AGAIN_S)  # a broker that is away tells nobody when it is back
                else:
                    self._producer = producer
            return self._producer

    async def _discard(self, failed: AIOKafkaProducer) -> None:
        stopping = failed
        async with self._lock:
            if self._producer is not failed:  # another partition's failure has done this already
                return
            self._producer = None
        await closed(stopping.stop())


def _no_notice(partition: int) -> Record | None:
    return None


class Outbox:
    """The way to one topic. put() never waits; dropped is told of what had to go, and notice is asked for the record that
    says so in its place, before the next one of that partition is sent."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        carrier: Carrier,
        topic: str,
        budget_bytes: int,
        dropped: Callable[[Record], None] = lambda record: None,
        notice: Callable[[int], Record | None] = _no_notice,
    ) -> None:
        """Runs one task for each partition in the given group, until close()."""
        self._group = tasks
        self._carrier = carrier
        self._topic = topic
        self._budget = budget_bytes
        self._dropped = dropped
        self._notice = notice
        self._lanes: dict[int, deque[_Waiting]] = {}
        self._under_way: dict[int, int] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._filled: dict[int, asyncio.Event] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._number = 0
        self.held_bytes = 0
        self._moved_s = 0.0  # when the broker last took something, or the first record came to an empty outbox

    def put(self, record: Record) -> None:
        """Hands a record over, to be sent behind those of its partition. To be called on the event loop."""
        partition = record.partition
        if partition not in self._lanes:
            self._lanes[partition] = deque()
            self._under_way[partition] = 0
            self._filled[partition] = asyncio.Event()
            self._tasks[partition] = self._group.create_task(self._carry(partition), name=f"{self._topic}-{partition}")
        if self._empty.is_set():
            self._moved_s = asyncio.get_running_loop().time()
        self._number += 1
        self._lanes[partition].append(waiting := _Waiting(self._number, size_of(record), record))
        self.held_bytes += waiting.size
        self._filled[partition].set()
        self._empty.clear()
        self._make_room()

    def stuck_s(self, now_s: float) -> float:
        """For how long the broker has taken nothing of what is here."""
        return 0.0 if self._empty.is_set() else now_s - self._moved_s

    async def drain(self, timeout_s: float) -> bool:
        """Waits until all is with the broker; False when that took too long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stops sending; what is still here counts as dropped."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        for lane in self._lanes.values():
            for waiting in lane:
                self._dropped(waiting.record)
            lane.clear()

    async def _carry(self, partition: int) -> None:
        lane, filled = self._lanes[partition], self._filled[partition]
        while True:
            await filled.wait()
            if not lane:  # all of it was dropped
                self._emptied(partition)
                continue
            if (said := self._notice(partition)) is not None:
                lane.appendleft(waiting := _Waiting(lane[0].number, size_of(said), said))
                self.held_bytes += waiting.size
            batch = _first(lane)
            self._under_way[partition] = len(batch)
            try:
                sent = await self._carrier.send(self._topic, partition, batch)
            except (MessageSizeTooLargeError, RecordTooLargeError) as error:
                size = len(batch[0].value)
                log.error("%s partition %d: a record of %d bytes is refused: %s", self._topic, partition, size, error)
                self._dropped(batch[0])
                sent = 1
            except KafkaError as error:
                log.warning("%s partition %d: %s; sending again", self._topic, partition, error)
                await asyncio.sleep(_AGAIN_S)
                sent = 0
            self._under_way[partition] = 0
            if sent:
                self._moved_s = asyncio.get_running_loop().time()
            for _ in range(sent):
                self.held_bytes -= lane.popleft().size
            if not lane:
                self._emptied(partition)

    def _emptied(self, partition: int) -> None:
        self._filled[partition].clear()
        if not any(self._lanes.values()):
            self._empty.set()

    def _make_room(self) -> None:
        while self.held_bytes > self._budget:
            # Those under way may already be with the broker: they stay.
            heads = [(lane[at].number, p) for p, lane in self._lanes.items() if len(lane) > (at := self._under_way[p])]
            if not heads:
                return
            self._drop(min(heads)[1])

    def _drop(self, partition: int) -> None:
        """Drops a partition's oldest record, and the Listened records right behind it: they would say that nothing came in a
        time of which we have thrown away what came."""
        lane, at = self._lanes[partition], self._under_way[partition]
        while True:
            waiting = lane[at]
            del lane[at]
            self.held_bytes -= waiting.size
            self._dropped(waiting.record)
            if len(lane) <= at or not lane[at].record.is_listened:
                return


class _Waiting(NamedTuple):
    number: int  # in the order of arrival, over all partitions
    size: int
    record: Record


def _first(lane: "deque[_Waiting]") -> list[Record]:
    """As many of a lane's first records as one batch may hold: they stay until the broker has them or has refused them."""
    batch: list[Record] = []
    size = 0
    for waiting in lane:
        size += len(waiting.record.value)
        if batch and size > _MOST_UNDER_WAY:
            break
        batch.append(waiting.record)
    return batch


def size_of(record: Record) -> int:
    """What it costs in memory, as Python holds it."""
    headers = sum(_HEADER + sys.getsizeof(value) for _, value in record.headers)
    return _PLACE + sys.getsizeof(record) + sys.getsizeof(record.headers) + headers + sys.getsizeof(record.value)
