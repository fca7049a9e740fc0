"""Real servers for tests: one Kafka and one PostgreSQL for a whole run, a fresh prefix and database for each test.

A test that needs what this machine lacks is skipped with the reason; with NO_SKIP=1 (in CI) that is a failure.
"""

import asyncio
import os
import shutil
import socket
import tempfile
import threading
import uuid
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from core.settings import Api, Database, Ingest, Kafka, Settings
from core.topics import TOPICS
from storage.migrate import migrate
from wedgetail.local.kafka import LocalKafka, free_port
from wedgetail.local.postgres import LocalPostgres

ROOT = Path(__file__).parents[1]
_TEMPLATE = "template_migrated"

# A loaded machine is no failure.
hypothesis.settings.register_profile("wedgetail", deadline=None)
hypothesis.settings.load_profile("wedgetail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    return _not_skipped((yield))


def _not_skipped(report: Any) -> Any:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("NO_SKIP") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped here: {reason}"
    return report


@pytest.fixture(scope="session")
def _servers() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="wedgetail-test-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def local_kafka(_servers: Path) -> Iterator[LocalKafka]:
    """The run's broker itself. Do not stop it: others use it."""
    with LocalKafka(_servers / "kafka") as server:
        yield server


@pytest.fixture(scope="session")
def kafka(local_kafka: LocalKafka) -> str:
    """The bootstrap address of the run's broker."""
    return local_kafka.bootstrap


@pytest.fixture(scope="session")
def local_postgres(_servers: Path) -> Iterator[LocalPostgres]:
    """The run's database server itself."""
    with LocalPostgres(_servers / "postgres", careless=True) as server:
        yield server


@pytest.fixture(scope="session")
def _template(local_postgres: LocalPostgres) -> str:
    """A database migrated once; each test's is a copy of it."""
    local_postgres.ensure_database(_TEMPLATE)
    migrate(local_postgres.url(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
def empty_database_url(local_postgres: LocalPostgres) -> Iterator[str]:
    """The address of a database of this test's own with nothing in it."""
    name = f"test_{uuid.uuid4().hex}"
    local_postgres.ensure_database(name)
    yield local_postgres.url(name)
    local_postgres.drop_database(name)


@contextmanager
def own_database(server: LocalPostgres, template: str) -> Iterator[str]:
    """The address of a migrated database of one's own."""
    name = f"test_{uuid.uuid4().hex}"
    server.ensure_database(name, template=template)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def database_url(local_postgres: LocalPostgres, _template: str) -> Iterator[str]:
    """The address of a migrated database of this test's own."""
    with own_database(local_postgres, _template) as url:
        yield url


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """A prefix of this test's own for topics and groups; its topics are deleted afterwards."""
    own = new_prefix()
    yield own
    if "kafka" in request.fixturenames:
        delete_topics(request.getfixturevalue("kafka"), own)


@pytest.fixture
def settings(kafka: str, database_url: str, prefix: str, tmp_path: Path) -> Settings:
    """Settings that point at the run's servers, with this test's prefix, database, ports and directory."""
    return settings_for(kafka, prefix, database_url, tmp_path)


@pytest.fixture(scope="module")
def settings_of_module(
    kafka: str, local_postgres: LocalPostgres, _template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The same for a whole module, where each test would start the same thing anew."""
    own = new_prefix()
    with own_database(local_postgres, _template) as url:
        yield settings_for(kafka, own, url, tmp_path_factory.mktemp("module"))
    delete_topics(kafka, own)


def settings_for(bootstrap: str, prefix: str, database_url: str, directory: Path) -> Settings:
    return Settings(
        data_dir=directory / "data",
        kafka=Kafka(bootstrap=bootstrap, prefix=prefix),
        database=Database(url=database_url),
        ingest=Ingest(port=free_udp_port(), buffer_mb=16),
        api=Api(port=free_port(), token="a-token-for-tests"),
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Third-party logs and zones, which are never committed."""
    path = Path(os.environ.get("SHARED", ROOT.parent / "shared")) / "data"
    if not path.is_dir():
        pytest.skip(f"left out: the real flights and zones are not at {path} (SHARED= names their parent)")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not named or not Path(named).exists():
        pytest.skip("left out: no Chromium on this machine (CHROMIUM= names one)")
    return named


@pytest.fixture(scope="session")
def timescale_url() -> str:
    """A TimescaleDB; it may be one that allows a single session at a time."""
    url = os.environ.get("TIMESCALE_URL")
    if not url:
        pytest.skip("left out: no TimescaleDB on this machine (TIMESCALE_URL= names one)")
    return url


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_prefix() -> str:
    return f"t{uuid.uuid4().hex[:10]}-"


def delete_topics(bootstrap: str, prefix: str) -> None:
    _apart(lambda: _delete_topics(bootstrap, prefix))


async def _delete_topics(bootstrap: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([prefix + topic.name for topic in TOPICS])
    finally:
        await admin.close()


def _apart(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: the loop that pytest-asyncio keeps in this one stays untouched."""
    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
