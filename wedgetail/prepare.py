"""What must stand before the parts start: the schema, the topics, and the installation's own rows."""

import asyncio

import psycopg

from core.cluster import check
from core.kafka import cluster_id, ensure_topics, topic_ids
from core.settings import Settings
from core.topics import PARTITIONS
from storage.migrate import migrate, register_installation, register_topics


async def prepare(settings: Settings) -> None:
    """Migrates the database, makes missing topics, and registers both; safe to run again, by several at once.

    Raises the errors of storage.migrate, BrokerUnreachable, TopicMismatch, AnotherCluster.
    """
    await check(settings)
    await asyncio.gather(asyncio.to_thread(migrate, settings), ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix))
    cluster = await cluster_id(settings.kafka.bootstrap)
    topics = await topic_ids(settings.kafka.bootstrap, settings.kafka.prefix)
    await asyncio.to_thread(_register, settings, cluster, topics)


def _register(settings: Settings, cluster: str, topics: dict[str, str]) -> None:
    with psycopg.connect(settings.database.url) as connection:
        register_installation(connection, settings.operator, cluster, PARTITIONS)
        register_topics(connection, cluster, topics, PARTITIONS)
