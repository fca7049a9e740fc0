"""How late alerts came: from the event that an alert tells of to the broker's having it."""

import asyncio
from dataclasses import dataclass

from aiokafka import TopicPartition

from core import records
from core.records import AlertEvent
from core.settings import Settings
from core.topics import ALERTS
from streams.log import LogReader


@dataclass(frozen=True)
class Told:
    """An alert event when it was first told; times in microseconds since 1970."""

    event: AlertEvent
    published_us: int

    @property
    def late_s(self) -> float:
        return (self.published_us - self.event.at_us) / 1e6


def told_between(settings: Settings, start_us: int, end_us: int) -> list[Told]:
    """The alert events that were first published in this time, in the order of the log of each partition."""
    return [one for one in asyncio.run(_told(settings)) if start_us <= one.published_us <= end_us]


def worst_s(told: list[Told]) -> float:
    """How late the latest of them came."""
    return max((one.late_s for one in told), default=0.0)


async def _told(settings: Settings) -> list[Told]:
    reader = LogReader(settings.kafka.bootstrap)
    await reader.start()
    try:
        partitions = [TopicPartition(settings.kafka.prefix + ALERTS.name, at) for at in range(ALERTS.partitions)]
        bounds = await reader.bounds(partitions)
        found = await reader.read({tp: (b.first, b.end) for tp, b in bounds.items()})
    finally:
        await reader.stop()
    first: dict[tuple[object, int], Told] = {}
    for held in found.values():
        for record in held:
            event = records.decode(AlertEvent, record.value)
            first.setdefault((event.alert_id, event.n), Told(event, record.timestamp * 1_000))
    return list(first.values())
