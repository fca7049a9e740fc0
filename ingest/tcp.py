"""TCP links, both ways round: connections that autopilots, bridges and ground stations make to us, and those that we make.

A connection is read on the event loop: TCP itself holds a sender back that is faster than we are. One whose other end has
vanished is found by keepalive. A link is listened to while it has a connection (ingest.listener).
"""

import asyncio
import errno
import logging
import random
import socket
from collections.abc import Callable
from typing import cast

from ingest.counts import Counts
from ingest.errors import CannotListen
from ingest.fleet import Taken
from ingest.listener import Chunk, Listener
from ingest.udp import clock_us

MOST_CONNECTIONS = 64  # to one listener
_IDLE_S, _PROBE_EVERY_S, _PROBES = 4, 2, 3  # a vanished end is found within ten seconds
_CONNECT_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
_MUTE_S = 30.0
_REMIND_S = 60.0
_MOST_NAMED = 1_000  # addresses whose first connection is logged

log = logging.getLogger(__name__)


def endpoint(text: str) -> tuple[str, int]:
    """HOST:PORT, the host of IPv6 in brackets."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def bound(text: str) -> socket.socket:
    """A listening socket for HOST:PORT. Raises CannotListen."""
    host, port = endpoint(text)
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _watched(listening)  # those that it accepts inherit this
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        detail = "another program has it" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise CannotListen(protocol="TCP", host=host, port=port, detail=detail) from error
    listening.setblocking(False)
    return listening


class Streams:
    """The connections of one listener. take is given what their bytes make."""

    def __init__(self, listener: Listener, counts: Counts, take: Callable[[Taken], None]) -> None:
        self.listener = listener
        self.listened_us = 0
        self._looked_us = clock_us()
        self._counts = counts
        self._take = take
        self._open: dict[Connection, None] = {}  # the oldest first
        self._named: set[str] = set()
        self._full = False

    def look(self) -> None:
        """On a beat: all that had arrived at the beat before has been read since."""
        self.listened_us, self._looked_us = self._looked_us, clock_us()

    def opened(self, connection: "Connection") -> bool:
        """False when there is no room: all connections there are have brought samples."""
        if len(self._open) >= MOST_CONNECTIONS and not self._make_room():
            if not self._full:
                log.warning("%s has %d connections: refusing %s", self.listener.source, len(self._open), connection.address)
            self._full = True
            return False
        self._open[connection] = None
        self.listener.opened(connection.address, connection.port, clock_us())
        if connection.address not in self._named and len(self._named) < _MOST_NAMED:
            self._named.add(connection.address)
            log.info("%s: the first connection with %s", self.listener.source, connection.address)
        return True

    def received(self, connection: "Connection", data: bytes) -> None:
        before = self._counts.samples
        self._take(self.listener.take([Chunk(clock_us(), connection.address, connection.port, data)]))
        connection.useful = connection.useful or self._counts.samples > before

    def closed(self, connection: "Connection") -> None:
        if connection in self._open:
            del self._open[connection]
            self._full = False
            self._take(self.listener.closed(connection.address, connection.port))

    async def settle(self) -> None:
        """Before the end: reads what has arrived, so that all up to now has been listened to."""
        self.look()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.look()

    async def close(self) -> None:
        """Ends every connection."""
        for connection in list(self._open):
            connection.abort()
        await asyncio.gather(*(connection.lost.wait() for connection in list(self._open)))

    def _make_room(self) -> bool:
        """Ends the oldest connection that has brought nothing of use: a newcomer is worth more."""
        for connection in self._open:
            if not connection.useful:
                log.info("%s: %s has brought nothing of use and makes room", self.listener.source, connection.address)
                connection.abort()
                self.closed(connection)
                return True
        return False


class Connection(asyncio.Protocol):
    """One connection. remote: the name under which we called it, None for one that was accepted."""

    def __init__(self, streams: Streams, remote: str | None = None) -> None:
        self.address, self.port = remote or "", 0
        self.useful = False
        self.spoke = asyncio.Event()
        self.lost = asyncio.Event()
        self.why = ""
        self._streams = streams
        self._remote = remote
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # The one end's port that is new with each connection tells connections of one address apart.
        if self._remote is None:
            self.address, self.port = transport.get_extra_info("peername")[:2]
        else:
            self.port = transport.get_extra_info("sockname")[1]
        if not self._streams.opened(self):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self.spoke.set()
        self._streams.received(self, data)

    def connection_lost(self, error: Exception | None) -> None:
        self._streams.closed(self)
        self.why = "it closed the connection" if error is None else _why(error)
        self.lost.set()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def accept(listening: socket.socket, streams: Streams) -> asyncio.Server:
    """Takes connections from now on, until the server is closed."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(streams), sock=listening)
    host, port = listening.getsockname()[:2]
    log.info("listening for MAVLink on TCP %s port %d", host, port)
    return server


