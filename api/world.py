"""Publishes the world: new versions of zones and facts, "complete", then a marker to each partition that is judged by it.

One process does, under an advisory lock; each step is noted once the broker has it, so that dying in between only delays:
the next publisher resumes where the notes end, and a marker sent twice does nothing.
"""

import asyncio
import logging
from typing import Any

import psycopg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection, IsolationLevel

from core import kafka
from core.ending import closed
from core.errors import BrokerUnreachable
from core.records import Marker, control_headers, encode
from core.settings import Settings
from core.topics import PARTITIONS, TELEMETRY, TELEMETRY_IMPORT, WORLD
from geofence import factstore, store
from geofence.facts import FactVersion
from geofence.zone import ZoneVersion
from storage.pool import connect
from storage.queries import load
from streams.worlds import COMPLETE_KEY, Complete, key_of

RESUME_S = 1.0
PUBLISHER_LOCK = 0x574F524C  # "WORL": one publisher in a database
_JUDGED = (TELEMETRY.name, TELEMETRY_IMPORT.name)

log = logging.getLogger(__name__)
Connection = AsyncConnection[tuple[Any, ...]]
Place = tuple[str, int]  # topic id, partition


class WorldPublisher:
    """run() until cancelled; in_force() waits for a world to be everywhere."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kick = asyncio.Event()
        self._moved = asyncio.Condition()
        self.everywhere = -1  # the world whose marker every partition has; -1: not known yet
        self.problem: str | None = None

    async def in_force(self, world: int, timeout_s: float) -> bool:
        """Whether every partition has the marker of this world (or a later one) within the time."""
        self._kick.set()
        try:
            async with asyncio.timeout(timeout_s), self._moved:
                await self._moved.wait_for(lambda: self.everywhere >= world)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Says once when it cannot, and once when it can again."""
        while True:
            try:
                await self._serve()
            except (psycopg.OperationalError, KafkaError, BrokerUnreachable) as error:
                if self.problem is None:
                    log.warning("the world cannot be published for now: %s", error)
                self.problem = str(error) or type(error).__name__
            await self._pause()

    async def _serve(self) -> None:
        """With a connection that holds the lock (or asks for it) and a producer, until one of them fails."""
        kafka_settings = self._settings.kafka
        cluster = await kafka.cluster_id(kafka_settings.bootstrap)
        ids = await kafka.topic_ids(kafka_settings.bootstrap, kafka_settings.prefix)
        missing = [name for name in (*_JUDGED, WORLD.name) if name not in ids]
        if missing:
            raise BrokerUnreachable(bootstrap=kafka_settings.bootstrap, detail=f"no topic {', '.join(missing)}")
        conn = await connect(self._settings.database.url, name="wedgetail-world")
        producer = kafka.producer(kafka_settings.bootstrap)
        try:
            await producer.start()
            locked = False
            while True:
                locked = locked or await self._lock(conn)
                async with asyncio.timeout(30):
                    await self._publish(conn, producer, cluster, ids, locked)
                if self.problem is not None:
                    log.warning("the world is published again")
                    self.problem = None
                await self._pause()
        except TimeoutError as error:
            raise BrokerUnreachable(bootstrap=kafka_settings.bootstrap, detail="no acknowledgement within 30 s") from error
        finally:
            await conn.close()  # and with it the lock
            await closed(producer.stop())

    async def _lock(self, conn: Connection) -> bool:
        row = await (await conn.execute(load("api")["try_publish_lock"], {"key": PUBLISHER_LOCK})).fetchone()
        return bool(row and row[0])

    async def _publish(
        self, conn: Connection, producer: AIOKafkaProducer, cluster: str, ids: dict[str, str], locked: bool
    ) -> None:
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        async with conn.transaction():
            noted = await self._noted(conn, cluster)
            world = await store.world_number(conn)
            above = noted.get((ids[WORLD.name], 0), 0)
            versions: list[ZoneVersion | FactVersion] = []
            if locked:
                versions += await store.versions_between(conn, above, world)
                versions += await factstore.versions_between(conn, above, world)
                versions.sort(key=lambda one: one.world)
        await conn.set_isolation_level(None)
        prefix = self._settings.kafka.prefix
        if locked and above < world:
            sent = [await producer.send(prefix + WORLD.name, encode(one), key_of(one), 0) for one in versions]
            await asyncio.gather(*sent)
            await producer.send_and_wait(prefix + WORLD.name, encode(Complete(world)), COMPLETE_KEY, 0)
            await self._note(conn, cluster, (ids[WORLD.name], 0), world)
        places = [(name, partition) for name in _JUDGED for partition in range(PARTITIONS)]
        behind = [(name, at) for name, at in places if noted.get((ids[name], at), 0) < world]
        if locked and behind:
            marker = Marker(world)
            sent = [
                await producer.send(prefix + name, encode(marker), None, at, headers=control_headers(marker))
                for name, at in behind
            ]
            for (name, at), acknowledged in zip(behind, sent, strict=True):
                await acknowledged
                await self._note(conn, cluster, (ids[name], at), world)
                noted[ids[name], at] = world
        async with self._moved:
            self.everywhere = min(noted.get((ids[name], at), 0) for name, at in places)
            self._moved.notify_all()

    async def _noted(self, conn: Connection, cluster: str) -> dict[Place, int]:
        cursor = await conn.execute(load("api")["published"], {"cluster": cluster})
        return {(topic_id, partition): number for topic_id, partition, number in await cursor.fetchall()}

    async def _note(self, conn: Connection, cluster: str, place: Place, number: int) -> None:
        given = {"cluster": cluster, "topic_id": place[0], "partition": place[1], "number": number}
        await conn.execute(load("api")["note_published"], given)

    async def _pause(self) -> None:
        """Until something is to be published, a second at most."""
        try:
            async with asyncio.timeout(RESUME_S):
                await self._kick.wait()
        except TimeoutError:
            pass
        self._kick.clear()
