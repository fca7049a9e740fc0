"""What ingest put on Kafka, read back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from core import block
from core.records import Listened, Rejection, decode
from core.settings import Settings
from core.topics import PARTITIONS, REJECTED, Topic


@dataclass
class Read:
    """samples: rows as dictionaries, in the order of each partition. order: "block" and "listened" by partition."""

    samples: list[dict[str, object]] = field(default_factory=list)
    listened: list[Listened] = field(default_factory=list)
    order: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)


Reader = Callable[[Topic], Awaitable[Read]]


@pytest.fixture
def read(settings: Settings) -> Reader:
    """read(TELEMETRY): everything that stands on a topic now."""

    async def everything(topic: Topic) -> Read:
        name = settings.kafka.prefix + topic.name
        found = Read()
        consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(name, p) for p in range(1 if topic is REJECTED else PARTITIONS)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            for partition in partitions:
                while await consumer.position(partition) < ends[partition]:
                    record = await consumer.getone(partition)
                    kind = dict(record.headers)["kind"]
                    order = found.order.setdefault(partition.partition, [])
                    if kind == b"block":
                        rows = block.decode(record.value).rows()
                        found.samples += rows
                        order.append(("block", max(row["event_time_us"] for row in rows)))
                    elif kind == b"listened":
                        found.listened.append(decode(Listened, record.value))
                        order.append(("listened", found.listened[-1].links[0].up_to_us))
                    else:
                        found.rejections.append(decode(Rejection, record.value))
        finally:
            await consumer.stop()
        return found

    return everything
