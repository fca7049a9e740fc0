"""The embedded servers: started, started again, and started after their supervisor was killed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from core.errors import BrokerUnreachable, TopicMismatch
from core.kafka import cluster_id, ensure_topics, topic_ids
from core.topics import TOPICS
from wedgetail.local.errors import ServerDied
from wedgetail.local.kafka import LocalKafka, serves
from wedgetail.local.postgres import LocalPostgres

ROOT = Path(__file__).parents[3]
_SUPERVISOR = """
import signal, sys
from pathlib import Path
from wedgetail.local.kafka import LocalKafka
from wedgetail.local.postgres import LocalPostgres
kafka, postgres = LocalKafka(Path(sys.argv[1]) / "kafka"), LocalPostgres(Path(sys.argv[1]) / "postgres", careless=True)
kafka.start(); postgres.start()
print(kafka.process.pid, postgres.process.pid, flush=True)
signal.pause()
"""


def gone(pid: int, seconds: float) -> bool:
    """Whether a process that is not our child ends in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_kafka_keeps_its_cluster_and_its_topics_over_a_restart(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with LocalKafka(tmp_path) as server:
            asyncio.run(ensure_topics(server.bootstrap))
            seen.append((asyncio.run(cluster_id(server.bootstrap)), asyncio.run(topic_ids(server.bootstrap))))
            host, port = server.bootstrap.split(":")
        assert not serves(host, int(port))
    assert seen[0] == seen[1]
    assert set(seen[0][1]) == {topic.name for topic in TOPICS}


def test_postgres_keeps_its_rows_over_a_power_cut(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path).start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    server.process.kill()
    with LocalPostgres(tmp_path) as again, psycopg.connect(again.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_postgres_takes_a_directory_whose_name_is_too_long_for_a_socket(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / ("long" * 30) / "with space", careless=True) as server:
        assert psycopg.connect(server.url()).info.dbname == "wedgetail"


def test_a_killed_supervisor_leaves_nothing_running_and_its_directory_starts_again(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISOR, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    pids = [int(word) for word in supervisor.stdout.readline().split()]
    assert len(pids) == 2
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    # At once: what is still ending is waited for, not stumbled over.
    with LocalKafka(tmp_path / "kafka") as server, LocalPostgres(tmp_path / "postgres", careless=True) as database:
        assert all(gone(pid, 10.0) for pid in pids)
        assert asyncio.run(cluster_id(server.bootstrap))
        psycopg.connect(database.url()).close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_killed_supervisor_takes_its_servers_with_it(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISOR, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    pids = [int(word) for word in supervisor.stdout.readline().split()]
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    supervisor.stdout.close()
    assert all(gone(pid, 20.0) for pid in pids)


def test_a_frozen_leftover_is_ended_by_the_next_start(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, careless=True).start()
    pid = server.process.pid
    assert pid is not None
    with LocalPostgres(tmp_path, careless=True) as again:  # the first one's supervisor is thought to be dead
        assert again.process.pid != pid
        with pytest.raises(ServerDied):
            server.process.check()


def test_a_port_in_use_is_told_with_the_brokers_own_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServerDied, match=r"(?s)The embedded Kafka ended by itself.*Address already in use"):
            LocalKafka(tmp_path, port=taken.getsockname()[1]).start()


async def test_topics_are_made_once_by_whoever_comes_first(kafka: str, prefix: str) -> None:

    await asyncio.gather(*(ensure_topics(kafka, prefix) for _ in range(3)))
    ids = await topic_ids(kafka, prefix)
    await ensure_topics(kafka, prefix)
    assert await topic_ids(kafka, prefix) == ids
    assert len(set(ids.values())) == len(TOPICS)


async def test_a_topic_with_another_number_of_partitions_is_refused(kafka: str, prefix: str) -> None:

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + "telemetry", 3, 1)])
    await admin.close()
    with pytest.raises(TopicMismatch, match="3 partitions"):
        await ensure_topics(kafka, prefix)


async def test_a_broker_that_is_not_there_is_told_by_its_address() -> None:
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:1 "):
        await ensure_topics("127.0.0.1:1")
