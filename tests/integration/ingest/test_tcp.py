"""TCP links on real sockets and a real Kafka, both ways round: who is heard, who is listened to, what goes wrong."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.identity import operator_id
from core.settings import Settings
from core.topics import TELEMETRY
from ingest import tcp
from ingest.counts import Counts
from ingest.errors import CannotListen
from ingest.fleet import Fleet, Taken
from ingest.ledger import Ledger
from ingest.listener import Listener
from ingest.service import listen
from ingest.tcp import Caller, Connection, Streams
from ingest.udp import clock_us
from tests.unit.ingest.told import as_samples

Reader = Callable[[Any], Awaitable[Any]]


def _position(system: int = 1, lon: int = 1_491_657_510) -> bytes:
    sender = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
    return bytes(sender.global_position_int_encode(1, -353_623_302, lon, 600_000, 9_000, 0, 0, 0, 0).pack(sender))


class Heard:
    """Streams of one listener without Kafka behind them; until() waits for what they make of bytes."""

    def __init__(self, directory: Path, source: str = "tcp:5760") -> None:
        self.counts = Counts()
        fleet = Fleet(operator_id("test"), self.counts)
        self.listener = Listener(fleet, source, Ledger(directory / "tcp.json"), clock_us(), streams=True)
        self.streams = Streams(self.listener, self.counts, self._take)
        self.taken: list[Taken] = []
        self._news = asyncio.Event()

    def _take(self, taken: Taken) -> None:
        self.taken.append(taken)
        self._news.set()

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not met():
                self._news.clear()
                await self._news.wait()

    @asynccontextmanager
    async def accepting(self) -> AsyncIterator[int]:
        with tcp.bound("127.0.0.1:0") as listening:
            server = await tcp.accept(listening, self.streams)
            yield listening.getsockname()[1]
            server.close()
            await self.streams.close()

    def listened(self) -> bool:
        """Whether some link is said to be listened to."""
        return bool(self.listener.listened(clock_us()))


@asynccontextmanager
async def _service(settings: Settings, **given: Any) -> AsyncIterator["asyncio.Task[Counts]"]:
    stopped, ready = asyncio.Event(), asyncio.Event()
    changed = settings.model_copy(update={"ingest": settings.ingest.model_copy(update=given)})
    task = asyncio.create_task(listen(changed, stopped, ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        await task
    yield task
    stopped.set()
    await task


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_both_ways_round_frames_become_samples_each_under_its_own_link(settings: Settings, read: Reader) -> None:
    arrived = asyncio.Event()

    async def autopilot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(50):
            frame = _position(2, number)
            writer.write(frame[:17])
            await writer.drain()
            await asyncio.sleep(0)  # the rest comes in another piece
            writer.write(frame[17:])
        await writer.drain()
        arrived.set()
        await reader.read()  # until the other end goes
        writer.close()

    server = await asyncio.start_server(autopilot, "127.0.0.1", 0)
    remote = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    port = _free_port()
    async with _service(settings, tcp_listen=(f"127.0.0.1:{port}",), tcp_connect=(remote,)) as task:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        stream = b"".join(_position(1, number) for number in range(50))
        for at in range(0, len(stream), 29):
            writer.write(stream[at : at + 29])
            await writer.drain()
        await arrived.wait()
        async with asyncio.timeout(20):
            while len((found := await read(TELEMETRY)).samples) < 100 or len(_links(found)) < 2:
                await asyncio.sleep(0.2)  # another process's progress: Kafka tells nobody
        writer.close()
    counts = task.result()
    server.close()
    assert (counts.usable, counts.rejected.total(), counts.adds_up()) == (100, 0, True)
    by_link: dict[str, list[int]] = {}
    for row in found.samples:
        by_link.setdefault(row["link"], []).append(row["lon_e7"])
    assert by_link == {f"tcp:{port}/127.0.0.1": list(range(50)), f"tcp/{remote}": list(range(50))}
    assert _links(found) == set(by_link)


def _links(found: Any) -> set[str]:
    return {said.link for listened in found.listened for said in listened.links}


async def test_a_tcp_port_that_is_taken_is_one_clear_error(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=f"TCP 127.0.0.1 port {port}: another program has it"):
            async with _service(settings, tcp_listen=(f"127.0.0.1:{port}",)):
                pass


async def test_a_remote_that_goes_and_comes_back_is_told_once_each_and_counts_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "_LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(tcp, "_FIRST_PAUSE_S", 0.01)
    caplog.set_level(logging.INFO, logger="ingest.tcp")
    heard = Heard(tmp_path, "tcp")
    connections: list[asyncio.StreamWriter] = []

    async def autopilot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        writer.write(_position())

    port = _free_port()
    caller = asyncio.create_task(Caller(heard.streams, f"127.0.0.1:{port}").keep())
    tries = Caller.__name__  # nobody there yet: several tries, one line
    await asyncio.sleep(0.2)
    server = await asyncio.start_server(autopilot, "127.0.0.1", port)
    await heard.until(lambda: heard.counts.usable == 1)
    assert heard.listened()
    connections[0].close()
    await heard.until(lambda: heard.counts.usable == 2)
    server.close()
    connections[1].transport.abort()
    await heard.until(lambda: not heard.listened())
    caller.cancel()
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    kinds = ["is heard again" in line for line in told]
    assert kinds == [False, True, False, True, False][: len(kinds)] and len(kinds) >= 4, (tries, told)
    samples = [sample for taken in heard.taken for sample in as_samples(taken.samples)]
    assert [sample.seq for sample in samples] == [1, 1]
    assert samples[0].epoch < samples[1].epoch and samples[0].aircraft_id == samples[1].aircraft_id


async def test_a_peer_that_sends_nothing_or_rubbish_makes_room_for_one_that_flies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MOST_CONNECTIONS", 3)
    heard = Heard(tmp_path)
    async with heard.accepting() as port:
        silent = await asyncio.open_connection("127.0.0.1", port)
        flying = [await asyncio.open_connection("127.0.0.1", port)]
        flying[0][1].write(_position(1))
        await heard.until(lambda: heard.counts.usable == 1)
        rubbish = await asyncio.open_connection("127.0.0.1", port)
        rubbish[1].write(b"GET / HTTP/1.1\r\n\r\n" * 1_000)
        await heard.until(lambda: heard.counts.bytes > 17_000)
        for system in (2, 3):  # the oldest of no use goes first
            flying.append(await asyncio.open_connection("127.0.0.1", port))
            flying[-1][1].write(_position(system))
            await heard.until(lambda: heard.counts.usable == system)  # noqa: B023
        assert await _ended(silent) and await _ended(rubbish)
        refused = await asyncio.open_connection("127.0.0.1", port)
        assert await _ended(refused), "all who are there bring samples: the newcomer is refused"
        flying[0][1].write(_position(1))
        await heard.until(lambda: heard.counts.usable == 4)
        assert heard.counts.adds_up()
        for _, writer in flying:
            writer.close()
        await heard.until(lambda: not heard.listened())


async def _ended(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    try:
        async with asyncio.timeout(20):
            return await connection[0].read() == b""
    except ConnectionError:
        return True


async def test_a_vanished_end_is_asked_after_on_both_kinds_of_connection(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    made: list[Connection] = []
    opened = heard.streams.opened
    heard.streams.opened = lambda one: (made.append(one), opened(one))[1]  # type: ignore[method-assign]
    async with heard.accepting() as port:
        caller = asyncio.create_task(Caller(heard.streams, f"127.0.0.1:{port}").keep())
        async with asyncio.timeout(20):
            while len(made) < 2:
                await asyncio.sleep(0.01)
        for one in made:
            assert one._transport is not None
            connected = one._transport.get_extra_info("socket")
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 4
        caller.cancel()
