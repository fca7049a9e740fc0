"""Where the time between a datagram and its frame goes: what the records in Kafka say about each position."""

import json
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from core.topics import PARTITIONS
from streams.logged import telemetry_entry
from tests.benchmarks.sender import LANDED, number_of

_HALF_MS_US = 500  # the broker's stamp is cut to whole milliseconds


class Passed(NamedTuple):
    """When a position passed these places, microseconds since 1970. records: how many positions its record has."""

    received_us: int
    appended_us: int
    together: int


def of_block(record: ConsumerRecord) -> list[tuple[int, int]]:
    """Number and receive time of each position in one of our records."""
    batch = telemetry_entry(record.offset, record.timestamp * 1_000, dict(record.headers), record.value).batch
    if batch is None:
        return []
    rows = np.flatnonzero(batch.valid("lat_e7"))
    numbers, times = batch.values("lat_e7")[rows].tolist(), batch.values("event_time_us")[rows].tolist()
    return [(number_of(lat_e7), time_us) for lat_e7, time_us in zip(numbers, times, strict=True)]


def of_json(record: ConsumerRecord) -> list[tuple[int, int]]:
    """The same of a record of the reference."""
    return [(number_of(told["lat_e7"]), told["time_us"]) for told in json.loads(record.value)]


async def passed(
    bootstrap: str, topic: str, positions: Callable[[ConsumerRecord], Iterable[tuple[int, int]]]
) -> dict[int, Passed]:
    """Every position in a topic, by its number."""
    found: dict[int, Passed] = {}
    partitions = [TopicPartition(topic, at) for at in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition, end in ends.items():
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=1_000)).get(partition, []):
                    numbered = [(number, at_us) for number, at_us in positions(record) if number > LANDED]
                    for number, received_us in numbered:
                        found[number] = Passed(received_us, record.timestamp * 1_000 + _HALF_MS_US, len(numbered))
    return found
