"""Migrating: from nothing, again, at once, and against what is not ours."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from core.settings import Operator
from storage.errors import DatabaseUnreachable, InstallationMismatch, MigrationUnknown
from storage.migrate import RECORDED_TOPICS, migrate, migrations, register_installation, register_topics


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_a_missing_database_is_created(database_url: str) -> None:
    name = f"test_{uuid4().hex}"
    url = make_conninfo(database_url, dbname=name)
    try:
        migrate(url)
        assert count(url, "telemetry") == 0
    finally:
        with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    assert count(database_url, "schema_migration") == len(migrations())


def test_several_migrate_at_once_and_each_migration_runs_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [empty_database_url] * 4))
    assert count(empty_database_url, "schema_migration") == len(migrations())
    assert count(empty_database_url, "world") == 1


def test_a_server_that_is_away_is_said_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable, match=r"^The database at 127\.0\.0\.1:1/x cannot be reached: ") as caught:
        migrate("postgresql://someone:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


def test_a_database_of_a_newer_program_is_left_alone(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute("INSERT INTO schema_migration (version, name) VALUES (9999, 'later')")
    with pytest.raises(MigrationUnknown, match="stands at migration 9999"):
        migrate(database_url)


def test_the_installation_is_born_once_and_refuses_another_number_of_partitions(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        register_installation(conn, Operator(name="alpha", title="Alpha"), "cluster", 16)
        register_installation(conn, Operator(name="alpha", title="Alpha Air"), "another-cluster", 16)
        assert conn.execute("SELECT cluster, partitions FROM installation").fetchall() == [("cluster", 16)]
        assert conn.execute("SELECT name, title FROM operator").fetchall() == [("alpha", "Alpha Air")]
        with pytest.raises(InstallationMismatch, match="partitions of 16, not 8"):
            register_installation(conn, Operator(name="alpha"), "cluster", 8)
        with pytest.raises(InstallationMismatch, match="operator"):
            register_installation(conn, Operator(name="beta"), "cluster", 16)


def test_each_partition_gets_its_position_once_and_keeps_it(database_url: str) -> None:
    topics = {name: str(uuid4()) for name in RECORDED_TOPICS}
    with psycopg.connect(database_url) as conn:
        register_topics(conn, "c", topics | {"world": str(uuid4())}, 4)
        conn.execute("UPDATE recorder_offset SET next = 7 WHERE topic = 'telemetry' AND partition = 2")
        register_topics(conn, "c", topics, 4)
        rows = conn.execute("SELECT topic, partition, next FROM recorder_offset ORDER BY 1, 2").fetchall()
    assert len(rows) == 4 * 4 + 1, "what is kept for re-runs has one partition"
    assert ("telemetry", 2, 7) in rows and sum(row[2] for row in rows) == 7


def test_a_topic_made_anew_begins_at_0_and_knows_what_the_one_before_knew(database_url: str) -> None:
    old, new = ({name: str(uuid4()) for name in RECORDED_TOPICS} for _ in range(2))
    with psycopg.connect(database_url) as conn:
        register_topics(conn, "c", old, 2)
        conn.execute(
            "INSERT INTO recorder_screen (cluster, topic_id, partition, state) VALUES ('c', %s, 1, 'known')", [old["telemetry"]]
        )
        conn.commit()
        register_topics(conn, "d", new, 2)
        register_topics(conn, "d", new, 2)
        got = conn.execute("SELECT cluster, partition, state FROM recorder_screen WHERE topic_id = %s", [new["telemetry"]])
        assert got.fetchall() == [("d", 1, b"known")]
