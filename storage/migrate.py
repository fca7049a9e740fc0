"""Brings a database to the present schema, forward only; and registers an installation and its topics there."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.identity import operator_id
from core.settings import Operator, Settings
from core.topics import ALERTS, ALERTS_IMPORT, RERUN, TELEMETRY, TELEMETRY_IMPORT, TOPICS
from storage.errors import (
    DatabaseNotCreated,
    DatabaseUnreachable,
    ExtensionRefused,
    InstallationMismatch,
    MigrationFailed,
    MigrationUnknown,
)
from storage.queries import load

MIGRATIONS = Path(__file__).parent / "migrations"
RECORDED_TOPICS = (TELEMETRY.name, TELEMETRY_IMPORT.name, ALERTS.name, ALERTS_IMPORT.name, RERUN.name)
_ONE_PARTITION = {topic.name for topic in TOPICS if topic.partitions == 1}
CONNECT_TIMEOUT_S = 10
_LOCK = 0x57454447  # "WEDG": one migration at a time in a database
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


def migrate(target: Settings | str) -> None:
    """Create the database if it is missing, then apply every migration that it has not yet, each in its transaction.

    target is the settings or a database URL. Safe to run again, and by several processes at once. Raises
    DatabaseUnreachable, DatabaseNotCreated, ExtensionRefused, MigrationFailed (which changed nothing) or
    MigrationUnknown (a newer program was here).
    """
    url = target.database.url if isinstance(target, Settings) else target
    with _connect_or_create(url) as conn:
        conn.execute("SET TIME ZONE 'UTC'")
        conn.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # held until the connection closes, or is unlocked below
        try:
            _enable_timescale(conn)
            _apply(conn, migrations())
        finally:
            if not conn.broken:
                conn.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def migrations() -> list[tuple[int, str, str]]:
    """(version, name, text) in their order; a file out of line raises MigrationFailed."""
    found: list[tuple[int, str, str]] = []
    for path in sorted(MIGRATIONS.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None or int(match[1]) != len(found) + 1:
            raise MigrationFailed(name=path.name, detail=f"expected {len(found) + 1:04d}_words.sql at this place")
        found.append((int(match[1]), path.stem, path.read_text(encoding="utf-8")))
    return found


def register_installation(conn: Connection[Any], operator: Operator, cluster: str, partitions: int) -> None:
    """Write down, once, whose installation this is and its P; the operator's title may change later.

    Raises InstallationMismatch when the database was born for another operator or another P. Another broker cluster is
    no mismatch: positions are kept for each.
    """
    queries = load("migrate")
    identity = operator_id(operator.name)
    with conn.transaction():
        born = {"operator_id": identity, "cluster": cluster, "partitions": partitions}
        conn.execute(queries["bear_installation"], born)
        row = conn.execute(queries["installation"]).fetchone()
        assert row is not None
        if row[1] != partitions:
            raise InstallationMismatch(what="a number of partitions of", found=row[1], given=partitions)
        if row[0] != identity:
            raise InstallationMismatch(what="operator", found=row[0], given=f"{identity} ({operator.name})")
        conn.execute(queries["save_operator"], {"operator_id": identity, "name": operator.name, "title": operator.title})


def register_topics(conn: Connection[Any], cluster: str, topic_ids: Mapping[str, str], partitions: int) -> None:
    """Make the recorder's rows, next 0, for each partition of the topics that it records; those that are there stay.

    topic_ids: topic name without prefix to the broker's id of the topic. A topic that was made anew has a new id: it
    begins at 0, with what the recorder already knew of each link (its screen), so that a flight imported into the old
    topic and again into the new one is still there once.
    """
    queries = load("migrate")
    with conn.transaction():
        for topic in RECORDED_TOPICS:
            given: dict[str, object] = {"cluster": cluster, "topic": topic, "topic_id": topic_ids[topic]}
            given["partitions"] = 1 if topic in _ONE_PARTITION else partitions
            conn.execute(queries["inherit_screens"], given)
            conn.execute(queries["make_offsets"], given)


def _connect_or_create(url: str) -> Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.OperationalError as error:
        # libpq gives no code for "no such database", and its text is translated: ask the server instead.
        if not _create_missing(url, error):
            raise DatabaseUnreachable(where=where(url), detail=str(error).strip()) from error
    return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)


def _create_missing(url: str, first: psycopg.OperationalError) -> bool:
    """Whether the database was missing and now is there."""
    name = str(conninfo_to_dict(url).get("dbname") or "")
    if not name:
        return False
    try:
        server = psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.OperationalError:
        return False  # the first error says it better
    with server:
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        try:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            pass  # another process was faster
        except psycopg.Error as error:
            raise DatabaseNotCreated(name=name, detail=str(error).strip()) from first
    return True


def where(url: str) -> str:
    """A database's address as people may see it."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "an address that cannot be read"
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    return f"{host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"  # never the password


def _enable_timescale(conn: Connection[Any]) -> None:
    """Enable the extension where the server has it loaded; elsewhere the same names are plain tables and views."""
    row = conn.execute(load("migrate")["timescale_waiting"]).fetchone()
    if row is None:
        return
    try:
        conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except psycopg.errors.InsufficientPrivilege as error:
        raise ExtensionRefused(name=conn.info.dbname, detail=str(error).strip()) from error


def _apply(conn: Connection[Any], known: list[tuple[int, str, str]]) -> None:
    queries = load("migrate")
    row = conn.execute(queries["has_migrations"]).fetchone()
    assert row is not None
    at = 0
    if row[0]:
        last = conn.execute(queries["last_migration"]).fetchone()
        at = last[0] if last is not None else 0
    if at > len(known):
        raise MigrationUnknown(found=at, known=len(known))
    for version, name, text in known[at:]:
        try:
            with conn.transaction():
                conn.execute(text.encode())
                conn.execute(queries["note_migration"], {"version": version, "name": name})
        except psycopg.Error as error:
            raise MigrationFailed(name=name, detail=str(error).strip()) from error
