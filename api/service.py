"""Opens the door: the feed, the publisher of the world, and the server on loopback, until it is cancelled."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Iterator

import uvicorn

from api.app import build
from api.consumer import Feed
from api.listener import listen
from api.page import built_files
from api.world import WorldPublisher
from core.compiled import warm
from core.errors import WedgetailError
from core.settings import Settings
from storage.pool import pool

HOST = "127.0.0.1"
_ACQUIRE_S = 2.0  # an answer, if only 503, must come before the page gives up after 8 s
_STATEMENT_MS = 5_000
_CLOSE_S = 3
MAX_MESSAGE = 1 << 20


class PortTaken(WedgetailError):
    """Port {port} of 127.0.0.1 cannot be opened: {detail}. PORT= names another."""


async def run(settings: Settings) -> None:
    """Until cancelled; then viewers are told, requests under way are answered, and everything is closed. Raises PortTaken."""
    warm()
    token = settings.api.token or secrets.token_urlsafe(24)
    feed, publisher = Feed(settings, now_us), WorldPublisher(settings)
    with _listening(settings.api.port) as sock:
        if not settings.api.token:
            print(f"http://{HOST}:{settings.api.port}/#token={token}", flush=True)
        async with pool(
            settings.database.url, name="wedgetail-api", wait_timeout_s=_ACQUIRE_S, statement_timeout_ms=_STATEMENT_MS
        ) as connections:
            app = build(settings, token, feed, publisher, connections, now_us, built_files())
            server = _Server(
                uvicorn.Config(
                    app, log_level="warning", access_log=False, lifespan="off", server_header=False, proxy_headers=False,
                    ws="websockets-sansio", ws_per_message_deflate=False, ws_max_size=MAX_MESSAGE,
                    ws_ping_interval=5, ws_ping_timeout=10, timeout_graceful_shutdown=_CLOSE_S,
                )
            )  # fmt: skip
            serving = asyncio.create_task(server.serve(sockets=[sock]), name="server")
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(feed.run(), name="feed")
                    group.create_task(feed.tick(), name="tick")
                    group.create_task(publisher.run(), name="world")
                    group.create_task(listen(settings, feed), name="listen")
                    group.create_task(_watch(serving), name="watch")
            finally:
                feed.hub.close()
                server.should_exit = True
                await asyncio.wait([serving])


def now_us() -> int:
    """The server's clock: microseconds since 1970."""
    return time.time_ns() // 1_000


async def _watch(serving: asyncio.Task[None]) -> None:
    """A server that ends by itself ends everything."""
    await asyncio.shield(serving)
    raise RuntimeError("the server ended by itself")


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. asyncio sets it only on sockets made with IPPROTO_TCP, and without it a frame can wait
        # tens of milliseconds for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((HOST, port))
    except OSError as error:
        sock.close()
        raise PortTaken(port=port, detail=error.strerror or str(error)) from error
    with sock:
        yield sock


class _Server(uvicorn.Server):
    """Signals are the command line's business: it cancels us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
