"""A worker on a real Kafka: records in, alert events and progress out, whoever is killed in between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from time import time_ns
from uuid import UUID, uuid5

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from core import block, records
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id, operator_id, partition_of
from core.kafka import ensure_topics, producer
from core.records import AlertEvent, Judged, Marker
from core.sample import HeightSource, Sample
from core.settings import Settings
from core.topics import ALERTS, JUDGED, PARTITIONS, TELEMETRY, TELEMETRY_IMPORT, WORLD, Topic
from geofence.zone import ZoneKind, ZoneVersion
from streams.worker import Worker, WorkerFailed
from streams.worlds import COMPLETE_KEY, Complete
from tests import any_hour

OPERATOR = operator_id("test")
LINK = "udp:14550/127.0.0.1"
AIRCRAFT = aircraft_id(OPERATOR, LINK, 1)
PARTITION = partition_of(AIRCRAFT, PARTITIONS)
EAST = any_hour.noon_lon_deg() - 149.0  # it flies where it is day
SQUARE = ((149.0, -35.0), (149.01, -35.0), (149.01, -34.99), (149.0, -34.99), (149.0, -35.0))
ZONE = ZoneVersion(
    operator_id=OPERATOR,
    zone_id=uuid5(OPERATOR, "zone"),
    version=1,
    world=1,
    name="Tower",
    kind=ZoneKind.KEEP_OUT,
    geometry={
        "type": "Polygon",
        "coordinates": [[[EAST + lon, lat] for lon, lat in SQUARE]],
    },
)  # fmt: skip


def sample(seq: int, now_us: int, lon: float, **more: object) -> Sample:
    return Sample(
        OPERATOR, AIRCRAFT, LINK, 1, now_us, seq, now_us + seq * 200_000, lon_e7=round((EAST + lon) * 1e7), lat_e7=-349950000,
        takeoff_height_mm=50_000, takeoff_source=HeightSource.AUTOPILOT, armed=True, **more,  # type: ignore[arg-type]
    )  # fmt: skip


class Bench:
    """The topics of one test, to write to and read from."""

    def __init__(self, settings: Settings, out: AIOKafkaProducer) -> None:
        self.settings, self.out = settings, out

    def name(self, topic: Topic) -> str:
        return self.settings.kafka.prefix + topic.name

    async def send_block(self, samples: list[Sample], topic: Topic = TELEMETRY) -> None:
        batch = block.from_samples(samples)
        headers = records.block_headers(SCHEMA_VERSION, batch.aircraft)
        await self.out.send_and_wait(self.name(topic), batch.encode(), partition=PARTITION, headers=headers)

    async def send_control(self, control: records.Control) -> None:
        headers = records.control_headers(control)
        await self.out.send_and_wait(self.name(TELEMETRY), records.encode(control), partition=PARTITION, headers=headers)

    async def publish_world(self, *zones: ZoneVersion) -> None:
        for zone in zones:
            key = f"{zone.zone_id}:{zone.version}".encode()
            await self.out.send_and_wait(self.name(WORLD), records.encode(zone), key=key)
        world = max(zone.world for zone in zones)
        await self.out.send_and_wait(self.name(WORLD), records.encode(Complete(world)), key=COMPLETE_KEY)
        await self.send_control(Marker(world))

    async def forget_before(self, offset: int) -> None:
        """The log loses its records below an offset, as by retention."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka.bootstrap)
        await admin.start()
        await admin.delete_records({TopicPartition(self.name(TELEMETRY), PARTITION): RecordsToDelete(before_offset=offset)})
        await admin.close()

    async def end(self) -> int:
        consumer = self._consumer(TELEMETRY)
        await consumer.start()
        partition = TopicPartition(self.name(TELEMETRY), PARTITION)
        end: int = (await consumer.end_offsets([partition]))[partition]
        await consumer.stop()
        return end

    async def events(self, count: int) -> list[AlertEvent]:
        """The first alert events of the topic, as many as asked."""
        found: list[AlertEvent] = []
        consumer = self._consumer(ALERTS)
        async with asyncio.timeout(30):
            await consumer.start()
            try:
                while len(found) < count:
                    found.append(records.decode(AlertEvent, (await consumer.getone()).value or b""))
            finally:
                await consumer.stop()
        return found

    async def judged_up_to(self, next_offset: int, worker: str | None = None) -> Judged:
        """The first word, on this test's partition, that it is judged so far."""
        return await self.said(lambda said: said.next >= next_offset and worker in (None, said.worker))

    async def said(self, wanted: Callable[[Judged], bool], topic: Topic = TELEMETRY) -> Judged:
        consumer = self._consumer(JUDGED)
        async with asyncio.timeout(30):
            await consumer.start()
            try:
                while True:
                    said = records.decode(Judged, (await consumer.getone()).value or b"")
                    here = said.partition == PARTITION and said.topic == topic.name
                    if here and wanted(said):
                        return said
            finally:
                await consumer.stop()

    def _consumer(self, topic: Topic) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(self.name(topic), bootstrap_servers=self.settings.kafka.bootstrap, auto_offset_reset="earliest")


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    await ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
    out = producer(settings.kafka.bootstrap)
    await out.start()
    yield Bench(settings, out)
    await out.stop()


