"""One aircraft, one hour at 10 Hz out of ten million rows: as recorded, beside a table where its rows stand together."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from storage.migrate import migrate
from storage.queries import load
from streams.recorder import LIVE_AFTER_S
from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.report import table
from wedgetail.local.postgres import LocalPostgres

ROWS = 10_000_000
HERTZ = 10
HOUR_S = 3_600
_AIRCRAFT = ROWS // (HERTZ * HOUR_S)
_QUERIES = 3  # in a round
_COLD_ROUNDS = 3
_GOAL = 1.4
_T0 = datetime(2026, 7, 1, tzinfo=UTC)
_REFERENCE = "the same query on a table with the same columns, rows and indexes, filled in the order of aircraft and time"
_OPERATOR = UUID(int=1)

# number: of a row, from 0; who: of its aircraft; step: of its sample. Values vary as a flight's do, so that rows are as wide.
_FILL = """
INSERT INTO {table} (
    operator_id, aircraft_id, link, system_id, epoch, seq, event_time, kind, vehicle_type, vehicle_time_ms, lon_e7, lat_e7,
    no_position, amsl_mm, amsl_source, takeoff_height_mm, takeoff_source, agl_mm, agl_source, agl_age_ms, velocity_north_cmps,
    velocity_east_cmps, velocity_down_cmps, heading_cdeg, fix_type, satellites, hdop_e2, fix_age_ms, battery_pct, battery_mv,
    battery_age_ms, mode, mode_age_ms, armed, airborne, ambiguous, partition, "offset", "row", late, append_time, frame_seq,
    ground_amsl_mm)
SELECT
    {operator}, md5(who::text)::uuid, 'udp:14550/127.0.0.' || who % 250, who % 250 + 1, 1, step, {began} + step * {period}, 0,
    2, step * 100, 1491000000 + step + who, -353000000 + step, 0, 640000 + step % 9000, 1, 50000 + step % 9000, 1,
    48000 + step % 9000, 1, 100, 840, step % 300, 0, step % 36000, 3, 14, 80, 100, 80, 15200, 300, 'AUTO', 300, true, true,
    false, who % 16, number / 20, number % 20, false, {began} + step * {period} + interval '80 ms', step % 256, 590000
FROM (SELECT number, {who} AS who, {step} AS step FROM generate_series(0, {rows} - 1) AS number) AS rows
"""
_TABLES = {
    # As the recorder leaves them: flush after flush, in each an aircraft's few rows together.
    "telemetry_live": ("number % {flush} / {each}", "number / {flush} * {each} + number % {each}"),
    "clustered": ("number / {hour}", "number % {hour}"),
}


@dataclass
class _Side:
    """A query's texts, and how long it took, milliseconds."""

    query: str
    warm_ms: list[float] = field(default_factory=list)
    cold_ms: list[float] = field(default_factory=list)


def history_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. seconds is not used: a round is one query."""
    query = load("api")["track"].decode()
    sides = [_Side(query), _Side(query.replace("FROM telemetry\n", "FROM clustered\n"))]
    with tempfile.TemporaryDirectory(prefix="wedgetail-benchmark-") as directory:
        server = LocalPostgres(Path(directory) / "postgres", careless=True)
        with server:
            migrate(server.url())
            with psycopg.connect(server.url(), autocommit=True) as conn:
                size = _fill(conn, tell)
                for at in range(rounds * _QUERIES + 1):
                    for side in sides if at % 2 else sides[::-1]:
                        taken = _taken_ms(conn, side.query, _who(at))
                        if at:  # the first is for warming up
                            side.warm_ms.append(taken)
                tell(f"warm: {_words([side.warm_ms for side in sides])}")
        for at in range(_COLD_ROUNDS):
            for side in sides if at % 2 else sides[::-1]:
                _forget(Path(directory))
                with server, psycopg.connect(server.url(), autocommit=True) as conn:
                    side.cold_ms.append(_taken_ms(conn, side.query, _who(at)))
        tell(f"cold: {_words([side.cold_ms for side in sides])}")
    name = f"history: an hour at {HERTZ} Hz of one aircraft out of {ROWS // 1_000_000} million rows"
    figures = []
    for words, ours, theirs, goal in (
        ("in memory", sides[0].warm_ms, sides[1].warm_ms, _GOAL),
        ("from disk", sides[0].cold_ms, sides[1].cold_ms, None),
    ):
        medians = statistics.median(ours), statistics.median(theirs)
        figures.append(Figure(f"{name}, {words}", "ms", *medians, _REFERENCE, goal, at_most=True))
    return Report("History", figures, _notes(sides, size))


def _fill(conn: "psycopg.Connection[Any]", tell: Callable[[str], None]) -> str:
    """Both tables, vacuumed as the server's own autovacuum would; gives their sizes in words."""
    conn.execute("CREATE TABLE clustered (LIKE telemetry_live INCLUDING ALL)")
    each, hour = round(LIVE_AFTER_S * HERTZ), HERTZ * HOUR_S
    for name, (who, step) in _TABLES.items():
        places = {"each": each, "flush": each * _AIRCRAFT, "hour": hour}
        began = time.monotonic()
        conn.execute(
            sql.SQL(_FILL).format(
                table=sql.Identifier(name), operator=sql.Literal(_OPERATOR), began=sql.Literal(_T0),
                period=sql.Literal(timedelta(seconds=1 / HERTZ)), rows=sql.Literal(_AIRCRAFT * hour),
                who=sql.SQL(who.format(**places)), step=sql.SQL(step.format(**places)),  # type: ignore[arg-type]
            )
        )  # fmt: skip
        conn.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(name)))
        tell(f"{name}: filled in {time.monotonic() - began:.0f} s")
    found = conn.execute(
        "SELECT pg_size_pretty(pg_table_size('telemetry_live')), pg_size_pretty(pg_indexes_size('telemetry_live'))"
    ).fetchone()
    assert found is not None
    return f"{found[0]} and {found[1]} of indexes"


