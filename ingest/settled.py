"""Waiting until what was sent has been judged by a worker and stored by the recorder, and saying what it waits for."""

import asyncio
from collections.abc import Callable

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from core import kafka
from core.records import Judged, decode
from core.settings import Settings
from core.topics import JUDGED, TELEMETRY_IMPORT
from storage import pool, queries

_PATIENCE_S = 5.0
_ASK_AGAIN_S = 0.1

Targets = dict[int, int]  # partition: the offset behind the last record sent


async def settled(settings: Settings, targets: Targets, say: Callable[[str], object], patience_s: float = _PATIENCE_S) -> None:
    """Returns when the import topic's partitions are judged and recorded up to these offsets.

    say is told, after 5 s without progress, what is being waited for; the wait goes on.
    """
    await asyncio.gather(_judged(settings, dict(targets), say, patience_s), _recorded(settings, dict(targets), say, patience_s))


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


async def _recorded(settings: Settings, targets: Targets, say: Callable[[str], object], patience_s: float) -> None:
    query = queries.load("ingest", "recorded")["recorded"]
    cluster = await kafka.cluster_id(settings.kafka.bootstrap)
    topic_id = (await kafka.topic_ids(settings.kafka.bootstrap, settings.kafka.prefix))[TELEMETRY_IMPORT.name]
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
