"""A part runs only on the cluster and the topics that its installation was made on."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.client import AIOKafkaClient

from core.cluster import AnotherCluster, TopicRemade, check, guarded, watch
from core.errors import TopicMismatch
from core.kafka import cluster_id, ensure_topics, topic_ids
from core.settings import Settings


@pytest.fixture
async def admin(settings: Settings) -> AIOKafkaAdminClient:
    await ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap)
    await client.start()
    yield client
    await client.close()


async def test_the_first_cluster_is_written_down_and_another_one_is_refused_by_name(settings: Settings) -> None:
    await check(settings)
    file = settings.data_dir / "cluster"
    assert file.read_text() == await cluster_id(settings.kafka.bootstrap)
    file.write_text("the-one-before")
    with pytest.raises(AnotherCluster, match=r"this installation was made on the-one-before\. .* remove .*cluster$"):
        await check(settings)


async def test_a_part_is_not_begun_on_another_cluster(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    (settings.data_dir / "cluster").write_text("the-one-before")
    begun = False

    async def part() -> None:
        nonlocal begun
        begun = True

    with pytest.raises(AnotherCluster):
        await guarded(settings, part())
    assert not begun


async def test_what_a_part_fails_on_comes_out(settings: Settings) -> None:
    async def part() -> None:
        raise RuntimeError("its own trouble")

    with pytest.raises(RuntimeError, match="its own trouble"):
        await guarded(settings, part())


async def test_a_part_that_is_told_to_end_while_the_cluster_is_asked_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closes, closing = AIOKafkaClient.close, asyncio.Event()

    async def close(client: AIOKafkaClient) -> None:
        closing.set()
        await closes(client)

    monkeypatch.setattr(AIOKafkaClient, "close", close)
    watching = asyncio.create_task(watch(settings))
    await closing.wait()  # it is in the middle of it, where the library takes a cancellation for another task's
    watching.cancel()
    ended, _ = await asyncio.wait({watching}, timeout=30)
    assert ended


async def test_a_topic_that_grows_is_noticed(settings: Settings, admin: AIOKafkaAdminClient) -> None:
    watching = asyncio.create_task(watch(settings))
    await admin.create_partitions({f"{settings.kafka.prefix}telemetry": NewPartitions(17)})
    with pytest.raises(TopicMismatch, match="telemetry has 17 partitions, this installation was made with 16"):
        async with asyncio.timeout(30):
            await watching


async def test_a_topic_that_is_made_anew_is_noticed(settings: Settings, admin: AIOKafkaAdminClient) -> None:
    watching = asyncio.create_task(watch(settings))
    while not (settings.data_dir / "cluster").exists():  # it has looked at them
        await asyncio.sleep(0.05)
    await admin.delete_topics([f"{settings.kafka.prefix}alerts"])
    while "alerts" in await topic_ids(settings.kafka.bootstrap, settings.kafka.prefix):
        await asyncio.sleep(0.05)
    await ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
    with pytest.raises(TopicRemade, match="alerts was deleted and made anew"):
        async with asyncio.timeout(30):
            await watching
