"""The socket: a thread of its own drains it, so that no turn of the event loop decides how many datagrams are lost."""

import asyncio
import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ingest.errors import CannotListen
from ingest.listener import Chunk

_BUFFER = 16 << 20  # asked of the kernel, which may give less
_MOST = 1_000  # datagrams in a batch
_MOST_OUTSTANDING = 64  # batches handed over and not yet taken
_LEAST_COST = 256  # bytes of the socket's buffer that the smallest datagram takes, at the very least
_LISTEN_S = 0.2  # how often an idle socket says that it has listened


class Heard(NamedTuple):
    """listened_us: everything that had arrived by then is in this batch or an earlier one."""

    datagrams: list[Chunk]
    listened_us: int


def clock_us() -> int:
    """The clock that stamps event times."""
    return time.time_ns() // 1000


class Receiver:
    """A bound UDP socket and its thread. taken() must be called once for each batch handed over."""

    def __init__(self, host: str, port: int) -> None:
        """Binds; to be made on a running event loop. Raises CannotListen."""
        self._loop = asyncio.get_running_loop()
        self._hand_over: Callable[[Heard], None] = lambda heard: None
        self._outstanding = threading.Semaphore(_MOST_OUTSTANDING)
        self._stopping = False
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._enough = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // _LEAST_COST
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._drain, name=f"udp-{self.port}", daemon=True)

    def start(self, hand_over: Callable[[Heard], None]) -> None:
        """hand_over is called on the event loop, with each batch in turn."""
        self._hand_over = hand_over
        self._thread.start()

    def taken(self) -> None:
        self._outstanding.release()

    async def stop(self) -> None:
        """Reads what has arrived. The last batches are handed over before this returns."""
        self._stopping = True
        os.write(self._wake_write, b"x")
        await asyncio.to_thread(self._thread.join)

    def release(self) -> None:
        """Closes the socket; after stop(), or instead of start()."""
        self._socket.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def drops(self) -> int:
        """Chunks that the kernel had no room for so far; 0 where it does not say (outside Linux)."""
        table = Path("/proc/net/udp6" if self._socket.family == socket.AF_INET6 else "/proc/net/udp")
        inode = str(os.fstat(self._socket.fileno()).st_ino)
        if table.exists():
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                if columns[9] == inode:
                    return int(columns[12])
        return 0

    def _drain(self) -> None:
        buffer = bytearray(65_536)
        view = memoryview(buffer)
        began_us = clock_us()
        listened_us = began_us
        since = 0  # datagrams read since began_us
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        poller.register(self._wake_read, select.POLLIN)
        while True:
            stopping = self._stopping
            batch: list[Chunk] = []
            while len(batch) < _MOST:
                now_us = clock_us()
                try:
                    size, source = self._socket.recvfrom_into(buffer)
                except BlockingIOError:
                    began_us = listened_us = now_us
                    since = 0
                    break
                batch.append(Chunk(now_us, source[0], source[1], bytes(view[:size])))
            else:
                since += len(batch)
                if since > self._enough:  # never empty, but all that was queued at began_us has been read
                    listened_us, began_us, since = began_us, clock_us(), 0
            self._outstanding.acquire()
            self._loop.call_soon_threadsafe(self._hand_over, Heard(batch, listened_us))
            if stopping and len(batch) < _MOST:
                return
            if len(batch) < _MOST:
                poller.poll(_LISTEN_S * 1000)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        detail = "another program has it" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise CannotListen(protocol="UDP", host=host, port=port, detail=detail) from error
    listening.setblocking(False)
    return listening