@asynccontextmanager
async def working(settings: Settings, accept_gap: Iterable[int] = ()) -> AsyncIterator[Worker]:
    worker = Worker(settings, accept_gap)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


def now_us() -> int:
    return time_ns() // 1_000


async def test_a_breach_of_a_published_zone_becomes_an_alert_and_progress_says_so(bench: Bench) -> None:
    start = now_us() - 10_000_000
    async with working(bench.settings) as worker:
        await bench.publish_world(ZONE)
        await bench.send_block([sample(i, start, 149.005) for i in range(1, 8)])
        (event,) = await bench.events(1)
        said = await bench.judged_up_to(2, worker.name)
    assert (event.rule, event.condition, event.n) == ("GEOFENCE-KEEP-OUT", "raised", 1)
    assert event.start_us == start + 200_000
    assert event.zone_versions == (1,) and event.world == 1
    assert said.stopped is None
    assert [guide.alert_id for guide in said.guidance] == [event.alert_id]


async def test_a_second_worker_goes_on_from_the_checkpoint_and_says_nothing_twice(bench: Bench) -> None:
    start = now_us() - 10_000_000
    async with working(bench.settings) as first:
        await bench.publish_world(ZONE)
        await bench.send_block([sample(i, start, 149.005) for i in range(1, 4)])  # 0.4 s inside: pending, told nobody
        await bench.judged_up_to(2, first.name)
    async with working(bench.settings):
        await bench.send_block([sample(i, start, 149.005) for i in range(4, 9)])
        await bench.send_block([sample(i, start, 149.005) for i in range(4, 9)])  # and again: duplicates
        (event,) = await bench.events(1)
        said = await bench.judged_up_to(5)
    assert event.start_us == start + 200_000, "the pending condition of the first worker was kept"
    assert len(said.guidance) == 1
    events = await bench.events(1)
    assert [e.n for e in events] == [1]


async def test_an_import_judged_by_a_worker_that_died_is_known_to_be_judged_by_the_next_although_nothing_more_comes(
    bench: Bench,
) -> None:
    async with working(bench.settings) as first:
        await bench.send_block([sample(1, 0, 149.5)], TELEMETRY_IMPORT)
        await bench.said(lambda said: said.next >= 2, TELEMETRY_IMPORT)  # the engine's own record is one
        await first.judging.keep(first.judging.partitions.values())
        await bench.send_block([sample(2, 0, 149.5)], TELEMETRY_IMPORT)
        await bench.said(lambda said: said.next == 3, TELEMETRY_IMPORT)
        first.judging.partitions.clear()  # it dies: no other checkpoint, only the group's offsets
    async with working(bench.settings) as second:
        second.judging._name = "the second"  # both are of this process
        said = await bench.said(lambda said: said.worker == "the second" and said.next > 0, TELEMETRY_IMPORT)
    assert (said.next, said.stopped) == (3, None)


