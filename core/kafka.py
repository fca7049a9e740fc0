"""The few dealings with a Kafka cluster that are neither ingest's nor streams': its topics, its identity, one producer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError, TopicAlreadyExistsError, for_code

from core.ending import closed
from core.errors import BrokerUnreachable, TopicMismatch
from core.metadata import MetadataWithIds
from core.topics import TOPICS, Topic

_REPLICAS = 3  # as many as there are brokers, up to this
_APPEAR_S = 20.0  # a topic that the controller has made is known to the broker long before
_ASK_AGAIN_S = 0.05


@dataclass(frozen=True)
class _Found:
    topic_id: str
    partitions: int
    led: bool  # every partition has a leader


@dataclass(frozen=True)
class _Cluster:
    cluster_id: str
    brokers: int
    topics: dict[str, _Found]  # by the name on the broker, existing ones only


def producer(bootstrap: str) -> AIOKafkaProducer:
    """A producer that neither loses nor doubles a record, not started; to be made inside a running event loop."""
    return AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0)


async def ensure_topics(bootstrap: str, prefix: str = "") -> None:
    """Creates the topics of core.topics that are missing, and returns when all can be written and groups can read them.

    Raises TopicMismatch for one with another number of partitions, BrokerUnreachable when nobody answers.
    """
    wanted = {prefix + topic.name: topic for topic in TOPICS}
    async with _client(bootstrap) as client:
        cluster = await _ask(client, bootstrap, list(wanted))
        _refuse_mismatch(wanted, cluster)
        missing = {name: topic for name, topic in wanted.items() if name not in cluster.topics}
        if missing:
            await _create(bootstrap, missing, min(_REPLICAS, cluster.brokers))
        try:
            async with asyncio.timeout(_APPEAR_S):
                while not all(name in cluster.topics and cluster.topics[name].led for name in wanted):
                    await asyncio.sleep(_ASK_AGAIN_S)  # the broker tells nobody when it has learned of a topic
                    cluster = await _ask(client, bootstrap, list(wanted))
                while not await _groups_work(client):
                    await asyncio.sleep(_ASK_AGAIN_S)
        except TimeoutError as error:
            silent = sorted(name for name in wanted if name not in cluster.topics or not cluster.topics[name].led)
            lacking = f"no leader for topics {', '.join(silent)}" if silent else "no coordinator for consumer groups"
            raise BrokerUnreachable(bootstrap=bootstrap, detail=lacking) from error
        _refuse_mismatch(wanted, cluster)


async def cluster_id(bootstrap: str) -> str:
    """The cluster's own id. Raises BrokerUnreachable."""
    async with _client(bootstrap) as client:
        return (await _ask(client, bootstrap, [])).cluster_id


async def identity(bootstrap: str, prefix: str = "") -> tuple[str, dict[str, str]]:
    """The cluster's id, and topic_ids(). Raises TopicMismatch, BrokerUnreachable."""
    wanted = {prefix + topic.name: topic for topic in TOPICS}
    async with _client(bootstrap) as client:
        found = await _ask(client, bootstrap, list(wanted))
    _refuse_mismatch(wanted, found)
    return found.cluster_id, {name.removeprefix(prefix): topic.topic_id for name, topic in found.topics.items()}


async def topic_ids(bootstrap: str, prefix: str = "") -> dict[str, str]:
    """The ids (UUID strings) of the topics of core.topics that exist, by their names without the prefix."""
    async with _client(bootstrap) as client:
        found = (await _ask(client, bootstrap, [prefix + topic.name for topic in TOPICS])).topics
    return {name.removeprefix(prefix): topic.topic_id for name, topic in found.items()}


def _refuse_mismatch(wanted: dict[str, Topic], cluster: _Cluster) -> None:
    for name, found in cluster.topics.items():
        if found.partitions != wanted[name].partitions:
            raise TopicMismatch(topic=name, found=found.partitions, expected=wanted[name].partitions)


async def _create(bootstrap: str, missing: dict[str, Topic], replicas: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        answer = await admin.create_topics(
            [NewTopic(name, topic.partitions, replicas, topic_configs=topic.config) for name, topic in missing.items()]
        )
        for name, code, detail in answer.topic_errors:
            # Another process that starts at the same moment may have been first: that is as good.
            if code not in (0, TopicAlreadyExistsError.errno):
                raise BrokerUnreachable(bootstrap=bootstrap, detail=f"topic {name}: {detail or for_code(code).__name__}")
    except KafkaError as error:
        raise BrokerUnreachable(bootstrap=bootstrap, detail=str(error)) from error
    finally:
        await closed(admin.close())


@asynccontextmanager
async def _client(bootstrap: str) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    try:
        await client.bootstrap()
        yield client
    except KafkaError as error:
        raise BrokerUnreachable(bootstrap=bootstrap, detail=str(error)) from error
    finally:
        await closed(client.close())


async def _groups_work(client: AIOKafkaClient) -> bool:
    # The broker makes its own topic of group offsets when it is first asked for a coordinator. Asking here spares every
    # consumer of a new installation a second of loud retries.
    try:
        await client.coordinator_lookup(CoordinationType.GROUP, "wedgetail")
    except GroupCoordinatorNotAvailableError:
        return False
    return True


async def _ask(client: AIOKafkaClient, bootstrap: str, topics: list[str]) -> _Cluster:
    node = client.get_random_node()
    if node is None or not await client.ready(node):
        raise BrokerUnreachable(bootstrap=bootstrap, detail="no broker of the cluster answers")
    answer = await client.send(node, MetadataWithIds(topics))
    # Any error code (unknown, no leader yet) means "not usable now": creating it again is harmless, asking too.
    found = {
        name: _Found(str(topic_id), len(partitions), all(part[2] >= 0 for part in partitions))
        for code, name, topic_id, _, partitions, _, _ in answer.topics
        if code == 0
    }
    return _Cluster(answer.cluster_id, len(answer.brokers), found)
