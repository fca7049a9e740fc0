"""The line between pages and the door, which a test can cut, hold, make slow, and speak nonsense into."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

_HOST = "127.0.0.1"
_LIVE = b"GET /api/v1/live "
_BUFFER = 4_096  # so that what a slow line has not carried yet waits at the door, as behind a slow radio
_TICK_S = 0.05


@dataclass
class _Call:
    """A page's WebSocket."""

    name: str
    writer: asyncio.StreamWriter
    said: list[bytes] = field(default_factory=list)


class Line:
    """Listens at `port` in a thread of its own. Pages are told apart by the User-Agent that they give.

    tried: by page, when it asked for a WebSocket, monotonic seconds. bytes_per_s: of a WebSocket towards its page.
    """

    def __init__(self, door: int) -> None:
        self.tried: dict[str, list[float]] = {}
        self.bytes_per_s: int | None = None
        self.port = 0
        self._door = door
        self._is_down = False
        self._flows = asyncio.Event()
        self._calls: list[_Call] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._ways: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Every connection is reset, and so is every attempt to come back."""

        def abort() -> None:
            self._is_down = True
            for writer in self._writers:
                writer.transport.abort()

        self._loop.call_soon_threadsafe(abort)
        try:
            yield
        finally:
            self._is_down = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing passes any more, in either direction, and nobody is told; afterwards it goes on where it was."""
        self._loop.call_soon_threadsafe(self._flows.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._flows.set)

    @contextlib.contextmanager
    def slowed(self, bytes_per_s: int) -> Iterator[None]:
        self.bytes_per_s = bytes_per_s
        try:
            yield
        finally:
            self.bytes_per_s = None

    def say(self, data: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        """One whole message to each page, between two of the server's."""
        self.spoil(Frame(opcode, data).serialize(mask=False))

    def spoil(self, raw: bytes) -> None:
        """These bytes to each page, whether they are a frame or not."""

        def add() -> None:
            for call in self._calls:
                call.said.append(raw)

        self._loop.call_soon_threadsafe(add)

    def start(self) -> None:
        self._thread.start()

        async def listen() -> int:
            self._flows.set()
            server = await asyncio.start_server(self._serve, _HOST, 0)
            port: int = server.sockets[0].getsockname()[1]
            return port

        self.port = asyncio.run_coroutine_threadsafe(listen(), self._loop).result()

    def close(self) -> None:
        async def end() -> None:
            for way in self._ways:
                way.cancel()
            await asyncio.gather(*self._ways, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = asyncio.current_task()
        assert way is not None
        self._ways.add(way)
        self._writers.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._lead(reader, writer, await reader.readuntil(b"\r\n\r\n"))
        finally:
            self._ways.discard(way)
            self._writers.discard(writer)
            writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        """One connection of a page, whose first request begins with `head`."""
        is_live = head.startswith(_LIVE)
        call = _Call(_agent(head), writer)
        if is_live:
            self.tried.setdefault(call.name, []).append(time.monotonic())
        if self._is_down:
            return
        await self._flows.wait()
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        narrow.connect((_HOST, self._door))  # loopback: at once
        there, back = await asyncio.open_connection(sock=narrow, limit=_BUFFER)
        back.write(head)
        ways = [
            asyncio.create_task(self._carry(reader, back)),
            asyncio.create_task(self._carry_live(there, call) if is_live else self._carry(there, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            back.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 16):
            await self._flows.wait()
            target.write(data)
            await target.drain()

    async def _carry_live(self, source: asyncio.StreamReader, call: _Call) -> None:
        """What the door says, frame by frame, as fast as the line is."""
        await self._pass(await source.readuntil(b"\r\n\r\n"), call)
        self._calls.append(call)
        try:
            while True:
                head = await source.readexactly(2)
                size, more = head[1], b""
                if size >= 126:
                    more = await source.readexactly(2 if size == 126 else 8)
                    size = int.from_bytes(more, "big")
                await self._pass(head + more, call)
                while size > 0:
                    part = await source.read(min(size, _BUFFER))
                    if not part:
                        return
                    size -= len(part)
                    await self._pass(part, call)
                for raw in call.said:
                    await self._pass(raw, call)
                call.said.clear()
        finally:
            self._calls.remove(call)

    async def _pass(self, data: bytes, call: _Call) -> None:
        for at in range(0, len(data), step := max(1, round(self.bytes_per_s * _TICK_S)) if self.bytes_per_s else len(data)):
            await self._flows.wait()
            call.writer.write(data[at : at + step])
            await call.writer.drain()
            if self.bytes_per_s:
                await asyncio.sleep(len(data[at : at + step]) / self.bytes_per_s)


def _agent(head: bytes) -> str:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"user-agent":
            return value.strip().decode()
    return ""


@contextlib.contextmanager
def laid(door: int) -> Iterator[Line]:
    """A line to a door's port on this machine."""
    line = Line(door)
    line.start()
    try:
        yield line
    finally:
        line.close()
