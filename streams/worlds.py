"""Follows the world topic: every version of zones and facts ever published, and up to which world they are all here."""

import asyncio
import gc
import logging

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from core import records
from core.errors import UnreadableRecord
from geofence.facts import FactVersion
from geofence.world import World
from geofence.zone import ZoneVersion

log = logging.getLogger(__name__)
COMPLETE_KEY = b"complete"
_FACT = b"fact:"


def key_of(version: ZoneVersion | FactVersion) -> bytes:
    """The record's key, by which its reader knows what it is: ID:VERSION of a zone, fact:ID:VERSION of a fact."""
    key = f"{version.key}:{version.version}".encode()
    return _FACT + key if isinstance(version, FactVersion) else key


class Complete(msgspec.Struct, frozen=True):
    """The publisher's word that every version up to this world stands before this record."""

    world: int


def read_into(world: World, key: bytes | None, value: bytes) -> int | None:
    """Adds what a record of the topic holds; the number of a world that is complete with it. Raises UnreadableRecord."""
    if key == COMPLETE_KEY:
        return records.decode(Complete, value).world
    if (key or b"").startswith(_FACT):
        world.add_fact(records.decode(FactVersion, value))
    else:
        world.add(records.decode(ZoneVersion, value))
    return None


class WorldFollower:
    """Reads from the beginning and stays. `world` is what partitions judge by."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.world = World()
        self._topic = topic
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none")
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> "asyncio.Task[None]":
        """Gives the task that follows: it ends only by failing, and then no world comes any more."""
        await self._consumer.start()
        partition = TopicPartition(self._topic, 0)
        self._consumer.assign([partition])
        self._consumer.seek(partition, (await self._consumer.beginning_offsets([partition]))[partition])
        self._task = asyncio.create_task(self._follow(), name="following the world")
        return self._task

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()

    async def until(self, number: int) -> None:
        """Returns when every version of this world is here."""
        if self.world.complete >= number:
            return
        log.info("waiting for world %d", number)
        async with self._changed:
            await self._changed.wait_for(lambda: self.world.complete >= number)

    async def _follow(self) -> None:
        async for record in self._consumer:
            try:
                complete = read_into(self.world, record.key, record.value or b"")
                if complete is not None:
                    # It is built aside, so that a block finds it ready; until then the last world judges.
                    await asyncio.to_thread(self.world.prepare, complete)
                    if not self.world.complete:
                        # Zones stay. To look among 10,000 of them for what nobody needs any more stops everything for 0.5 s.
                        gc.freeze()
                    async with self._changed:
                        self.world.complete = max(self.world.complete, complete)
                        self._changed.notify_all()
            except UnreadableRecord as error:
                # The publisher wrote it, so another version of this program did: judging without it would be wrong.
                log.error("world record %d cannot be read: %s", record.offset, error)
                raise
