"""A live flight, recorded by the real recorder and run again when Kafka has nothing left of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from psycopg import AsyncConnection

from api.world import WorldPublisher
from core import records
from core.block import SCHEMA_VERSION
from core.identity import aircraft_id, partition_of
from core.kafka import cluster_id, ensure_topics, producer, topic_ids
from core.records import AlertEvent, LinkListened, Listened
from core.settings import Operator, Settings
from core.topics import ALERTS, PARTITIONS, RERUN, TELEMETRY, TOPICS, Topic
from geofence import store
from geofence.zone import ZoneVersion
from storage.history import MissingLog
from storage.migrate import register_topics
from storage.pool import connect
from streams.recorder import Recorder
from streams.rerun import Rerun, rerun, what_if
from streams.whatif import Other
from streams.worker import Worker
from tests.integration.streams.test_worker import AIRCRAFT, LINK, OPERATOR, PARTITION, ZONE, Bench, now_us, sample
from wedgetail.facts import import_file as import_facts

PATIENCE_S = 60.0
STATE_EVERY_S = 2.0  # an hour, for these tests
IN, OUT = 149.005, 149.5
NEIGHBOUR = next(n for n in range(2, 255) if partition_of(aircraft_id(OPERATOR, LINK, n), PARTITIONS) == PARTITION)


class House(Bench):
    """Everything but ingest and the door. seq and the flight's own clock go on by 200 ms a sample."""

    seq = 0
    epoch = 0

    async def fly(self, count: int, lon: float, system: int = 1) -> None:
        who = aircraft_id(OPERATOR, LINK, system)
        for _ in range(count):
            self.seq += 1
            each = sample(self.seq, self.epoch, lon)
            each.aircraft_id, each.system_id = who, system
            await self.send_block([each])

    async def listened(self, silent_s: int = 0) -> None:
        """Ingest's word, after so many seconds of the flight in which nothing was heard."""
        self.seq += 5 * silent_s
        up_to = self.epoch + self.seq * 200_000
        await self.send_control(Listened((LinkListened(OPERATOR, LINK, self.epoch, up_to),)))

    async def told(self, *wanted: tuple[str, str]) -> list[AlertEvent]:
        """Waits for these (rule, condition), in this order, among the events of the first aircraft."""
        found = [e for e in await self.events_until(len(wanted)) if e.aircraft_id == AIRCRAFT]
        assert [(e.rule, e.condition.value) for e in found] == list(wanted)
        return found

    async def events_until(self, count: int) -> list[AlertEvent]:
        found: list[AlertEvent] = []
        consumer = self._consumer(ALERTS)
        async with asyncio.timeout(PATIENCE_S):
            await consumer.start()
            try:
                while sum(event.aircraft_id == AIRCRAFT for event in found) < count:
                    found.append(records.decode(AlertEvent, (await consumer.getone()).value or b""))
            finally:
                await consumer.stop()
        return found

    async def recorded(self) -> None:
        """Waits until the database has what the log has now."""
        wanted = [(TELEMETRY, PARTITION), (ALERTS, PARTITION), (RERUN, 0)]
        ends = [await self._end(topic, partition) for topic, partition in wanted]
        async with asyncio.timeout(PATIENCE_S):
            for (topic, partition), end in zip(wanted, ends, strict=True):
                held = "SELECT next >= %s FROM recorder_offset WHERE topic = %s AND partition = %s"
                while self.query(held, end, topic.name, partition) != [(True,)]:
                    await asyncio.sleep(0.05)

    async def _end(self, topic: Topic, partition: int) -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka.bootstrap)
        await consumer.start()
        where = TopicPartition(self.name(topic), partition)
        end: int = (await consumer.end_offsets([where]))[where]
        await consumer.stop()
        return end

    async def states(self, count: int) -> None:
        """Waits until the database has so many states of this test's partition."""
        async with asyncio.timeout(PATIENCE_S):
            while self.query("SELECT count(*) >= %s FROM partition_state WHERE partition = %s", count, PARTITION) != [(True,)]:
                await asyncio.sleep(0.05)

    async def empty_kafka(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka.bootstrap)
        await admin.start()
        await admin.delete_topics([self.name(topic) for topic in TOPICS])
        await admin.close()

    def query(self, text: str, *given: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database.url) as conn:
            cursor = conn.execute(text.encode(), given)
            return cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def database(self) -> AsyncIterator[AsyncConnection[Any]]:
        async with await connect(self.settings.database.url, name="test") as conn:
            yield conn

    async def again(self, flight: str = LINK, since: datetime | None = None, until: datetime | None = None) -> Rerun:
        async with self.database() as conn:
            return await rerun(conn, flight, since, until)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Worker]:
    worker = Worker(settings, state_every_s=STATE_EVERY_S)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    bootstrap, prefix = settings.kafka.bootstrap, settings.kafka.prefix
    await ensure_topics(bootstrap, prefix)
    with psycopg.connect(settings.database.url) as conn:
        register_topics(conn, await cluster_id(bootstrap), await topic_ids(bootstrap, prefix), PARTITIONS)
    out = producer(bootstrap)
    await out.start()
    recorder = asyncio.create_task(Recorder(settings).run())
    house = House(settings, out)
    house.epoch = now_us() - 60_000_000
    async with house.database() as conn, conn.transaction():
        await store.add(conn, msgspec.structs.replace(ZONE, world=await store.next_world(conn)))
    yield house
    recorder.cancel()
    await asyncio.gather(recorder, return_exceptions=True)
    await out.stop()


