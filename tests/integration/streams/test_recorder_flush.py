"""One flush: all of it or nothing, each sample once, in an order that reads back well."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import AsyncConnection

from core import block
from core.colour import Level
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id
from core.records import (
    AlertEvent,
    Condition,
    Control,
    LinkListened,
    Listened,
    Marker,
    Tick,
    block_headers,
    control_headers,
    encode,
)
from core.sample import Sample
from core.units import utc
from storage.migrate import RECORDED_TOPICS, migrate, register_topics
from storage.pool import connect
from streams.flush import Fenced, NotRegistered, Recording
from streams.found import Part
from streams.logged import Logged, alert_entry, telemetry_entry

OPERATOR, LINK = UUID(int=1), "udp:14550/127.0.0.1"
IDS = {name: str(UUID(int=n + 10)) for n, name in enumerate(RECORDED_TOPICS)}
T0 = 1_780_000_000_000_000
HEADERS = dict(block_headers(SCHEMA_VERSION, []))


def sample(seq: int, system: int = 1, at_us: int | None = None, link: str = LINK, epoch: int = 5, **values: Any) -> Sample:
    who = aircraft_id(OPERATOR, link, system)
    return Sample(OPERATOR, who, link, system, epoch, seq, T0 + seq * 100_000 if at_us is None else at_us, **values)


def blocks(*groups: list[Sample], first: int = 0) -> list[Logged]:
    return [
        telemetry_entry(first + n, max(s.event_time_us for s in group), HEADERS, block.from_samples(group).encode())
        for n, group in enumerate(groups)
    ]


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    with psycopg.connect(database_url) as sync:
        register_topics(sync, "c", IDS, 4)
    connection = await connect(database_url, name="test")
    async with connection:
        yield connection


@pytest.fixture
async def timescale(timescale_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection to a TimescaleDB that is migrated, and empty again afterwards. It has one session for all."""
    migrate(timescale_url)
    with psycopg.connect(timescale_url) as sync:
        register_topics(sync, "c", IDS, 4)
    connection = await connect(timescale_url, name="test")
    async with connection:
        yield connection
        await connection.execute(
            "TRUNCATE telemetry_live, telemetry_import, aircraft, stream_log_live, stream_log_import, partition_state, "
            "unjudged, recorder_offset, recorder_screen, alert_event"
        )


async def load(conn: AsyncConnection[Any], recording: Recording, topic: str = "telemetry", partition: int = 0) -> Part:
    return (await recording.load(conn, [(topic, IDS[topic], partition)]))[topic, partition]


async def rows(conn: AsyncConnection[Any], query: str) -> list[Any]:
    return await (await conn.execute(query.encode())).fetchall()