async def test_a_block_that_cannot_be_read_puts_its_aircraft_in_doubt_and_the_partition_goes_on(bench: Bench) -> None:
    start = now_us() - 10_000_000
    async with working(bench.settings):
        await bench.send_block([sample(1, start, 149.5)])
        headers = records.block_headers(SCHEMA_VERSION, [AIRCRAFT])
        await bench.out.send_and_wait(bench.name(TELEMETRY), b"not arrow", partition=PARTITION, headers=headers)
        await bench.send_block([sample(2, start, 149.5)])
        doubt, over = await bench.events(2)
    assert (doubt.rule, doubt.level, doubt.condition) == ("EVIDENCE-NOT-JUDGED", "unknown", "raised")
    assert (over.alert_id, over.condition) == (doubt.alert_id, "cleared")
    assert isinstance(doubt.aircraft_id, UUID) and doubt.aircraft_id == AIRCRAFT


async def test_two_workers_share_the_partitions_and_one_goes_on_alone(bench: Bench) -> None:
    start = now_us() - 10_000_000
    async with working(bench.settings) as first:
        async with working(bench.settings) as second:
            await both_work(first, second)
            await bench.publish_world(ZONE)
            await bench.send_block([sample(i, start, 149.005) for i in range(1, 4)])
            await bench.judged_up_to(2)
        await bench.send_block([sample(i, start, 149.005) for i in range(4, 9)])
        (event,) = await bench.events(1)
    assert (event.n, event.start_us) == (1, start + 200_000)


async def both_work(*workers: Worker) -> None:
    """Each has partitions of its own, and together they have all."""
    async with asyncio.timeout(30):
        while True:
            owned = [worker.judging.owned for worker in workers]
            if all(owned) and sum(map(len, owned)) == len(frozenset().union(*owned)) == 2 * PARTITIONS:
                return
            await asyncio.sleep(0.1)  # Faust tells of an assignment to nobody but its own app


async def test_a_log_that_lost_its_beginning_without_a_checkpoint_is_not_judged_until_a_person_accepts_the_gap(
    bench: Bench,
) -> None:
    start = now_us() - 10_000_000
    for i in range(1, 4):
        await bench.send_block([sample(i, start, 149.5)])
    await bench.forget_before(2)
    async with working(bench.settings):
        stopped = await bench.said(lambda said: said.stopped is not None)
    assert stopped.stopped is not None and "--accept-gap" in stopped.stopped and stopped.next == 0
    async with working(bench.settings, accept_gap=[PARTITION]):
        assert (await bench.judged_up_to(3)).stopped is None


async def test_records_missing_since_the_checkpoint_stop_the_partition_and_are_named(bench: Bench) -> None:
    start = now_us() - 10_000_000
    ends = 0
    while not ends:  # on a very busy machine the group may drop a worker just before its stop, which then keeps nothing
        async with working(bench.settings) as worker:
            await bench.send_block([sample(await bench.end() + 1, start, 149.5)])
            await bench.judged_up_to(await bench.end())
        ends = worker.judging.partitions[TopicPartition(bench.name(TELEMETRY), PARTITION)].checkpointed
    while await bench.end() < ends + 3:
        await bench.send_block([sample(await bench.end() + 2, start, 149.5)])
    await bench.forget_before(ends + 2)
    async with working(bench.settings):
        stopped = await bench.said(lambda said: said.stopped is not None)
    assert stopped.stopped is not None and f"Records {ends} to {ends + 2}" in stopped.stopped


async def test_a_worker_that_cannot_read_the_world_ends_and_says_so(bench: Bench) -> None:
    worker = Worker(bench.settings)
    await worker.start()
    try:
        await bench.out.send_and_wait(bench.name(WORLD), b"not a zone", key=b"a zone")
        with pytest.raises(WorkerFailed, match="following the world failed"):
            async with asyncio.timeout(30):
                await worker.until(asyncio.Event())
    finally:
        await worker.stop()
