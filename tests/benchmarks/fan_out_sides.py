"""The two servers that are compared, each in a process of its own: the door, and bare asyncio that writes the same bytes.

Each waits for orders, and tells all its viewers of a change at a steady pace or as fast as they take it. Both listen on a
socket with the same options.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Protocol, cast
from uuid import UUID

from websockets.http11 import Request
from websockets.server import ServerProtocol

from api.app import build
from api.consumer import Feed
from api.entrance import on_loopback
from api.hub import Hub
from api.messages import Subscribe
from api.picture import Picture
from api.pilot_links import PilotLinks
from api.service import now_us, server
from api.wire import framed
from api.world import WorldPublisher
from core import block
from core.compiled import warm
from core.identity import aircraft_id, operator_id
from core.sample import Sample
from core.settings import Settings
from core.topics import PARTITIONS
from geofence.moments import iso
from tests.benchmarks import processes

TOKEN = "a-token-for-the-benchmark"
AIRCRAFT = 24  # in JSON some 20 kB
_LINK = "udp:14550/127.0.0.1"
_START_S = 60.0


@dataclass(frozen=True)
class Order:
    """hertz None: as fast as it goes."""

    seconds: float
    hertz: int | None


@dataclass(frozen=True)
class Told:
    """What a server did: changes, and the processor seconds that it took."""

    changes: int
    cpu_s: float


class Side(Protocol):
    """One server. change tells all viewers of a change that came at this moment, microseconds since 1970."""

    async def start(self, port_given: Callable[[int], None]) -> None: ...

    def change(self, at_us: int) -> None: ...


class Door:
    """Ours: the application as `wedgetail api` serves it. What the stream would bring is put into its picture by hand."""

    def __init__(self, settings: Settings) -> None:
        self.feed = Feed(settings, now_us)
        self.feed.loaded.set()
        pilots = PilotLinks(operator_id(settings.operator.name), b"key")
        nothing = cast(Any, None)  # there is no database: nobody asks for what is in it
        self._app = build(settings, TOKEN, pilots, self.feed, WorldPublisher(settings), nothing, now_us, settings.data_dir)
        self._moves = _moves(self.feed.picture)

    async def start(self, port_given: Callable[[int], None]) -> None:
        with on_loopback(0) as sock:
            async with asyncio.TaskGroup() as group:
                group.create_task(server(self._app).serve(sockets=[sock]))
                group.create_task(self.feed.tick())
                port_given(sock.getsockname()[1])

    def change(self, at_us: int) -> None:
        self._moves(at_us)
        self.feed.hub.publish()


class Bare(asyncio.Protocol):
    """An asyncio protocol that shakes hands, and is then written to."""

    transports: ClassVar["set[asyncio.Transport]"] = set()

    def __init__(self) -> None:
        self._conn = ServerProtocol()
        self._transport = cast(asyncio.Transport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._conn.receive_data(data)
        for event in self._conn.events_received():
            if isinstance(event, Request):
                self._conn.send_response(self._conn.accept(event))
                self._transport.write(b"".join(self._conn.data_to_send()))
                self.resume_writing()

    def pause_writing(self) -> None:
        self.transports.discard(self._transport)

    def resume_writing(self) -> None:
        self.transports.add(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.transports.discard(self._transport)


class BareSide:
    def __init__(self, settings: Settings) -> None:
        self._before, self._after = _message_of_ours(settings)

    async def start(self, port_given: Callable[[int], None]) -> None:
        with on_loopback(0) as sock:
            async with await asyncio.get_running_loop().create_server(Bare, sock=sock) as serving:
                port_given(sock.getsockname()[1])
                await serving.serve_forever()

    def change(self, at_us: int) -> None:
        frame = framed(self._before + iso(at_us) + self._after)
        for transport in list(Bare.transports):
            transport.write(frame)


SIDES: dict[str, Callable[[Settings], Side]] = {"ours": Door, "reference": BareSide}


def _moves(picture: Picture) -> Callable[[int], None]:
    """Gives what moves every aircraft of a fleet on, at a moment."""
    operator = picture.operator_id
    fleet: list[tuple[int, UUID]] = [(number, aircraft_id(operator, _LINK, number)) for number in range(1, AIRCRAFT + 1)]

    def move(at_us: int) -> None:
        picture.apply_block(
            block.from_samples([
                Sample(
                    operator, one, _LINK, number, 1, seq=at_us, event_time_us=at_us, lon_e7=1_491_000_000 + number,
                    lat_e7=-353_000_000, takeoff_height_mm=50_000, takeoff_source=1, amsl_mm=640_000, heading_cdeg=9_000,
                    fix_type=3, satellites=14, battery_pct=80, battery_age_ms=300, mode="AUTO", mode_age_ms=300, armed=True,
                    airborne=True, velocity_north_cmps=840, velocity_east_cmps=0, velocity_down_cmps=0,
                )
                for number, one in fleet
            ]),
            at_us,
        )  # fmt: skip

    return move


def _message_of_ours(settings: Settings) -> tuple[str, str]:
    """What the door says of a change, before and after the moment of its first aircraft."""
    at_us, told = now_us(), list[str]()
    # As the door at work: it has run for a while, and no worker judges.
    picture = Picture(operator_id(settings.operator.name), PARTITIONS, at_us - 60_000_000)
    picture.tick(at_us)

    async def listen() -> None:
        hub = Hub(picture, now_us)
        viewer = hub.join(lambda picture, now_us: "", lambda text: told.append(text) is None)
        hub.subscribe(viewer, Subscribe(interval_ms=0))
        _moves(picture)(at_us)
        hub.publish()

    asyncio.run(listen())
    before, _, after = told[-1].partition(f'"event_time":"{iso(at_us)}"')
    return before + '"event_time":"', '"' + after


@dataclass(frozen=True)
class Serving:
    """A server at its port, and how it is ordered about."""

    name: str
    port: int
    orders: "Connection[Order, Told]"

    def do(self, order: Order) -> Told:
        self.orders.send(order)
        return self.orders.recv()


@contextmanager
def serving(name: str) -> Iterator[Serving]:
    """Started and listening, until left."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with TemporaryDirectory(prefix="wedgetail-benchmark-") as directory:
        process = spawn.Process(target=_run, args=(name, Path(directory), theirs), name=name, daemon=True)
        process.start()
        try:
            if not ours.poll(_START_S):
                raise RuntimeError(f"{name}: the server did not start")
            yield Serving(name, cast(int, ours.recv()), ours)
        finally:
            process.kill()
            process.join()


def _run(name: str, directory: Path, control: "Connection[int | Told, Order]") -> None:
    warm()
    side = SIDES[name](Settings(data_dir=directory))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(side.start(control.send))
            while True:
                order = await asyncio.to_thread(control.recv)
                before_s = processes.cpu_s(multiprocessing.current_process().pid or 0)
                changes = await _told(side, order)
                control.send(Told(changes, processes.cpu_s(multiprocessing.current_process().pid or 0) - before_s))

    asyncio.run(main())


async def _told(side: Side, order: Order) -> int:
    """How many changes it told of."""
    began, changes = time.monotonic(), 0
    while time.monotonic() - began < order.seconds:
        side.change(now_us())
        changes += 1
        wait_s = began + changes / order.hertz - time.monotonic() if order.hertz else 0.0
        await asyncio.sleep(max(0.0, wait_s))
    return changes
