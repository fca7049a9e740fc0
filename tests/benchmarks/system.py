"""The whole system as a person starts it: `wedgetail up` in a directory of its own, with its own Kafka and PostgreSQL."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.settings import Api, Ingest, Settings
from tests import any_hour
from tests.benchmarks import processes, profile
from tests.benchmarks.sender import ADDRESS
from wedgetail.local.kafka import free_port
from wedgetail.local.process import end_with_parent
from wedgetail.running import find

_ROOT = Path(__file__).parents[2]
_STOP_S = 60.0
_OURS = ("WEDGETAIL_", "KAFKA_BOOTSTRAP", "DATABASE_URL", "PORT")


@dataclass(frozen=True)
class System:
    """settings name its servers. pids: its processes by name. samples: where sampled ones take orders (profile.py)."""

    settings: Settings
    pids: dict[str, int]
    samples: Path


@contextmanager
def running(sampled: bool = False) -> Iterator[System]:
    """Started and ready, without a fleet; stopped as with Ctrl-C.

    Raises RuntimeError with what it printed when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="wedgetail-benchmark-") as directory:
        settings = Settings(
            data_dir=Path(directory) / "data",
            ingest=Ingest(port=_free_udp_port()),
            api=Api(port=free_port(), token=secrets.token_urlsafe(24)),
        )
        samples = Path(directory) / "samples"
        samples.mkdir()
        path = os.pathsep.join((str(profile.SAMPLING), str(_ROOT)))
        sampling = {"PYTHONPATH": path, "SAMPLES_IN": str(samples)} if sampled else {}
        process = subprocess.Popen(
            [sys.executable, "-m", "wedgetail", "up"],
            cwd=_ROOT, env=_environment(settings) | sampling, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in its turn
            preexec_fn=end_with_parent(signal.SIGTERM),
        )  # fmt: skip
        try:
            _await_ready(process)
            _authorise(settings)
            yield System(find(settings), {processes.name(pid): pid for pid in processes.children(process.pid)}, samples)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _await_ready(process: "subprocess.Popen[str]") -> None:
    printed: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        printed.append(line)
        if "#token=" in line:
            return
    raise RuntimeError("wedgetail up did not start:\n" + "".join(printed))


def _authorise(settings: Settings) -> None:
    """Everybody may fly by night: who measures then is not to measure a fleet that breaks a rule."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.api.port}/api/v1/facts",
        json.dumps(any_hour.night_authorisation()).encode(),
        {"Authorization": f"Bearer {settings.api.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_STOP_S):
        pass  # it raises unless the fact was taken


def _environment(settings: Settings) -> dict[str, str]:
    """Nothing that is configured on this machine reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | {
        "PORT": str(settings.api.port),
        "WEDGETAIL_DATA_DIR": str(settings.data_dir),
        "WEDGETAIL_INGEST__PORT": str(settings.ingest.port),
        "WEDGETAIL_API__TOKEN": settings.api.token,
    }


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
