"""Waiting until what was sent has been judged by a worker and stored by the recorder, and saying what it waits for."""

import asyncio
from collections.abc import Callable, Iterable

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from core import kafka
from core.records import Judged, decode
from core.settings import Settings
from core.topics import ALERTS_IMPORT, JUDGED, TELEMETRY_IMPORT, Topic
from storage import pool, queries

_PATIENCE_S = 5.0
_ASK_AGAIN_S = 0.1

Targets = dict[int, int]  # partition: the offset behind the last record sent


async def settled(settings: Settings, targets: Targets, say: Callable[[str], object], patience_s: float = _PATIENCE_S) -> None:
    """Returns when the import topic's partitions are judged and recorded up to these offsets, and the alerts of them recorded.

    say is told, after 5 s without progress, what is being waited for; the wait goes on.
    """

    async def alerts() -> None:
        await _judged(settings, dict(targets), say, patience_s)
        await _recorded(settings, ALERTS_IMPORT, await _told(settings, targets), say, patience_s)

    await asyncio.gather(alerts(), _recorded(settings, TELEMETRY_IMPORT, dict(targets), say, patience_s))


async def _told(settings: Settings, partitions: Iterable[int]) -> Targets:
    """Where the alerts of these partitions end now: what is judged is told."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap)
    await consumer.start()
    try:
        name = settings.kafka.prefix + ALERTS_IMPORT.name
        ends = await consumer.end_offsets([TopicPartition(name, partition) for partition in partitions])
    finally:
        await consumer.stop()
    return {at.partition: end for at, end in ends.items() if end}


async def _judged(settings: Settings, targets: Targets, say: Callable[[str], object], patience_s: float) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap, auto_offset_reset="latest")
    await consumer.start()
    try:
        topic = TopicPartition(settings.kafka.prefix + JUDGED.name, 0)
        consumer.assign([topic])
        await consumer.seek_to_end(topic)
        while targets:
            try:
                async with asyncio.timeout(patience_s):
                    record = await consumer.getone()
            except TimeoutError:
                say("waiting for a worker to judge this flight: is `wedgetail worker` running?")
                continue
            progress = decode(Judged, record.value)
            if progress.topic == TELEMETRY_IMPORT.name and progress.partition in targets:
                if progress.next >= targets[progress.partition]:
                    del targets[progress.partition]
                elif progress.stopped is not None:
                    say(f"partition {progress.partition} is not being judged: {progress.stopped}")
    finally:
        await consumer.stop()


async def _recorded(
    settings: Settings, topic: Topic, targets: Targets, say: Callable[[str], object], patience_s: float
) -> None:
    query = queries.load("ingest", "recorded")["recorded"]
    cluster = await kafka.cluster_id(settings.kafka.bootstrap)
    topic_id = (await kafka.topic_ids(settings.kafka.bootstrap, settings.kafka.prefix))[topic.name]
    loop = asyncio.get_running_loop()
    moved_s = loop.time()
    before: dict[int, int] = {}
    while targets:
        try:
            async with await pool.connect(settings.database.url, name="wedgetail import") as connection:
                while targets:
                    rows = await (await connection.execute(query, {"cluster": cluster, "topic_id": topic_id})).fetchall()
                    now = dict(rows)
                    for partition in [p for p, offset in targets.items() if now.get(p, -1) >= offset]:
                        del targets[partition]
                    if now != before:
                        moved_s, before = loop.time(), now
                    elif loop.time() - moved_s >= patience_s:
                        say("waiting for the recorder to store this flight: is `wedgetail recorder` running?")
                        moved_s = loop.time()
                    if targets:
                        await asyncio.sleep(_ASK_AGAIN_S)  # the database tells nobody when an offset moves
        except psycopg.OperationalError as error:
            say(f"waiting for the database: {str(error).strip()}")
            await asyncio.sleep(patience_s)