def _who(at: int) -> str:
    """An aircraft that no round before asked for."""
    return f"md5('{(at * 37) % _AIRCRAFT}')::uuid"


def _taken_ms(conn: "psycopg.Connection[Any]", query: str, who: str) -> float:
    """Of the query from its sending to its last byte. What a client makes of the rows is the same on both sides: left out."""
    given = {
        "operator_id": _OPERATOR, "since": _T0, "until": _T0 + timedelta(hours=1), "limit": 1_000_000,
        "aircraft_id": conn.execute(f"SELECT {who}".encode()).fetchone()[0],  # type: ignore[index]
    }  # fmt: skip
    with psycopg.ClientCursor(conn) as cursor:
        text = cursor.mogrify(query, given)
    rows = 0
    began = time.perf_counter()
    with conn.cursor().copy(f"COPY ({text}) TO STDOUT".encode()) as copy:
        for part in copy:
            rows += bytes(part).count(b"\n")
    taken = time.perf_counter() - began
    if rows != HERTZ * HOUR_S:
        raise AssertionError(f"{rows:,} rows instead of {HERTZ * HOUR_S:,}")
    return taken * 1_000


def _forget(directory: Path) -> None:
    """Out of the system's memory with the files of a server that is stopped."""
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _words(sides: Sequence[Sequence[float]]) -> str:
    ours, theirs = sides
    return f"ours {min(ours):,.0f} to {max(ours):,.0f} ms, clustered {min(theirs):,.0f} to {max(theirs):,.0f} ms"


def _notes(sides: Sequence[_Side], size: str) -> str:
    rows = []
    for name, side in zip(("ours", "reference"), sides, strict=True):
        spans = [f"{min(taken):,.0f} to {max(taken):,.0f}" for taken in (side.warm_ms, side.cold_ms)]
        rows.append([name, *spans])
    return f"""
The query is that of `GET /api/v1/aircraft/ID/track` (`storage/queries/api.sql`), from its sending to its last byte,
as `COPY ... TO STDOUT`: what a client makes of {HERTZ * HOUR_S:,} rows is the same on both sides and left out.
{_AIRCRAFT} aircraft fly for an hour. Ours is the table of migrations ({size}), filled as the recorder fills it: flush
after flush, each with what came in {LIVE_AFTER_S:g} s (`streams/recorder.py`), in it an aircraft's rows together. The
reference: {_REFERENCE}. The embedded PostgreSQL with its own settings, not careful about power cuts.

In memory: each query asks for another aircraft, on one connection, the sides in turn; the tables are larger than
PostgreSQL's own memory, so most pages come out of the system's. From disk: the server is stopped, its files are put
out of the system's memory, it is started, and asked once. What a disk makes of pages that do not stand together is
its own matter, so there is no goal for it.

A figure is the median of the rounds; their lowest and highest, ms:

{table(["side", "in memory", "from disk"], rows)}
"""
