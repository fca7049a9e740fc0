"""What the migrations make is what schema.sql says, with TimescaleDB and without, and every named query fits it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from storage.migrate import migrate
from storage.queries import FOLDER, load

SCHEMA = Path(__file__).parents[3] / "storage" / "schema.sql"
ROOMS = sorted(path.stem for path in FOLDER.glob("*.sql"))
OURS = """
    FROM pg_class c WHERE relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""
FACTS = {
    "relations": f"SELECT relname, relkind::text {OURS} ORDER BY 1",
    "columns": f"""SELECT c.relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN (SELECT oid, relname {OURS}) c ON c.oid = attrelid WHERE attnum > 0 AND NOT attisdropped ORDER BY 1, 2""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "views": f"SELECT relname, pg_get_viewdef(oid) {OURS} AND relkind IN ('v', 'm') ORDER BY 1",
    "triggers": f"""SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
        JOIN (SELECT oid {OURS}) c ON c.oid = tgrelid WHERE NOT tgisinternal ORDER BY 1, 2""",
    "functions": """SELECT proname, pg_get_functiondef(oid) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1""",
    "world": "SELECT number FROM world",
}
TIMESCALE_FACTS = {
    "hypertables": """SELECT hypertable_name, column_name, time_interval FROM timescaledb_information.dimensions
        WHERE hypertable_schema = 'public' ORDER BY 1""",
    "jobs": """SELECT proc_name, schedule_interval, config - 'hypertable_id' - 'mat_hypertable_id'
        FROM timescaledb_information.jobs WHERE job_id >= 1000 ORDER BY 1""",
    "compression": """SELECT hypertable_name, attname, segmentby_column_index, orderby_column_index
        FROM timescaledb_information.compression_settings WHERE hypertable_schema = 'public' ORDER BY 1, 2""",
    "aggregates": """SELECT view_name, materialized_only, view_definition
        FROM timescaledb_information.continuous_aggregates ORDER BY 1""",
}


def catalog(url: str) -> dict[str, list[Any]]:
    facts = {}
    with psycopg.connect(url, autocommit=True) as conn:
        timescale = conn.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is not None
        for name, query in (FACTS | TIMESCALE_FACTS if timescale else FACTS).items():
            facts[name] = [tuple(_numberless(value) for value in row) for row in conn.execute(query.encode())]
    return facts


def _numberless(value: Any) -> Any:
    """Hypertables are numbered as they come."""
    if not isinstance(value, str):
        return value
    return re.sub(r"(hypertable_|invalidation_trigger\('|watermark\()\d+", r"\1N", value)


def empty(url: str) -> None:
    """Drop everything of ours: that TimescaleDB has one database for all tests."""
    with psycopg.connect(url, autocommit=True) as conn:
        names = [row[0] for row in conn.execute(f"SELECT relname {OURS} AND relkind = 'r'".encode())]
        conn.execute("DROP MATERIALIZED VIEW IF EXISTS telemetry_1m CASCADE")
        for name in names:
            conn.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        conn.execute("DROP FUNCTION IF EXISTS refuse_change CASCADE")


def apply_schema(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(SCHEMA.read_bytes())


@pytest.fixture
def timescale(timescale_url: str) -> Iterator[str]:
    empty(timescale_url)
    yield timescale_url
    empty(timescale_url)


def test_running_the_migrations_equals_the_schema(empty_database_url: str, database_url: str) -> None:
    apply_schema(empty_database_url)
    assert catalog(database_url) == catalog(empty_database_url)
    assert len(catalog(database_url)["columns"]) > 150


def test_running_the_migrations_equals_the_schema_on_timescale(timescale: str) -> None:
    apply_schema(timescale)
    wanted = catalog(timescale)
    empty(timescale)
    migrate(timescale)
    assert catalog(timescale) == wanted
    assert [row[0] for row in wanted["hypertables"]] == ["partition_state", "stream_log_live", "telemetry_live"]
    assert [row[0] for row in wanted["aggregates"]] == ["telemetry_1m"]
    assert {row[0] for row in wanted["jobs"]} == {
        "policy_compression", "policy_retention", "policy_refresh_continuous_aggregate",
    }  # fmt: skip


def test_tables_and_views_have_the_same_names_and_columns_on_both(database_url: str, timescale: str) -> None:
    migrate(timescale)
    with_it, without = catalog(timescale), catalog(database_url)
    assert with_it["relations"] == without["relations"]
    assert with_it["columns"] == without["columns"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_named_query_fits_the_schema(room: str, database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        _prepare_all(conn, room)


def test_every_named_query_fits_the_schema_on_timescale(timescale: str) -> None:
    migrate(timescale)
    with psycopg.connect(timescale) as conn:
        for room in ROOMS:
            _prepare_all(conn, room)


def _prepare_all(conn: Connection[Any], room: str) -> None:
    for name, query in load(room).items():
        if query.startswith(b"COPY"):
            with conn.cursor().copy(query.replace(b"FROM STDIN", b"TO STDOUT")) as copy:
                assert list(copy) == []
            continue
        numbered = re.sub(rb"%\((\w+)\)[sbt]", _numbered({}), query).replace(b"%%", b"%")
        result = conn.pgconn.prepare(f"q_{name}".encode(), numbered)
        assert not result.error_message, (room, name, result.error_message.decode())


def _numbered(numbers: dict[bytes, int]) -> Any:
    return lambda match: b"$%d" % numbers.setdefault(match[1], len(numbers) + 1)