RAISED_AND_CLEARED = (("GEOFENCE-KEEP-OUT", "raised"), ("GEOFENCE-KEEP-OUT", "cleared"))
LOST_AND_FOUND = (("LINK-LOST", "raised"), ("LINK-LOST", "cleared"))
IN_DOUBT = (("EVIDENCE-NOT-JUDGED", "raised"), ("EVIDENCE-NOT-JUDGED", "cleared"))
NOT_HEARD = (("LINK-NOT-HEARD", "raised"), ("LINK-NOT-HEARD", "cleared"))
ALL = (*RAISED_AND_CLEARED, *LOST_AND_FOUND, *IN_DOUBT, *NOT_HEARD)


async def a_flight_with_everything(house: House) -> list[AlertEvent]:
    """In the zone and out, lost and found, a block nobody can read, ingest silent; a worker stops and another goes on."""
    async with working(house.settings):
        await house.publish_world(ZONE)
        await house.fly(3, OUT, NEIGHBOUR)
        await house.fly(8, IN)
        await house.listened()
        await house.told(*ALL[:1])
        await house.fly(60, OUT)
    await house.fly(5, OUT)
    async with working(house.settings):
        await house.told(*ALL[:2])
        await house.listened(silent_s=6)
        await house.fly(3, OUT, NEIGHBOUR)
        await house.fly(3, OUT)
        await house.told(*ALL[:4])
        headers = records.block_headers(SCHEMA_VERSION, [AIRCRAFT])
        await house.out.send_and_wait(house.name(TELEMETRY), b"not arrow", partition=PARTITION, headers=headers)
        await house.fly(2, OUT)
        await house.told(*ALL[:6])
        await house.listened()
        await house.told(*ALL[:7])  # for five seconds of the broker's time nobody listens
        await house.listened(silent_s=1)
        events = await house.told(*ALL)
    await house.recorded()
    return events


async def test_a_live_flight_runs_again_to_the_same_bytes_when_kafka_has_nothing_left(house: House) -> None:
    events = await a_flight_with_everything(house)
    await house.empty_kafka()

    whole = await house.again()
    assert whole.same and whole.boundaries == ()
    mine = [body for body in whole.again if records.decode(AlertEvent, body).aircraft_id == AIRCRAFT]
    assert mine == [records.encode(event) for event in events]

    alone = await house.again(str(AIRCRAFT))
    assert alone.same and list(alone.again) == mine

    states = house.query("SELECT DISTINCT next, append_time FROM partition_state WHERE partition = %s ORDER BY next", PARTITION)
    assert len(states) >= 4, "one where the engine began, and one for each interval"
    judged_within = 0
    for next_offset, since in states[1:]:
        later = await house.again(str(AIRCRAFT), since=since)
        assert later.same and later.boundaries == ()
        assert len(later.again) == sum(event.offset >= next_offset for event in events)
        judged_within += 0 < len(later.again) < len(events)
    assert judged_within, "some window begins while something stands"

    # From a stored state, never from nothing: what came before it is not needed.
    middle, since = next((n, at) for n, at in states if sum(event.offset >= n for event in events) in range(1, len(events)))
    house.query('DELETE FROM stream_log_live WHERE partition = %s AND "offset" < %s', PARTITION, middle)
    assert (await house.again(since=since)).same
    assert (await house.again(since=since, until=since + timedelta(seconds=3))).same
    cut = await house.again()
    assert cut.before == cut.again and len(cut.again) < len(whole.again), "what is no more in the log is not compared"


async def test_a_hole_in_the_stored_log_is_named(house: House) -> None:
    async with working(house.settings):
        await house.fly(9, OUT)
        await house.judged_up_to(9)
    await house.recorded()
    house.query('DELETE FROM stream_log_live WHERE partition = %s AND "offset" = 4', PARTITION)
    with pytest.raises(MissingLog, match=f"Records 4 to 4 of telemetry partition {PARTITION}"):
        await house.again()


