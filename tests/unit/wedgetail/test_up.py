import asyncio
import socket
import stat
from pathlib import Path

import pytest

from core.errors import SettingError, WedgetailError
from core.settings import Api, Ingest, Settings, load
from wedgetail import up
from wedgetail.errors import AlreadyRunning, PartFailed, PortTaken
from wedgetail.part import Part
from wedgetail.running import alone, find, note


def test_the_token_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = up.token_of(path)
    assert len(first) >= 32
    assert up.token_of(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_supervisor_for_a_data_directory(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(AlreadyRunning, match=r"process \d+"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


@pytest.mark.parametrize("kind", ["PORT", "WEDGETAIL_INGEST__PORT"])
def test_a_port_in_use_is_named_with_the_setting_that_changes_it(kind: str) -> None:
    stream = kind == "PORT"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        if stream:
            taken.listen()
        free.bind(("127.0.0.1", 0))
        used, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        settings = Settings(api=Api(port=used if stream else other), ingest=Ingest(port=other if stream else used))
        with pytest.raises(PortTaken, match=rf"port {used} on 127\.0\.0\.1 is in use.*{kind}="):
            up.refuse_taken_ports(settings)


def test_a_tcp_port_of_ingest_that_is_taken_or_asked_for_twice_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        used = taken.getsockname()[1]
        settings = Settings(api=Api(port=_free()), ingest=Ingest(port=_free(), tcp_listen=(f"127.0.0.1:{used}",)))
        with pytest.raises(PortTaken, match=rf"TCP port {used} on 127\.0\.0\.1 is in use.*WEDGETAIL_INGEST__TCP_LISTEN="):
            up.refuse_taken_ports(settings)
    port = _free()
    with pytest.raises(PortTaken, match=f"TCP port {port}"):
        up.refuse_taken_ports(Settings(api=Api(port=port), ingest=Ingest(port=_free(), tcp_listen=(f"127.0.0.1:{port}",))))


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("name", "given", "detail"),
    [
        ("TCP_LISTEN", "127.0.0.1", "HOST:PORT is expected"),
        ("TCP_LISTEN", "127.0.0.1:0", "a port from 1 to 65535"),
        ("TCP_LISTEN", "127.0.0.1:5760,10.0.0.1:5760", "a port of its own"),
        ("TCP_CONNECT", "::1:5760", "in brackets"),
        ("TCP_CONNECT", "uav-7:5760, uav-7:5760", "each may be there once"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_by_its_setting(name: str, given: str, detail: str) -> None:
    with pytest.raises(SettingError, match=rf"ingest\.{name.lower()}.*{detail}"):
        load(environment={f"WEDGETAIL_INGEST__{name}": given})


def test_endpoints_come_from_the_environment_as_one_text() -> None:
    ingest = load(environment={"WEDGETAIL_INGEST__TCP_CONNECT": "uav-7.lan:5760, [::1]:05761"}).ingest
    assert (ingest.tcp_connect, ingest.tcp_listen) == (("uav-7.lan:5760", "[::1]:5761"), ())


def test_a_command_finds_the_servers_of_a_running_supervisor_and_no_others(tmp_path: Path) -> None:
    settings = load(environment={"WEDGETAIL_DATA_DIR": str(tmp_path)})
    assert find(settings) == settings
    with alone(tmp_path):
        note(tmp_path, "127.0.0.1:4711", "postgresql://x")
        assert find(settings).kafka.bootstrap == "127.0.0.1:4711"
        assert find(settings).database.url == "postgresql://x"
        configured = load(environment={"WEDGETAIL_DATA_DIR": str(tmp_path), "KAFKA_BOOTSTRAP": "broker:9092"})
        assert find(configured).kafka.bootstrap == "broker:9092"
    assert find(settings) == settings


def test_beginning_anew_keeps_nothing_but_the_lock_that_is_held(tmp_path: Path) -> None:
    with alone(tmp_path):
        (tmp_path / "kafka").mkdir()
        (tmp_path / "kafka" / "x").touch()
        (tmp_path / "token").touch()
        up.empty(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["up.lock"]


def test_of_several_failures_at_once_the_first_is_told() -> None:
    async def fails() -> None:
        async def with_what(error: Exception) -> None:
            raise error

        async with asyncio.TaskGroup() as group:
            group.create_task(with_what(PartFailed(part="api", code=2, log="x", tail="")))
            group.create_task(with_what(RuntimeError()))

    async def whole() -> None:
        work = asyncio.create_task(fails())
        await asyncio.wait({work})
        up.raise_first(work)

    with pytest.raises(PartFailed, match="api does not start"):
        asyncio.run(whole())


async def test_a_part_that_explains_its_failure_is_not_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    environment = {"PORT": "eighty", "PATH": "/usr/bin"}
    part = Part("api", ["api"], tmp_path / "api.log", environment, told.append)
    await part.spawn()
    with pytest.raises(PartFailed, match=r"(?s)api does not start \(exit code 2\).*Setting api.port is wrong") as failure:
        await part.keep()
    assert isinstance(failure.value, WedgetailError)
    assert not told
    await part.stop()
