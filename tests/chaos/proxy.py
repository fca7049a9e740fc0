"""A wire between the clients and the broker that can be slow, and can lose the answers to what was produced."""

import asyncio
import contextlib
import random
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

_HOST = "127.0.0.1"
_PRODUCE = 0  # Kafka's api key
_HEAD = struct.Struct(">ihhi")  # size, api key, version, correlation id


class Proxy:
    """Listens at `address` in a thread of its own. Set `slow_s` and `lose` while it runs."""

    def __init__(self, seed: int) -> None:
        self.slow_s = 0.0  # each piece, in each direction, waits for up to twice this
        self.lose = 0.0  # the part of produce responses that are lost, their connections with them
        self.lost = 0
        self.address = ""
        self._broker = 0
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._ways: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, _HOST, 0), self._loop).result()
        self.address = f"{_HOST}:{server.sockets[0].getsockname()[1]}"

    def lead_to(self, bootstrap: str) -> None:
        """Where the broker is; may change while it runs."""
        self._broker = int(bootstrap.rpartition(":")[2])

    def close(self) -> None:
        def end() -> None:
            for way in self._ways:
                way.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = asyncio.current_task()
        assert way is not None
        self._ways.add(way)
        try:
            there, back = await asyncio.open_connection(_HOST, self._broker)
        except OSError:
            writer.close()
            return
        asked: dict[int, bool] = {}  # correlation id: was it a produce request?
        try:
            ways: list[asyncio.Task[None]] = [
                asyncio.create_task(self._carry(reader, back, lambda frame: self._request(frame, asked))),
                asyncio.create_task(self._carry(there, writer, lambda frame: self._response(frame, asked))),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ways:
                    one.cancel()
                await asyncio.wait(ways)
        finally:
            self._ways.discard(way)
            back.close()
            writer.close()

    async def _carry(self, source: asyncio.StreamReader, target: Any, passes: Callable[[bytes], bool]) -> None:
        """Frame by frame; ends, and with it the connection, when one does not pass."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = await source.readexactly(4)
                frame = size + await source.readexactly(int.from_bytes(size, "big"))
                if self.slow_s:
                    await asyncio.sleep(self._chance.uniform(0, 2 * self.slow_s))
                if not passes(frame):
                    return
                target.write(frame)
                await target.drain()

    def _request(self, frame: bytes, asked: dict[int, bool]) -> bool:
        _, key, _, correlation = _HEAD.unpack_from(frame)
        asked[correlation] = key == _PRODUCE
        return True

    def _response(self, frame: bytes, asked: dict[int, bool]) -> bool:
        (correlation,) = struct.unpack_from(">i", frame, 4)
        if asked.pop(correlation, False) and self._chance.random() < self.lose:
            self.lost += 1
            return False
        return True


@contextlib.contextmanager
def opened(seed: int) -> Iterator[Proxy]:
    proxy = Proxy(seed)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
