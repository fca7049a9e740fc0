"""The recorder on a real broker and a real database: each record once, whoever comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core import block
from core.colour import Level
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id
from core.kafka import cluster_id, ensure_topics, producer, topic_ids
from core.records import AlertEvent, Condition, Tick, block_headers, control_headers, encode
from core.sample import Sample
from core.settings import Settings
from core.topics import PARTITIONS
from core.units import US_PER_S
from storage.migrate import register_topics
from streams.recorder import Recorder

OPERATOR = UUID(int=1)
T0 = 1_780_000_000 * US_PER_S
PATIENCE_S = 20.0


class Bench:
    """A broker with topics, a database that knows them, and one who writes."""

    def __init__(self, settings: Settings, writer: AIOKafkaProducer) -> None:
        self.settings = settings
        self.prefix = settings.kafka.prefix
        self.writer = writer
        self.seq = 0

    async def send(self, count: int, partition: int, link: str = "udp:1/x", topic: str = "telemetry") -> None:
        """So many samples of one aircraft, in blocks of three."""
        who = aircraft_id(OPERATOR, f"{link}{partition}", 1)
        for _ in range(0, count, 3):
            samples = []
            for _ in range(3):
                self.seq += 1
                samples.append(Sample(OPERATOR, who, f"{link}{partition}", 1, 1, self.seq, T0 + self.seq * 1_000))
            await self.raw(partition, block.from_samples(samples).encode(), block_headers(SCHEMA_VERSION, [who]), topic)

    async def raw(self, partition: int, value: bytes, headers: list[tuple[str, bytes]], topic: str = "telemetry") -> None:
        await self.writer.send_and_wait(f"{self.prefix}{topic}", value, partition=partition, headers=headers)

    def query(self, text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database.url) as conn:
            return conn.execute(text.encode()).fetchall()

    async def until(self, text: str, wanted: Callable[[list[tuple[Any, ...]]], bool]) -> list[tuple[Any, ...]]:
        """Ask until the answer is as wanted."""
        last: list[tuple[Any, ...]] = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted(last := await asyncio.to_thread(self.query, text)):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"after {PATIENCE_S} s: {text} gives {last}")
        return last

    async def until_rows(self, count: int) -> None:
        await self.until("SELECT count(*) FROM telemetry", lambda rows: rows == [(count,)])

    @asynccontextmanager
    async def recording(self, worker: str = "one", accept_gap: Sequence[str] = ()) -> AsyncIterator[Recorder]:
        recorder = Recorder(self.settings, worker, accept_gap)
        task = asyncio.create_task(recorder.run())
        try:
            yield recorder
        finally:
            if task.done():
                task.result()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    bootstrap, prefix = settings.kafka.bootstrap, settings.kafka.prefix
    await ensure_topics(bootstrap, prefix)
    with psycopg.connect(settings.database.url) as conn:
        register_topics(conn, await cluster_id(bootstrap), await topic_ids(bootstrap, prefix), PARTITIONS)
    writer = producer(bootstrap)
    await writer.start()
    yield Bench(settings, writer)
    await writer.stop()


ONCE = "SELECT count(*), count(DISTINCT (link, epoch, seq)) FROM telemetry"


async def test_it_goes_on_where_the_database_says_and_not_where_kafka_does(bench: Bench) -> None:
    await bench.send(30, 3)
    async with bench.recording():
        await bench.until_rows(30)
    await bench.send(30, 3)
    await bench.send(9, 4, topic="telemetry-import")
    async with bench.recording() as second:
        await bench.until_rows(69)
        assert second.counts.records == 13 and second.counts.duplicates == 0
    assert bench.query("SELECT topic, partition, next FROM recorder_offset WHERE next > 0 ORDER BY 1") == [
        ("telemetry", 3, 20),
        ("telemetry-import", 4, 3),
    ]
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.kafka.bootstrap)
    await admin.start()
    committed = await admin.list_consumer_group_offsets(f"{bench.prefix}wedgetail-recorder")
    await admin.close()
    assert committed == {}


async def test_recorders_that_come_and_go_store_each_sample_once(bench: Bench) -> None:
    async def sending() -> None:
        for turn in range(40):
            await bench.send(3, turn % 8, link=f"udp:{turn}/y")
            await asyncio.sleep(0.05)

    sender = asyncio.create_task(sending())
    async with bench.recording("one"):
        async with bench.recording("two") as two:
            await bench.until("SELECT count(*) FROM telemetry", lambda rows: rows[0][0] >= 30)
            assert two is not None
        await sender
        await bench.until_rows(120)
    assert bench.query(ONCE) == [(120, 120)]


async def test_a_position_that_another_has_moved_is_taken_up_and_nothing_is_written_twice(bench: Bench) -> None:
    async with bench.recording() as recorder:
        await bench.send(6, 0)
        await bench.until_rows(6)
        bench.query("UPDATE recorder_offset SET next = 4 WHERE topic = 'telemetry' AND partition = 0 RETURNING 1")
        await bench.send(9, 0)  # blocks 2, 3 and 4: the other one has the first two
        await bench.until_rows(9)
        assert recorder.counts.fenced >= 1
    assert bench.query('SELECT DISTINCT "offset" FROM telemetry ORDER BY 1') == [(0,), (1,), (4,)]


async def test_an_unreadable_block_is_marked_and_the_partition_goes_on(bench: Bench) -> None:
    async with bench.recording():
        await bench.send(3, 2)
        await bench.raw(2, b"not a block", block_headers(SCHEMA_VERSION, []))
        await bench.raw(2, encode(Tick()), control_headers(Tick()))
        await bench.send(3, 2)
        await bench.until_rows(6)
    assert bench.query('SELECT kind FROM stream_log WHERE partition = 2 ORDER BY "offset"') == [
        ("block",), ("unreadable",), ("tick",), ("block",),
    ]  # fmt: skip


async def test_a_record_that_the_database_refuses_is_marked_and_the_rest_is_stored(bench: Bench) -> None:
    def alert(n: int, rule: str) -> bytes:
        return encode(AlertEvent(
            UUID(int=9), n, OPERATOR, UUID(int=5), "udp:1/x", 1, rule, None, None, (), Level.BREACH, Condition.RAISED, T0, T0,
            "what", None, None, None, None, None, None, None, 1, "1", 0, 0, 0,
        ))  # fmt: skip

    for n, rule in ((1, "fine"), (2, "a NUL \0 in it"), (3, "fine too")):
        await bench.raw(1, alert(n, rule), [], "alerts")
    await bench.send(6, 0)
    async with bench.recording():
        await bench.until("SELECT count(*) FROM alert_event", lambda rows: rows == [(2,)])
        await bench.until_rows(6)
    log = bench.query("SELECT topic, \"offset\", kind, body FROM stream_log WHERE kind = 'unreadable'")
    assert [row[:3] for row in log] == [("alerts", 1, "unreadable")] and "NUL" in log[0][3]
    assert bench.query("SELECT n, rule FROM alert_event ORDER BY n") == [(1, "fine"), (3, "fine too")]


STOPPED = "SELECT entry ->> 'why' FROM part_health, jsonb_array_elements(detail -> 'stopped') AS entry WHERE part = 'recorder'"


async def test_an_offset_outside_the_log_stops_that_partition_and_names_the_range(bench: Bench) -> None:
    await bench.send(30, 5)
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.kafka.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(f"{bench.prefix}telemetry", 5): RecordsToDelete(before_offset=4)})
    await admin.close()
    bench.query("UPDATE recorder_offset SET next = 50 WHERE topic = 'telemetry' AND partition = 6 RETURNING 1")
    async with bench.recording():
        reasons = await bench.until(STOPPED, lambda rows: len(rows) == 2)
        assert sorted(row[0] for row in reasons) == [
            "offsets 0 to 3 of telemetry, partition 5, are missing from the log: "
            "start a recorder with --accept-gap telemetry/5 to go on behind them",
            "offsets 0 to 49 of telemetry, partition 6, are missing from the log",
        ]
        await bench.send(6, 7)
        await bench.until_rows(6)
    assert bench.query("SELECT DISTINCT partition FROM telemetry") == [(7,)]
    assert bench.query("SELECT next FROM recorder_offset WHERE topic = 'telemetry' AND partition IN (5, 6) ORDER BY 1") == [
        (0,),
        (50,),
    ]


async def test_records_that_are_gone_are_passed_over_when_a_person_says_so_and_that_is_written_down(bench: Bench) -> None:
    await bench.send(12, 5)
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.kafka.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(f"{bench.prefix}telemetry", 5): RecordsToDelete(before_offset=3)})
    await admin.close()
    async with bench.recording(accept_gap=["telemetry/5"]) as recorder:
        await bench.until_rows(3)
        assert recorder.stopped == {}
    assert bench.query('SELECT "offset", kind, body FROM stream_log ORDER BY 1') == [
        (2, "unreadable", "offsets 0 to 2 were gone: passed over"),
        (3, "block", None),
    ]


async def test_while_the_database_is_away_positions_are_kept_and_it_is_said_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    url = bench.settings.database.url
    name = str(conninfo_to_dict(url)["dbname"])
    with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as server:
        async with bench.recording():
            await bench.send(6, 0)
            await bench.until_rows(6)
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            await bench.send(30, 0)
            async with asyncio.timeout(PATIENCE_S):
                while "nothing can be stored now" not in caplog.text:
                    await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
            await bench.until_rows(36)
    assert bench.query(ONCE) == [(36, 36)]
    assert caplog.text.count("nothing can be stored now") == 1 and caplog.text.count("storing again") == 1


async def test_health_says_how_far_each_partition_is(bench: Bench) -> None:
    async with bench.recording("me"):
        await bench.send(6, 0)
        held = "SELECT detail -> 'positions' -> 'telemetry/0', detail #> '{counts,rows}' FROM part_health WHERE worker = 'me'"
        await bench.until(held, lambda rows: rows == [(2, 6)])
