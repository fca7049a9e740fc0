"""A client of a real door, and a hand on the stream that feeds it."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import UUID

import httpx
from aiokafka import AIOKafkaProducer
from websockets.asyncio.client import ClientConnection, connect

from api import service
from core import block, records
from core.colour import Level
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id, alert_id, operator_id, partition_of
from core.records import AlertEvent, Condition, Judged
from core.sample import Sample
from core.settings import Settings
from core.topics import ALERTS, JUDGED, PARTITIONS, TELEMETRY

OPERATOR = operator_id("demo")
LINK = "udp:14550/127.0.0.1"
WAIT_S = 30.0


def aircraft(system_id: int) -> UUID:
    return aircraft_id(OPERATOR, LINK, system_id)


def now_us() -> int:
    return time.time_ns() // 1_000


def sample(system_id: int = 1, **facts: Any) -> Sample:
    """A sample of now, in the air over Canberra."""
    told = {"seq": now_us(), "event_time_us": now_us(), "lon_e7": 1_491_000_000, "lat_e7": -353_000_000} | facts
    told = {"armed": True, "airborne": True, "takeoff_height_mm": 50_000, "takeoff_source": 1} | told
    return Sample(OPERATOR, aircraft(system_id), LINK, system_id, 1, **told)


def event(system_id: int = 1, n: int = 1, **facts: Any) -> AlertEvent:
    """The alert of an aircraft above its height limit."""
    start_us = 1_700_000_000_000_000
    told = {
        "level": Level.BREACH, "condition": Condition.RAISED if n == 1 else Condition.WORSENED, "what": f"step {n}",
        "at_us": start_us + n * 1_000_000, "way_back": "DESCEND 12 m",
    } | facts  # fmt: skip
    craft, rule = aircraft(system_id), "AU-101.085-HEIGHT"
    return AlertEvent(
        alert_id=alert_id(OPERATOR, craft, rule, None, start_us), n=n, operator_id=OPERATOR, aircraft_id=craft, link=LINK,
        system_id=system_id, rule=rule, zone_id=None, zone_name=None, zone_versions=(), start_us=start_us, beyond_m=12.0,
        height_m=132.0, height_datum="AGL", height_source="terrain report", lon_deg=149.1, lat_deg=-35.3, world=0,
        engine="1", partition=partition_of(craft, PARTITIONS), offset=0, row=0, **told,
    )  # fmt: skip


class Stream:
    """What ingest and workers would send, by hand."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self.producer = producer
        self.prefix = prefix

    async def samples(self, *samples: Sample) -> None:
        for partition in {partition_of(one.aircraft_id, PARTITIONS) for one in samples}:
            there = [one for one in samples if partition_of(one.aircraft_id, PARTITIONS) == partition]
            batch = block.from_samples(there)
            headers = records.block_headers(SCHEMA_VERSION, batch.aircraft)
            await self.send(TELEMETRY.name, batch.encode(), partition, headers)

    async def alert(self, told: AlertEvent) -> None:
        await self.send(ALERTS.name, records.encode(told), told.partition, [])

    async def judged(self, partitions: range = range(PARTITIONS), **facts: Any) -> None:
        for partition in partitions:
            told = {"next": 0, "append_time_us": now_us(), "world": 0, "worker": "by hand"} | facts
            await self.send(JUDGED.name, records.encode(Judged(topic="telemetry", partition=partition, **told)), 0, [])

    async def send(self, topic: str, value: bytes, partition: int, headers: list[tuple[str, bytes]]) -> None:
        await self.producer.send_and_wait(self.prefix + topic, value, partition=partition, headers=headers)


class Viewer:
    """A client of the WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **told: Any) -> None:
        await self.socket.send(json.dumps(told))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            told: dict[str, Any] = json.loads(await self.socket.recv())
            return told

    async def until(self, kind: str, which: Callable[[dict[str, Any]], bool] = lambda told: True) -> dict[str, Any]:
        """The next message of this kind for which this holds; others are passed over."""
        async with asyncio.timeout(WAIT_S):
            while True:
                told = await self.hear()
                if told["type"] == kind and which(told):
                    return told

    async def subscribe(self, **facts: Any) -> dict[str, Any]:
        """Gives the snapshot."""
        await self.say(type="subscribe", **facts)
        return await self.until("snapshot")


class Door:
    """A client of a running door."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.http = http

    @asynccontextmanager
    async def viewer(self, sock: socket.socket | None = None) -> AsyncIterator[Viewer]:
        async with connect(f"ws://127.0.0.1:{self.settings.api.port}/api/v1/live", sock=sock) as connection:
            viewer = Viewer(connection)
            await viewer.say(type="authenticate", token=self.settings.api.token)
            assert (await viewer.hear())["type"] == "hello"
            yield viewer


async def eventually(holds: Callable[[], Awaitable[Any]], within_s: float = WAIT_S) -> Any:
    """What another process's progress makes true; there is nothing to await but it."""
    async with asyncio.timeout(within_s):
        while not (found := await holds()):
            await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def opened(settings: Settings, until: Literal["ready", "loaded", "alive"] = "ready") -> AsyncIterator[Door]:
    """A door, from its opening to its clean closing."""
    task = asyncio.create_task(service.run(settings))
    headers = {"Authorization": f"Bearer {settings.api.token}"}
    address = f"http://127.0.0.1:{settings.api.port}"
    try:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=WAIT_S) as http:
            door = Door(settings, http)

            async def answers() -> bool:
                if task.done():
                    task.result()
                try:
                    told = (await http.get("/api/v1/health")).json()["door"]
                except httpx.TransportError:
                    return False
                return until == "alive" or bool(told[until])

            await eventually(answers)
            yield door
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
