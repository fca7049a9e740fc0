"""Opens the door: the feed, the publisher of the world, and the server on loopback (and over TLS), until it is cancelled."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from api import imports
from api.app import build
from api.consumer import Feed
from api.entrance import HOST, check_certificate, on, on_loopback
from api.jobs import Jobs
from api.listener import listen
from api.page import built_files
from api.pilot_links import PilotLinks, key_of
from api.wire import Wire
from api.world import WorldPublisher
from core.compiled import warm
from core.identity import operator_id
from core.settings import Settings
from storage.pool import pool

_ACQUIRE_S = 2.0  # an answer, if only 503, must come before the page gives up after 8 s
_STATEMENT_MS = 5_000
_CLOSE_S = 3
MAX_MESSAGE = 1 << 20


async def run(settings: Settings) -> None:
    """Until cancelled; then viewers are told, requests under way are answered, and everything is closed.

    Raises PortTaken, CannotListen, SettingError.
    """
    warm()
    imports.clear(settings)
    api, token = settings.api, settings.api.token or secrets.token_urlsafe(24)
    feed, publisher = Feed(settings, now_us), WorldPublisher(settings)
    pilots = PilotLinks(operator_id(settings.operator.name), key_of(settings.data_dir.absolute()))
    with contextlib.ExitStack() as opened:
        sockets: list[tuple[socket.socket, dict[str, Any]]] = [(opened.enter_context(on_loopback(api.port)), {})]
        if api.listen:
            certified: dict[str, Any] = {}
            if api.tls_cert is not None and api.tls_key is not None:
                check_certificate(api.tls_cert, api.tls_key)
                certified = {"ssl_certfile": api.tls_cert, "ssl_keyfile": api.tls_key}
            sockets.append((opened.enter_context(on(api.listen)), certified))
        if not api.token:
            print(f"http://{HOST}:{api.port}/#token={token}", flush=True)
        async with pool(
            settings.database.url, name="wedgetail-api", wait_timeout_s=_ACQUIRE_S, statement_timeout_ms=_STATEMENT_MS
        ) as connections:
            jobs = Jobs("re-run"), Jobs("import")
            app = build(settings, token, pilots, feed, publisher, connections, now_us, built_files(), jobs)
            servers = [(server(app, **certified), sock) for sock, certified in sockets]
            serving = [asyncio.create_task(one.serve(sockets=[sock]), name="server") for one, sock in servers]
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(feed.run(), name="feed")
                    group.create_task(feed.tick(), name="tick")
                    group.create_task(publisher.run(), name="world")
                    group.create_task(listen(settings, feed, pilots, now_us), name="listen")
                    for task in serving:
                        group.create_task(_watch(task), name="watch")
            finally:
                feed.hub.close()
                await asyncio.gather(*(each.close() for each in jobs))
                for one, _ in servers:
                    one.should_exit = True
                await asyncio.wait(serving)


def server(app: FastAPI, **certified: Any) -> uvicorn.Server:
    """How the application is served. certified: uvicorn's names for a certificate's files."""
    return _Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", server_header=False, proxy_headers=False,
            ws=Wire, ws_per_message_deflate=False, ws_max_size=MAX_MESSAGE,
            ws_ping_interval=5, ws_ping_timeout=10, timeout_graceful_shutdown=_CLOSE_S, **certified,
        )
    )  # fmt: skip


def now_us() -> int:
    """The server's clock: microseconds since 1970."""
    return time.time_ns() // 1_000


async def _watch(serving: asyncio.Task[None]) -> None:
    """A server that ends by itself ends everything."""
    await asyncio.shield(serving)
    raise RuntimeError("the server ended by itself")


class _Server(uvicorn.Server):
    """Signals are the command line's business: it cancels us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
