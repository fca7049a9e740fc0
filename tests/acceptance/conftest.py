"""The whole system as a person starts it, `wedgetail up`, on the run's Kafka and a database of the test's own."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from core.settings import Settings

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 120  # a loaded machine; 5 s as a rule


@dataclass
class House:
    """A running system: its settings, its door, its database, and the commands that a person gives it."""

    settings: Settings
    process: "subprocess.Popen[str]"
    lines: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.api.port}"

    @property
    def page(self) -> str:
        return f"{self.url}/#token={self.settings.api.token}"

    def door(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self.url}/api/v1/", headers={"Authorization": f"Bearer {self.settings.api.token}"}, timeout=30
        )

    def database(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.settings.database.url, autocommit=True)

    def command(self, *arguments: str) -> str:
        """What a command printed; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "wedgetail", *arguments],
            cwd=ROOT, env=environment(self.settings), text=True, capture_output=True, timeout=_PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def pid_of(self, part: str) -> int:
        """The process of one part."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                mine = str(self.settings.data_dir).encode() in (entry / "environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mine and command[1:4] == [b"-m", b"wedgetail", part.encode()]:
                return int(entry.name)
        raise AssertionError(f"no {part} is running")


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "KAFKA_BOOTSTRAP": settings.kafka.bootstrap,
        "DATABASE_URL": settings.database.url,
        "PORT": str(settings.api.port),
        "WEDGETAIL_KAFKA__PREFIX": settings.kafka.prefix,
        "WEDGETAIL_DATA_DIR": str(settings.data_dir),
        "WEDGETAIL_INGEST__PORT": str(settings.ingest.port),
        "WEDGETAIL_API__TOKEN": settings.api.token,
    }


@pytest.fixture
def fleet() -> int:
    """How many simulated aircraft the house flies; a test that wants some overrides it."""
    return 0


@pytest.fixture
def house(settings: Settings, fleet: int) -> Iterator[House]:
    """Started, ready, and at the end stopped as with Ctrl-C; what its parts logged is shown when a test fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wedgetail", "up", "--fleet", str(fleet)],
        cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    running = House(settings, process, [])
    ready: queue.Queue[bool] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            running.lines.append(line)
            if "#token=" in line:
                ready.put(True)
        ready.put(False)

    threading.Thread(target=read, daemon=True).start()
    try:
        if not ready.get(timeout=_PATIENCE_S):
            pytest.fail("it did not start:\n" + "".join(running.lines))
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            code = process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        for log in sorted((settings.data_dir / "logs").glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()[-3_000:]}")
    assert code == 0, "".join(running.lines)
