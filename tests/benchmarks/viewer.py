"""Viewers of both sides: each frame is kept with the moment of its arrival and read when the round is over."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from api.hub import MAX_SUBSCRIPTIONS
from core.settings import Settings
from core.units import to_us
from tests.benchmarks.sender import LANDED, number_of

_ANSWER_S = 30.0

# The numbers in a frame, and when it was made (microseconds since 1970), where it says so.
Reader = Callable[[bytes], tuple[list[int], int | None]]


class Viewer:
    """first_ns: by a position's number, the monotonic nanoseconds at which it first arrived; made_us: when that frame was
    made, microseconds since 1970. Both are whole after read()."""

    def __init__(self, reader: Reader) -> None:
        self.first_ns: dict[int, int] = {}
        self.made_us: dict[int, int] = {}
        self._reader = reader
        self._heard: list[tuple[int, bytes]] = []

    async def listen(self, socket: ClientConnection) -> None:
        """Until cancelled, or the connection is closed: then it raises."""
        while True:
            frame = await socket.recv(decode=False)
            self._heard.append((time.monotonic_ns(), frame))

    def read(self) -> bool:
        """Reads what has been heard since the last time; says whether there were positions not seen before."""
        before = len(self.first_ns)
        heard, self._heard = self._heard, []
        for at_ns, frame in heard:
            numbers, made_us = self._reader(frame)
            for number in numbers:
                if number > LANDED and number not in self.first_ns:
                    self.first_ns[number] = at_ns
                    if made_us is not None:
                        self.made_us[number] = made_us
        return len(self.first_ns) > before


class _Aircraft(msgspec.Struct):
    lat: float | None


class _Frame(msgspec.Struct):
    type: str
    server_time: datetime | None = None
    aircraft: list[_Aircraft] = []


class _Record(msgspec.Struct):
    lat_e7: int


_FRAME = msgspec.json.Decoder(_Frame)
_RECORD = msgspec.json.Decoder(_Record)


@asynccontextmanager
async def of_ours(settings: Settings, subscriptions: list[dict[str, object]]) -> AsyncIterator[Viewer]:
    """A program that watches by these subscriptions, over as many connections as they need."""
    viewer = Viewer(_ours)
    async with AsyncExitStack() as stack:
        sockets = []
        for begin in range(0, len(subscriptions), MAX_SUBSCRIPTIONS):
            socket = await stack.enter_async_context(_opened(settings))
            for what in subscriptions[begin : begin + MAX_SUBSCRIPTIONS]:
                if (error := await _refusal(socket, what)) is not None:
                    raise RuntimeError(f"the door refused {what}: {error}")
            sockets.append(socket)
        async with _listening(viewer, sockets):
            yield viewer


@asynccontextmanager
async def of_reference(url: str) -> AsyncIterator[Viewer]:
    viewer = Viewer(_reference)
    async with connect(url, compression=None) as socket, _listening(viewer, [socket]):
        yield viewer


async def at_once(settings: Settings, aircraft: list[UUID]) -> list[dict[str, object]]:
    """Subscriptions under which no frame is held back for an interval.

    One without an interval, where the door gives such; else one for each aircraft: an interval holds a subscription's
    frames apart, and the first goes out at once, so an aircraft that speaks more rarely than that is never held back.
    """
    whole: dict[str, object] = {"id": "main", "interval_ms": 0}
    async with _opened(settings) as socket:
        if await _refusal(socket, whole) is None:
            return [whole]
    return [{"id": str(one), "aircraft": [str(one)]} for one in aircraft]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{settings.api.port}/api/v1/live", compression=None) as socket:
        await socket.send(json.dumps({"type": "authenticate", "token": settings.api.token}))
        yield socket


async def _refusal(socket: ClientConnection, what: dict[str, object]) -> str | None:
    """Subscribes; gives what the door has against it."""
    await socket.send(json.dumps({"type": "subscribe", **what}))
    async with asyncio.timeout(_ANSWER_S):
        while True:
            told = json.loads(await socket.recv())
            if told["type"] == "error":
                return str(told["detail"])
            if told["type"] == "snapshot" and told["subscription"] == what["id"]:
                return None


@asynccontextmanager
async def _listening(viewer: Viewer, sockets: list[ClientConnection]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(viewer.listen(socket)) for socket in sockets]
        yield
        for task in tasks:
            task.cancel()


def _ours(frame: bytes) -> tuple[list[int], int | None]:
    told = _FRAME.decode(frame)
    if told.type != "changes" or told.server_time is None:
        return [], None
    return [number_of(round(one.lat * 1e7)) for one in told.aircraft if one.lat is not None], to_us(told.server_time)


def _reference(frame: bytes) -> tuple[list[int], int | None]:
    return [number_of(_RECORD.decode(frame).lat_e7)], None
