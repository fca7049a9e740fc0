"""`wedgetail up`: starts the servers, then the parts, says what it does, and stops all of it in the right order."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from core.identity import operator_id
from core.settings import Settings
from ingest.tcp import endpoint
from wedgetail.door import HOST, ensure_demo_authorisation, ensure_demo_zones, ready
from wedgetail.errors import NotReady, PortTaken
from wedgetail.part import Part
from wedgetail.prepare import prepare
from wedgetail.running import LOCK, alone, note, with_servers
from wedgetail.servers import Servers

_READY_S = 60.0
_ASK_EVERY_S = 0.1
_BEGAN = time.monotonic()
# In this order they start; in this order they stop: nobody is stopped before those who feed him.
_PARTS = ("ingest", "worker", "recorder", "api")


async def run(settings: Settings, file: Path | None, *, fleet: int = 0, reset: bool = False) -> None:
    """Runs everything until SIGINT or SIGTERM. file: the settings' file, which the parts read too.

    Raises AlreadyRunning, PortTaken, PartFailed, NotReady and the errors of the embedded servers, with nothing left
    running.
    """
    directory = settings.data_dir.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with alone(directory):
        house = _House(settings, file, directory, fleet)
        work = asyncio.create_task(house.run(reset))
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not work.done():
                _tell("stopping")
                work.cancel()
            # Waited for and not raised here: what was started is stopped first, whatever the reason.
            await asyncio.wait({work})
            await house.stop()
        raise_first(work)
        _tell("stopped; nothing is left running")


class _House:
    def __init__(self, settings: Settings, file: Path | None, directory: Path, fleet: int) -> None:
        self._settings = settings
        self._file = file
        self._directory = directory
        self._fleet = fleet
        self._servers = Servers(settings, directory, _tell)
        self._parts: list[Part] = []

    async def run(self, reset: bool) -> None:
        settings = self._settings
        refuse_taken_ports(settings)
        if reset:
            await asyncio.to_thread(self._servers.evict)
            empty(self._directory)
            _tell(f"begun anew: {self._directory} is empty")
        token = settings.api.token or token_of(self._directory / "token")
        if self._servers.kafka or self._servers.postgres:
            _tell(f"starting {' and '.join(self._embedded_names())} in {self._directory}")
        await self._servers.start()
        embedded = self._servers.embedded_addresses
        note(self._directory, *embedded)
        reached = with_servers(settings, *embedded)
        _tell("preparing topics and tables")
        await prepare(reached)
        _tell(f"starting {', '.join(_PARTS)}")
        environment = self._environment(reached, token)
        parts = [self._part(name, [name], environment) for name in _PARTS]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._servers.keep())
            for part in parts:
                await self._begin(part, group)
            await self._await_ready()
            if self._fleet:
                identity, listener = operator_id(settings.operator.name), settings.ingest.port
                if made := await ensure_demo_zones(settings.api.port, token, identity, listener):
                    _tell(f"{made} zones made for the simulated fleet")
                if await ensure_demo_authorisation(settings.api.port, token, identity, listener, self._fleet):
                    _tell("it has an authorisation to fly by night, for a year")
                await self._begin(self._part("simulate", ["simulate", "--fleet", str(self._fleet)], environment), group)
            for part in self._parts:
                part.settled = True
            _tell("ready")
            print(_welcome(settings.api.port, token, self._fleet, settings.ingest.port), flush=True)

    async def stop(self) -> None:
        for name in ("simulate", *_PARTS):
            for part in self._parts:
                if part.name == name:
                    await part.stop()
        await self._servers.stop()

    def _embedded_names(self) -> list[str]:
        return [name for name, server in (("Kafka", self._servers.kafka), ("PostgreSQL", self._servers.postgres)) if server]

    def _environment(self, reached: Settings, token: str) -> dict[str, str]:
        return os.environ | {
            "KAFKA_BOOTSTRAP": reached.kafka.bootstrap,
            "DATABASE_URL": reached.database.url,
            "WEDGETAIL_DATA_DIR": str(self._directory),
            "WEDGETAIL_API__TOKEN": token,
            "PYTHONUNBUFFERED": "1",
        }

    def _part(self, name: str, arguments: list[str], environment: dict[str, str]) -> Part:
        given = [] if self._file is None else ["--settings", str(self._file)]
        return Part(name, [*arguments, *given], self._directory / "logs" / f"{name}.log", environment, _tell)

    async def _begin(self, part: Part, group: asyncio.TaskGroup) -> None:
        self._parts.append(part)
        await part.spawn()
        group.create_task(part.keep())

    async def _await_ready(self) -> None:
        end = time.monotonic() + _READY_S
        while True:
            is_ready, answer = await ready(self._settings.api.port)
            if is_ready:
                return
            if time.monotonic() > end:
                raise NotReady(seconds=_READY_S, detail=answer, logs=self._directory / "logs")
            await asyncio.sleep(_ASK_EVERY_S)  # another process's progress: there is nothing to await


def raise_first(work: asyncio.Task[None]) -> None:
    """What ended the work, if it was not we who ended it: of several failures at once the first."""
    if work.cancelled():
        return
    error = work.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is not None:
        raise error


def refuse_taken_ports(settings: Settings) -> None:
    """Raises PortTaken, before anything is started, for a port of the API or of ingest."""
    ingest = settings.ingest
    wanted = [
        ("TCP", socket.SOCK_STREAM, HOST, settings.api.port, "PORT"),
        ("UDP", socket.SOCK_DGRAM, ingest.host, ingest.port, "WEDGETAIL_INGEST__PORT"),
        *(("TCP", socket.SOCK_STREAM, *endpoint(text), "WEDGETAIL_INGEST__TCP_LISTEN") for text in ingest.tcp_listen),
    ]
    with ExitStack() as held:  # each as long as the others are tried: two of our own may want the same
        for protocol, kind, host, port, setting in wanted:
            probe = held.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind))
            try:
                if kind is socket.SOCK_STREAM:  # as its user will: the last run's connections may still be closing
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                if kind is socket.SOCK_STREAM:
                    probe.listen()
            except OSError as error:
                raise PortTaken(protocol=protocol, port=port, host=host, setting=setting) from error


def empty(directory: Path) -> None:
    """Deletes what earlier runs stored; the lock that we hold stays."""
    for path in directory.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def token_of(path: Path) -> str:
    """The token of this data directory: made once, readable by its owner alone."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _tell(line: str) -> None:
    """A line with the seconds since the start; an indented one (of a log) as it is."""
    print(line if line.startswith("  ") else f"wedgetail {time.monotonic() - _BEGAN:6.1f} s  {line}", flush=True)


def _welcome(port: int, token: str, fleet: int, udp: int) -> str:
    flown = (
        f"{fleet} simulated aircraft fly around Canberra. Most are green. Some break rules on purpose, again every two\n"
        "  minutes: after five seconds the first is above 120 m, others leave their area, cross a power line, fall silent.\n"
        "  Those turn red or amber in the list and on the map, each with an alert that says which rule, how far, and the way\n"
        "  back. Acknowledge one: it asks once for the name of your station."
        if fleet
        else f"No aircraft yet: send MAVLink to UDP port {udp}, or run `wedgetail simulate` or `wedgetail replay FILE.tlog`."
    )
    return f"\n  Open  http://{HOST}:{port}/#token={token}\n\n  {flown}\n\n  Ctrl-C stops everything; the data stays.\n"
