"""A real door on real servers."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from core import kafka
from core.settings import Settings
from core.topics import PARTITIONS
from storage.migrate import register_installation, register_topics
from tests.integration.api.hand import Door, Stream, opened


@pytest.fixture
async def prepared(settings: Settings) -> Settings:
    """Topics and tables as `wedgetail migrate` makes them."""
    where = settings.kafka
    await kafka.ensure_topics(where.bootstrap, where.prefix)
    cluster = await kafka.cluster_id(where.bootstrap)
    ids = await kafka.topic_ids(where.bootstrap, where.prefix)
    with psycopg.connect(settings.database.url, autocommit=True) as conn:
        register_installation(conn, settings.operator, cluster, PARTITIONS)
        register_topics(conn, cluster, ids, PARTITIONS)
    return settings


@pytest.fixture
async def stream(prepared: Settings) -> AsyncIterator[Stream]:
    producer = kafka.producer(prepared.kafka.bootstrap)
    await producer.start()
    yield Stream(producer, prepared.kafka.prefix)
    await producer.stop()


@pytest.fixture
async def door(prepared: Settings) -> AsyncIterator[Door]:
    async with opened(prepared) as door:
        yield door
