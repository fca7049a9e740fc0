"""Reading stretches of the log again: one consumer without a group, kept open, for as many partitions at once as asked."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from core.errors import WedgetailError


class MissingRecords(WedgetailError):
    """Records {start} to {first} of {topic} partition {partition} are gone from the log: it cannot be judged without a gap."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first offset of a partition that is still in the log, and the one after the last."""

    first: int
    end: int


class LogReader:
    """Start it, read, stop it. Calls take turns."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none")
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        await self._consumer.start()

    async def stop(self) -> None:
        await self._consumer.stop()

    async def bounds(self, partitions: list[TopicPartition]) -> dict[TopicPartition, Bounds]:
        async with self._turn:
            first = await self._consumer.beginning_offsets(partitions)
            end = await self._consumer.end_offsets(partitions)
        return {tp: Bounds(first[tp], end[tp]) for tp in partitions}

    async def read(
        self, ranges: dict[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
        """The records start <= offset < end of each partition, in order. Raises MissingRecords."""
        found: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = {tp: [] for tp in ranges}
        wanted = {tp: span for tp, span in ranges.items() if span[0] < span[1]}
        async with self._turn:
            if not wanted:
                return found
            first = await self._consumer.beginning_offsets(list(wanted))
            for tp, (start, _) in wanted.items():
                if first[tp] > start:
                    raise MissingRecords(topic=tp.topic, partition=tp.partition, start=start, first=first[tp])
            self._consumer.assign(list(wanted))
            for tp, (start, _) in wanted.items():
                self._consumer.seek(tp, start)
            left = set(wanted)
            try:
                while left:
                    for tp, records in (await self._consumer.getmany(*left, timeout_ms=1_000)).items():
                        end = wanted[tp][1]
                        found[tp] += [record for record in records if record.offset < end]
                        if records[-1].offset >= end - 1:
                            left.discard(tp)
                            self._consumer.pause(tp)
            finally:
                self._consumer.unsubscribe()
        return found
