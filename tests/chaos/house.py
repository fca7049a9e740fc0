"""The whole system on servers of its own, each part a process that can be killed, frozen and started again."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from aiokafka import TopicPartition

from core.settings import Api, Ingest, Settings
from core.topics import PARTITIONS
from streams.log import LogReader
from tests import any_hour
from tests.chaos.flight import ADDRESS, ZONE
from tests.chaos.proxy import Proxy
from wedgetail.local.kafka import LocalKafka, free_port
from wedgetail.local.postgres import LocalPostgres
from wedgetail.local.process import end_with_parent
from wedgetail.running import with_servers

ROOT = Path(__file__).parents[2]
_DISK_MB = 192
_LAST_LINES = 25
PATIENCE_S = 120.0  # a loaded machine; a few seconds as a rule
_TOKEN = "a-token-for-chaos"
_OURS = ("WEDGETAIL_", "KAFKA_BOOTSTRAP", "DATABASE_URL", "PORT")
_READY_WORDS = {"ingest": "listening for MAVLink", "worker": "is judging", "recorder": "recording", "api": ""}


class Broken(AssertionError):
    """What should have come did not."""


def until(what: str, true: Callable[[], object], patience_s: float = PATIENCE_S) -> float:
    """Looks again and again until it is true: how many seconds that took. Raises Broken."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > patience_s:
            raise Broken(f"after {patience_s:.0f} s still not: {what}")
        time.sleep(0.05)
    return time.monotonic() - began


