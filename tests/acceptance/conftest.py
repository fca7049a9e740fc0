"""The whole system as a person starts it, `wedgetail up`, on the run's Kafka and a database of the test's own."""

import asyncio
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer

from core.records import Kind
from core.settings import Settings
from core.topics import Topic
from tests import any_hour

T = TypeVar("T")
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

    @contextmanager
    def started(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command while it runs; killed at the end if it still does."""
        process = subprocess.Popen([sys.executable, "-m", "wedgetail", *arguments], cwd=ROOT, env=environment(self.settings))
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def first_record(self, topic: Topic) -> None:
        """Returns when a block stands on a topic."""

        async def wait() -> None:
            consumer = AIOKafkaConsumer(
                self.settings.kafka.prefix + topic.name,
                bootstrap_servers=self.settings.kafka.bootstrap,
                auto_offset_reset="earliest",
            )
            await consumer.start()
            try:
                async for record in consumer:
                    if dict(record.headers).get("kind") == Kind.BLOCK.encode():
                        return
            finally:
                await consumer.stop()

        asyncio.run(asyncio.wait_for(wait(), _PATIENCE_S))

    def until(self, found: Callable[[], T | None], process: "subprocess.Popen[bytes]") -> T:
        """What a look at the door finds, looked for while a command runs."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            seen = found()
            if seen is not None:
                return seen
            assert process.poll() is None, f"it ended with code {process.returncode}"
            time.sleep(0.1)
        raise AssertionError("nothing was found in time")


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
    """A system of this test's own."""
    with started(settings, fleet) as running:
        yield running


@pytest.fixture(scope="module")
def house_of_module(settings_of_module: Settings) -> Iterator[House]:
    """One system for a whole module, without a fleet."""
    with started(settings_of_module, 0) as running:
        yield running


@contextmanager
def started(settings: Settings, fleet: int) -> Iterator[House]:
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
        with running.door() as door:
            assert door.post("facts", json=any_hour.night_authorisation()).status_code in (200, 201, 202)
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
