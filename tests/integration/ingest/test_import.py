"""Logs onto the import topic, whole, in order, and the same again the second time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core import kafka
from core.records import Judged, encode
from core.settings import Settings, Terrain
from core.topics import JUDGED, REJECTED, TELEMETRY, TELEMETRY_IMPORT
from core.units import utc
from ingest.errors import StartOutsideLog
from ingest.importer import Moved, import_file
from ingest.replay import replay_file
from ingest.settled import settled
from ingest.udp import clock_us
from tests.unit.ingest.tiles import hgt

Reader = Callable[[Any], Awaitable[Any]]
T0 = 1_436_056_003_000_000


@pytest.fixture
def flight(tmp_path: Path) -> Path:
    """10 s of one copter at 5 Hz, a silence of 20 s, one second more, and 5 rejected bytes."""
    sender = dialect.MAVLink(None, srcSystem=9, srcComponent=1)
    data = b""
    for step in [*range(50), *range(150, 156)]:
        message = sender.global_position_int_encode(step * 200, -353_623_302, 1_491_657_510 + step, 600_000, 9_000, 0, 0, 0, 0)
        data += (T0 + step * 200_000).to_bytes(8, "big") + bytes(message.pack(sender))
    file = tmp_path / "flight.tlog"
    file.write_bytes(data + b"rest!")
    return file


async def test_an_import_sends_its_samples_and_each_second_of_listening_in_order(
    settings: Settings, flight: Path, read: Reader
) -> None:
    summary = await import_file(settings, flight, wait=False)
    found = await read(TELEMETRY_IMPORT)
    assert [row["event_time_us"] for row in found.samples] == [T0 + step * 200_000 for step in [*range(50), *range(150, 156)]]
    assert {(row["link"], row["epoch"]) for row in found.samples} == {(summary.link, 0)}
    assert [row["seq"] for row in found.samples] == list(range(1, 57))
    (records,) = found.order.values()
    said = [time_us - T0 for kind, time_us in records if kind == "listened"]
    assert said == [*range(1_000_000, 10_000_000, 1_000_000), 30_000_000, 31_000_000, 31_000_000]
    assert [one.links[0].closed for one in found.listened] == [False] * 11 + [True]
    for at, (kind, time_us) in enumerate(records):
        if kind == "listened":
            assert all(later >= time_us for _, later in records[at:])
            assert all(earlier <= time_us for _, earlier in records[:at])
    assert (summary.counts.frames, summary.counts.usable, dict(summary.counts.rejected)) == (57, 56, {"truncated": 1})
    assert summary.counts.bytes == flight.stat().st_size
    assert [(one.reason, one.data) for one in (await read(REJECTED)).rejections] == [("truncated", b"rest!")]


async def test_a_second_import_sends_the_same_samples_under_the_same_numbers(
    settings: Settings, flight: Path, read: Reader
) -> None:
    await import_file(settings, flight, wait=False)
    once = (await read(TELEMETRY_IMPORT)).samples
    await import_file(settings, flight, wait=False)
    assert (await read(TELEMETRY_IMPORT)).samples == once + once


async def test_it_waits_for_the_judgement_and_says_for_what(settings: Settings) -> None:
    await kafka.ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
    said: list[str] = []
    changed = asyncio.Event()

    def say(one: str) -> None:
        said.append(one)
        changed.set()

    async def hears(part: str) -> None:
        async with asyncio.timeout(60):
            while not any(part in one for one in said):
                changed.clear()
                await changed.wait()

    waiting = asyncio.create_task(settled(settings, {3: 7}, say, patience_s=0.5))
    producer = kafka.producer(settings.kafka.bootstrap)
    await producer.start()
    try:
        await hears("wedgetail worker")
        await hears("wedgetail recorder")
        judged = Judged(TELEMETRY_IMPORT.name, 3, 5, 0, 0, "w", stopped="its log is gone")
        await producer.send_and_wait(settings.kafka.prefix + JUDGED.name, encode(judged))
        await hears("partition 3 is not being judged: its log is gone")
        assert not waiting.done()
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])
        await producer.stop()


async def test_a_replay_plays_the_log_now_at_its_speed_on_the_live_topic(
    settings: Settings, flight: Path, read: Reader
) -> None:
    before_us = clock_us()
    summary = await replay_file(settings, flight, 10.0, None, asyncio.Event())
    after_us = clock_us()
    found = await read(TELEMETRY)
    times = [row["event_time_us"] for row in found.samples]
    assert [time - times[0] for time in times] == [step * 20_000 for step in [*range(50), *range(150, 156)]]
    assert before_us <= times[0]
    assert times[-1] <= after_us
    assert summary.link.startswith("replay:")
    assert {row["link"] for row in found.samples} == {summary.link}
    (records,) = found.order.values()
    up_to_us = 0
    for kind, time_us in records:
        if kind == "listened":
            up_to_us = time_us
        else:
            assert time_us >= up_to_us
    assert [one.links[0].closed for one in found.listened] == [False] * (len(found.listened) - 1) + [True]
    assert len(found.listened) >= 3


async def test_a_replay_may_start_within_the_log(settings: Settings, flight: Path, read: Reader) -> None:
    summary = await replay_file(settings, flight, 100.0, utc(T0 + 30_000_000), asyncio.Event())
    assert (summary.skipped, summary.counts.usable) == (50, 6)
    with pytest.raises(StartOutsideLog, match="2015-07-05"):
        await replay_file(settings, flight, 100.0, utc(T0 + 32_000_000), asyncio.Event())


async def test_a_replay_that_is_stopped_closes_its_link(settings: Settings, flight: Path, read: Reader) -> None:
    stopped = asyncio.Event()
    playing = asyncio.create_task(replay_file(settings, flight, 1.0, None, stopped))
    await asyncio.sleep(2.0)
    stopped.set()
    summary = await playing
    assert 5 <= summary.counts.usable <= 12
    assert (await read(TELEMETRY)).listened[-1].links[0].closed


async def test_the_flight_at_canberra_is_accounted_for_on_kafka(settings: Settings, shared_data: Path, read: Reader) -> None:
    told: list[Moved] = []
    summary = await import_file(settings, shared_data / "logs" / "copter-canberra.tlog", told=told.append, wait=False)
    assert told == sorted(told, key=lambda now: (now.bytes_read, now.samples)) and told[0].bytes_read < told[-1].bytes
    assert (told[-1].bytes_read, told[-1].samples) == (told[-1].bytes, summary.counts.samples)
    rows = (await read(TELEMETRY_IMPORT)).samples
    positions = [row for row in rows if row["kind"] == 0]
    assert (len(positions), sum(row["no_position"] == 2 for row in positions)) == (2_833, 149)
    assert sum(row["lon_e7"] is not None for row in positions) == summary.counts.usable == 2_684
    assert len({row["aircraft_id"] for row in rows}) == 1
    assert summary.counts.adds_up()


async def test_an_import_and_a_replay_know_the_ground(settings: Settings, flight: Path, tmp_path: Path, read: Reader) -> None:
    (tmp_path / "tiles").mkdir()
    hgt(tmp_path / "tiles", "S36E149.hgt", 590)
    settings = settings.model_copy(update={"terrain": Terrain(folder=tmp_path / "tiles")})
    await import_file(settings, flight, wait=False)
    await replay_file(settings, flight, 100.0, None, asyncio.Event())
    for topic in (TELEMETRY_IMPORT, TELEMETRY):
        rows = (await read(topic)).samples
        assert len(rows) == 56 and {row["ground_amsl_mm"] for row in rows} == {590_000}