async def test_a_flush_writes_rows_log_aircraft_screen_and_position(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    tick = telemetry_entry(1, T0, dict(control_headers(Tick())), encode(Tick()))
    first = sample(1, vehicle_type=2, lon_e7=1_491_657_510, lat_e7=-353_623_302, mode="AUTO", armed=True, battery_pct=88)
    counts = await recording.store(conn, [(part, [*blocks([first]), tick])])
    assert (counts.records, counts.rows, part.next) == (2, 1, 2)
    stored = await rows(conn, 'SELECT aircraft_id, event_time, lon_e7, mode, armed, agl_mm, "offset", "row" FROM telemetry')
    assert stored == [(first.aircraft_id, utc(first.event_time_us), 1_491_657_510, "AUTO", True, None, 0, 0)]
    assert await rows(conn, 'SELECT "offset", kind, schema_version, rows, body, topic FROM stream_log ORDER BY 1') == [
        (0, "block", SCHEMA_VERSION, 1, None, "telemetry"),
        (1, "tick", None, None, "{}", "telemetry"),
    ]
    assert await rows(conn, "SELECT link, system_id, vehicle_type, first_seen, imported FROM aircraft") == [
        (LINK, 1, 2, utc(first.event_time_us), False)
    ]
    again = await load(conn, Recording("c"))
    assert again.next == 2 and again.screen.dump() == part.screen.dump() and again.screen.kept().links[LINK].seq == 1


async def test_an_old_owner_whose_start_was_taken_writes_nothing(conn: AsyncConnection[Any]) -> None:
    old, new = Recording("c"), Recording("c")
    held_by_old, held_by_new = await load(conn, old), await load(conn, new)
    await new.store(conn, [(held_by_new, blocks([sample(1)], [sample(2)]))])
    before = await rows(conn, "SELECT * FROM recorder_offset ORDER BY topic_id, partition")
    with pytest.raises(Fenced, match="telemetry/0"):
        await old.store(conn, [(held_by_old, blocks([sample(1), sample(2, system=9)]))])
    assert await rows(conn, "SELECT seq FROM telemetry ORDER BY 1") == [(1,), (2,)]
    assert await rows(conn, "SELECT count(*) FROM aircraft") == [(1,)]
    assert await rows(conn, "SELECT count(*) FROM stream_log") == [(2,)]
    assert await rows(conn, "SELECT * FROM recorder_offset ORDER BY topic_id, partition") == before


async def test_one_fenced_partition_holds_back_the_whole_flush(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    taken, free = await load(conn, recording), await load(conn, recording, partition=1)
    await conn.execute("UPDATE recorder_offset SET next = 5 WHERE topic = 'telemetry' AND partition = 0")
    with pytest.raises(Fenced):
        await recording.store(conn, [(taken, blocks([sample(1)])), (free, blocks([sample(2, system=2)]))])
    assert await rows(conn, "SELECT count(*) FROM telemetry") == [(0,)]
    assert await rows(conn, "SELECT max(next) FROM recorder_offset WHERE partition = 1") == [(0,)]


async def test_what_is_not_above_the_links_highest_epoch_and_seq_is_not_stored_twice(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    await recording.store(conn, [(part, blocks([sample(1), sample(2)], [sample(2), sample(3)]))])
    restarted = Recording("c")
    part = await load(conn, restarted)
    resent = blocks([sample(2), sample(3), sample(4)], [sample(1, epoch=6, at_us=T0 + 900_000)], first=2)
    counts = await restarted.store(conn, [(part, resent)])
    assert counts.duplicates == 2
    stored = await rows(conn, 'SELECT epoch, seq, "offset", "row" FROM telemetry ORDER BY epoch, seq')
    assert stored == [(5, 1, 0, 0), (5, 2, 0, 1), (5, 3, 1, 1), (5, 4, 2, 2), (6, 1, 3, 0)]


async def test_a_sample_before_its_aircrafts_judged_time_or_far_ahead_is_stored_as_late(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    entries = blocks([sample(10)], [sample(11, at_us=T0), sample(12)])
    ahead = telemetry_entry(2, T0, HEADERS, block.from_samples([sample(13, at_us=T0 + 6_000_000)]).encode())
    counts = await recording.store(conn, [(part, [*entries, ahead])])
    assert counts.late == 2
    stored = await rows(conn, "SELECT seq, late FROM telemetry ORDER BY seq")
    assert stored == [(10, False), (11, True), (12, False), (13, True)]


async def test_rows_lie_by_aircraft_and_time_within_a_flush(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    mixed = [[sample(n * 10 + k, system=k) for k in (3, 1, 2)] for n in range(1, 20)]
    flat = [sorted(group, key=lambda s: s.seq) for group in mixed]
    await recording.store(conn, [(part, blocks(*flat))])
    lying = await rows(conn, "SELECT aircraft_id, event_time FROM telemetry_live ORDER BY ctid")
    assert len(lying) == 57 and lying == sorted(lying, key=lambda row: (row[0].bytes, row[1]))


async def test_imports_stand_in_their_own_table_and_are_never_ahead(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording, "telemetry-import")
    early = telemetry_entry(0, 1_000, HEADERS, block.from_samples([sample(1, link="file:abc", epoch=0)]).encode())
    await recording.store(conn, [(part, [early])])
    assert await rows(conn, "SELECT imported, late FROM telemetry") == [(True, False)]
    assert await rows(conn, "SELECT imported FROM aircraft") == [(True,)]
    assert await rows(conn, "SELECT count(*) FROM telemetry_live") == [(0,)]


async def test_a_vehicle_type_that_comes_later_is_added_to_the_aircraft(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    await recording.store(conn, [(part, blocks([sample(1)]))])
    assert await rows(conn, "SELECT vehicle_type FROM aircraft") == [(None,)]
    await recording.store(conn, [(part, blocks([sample(2, vehicle_type=13)], first=1))])
    await recording.store(conn, [(part, blocks([sample(3, vehicle_type=2)], first=2))])
    assert await rows(conn, "SELECT vehicle_type, first_seen FROM aircraft") == [(13, utc(T0 + 100_000))]


async def test_an_unreadable_block_is_marked_and_the_partition_goes_on(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    broken = telemetry_entry(1, T0, HEADERS, b"\0\1\2")
    counts = await recording.store(conn, [(part, [*blocks([sample(1)]), broken, *blocks([sample(2)], first=2)])])
    assert (counts.unreadable, counts.rows) == (1, 2)
    log = await rows(conn, "SELECT kind, body LIKE '%cannot be read%' FROM stream_log WHERE \"offset\" = 1")
    assert log == [("unreadable", True)]


def alert(n: int, what: str = "12 m above") -> AlertEvent:
    return AlertEvent(
        UUID(int=77), n, OPERATOR, UUID(int=5), LINK, 1, "AU-101.085-HEIGHT", None, None, (), Level.BREACH, Condition.RAISED,
        T0, T0 + n, what, None, 12.0, 132.0, "AGL", "terrain report", 149.1, -35.3, 3, "1", 0, 4, 2,
    )  # fmt: skip


async def test_an_alert_event_keeps_its_bytes_and_of_two_with_one_key_the_first(
    conn: AsyncConnection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    recording = Recording("c")
    part = await load(conn, recording, "alerts")
    bodies = [encode(alert(1)), encode(alert(2)), encode(alert(1)), encode(alert(2, "another story"))]
    counts = await recording.store(conn, [(part, [alert_entry(n, T0 + n, body) for n, body in enumerate(bodies)])])
    assert (counts.alert_events, counts.alert_clashes) == (4, 1)
    later = await recording.store(conn, [(part, [alert_entry(4, T0, bodies[1]), alert_entry(5, T0, encode(alert(1, "no")))])])
    assert later.alert_clashes == 1
    stored = await rows(conn, 'SELECT n, body, published_at, "offset", imported, level FROM alert_event ORDER BY n')
    assert stored == [(n, bodies[n - 1].decode(), utc(T0 + n - 1), n - 1, False, "breach") for n in (1, 2)]
    assert "event 2 came again with other contents" in caplog.text
    assert await rows(conn, "SELECT count(*) FROM stream_log") == [(0,)]


async def test_listened_and_markers_keep_their_bodies(conn: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part = await load(conn, recording)
    controls: list[Control] = [Listened((LinkListened(OPERATOR, LINK, 5, T0),)), Marker(9)]
    entries = [telemetry_entry(n, T0, dict(control_headers(c)), encode(c)) for n, c in enumerate(controls)]
    await recording.store(conn, [(part, entries)])
    stored = await rows(conn, 'SELECT kind, body FROM stream_log ORDER BY "offset"')
    assert stored == [("listened", encode(controls[0]).decode()), ("marker", '{"world":9}')]


async def test_a_partition_that_nobody_registered_is_refused(conn: AsyncConnection[Any]) -> None:
    with pytest.raises(NotRegistered, match="run wedgetail migrate first"):
        await Recording("c").load(conn, [("telemetry", str(uuid4()), 0)])


async def test_a_flush_is_the_same_on_timescale_and_its_rows_survive_compression(timescale: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    part, alerts = await load(timescale, recording), await load(timescale, recording, "alerts")
    given = [sample(n, system=n % 3, mode="AUTO" if n % 2 else None, agl_mm=n * 1_000) for n in range(1, 300)]
    await recording.store(timescale, [(part, blocks(given)), (alerts, [alert_entry(0, T0, encode(alert(1)))])])
    query = "SELECT aircraft_id, seq, event_time, mode, agl_mm, late FROM telemetry ORDER BY seq"
    before = await rows(timescale, query)
    assert [row[:5] for row in before] == [(s.aircraft_id, s.seq, utc(s.event_time_us), s.mode, s.agl_mm) for s in given]
    compressed = await rows(timescale, "SELECT compress_chunk(chunk) FROM show_chunks('telemetry_live') AS chunk")
    assert compressed and await rows(timescale, query) == before
    await recording.store(timescale, [(part, blocks([sample(300)], first=1))])
    assert await rows(timescale, "SELECT count(*) FROM telemetry") == [(300,)]
    stale = replace(part, next=1)
    with pytest.raises(Fenced):
        await recording.store(timescale, [(stale, blocks([sample(301)], first=1))])
    assert await rows(timescale, "SELECT count(*) FROM telemetry") == [(300,)]


async def test_retention_drops_old_live_rows_and_never_an_import(timescale: AsyncConnection[Any]) -> None:
    recording = Recording("c")
    live, imports = await load(timescale, recording), await load(timescale, recording, "telemetry-import")
    old_us = 1_436_056_003_000_000  # 2015
    await recording.store(timescale, [(live, blocks([sample(1, at_us=old_us)])), (imports, blocks([sample(1, at_us=old_us)]))])
    job = await rows(timescale, "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention'")
    await timescale.execute(f"CALL run_job({job[0][0]})".encode())
    assert await rows(timescale, "SELECT imported, seq FROM telemetry") == [(True, 1)]