async def test_another_engine_is_named_as_the_boundary_with_what_differs(house: House) -> None:
    async with working(house.settings):
        await house.publish_world(ZONE)
        await house.fly(8, IN)
        await house.told(*ALL[:1])
    await house.recorded()
    house.query("UPDATE stream_log_live SET body = '{\"version\":\"0\"}' WHERE kind = 'engine'")
    other = await house.again()
    assert other.same and len(other.boundaries) == 1
    assert "were judged by engine 0" in other.boundaries[0]


async def test_with_another_zone_it_differs_where_it_should_and_nothing_is_stored(house: House) -> None:
    await a_flight_with_everything(house)
    await house.empty_kafka()
    stored = house.query("SELECT alert_id, n, body FROM alert_event ORDER BY 1, 2")

    there = [[x + 0.495, y] for x, y in ZONE.geometry["coordinates"][0]]
    moved = msgspec.structs.replace(
        ZONE, zone_id=uuid5(OPERATOR, "elsewhere"), name="Elsewhere", world=0,
        geometry={"type": "Polygon", "coordinates": [there]},
    )  # fmt: skip
    async with house.database() as conn:
        without = await what_if(conn, LINK, Other(without=("Tower",)))
        instead = await what_if(conn, LINK, Other((moved,), instead=True))
        beside = await what_if(conn, str(AIRCRAFT), Other((moved,)))
        bigger = await what_if(conn, LINK, Other((_bigger(ZONE),)))
        same = await what_if(conn, LINK, Other())

    (gone,) = without.differences
    assert gone.now is None and gone.then is not None
    assert [event.condition for event in gone.then] == ["raised", "cleared"]
    assert {e.rule for e in without.now} == {e.rule for e in without.then} - {"GEOFENCE-KEEP-OUT"}
    assert sum(each.now is None for each in instead.differences) == 1
    assert {each.now[0].zone_name for each in instead.differences if each.now is not None} == {"Elsewhere"}
    assert [each.then for each in beside.differences] == [None]
    assert [(each.then is None, each.now is None) for each in bigger.differences] == [(False, False)], "changed, and no other"
    assert same.differences == [] and same.then == same.now != ()
    assert house.query("SELECT alert_id, n, body FROM alert_event ORDER BY 1, 2") == stored


def _bigger(zone: ZoneVersion) -> ZoneVersion:
    corners = zone.geometry["coordinates"][0]
    west = min(x for x, _ in corners)
    ring = [[x + (0.005 if x > west else -0.005), y] for x, y in corners]
    return msgspec.structs.replace(zone, world=0, geometry={"type": "Polygon", "coordinates": [ring]})


async def test_a_topic_made_anew_is_run_again_apart_from_the_one_before(house: House) -> None:
    async with working(house.settings):
        await house.publish_world(ZONE)
        await house.fly(8, IN)
        await house.told(*ALL[:1])
    await house.recorded()
    # As the recorder of a new cluster would write it: the same partition, offsets from 0 again.
    copied = {"cluster": "another", "topic_id": str(UUID(int=7))}
    for table, columns in (
        ("recorder_offset", "partition, topic, next"),
        ("stream_log_live", "topic, partition, \"offset\", append_time + interval '1 day', kind, schema_version, rows, body"),
    ):
        names = columns.replace(" + interval '1 day'", "")
        house.query(
            f"INSERT INTO {table} (cluster, topic_id, {names}) SELECT %s, %s, {columns} FROM {table} WHERE topic = 'telemetry'",
            *copied.values(),
        )
    again = await house.again()
    assert again.same and len(again.again) == 1


async def test_a_silence_that_is_stated_holds_live_and_again(house: House, tmp_path: Path) -> None:
    """Ten seconds: eight raise nothing, twelve do."""
    file = tmp_path / "facts.json"
    file.write_text(json.dumps({"facts": [{"kind": "aircraft", "aircraft_id": str(AIRCRAFT), "link_lost_s": 10}]}))
    publisher = WorldPublisher(house.settings)
    publishing = asyncio.create_task(publisher.run())
    try:
        assert await publisher.in_force(1, PATIENCE_S)
        async with working(house.settings):
            await house.fly(3, OUT)
            await import_facts(house.settings.model_copy(update={"operator": Operator(name="test")}), file, dry_run=False)
            assert await publisher.in_force(2, PATIENCE_S)
            await house.fly(3, OUT)
            await house.listened(silent_s=8)
            await house.fly(3, OUT)
            await house.listened(silent_s=12)
            await house.fly(3, OUT)
            lost, _ = await house.told(*LOST_AND_FOUND)
        assert (lost.at_us - lost.start_us, lost.world) == (12_000_000, 2)
        assert lost.what == "nothing heard since the last sample, armed; lost after 10 s, as stated"
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
    await house.recorded()
    await house.empty_kafka()
    again = await house.again()
    assert again.same and next(records.decode(AlertEvent, body).at_us for body in again.again) == lost.at_us