class Part:
    """`wedgetail COMMAND` as a child process. Each start has a log of its own."""

    def __init__(self, command: str, log: Path, environment: dict[str, str]) -> None:
        self.command = command
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wedgetail", *command.split()],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, preexec_fn=end_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def __str__(self) -> str:
        return self.log.stem

    @property
    def name(self) -> str:
        return self.command.split()[0]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code; None while it lives."""
        return self._process.poll()

    def lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """As with Ctrl-C; gives its exit code, and kills it when it does not end."""
        if self.code is None:
            self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"{self} did not end") from None


@dataclass(frozen=True)
class Answer:
    """What the door said."""

    status: int
    body: dict[str, Any]


class House:
    """Servers and parts. parts: those that live, by the name of their first start (worker, worker-2...)."""

    def __init__(self, directory: Path, disk: Path | None, proxy: Proxy | None, tell: Callable[[str], None]) -> None:
        """disk: the file system that the database has for itself, if it does. proxy: the wire before the broker, likewise."""
        self.directory = directory
        self.proxy = proxy
        self.disk = disk
        self.kafka = LocalKafka(directory / "kafka")
        self.postgres = LocalPostgres(directory / "postgres")
        self.parts: list[Part] = []
        self.all_parts: list[Part] = []
        self.imported: dict[str, set[tuple[int, int]]] = {}  # a file's link: its positions by (system id, number)
        self.tell = tell
        self._door = httpx.Client(timeout=15.0)
        self._settings = Settings(
            data_dir=directory / "data", ingest=Ingest(port=_free_udp_port()), api=Api(port=free_port(), token=_TOKEN)
        )

    @property
    def settings(self) -> Settings:
        return with_servers(self._settings, self.proxy.address if self.proxy else self.kafka.bootstrap, self.postgres.url())

    @property
    def truth(self) -> Settings:
        """The settings of who looks from outside, past whatever stands before the broker."""
        return with_servers(self._settings, self.kafka.bootstrap, self.postgres.url())

    def start_servers(self) -> None:
        self.kafka.prepare()
        self.postgres.prepare()
        self.start_kafka()
        self.start_postgres()

    def start_kafka(self) -> None:
        """Also after it was killed: its data are still there."""
        if self.proxy is not None:
            config = self.directory / "kafka" / "server.properties"
            kept = [line for line in config.read_text().splitlines() if not line.startswith("advertised.listeners=")]
            config.write_text("\n".join([*kept, f"advertised.listeners=PLAINTEXT://{self.proxy.address}", ""]))
            self.proxy.lead_to(self.kafka.bootstrap)
        self.kafka.spawn()
        self.kafka.wait()

    def start_postgres(self) -> None:
        self.postgres.spawn()
        self.postgres.wait()

    def start(self) -> None:
        """All parts, at work, with one zone in force."""
        self.command("migrate")
        for name in ("ingest", "worker", "recorder", "api"):
            self.spawn(name)
        for part in self.parts:
            self.await_work(part)
        self.await_ready()
        for path, body in (("facts", any_hour.night_authorisation()), ("zones", ZONE)):
            made = self.ask("POST", path, body)
            if made.status not in (200, 201, 202):
                raise Broken(f"{path}: not made: {made}")

    def spawn(self, command: str) -> Part:
        name = command.split()[0]
        number = sum(part.name == name for part in self.all_parts) + 1
        part = Part(command, self.directory / "logs" / f"{name}-{number}.log", self._environment())
        self.parts.append(part)
        self.all_parts.append(part)
        return part

    def await_work(self, part: Part) -> None:
        """Returns when it does what it is for."""

        def works() -> bool:
            if part.code is not None:
                raise Broken(f"{part} ended with {part.code}:\n" + "\n".join(part.lines()[-20:]))
            return self.answers() if part.name == "api" else part.said(_READY_WORDS[part.name])

        until(f"{part} at work", works)

    def await_ready(self) -> None:
        until("the door is ready", lambda: self.answers("ready"))

    def kill(self, name: str) -> Part:
        """The one that lives longest under a name, without warning."""
        part = self.part(name)
        part.kill()
        self.parts.remove(part)
        return part

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def command(self, *arguments: str) -> str:
        """A command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "wedgetail", *arguments],
            cwd=ROOT, env=self._environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode != 0:
            raise Broken(f"wedgetail {' '.join(arguments)}: {done.returncode}\n{done.stdout}")
        return done.stdout

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Asks the door. Raises httpx.HTTPError when nobody is there."""
        url = f"http://127.0.0.1:{self._settings.api.port}/api/v1/{path}"
        answer = self._door.request(method, url, json=body, headers={"Authorization": f"Bearer {_TOKEN}"})
        return Answer(answer.status_code, answer.json())

    def answers(self, path: str = "health") -> bool:
        try:
            return self.ask("GET", path).status == 200
        except httpx.HTTPError:
            return False

    def await_sent(self, topic: str) -> None:
        """Returns when something stands on a topic."""
        until(f"a record in {topic}", lambda: asyncio.run(_records(self.truth, topic)))

    def problems(self) -> list[str]:
        """What health says is wrong; the door itself, when it does not answer."""
        try:
            found: list[str] = self.ask("GET", "health").body["problems"]
            return found
        except httpx.HTTPError as error:
            return [f"the door does not answer: {type(error).__name__}"]

    def database(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.postgres.url(), autocommit=True)

    def tell_logs(self) -> None:
        """The end of each, for who looks for what went wrong."""
        for part in self.all_parts:
            self.tell(f"--- {part}, {'running' if part.code is None else f'ended with {part.code}'}")
            for line in part.lines()[-_LAST_LINES:]:
                self.tell(line)

    def close(self) -> None:
        """Everything, however it stands."""
        for part in self.all_parts:
            if part.code is None:
                part.kill()
        self._door.close()
        self.kafka.process.kill()
        self.postgres.stop()

    def _environment(self) -> dict[str, str]:
        """Nothing that is configured on this machine reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        settings = self.settings
        return kept | {
            "KAFKA_BOOTSTRAP": settings.kafka.bootstrap,
            "DATABASE_URL": settings.database.url,
            "PORT": str(settings.api.port),
            "WEDGETAIL_DATA_DIR": str(settings.data_dir),
            "WEDGETAIL_INGEST__PORT": str(settings.ingest.port),
            "WEDGETAIL_API__TOKEN": _TOKEN,
            "PYTHONUNBUFFERED": "1",
        }


@contextlib.contextmanager
def opened(tell: Callable[[str], None], proxy: Proxy | None = None) -> Iterator[House]:
    """A house with its servers and parts running; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="wedgetail-chaos-") as directory, _disk(Path(directory) / "postgres") as disk:
        house = House(Path(directory), disk, proxy, tell)
        with contextlib.closing(house):
            house.start_servers()
            house.start()
            yield house


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[Path | None]:
    """A small file system of its own, so that it can be filled; None where we may not mount one."""
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=755", "tmpfs", str(path)], capture_output=True)
    try:
        yield path if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(path)], check=True)


async def _records(settings: Settings, topic: str) -> int:
    reader = LogReader(settings.kafka.bootstrap)
    await reader.start()
    try:
        bounds = await reader.bounds([TopicPartition(topic, at) for at in range(PARTITIONS)])
        return sum(each.end for each in bounds.values())
    finally:
        await reader.stop()


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
