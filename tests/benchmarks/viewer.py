"""Viewers of both sides: each frame is kept with the moment of its arrival and read when the round is over."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
from websockets.asyncio.client import ClientConnection, connect

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
_RECORD = msgspec.json.Decoder(list[_Record])


@asynccontextmanager
async def of_ours(settings: Settings, interval_ms: int) -> AsyncIterator[Viewer]:
    """A program that watches everything, a frame each interval, 0: as they come."""
    viewer = Viewer(_ours)
    async with _opened(settings) as socket:
        await _subscribed(socket, interval_ms)
        async with _listening(viewer, socket):
            yield viewer


@asynccontextmanager
async def of_reference(url: str) -> AsyncIterator[Viewer]:
    viewer = Viewer(_reference)
    async with connect(url, compression=None, max_size=None) as socket, _listening(viewer, socket):
        yield viewer


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{settings.api.port}/api/v1/live", compression=None, max_size=None) as socket:
        await socket.send(json.dumps({"type": "authenticate", "token": settings.api.token}))
        yield socket


async def _subscribed(socket: ClientConnection, interval_ms: int) -> None:
    await socket.send(json.dumps({"type": "subscribe", "interval_ms": interval_ms}))
    async with asyncio.timeout(_ANSWER_S):
        while (told := json.loads(await socket.recv()))["type"] != "snapshot":
            if told["type"] == "error":
                raise RuntimeError(f"the door refused a frame each {interval_ms} ms: {told['detail']}")


@asynccontextmanager
async def _listening(viewer: Viewer, socket: ClientConnection) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(viewer.listen(socket))
        yield
        task.cancel()


def _ours(frame: bytes) -> tuple[list[int], int | None]:
    told = _FRAME.decode(frame)
    if told.type != "changes" or told.server_time is None:
        return [], None
    return [number_of(round(one.lat * 1e7)) for one in told.aircraft if one.lat is not None], to_us(told.server_time)


def _reference(frame: bytes) -> tuple[list[int], int | None]:
    return [number_of(one.lat_e7) for one in _RECORD.decode(frame)], None
