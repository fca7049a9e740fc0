"""`wedgetail up` as a person runs it: started, used, interrupted, killed, started again."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from wedgetail.local.kafka import free_port

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 90.0  # a loaded machine; 12 s as a rule
_ZONE = {
    "type": "Feature",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[149.0, -35.5], [149.3, -35.5], [149.3, -35.2], [149.0, -35.2], [149.0, -35.5]]],
    },
    "properties": {"name": "Kept over a restart", "kind": "keep_in"},
}


class Demo:
    """One run of the supervisor, its lines as they come."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wedgetail", "up", *arguments],
            cwd=ROOT,
            env=os.environ
            | {"WEDGETAIL_DATA_DIR": str(directory), "PORT": str(self.port), "WEDGETAIL_INGEST__PORT": str(free_port())}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, pattern: str) -> re.Match[str]:
        """The first line, from now on, that matches."""
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                line = None
            if line is None:
                pytest.fail(f"no line like {pattern!r}:\n" + "".join(self.lines) + self._logs())
            if found := re.search(pattern, line):
                return found

    def ask(self, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of the API's answer, with the token of the data directory."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/{path}")
        request.add_header("Authorization", f"Bearer {(self.directory / 'token').read_text()}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line)
                self._queue.put(line)
        self._queue.put(None)

    def _logs(self) -> str:
        logs = sorted((self.directory / "logs").glob("*.log"))
        return "".join(f"\n--- {log.name}\n{log.read_text()[-2_000:]}" for log in logs)


@contextmanager
def demo(directory: Path, *arguments: str, **environment: str) -> Iterator[Demo]:
    """A demo that is ready; killed afterwards if the test has not ended it."""
    run = Demo(directory, *arguments, **environment)
    try:
        run.until(r"Open +http://127\.0\.0\.1:\d+/#token=\S+")
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def processes_of(directory: Path) -> dict[int, str]:
    """The living processes that name this data directory in their command or environment."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if str(directory).encode() in command + (process / "environ").read_bytes() and int(process.name) != os.getpid():
                found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def all_gone(directory: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while processes_of(directory):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_the_demo_shows_its_fleet_keeps_its_data_and_leaves_nothing_running(tmp_path: Path) -> None:
    with demo(tmp_path, "--fleet", "3") as first:
        assert time.monotonic() - first.began < 60
        assert first.ask("ready")[0] == 200
        end = time.monotonic() + 20
        while len(aircraft := first.ask("aircraft")[1]["aircraft"]) < 3 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(aircraft) == 3
        assert [fact["number"] for fact in first.ask("facts")[1]["facts"]] == ["DEMO-NIGHT"]
        status, zone = first.ask("zones", _ZONE)
        assert status in (201, 202)
        assert first.end(signal.SIGINT) == 0
        assert processes_of(tmp_path) == {}
    with demo(tmp_path) as second:
        zones = second.ask("zones")[1]["features"]
        assert zone["id"] in [feature["id"] for feature in zones]
        assert {plane["id"] for plane in aircraft} <= {plane["id"] for plane in second.ask("aircraft")[1]["aircraft"]}
        assert second.end(signal.SIGTERM) == 0
        assert processes_of(tmp_path) == {}


def test_a_killed_demo_leaves_nothing_running_and_starts_again(tmp_path: Path) -> None:
    with demo(tmp_path) as first:
        zone = first.ask("zones", _ZONE)[1]
        first.end(signal.SIGKILL)
        assert all_gone(tmp_path, 20)
    with demo(tmp_path) as second:
        assert zone["id"] in [feature["id"] for feature in second.ask("zones")[1]["features"]]
        assert second.end(signal.SIGINT) == 0


def test_a_part_that_dies_is_named_and_started_again(tmp_path: Path) -> None:
    with demo(tmp_path) as run:
        worker = next(pid for pid, command in processes_of(tmp_path).items() if " wedgetail worker" in command)
        os.kill(worker, signal.SIGKILL)
        run.until(r"worker ended by itself \(exit code -9\), starting again in 1 s")
        end = time.monotonic() + 20
        while not (again := [pid for pid, command in processes_of(tmp_path).items() if " wedgetail worker" in command]):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert again != [worker]
        assert run.end(signal.SIGINT) == 0
        assert processes_of(tmp_path) == {}


def test_an_interrupt_while_starting_leaves_nothing_running(tmp_path: Path) -> None:
    run = Demo(tmp_path)
    run.until("starting Kafka and PostgreSQL")
    assert run.end(signal.SIGINT) == 0
    run.until("nothing is left running")
    assert all_gone(tmp_path, 1)


def test_a_port_in_use_is_one_line_and_nothing_is_started(tmp_path: Path) -> None:
    with demo(tmp_path / "one") as first:
        environment = os.environ | {"WEDGETAIL_DATA_DIR": str(tmp_path / "two"), "PORT": str(first.port)}
        done = subprocess.run(
            [sys.executable, "-m", "wedgetail", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 2
        assert f"TCP port {first.port} on 127.0.0.1 is in use" in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "two" / "kafka").exists()
        assert first.end(signal.SIGINT) == 0


def test_configured_servers_are_used_and_a_reset_deletes_only_our_own_directory(
    kafka: str, database_url: str, prefix: str, tmp_path: Path
) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "token").write_text("an old token")
    servers = {"KAFKA_BOOTSTRAP": kafka, "DATABASE_URL": database_url, "WEDGETAIL_KAFKA__PREFIX": prefix}
    with demo(tmp_path, "--reset", **servers) as run:
        assert (tmp_path / "token").read_text() != "an old token"
        assert not {"kafka", "postgres"} & {path.name for path in tmp_path.iterdir()}
        assert run.ask("ready")[0] == 200
        assert run.end(signal.SIGINT) == 0
        assert processes_of(tmp_path) == {}
