"""Datagrams on a real socket become blocks on a real Kafka."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.settings import Settings, Terrain
from core.topics import REJECTED, TELEMETRY
from ingest.errors import CannotListen
from ingest.service import listen
from tests.unit.ingest.tiles import hgt

Reader = Callable[[Any], Awaitable[Any]]


def _position(system: int = 1, lon: int = 1_491_657_510) -> bytes:
    sender = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
    return bytes(sender.global_position_int_encode(1, -353_623_302, lon, 600_000, 9_000, 0, 0, 0, 0).pack(sender))


async def _listening(settings: Settings, stopped: asyncio.Event) -> "asyncio.Task[Any]":
    ready = asyncio.Event()
    task = asyncio.create_task(listen(settings, stopped, ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert waiting.done(), task.exception()
    return task


async def test_datagrams_become_samples_in_order_and_listening_is_told_behind_them(settings: Settings, read: Reader) -> None:
    stopped = asyncio.Event()
    service = await _listening(settings, stopped)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(60):
            for system in (1, 2, 3):
                sender.sendto(_position(system, 1_490_000_000 + number), (settings.ingest.host, settings.ingest.port))
            await asyncio.sleep(0.04)
    stopped.set()
    counts = await service
    assert (counts.frames, counts.usable, counts.dropped_samples, counts.kernel_drops) == (180, 180, 0, 0)
    found = await read(TELEMETRY)
    for system in (1, 2, 3):
        own = [row["lon_e7"] for row in found.samples if row["system_id"] == system]
        assert own == [1_490_000_000 + number for number in range(60)]
    assert {row["link"] for row in found.samples} == {f"udp:{settings.ingest.port}/127.0.0.1"}
    assert sorted(row["seq"] for row in found.samples) == list(range(1, 181))
    for records in found.order.values():
        assert sum(kind == "listened" for kind, _ in records) >= 2
        up_to_us = 0
        for kind, time_us in records:
            if kind == "listened":
                up_to_us = time_us
            else:
                assert time_us >= up_to_us, "a sample came behind the word that all before it had been heard"


async def test_rejected_frames_are_told_with_their_reason(settings: Settings, read: Reader) -> None:
    stopped = asyncio.Event()
    service = await _listening(settings, stopped)
    damaged = bytearray(_position())
    damaged[-1] ^= 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for data in (b"rubbish", bytes(damaged), _position()):
            sender.sendto(data, (settings.ingest.host, settings.ingest.port))
    await asyncio.sleep(0.3)
    stopped.set()
    counts = await service
    assert (counts.frames, counts.usable, counts.adds_up()) == (3, 1, True)
    told = (await read(REJECTED)).rejections
    assert [(one.reason, one.data) for one in told] == [
        ("bytes that are no frame", b"rubbish"),
        ("bad checksum", bytes(damaged)),
    ]


async def test_a_port_that_is_taken_is_one_clear_error(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((settings.ingest.host, settings.ingest.port))
        with pytest.raises(CannotListen, match=f"{settings.ingest.port}: another program has it"):
            await listen(settings, asyncio.Event())


async def test_ten_thousand_datagrams_at_once_arrive_in_full(settings: Settings, read: Reader) -> None:
    stopped = asyncio.Event()
    service = await _listening(settings, stopped)
    frames = [_position(system) for system in range(1, 51)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for turn in range(200):
            for frame in frames:
                sender.sendto(frame, (settings.ingest.host, settings.ingest.port))
            if turn % 10 == 9:
                await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    stopped.set()
    counts = await service
    assert counts.usable + counts.kernel_drops == 10_000
    assert len((await read(TELEMETRY)).samples) == counts.usable


async def test_samples_know_the_ground_where_there_are_tiles(settings: Settings, tmp_path: Path, read: Reader) -> None:
    hgt(tmp_path, "S36E149.hgt", 590)
    settings = settings.model_copy(update={"terrain": Terrain(folder=tmp_path)})
    stopped = asyncio.Event()
    service = await _listening(settings, stopped)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for lon in (1_491_657_510, 1_511_657_510):
            sender.sendto(_position(lon=lon), (settings.ingest.host, settings.ingest.port))
    await asyncio.sleep(0.3)
    stopped.set()
    await service
    found = {row["lon_e7"]: row["ground_amsl_mm"] for row in (await read(TELEMETRY)).samples}
    assert found == {1_491_657_510: 590_000, 1_511_657_510: None}