class Caller:
    """Keeps a connection to one remote, for ever, and says what a person must know: once when it is down, each minute while
    it stays so, and when it speaks again."""

    def __init__(self, streams: Streams, remote: str) -> None:
        self._streams = streams
        self._remote = remote
        self._spoke = False  # since the last failure
        self._down_s: float | None = None
        self._told_s = 0.0
        self._tries = 0

    async def keep(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            self._spoke = False
            try:
                async with asyncio.timeout(_CONNECT_S):
                    connection = await self._connected()
            except TimeoutError:
                self._failed("it does not answer")
            except OSError as error:
                self._failed(_why(error))
            else:
                await self._follow(connection)
            pause_s = _FIRST_PAUSE_S if self._spoke else min(2 * pause_s, _LONGEST_PAUSE_S)
            # Many that lost the same remote at once do not come back at once.
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        host, port = endpoint(self._remote)
        family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
        calling = socket.socket(family, kind, protocol)
        try:
            calling.setblocking(False)
            _watched(calling)
            await loop.sock_connect(calling, address)
            _, connection = await loop.create_connection(lambda: Connection(self._streams, self._remote), sock=calling)
        except BaseException:
            calling.close()
            raise
        return connection

    async def _follow(self, connection: Connection) -> None:
        """Until the connection is lost."""
        spoke, lost = (asyncio.create_task(event.wait()) for event in (connection.spoke, connection.lost))
        try:
            await asyncio.wait([spoke, lost], timeout=_MUTE_S, return_when=asyncio.FIRST_COMPLETED)
            if not spoke.done() and not lost.done():
                self._failed("connected, but it sends nothing")
                await asyncio.wait([spoke, lost], return_when=asyncio.FIRST_COMPLETED)
            if connection.spoke.is_set():
                self._back()
            await lost
            self._failed(connection.why)
        finally:
            spoke.cancel()
            lost.cancel()
            connection.abort()

    def _failed(self, why: str) -> None:
        now_s = asyncio.get_running_loop().time()
        self._tries += 1
        if self._down_s is None:
            self._down_s = self._told_s = now_s
            log.warning("%s is not heard: %s; trying on", self._remote, why)
        elif now_s - self._told_s >= _REMIND_S:
            self._told_s = now_s
            log.warning("%s is not heard for %.0f s, %d tries: %s", self._remote, now_s - self._down_s, self._tries, why)

    def _back(self) -> None:
        self._spoke = True
        if self._down_s is None:
            log.info("connected to %s", self._remote)
        else:
            down_s = asyncio.get_running_loop().time() - self._down_s
            log.warning("%s is heard again after %.0f s, %d tries", self._remote, down_s, self._tries)
        self._down_s, self._tries = None, 0


def _watched(one: socket.socket) -> None:
    """Has the kernel ask an idle connection's other end whether it is still there."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = (("TCP_KEEPIDLE", _IDLE_S), ("TCP_KEEPINTVL", _PROBE_EVERY_S), ("TCP_KEEPCNT", _PROBES))
    for name, value in options:
        if hasattr(socket, name):  # where it is missing the system's own, longer times hold
            one.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return f"its name is not known ({error.strerror})"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
