"""The recorder beside psql: the same rows, in the same order, into the same table."""

import asyncio
import queue
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from psycopg import AsyncConnection

from core import block
from core.block import Block
from core.columns import COLUMNS, SCHEMA_VERSION
from core.compiled import warm
from core.identity import aircraft_id
from core.records import block_headers
from core.topics import TELEMETRY
from storage.copy import SIGNATURE, TRAILER
from storage.migrate import RECORDED_TOPICS, migrate, register_topics
from storage.pool import connect
from streams.flush import Recording
from streams.found import Part
from streams.laid import lay
from streams.logged import telemetry_entry
from streams.rows import NAMES, telemetry_rows
from streams.screen import Screen, screen_blocks
from tests.benchmarks.figures import Figure, Report
from wedgetail.local.postgres import LocalPostgres, program

_BLOCK_ROWS = (1_000, 100)
_FLUSHES = 8  # in a round
_FLUSH_ROWS = 20_000  # about what streams.recorder.FLUSH_BYTES hold
_AIRCRAFT = 400
_PARTITIONS = 16
_GOAL = 0.95
_OPERATOR = UUID(int=1)
_T0 = 1_780_000_000_000_000
_ID = str(UUID(int=7))
_TABLE = "telemetry_live"
_REFERENCE = r"psql's \copy (FORMAT binary) of a file with the same rows, in a session that is open, by its own \timing"
_TIME = re.compile(r"^Time: ([0-9.]+) ms")

# A flush as it is consumed: by partition the records, each an offset, its append time and its value.
Flush = list[tuple[int, list[tuple[int, int, bytes]]]]


@dataclass(frozen=True)
class _Pool:
    """flushes: what ours is given. files: the rows of each, as psql is given them."""

    flushes: list[Flush]
    files: list[Path]
    rows: int


def record_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. A round is a pass over the pool, whatever its length."""
    warm()
    figures, kept = [], []
    with tempfile.TemporaryDirectory(prefix="wedgetail-benchmark-") as directory:
        folder = Path(directory)
        with LocalPostgres(folder / "postgres") as server:
            migrate(server.url())
            with psycopg.connect(server.url()) as conn:
                register_topics(conn, "c", dict.fromkeys(RECORDED_TOPICS, _ID), _PARTITIONS)
            with _psql(server) as psql:
                for rows in _BLOCK_ROWS:
                    pool = _pool(rows, folder)
                    ours, theirs = asyncio.run(_measured(server.url(), psql, pool, rounds))
                    name = f"recorder, blocks of {rows:,}"
                    tell(f"{name}: ours {_spread(ours)}, psql {_spread(theirs)} rows/s")
                    figures.append(Figure(
                        name, "rows/s", statistics.median(ours), statistics.median(theirs), _REFERENCE, _GOAL, at_most=False
                    ))  # fmt: skip
                    kept.append(f"blocks of {rows:,}: ours {_spread(ours)}, psql {_spread(theirs)} rows/s")
    return Report("Recorder", figures, _notes(kept))


def _notes(kept: Sequence[str]) -> str:
    return f"""
Ours is what the recorder does with records once it has them: a flush of {_FLUSH_ROWS:,} rows is decoded, screened,
encoded, copied, logged and committed behind its fence (`streams/found.py`, `streams/flush.py`), on one connection. A pool
of {_FLUSHES} flushes of different blocks, {_AIRCRAFT} aircraft over {_PARTITIONS} partitions, about a fifth of the slow fields
null. The reference: {_REFERENCE}: the rows as ours leaves them, sorted, one file for each flush. The embedded PostgreSQL with
its own settings (fsync on), the table with its index, emptied before each round; the sides take turns.

A figure is the median of the rounds; their lowest and highest: {"; ".join(kept)}.
"""


def _spread(rates: Sequence[float]) -> str:
    return f"{min(rates):,.0f} to {max(rates):,.0f}"


async def _measured(url: str, psql: "_Session", pool: _Pool, rounds: int) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    conn, recording = await connect(url, name="benchmark"), Recording("c")
    async with conn:
        for at in range(rounds + 1):
            for side in (ours, theirs) if at % 2 else (theirs, ours):
                parts = await _empty(conn, recording)
                taken = await _store(conn, recording, parts, pool.flushes) if side is ours else psql.copy(pool.files)
                found = await (await conn.execute(f"SELECT count(*) FROM {_TABLE}".encode())).fetchone()
                if found != (pool.rows,):
                    raise AssertionError(f"{found} rows of {pool.rows}")
                if at:  # the first is for warming up
                    side.append(pool.rows / taken)
    return ours, theirs


async def _empty(conn: AsyncConnection[Any], recording: Recording) -> dict[tuple[str, int], Part]:
    """As it was before the first record."""
    await conn.execute(f"TRUNCATE {_TABLE}, stream_log_live, recorder_screen".encode())
    await conn.execute("UPDATE recorder_offset SET next = 0")
    await conn.execute("CHECKPOINT")
    return await recording.load(conn, [(TELEMETRY.name, _ID, partition) for partition in range(_PARTITIONS)])


async def _store(
    conn: AsyncConnection[Any], recording: Recording, parts: dict[tuple[str, int], Part], flushes: Sequence[Flush]
) -> float:
    headers = dict(block_headers(SCHEMA_VERSION, []))
    began = time.perf_counter()
    for flush in flushes:
        entries = [
            (
                parts[TELEMETRY.name, partition],
                (telemetry_entry(offset, at_us, headers, value) for offset, at_us, value in records),
            )
            for partition, records in flush
        ]
        await recording.store(conn, entries)
    return time.perf_counter() - began


class _Session:
    """A psql that is open. Its output goes to a thread, so that nothing waits for anything twice."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def copy(self, files: Sequence[Path]) -> float:
        """Seconds that it took, as psql says."""
        return sum(self._copy(path) for path in files)

    def _copy(self, path: Path) -> float:
        columns = ", ".join(f'"{name}"' for name in NAMES)
        self._say(f"\\copy {_TABLE} ({columns}) FROM '{path}' (FORMAT binary)")
        while True:
            line = self._lines.get(timeout=60)
            if line.startswith(("ERROR", "psql:")):
                raise AssertionError(f"psql: {line}")
            if found := _TIME.match(line):
                return float(found[1]) / 1_000

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)


@contextmanager
def _psql(server: LocalPostgres) -> Iterator[_Session]:
    command = [str(program("psql")), "-X", "-q", server.url()]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    ) as process:
        session = _Session(process)
        session._say("\\timing on")
        try:
            yield session
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _pool(rows: int, folder: Path) -> _Pool:
    """The same at each run."""
    blocks = _FLUSH_ROWS // rows
    flushes: list[Flush] = []
    files: list[Path] = []
    offsets, screens = [0] * _PARTITIONS, [Screen() for _ in range(_PARTITIONS)]
    for number in range(_FLUSHES):
        held: dict[int, list[tuple[int, int, bytes]]] = {}
        for at in range(blocks):
            partition = (number * blocks + at) % _PARTITIONS
            made = _block(partition, offsets[partition], rows)
            append_us = int(made.values("event_time_us").max()) + 20_000
            held.setdefault(partition, []).append((offsets[partition], append_us, made.encode()))
            offsets[partition] += 1
        flushes.append(sorted(held.items()))
        path = folder / f"{rows}-{number}.bin"
        rows_of = [
            piece for partition, records in sorted(held.items()) for piece in _rows(screens[partition], partition, records)
        ]
        path.write_bytes(b"".join([SIGNATURE, *rows_of, TRAILER]))
        files.append(path)
    return _Pool(flushes, files, _FLUSHES * blocks * rows)


def _rows(state: Screen, partition: int, records: Sequence[tuple[int, int, bytes]]) -> Iterator[bytes]:
    """What these records leave in the table, as a file has it."""
    offsets, times_us = (np.array([record[i] for record in records]) for i in (0, 1))
    laid = lay([block.decode(value) for _, _, value in records])
    verdicts = screen_blocks(state, laid.links, laid.aircraft, laid.table, laid.begins, times_us, True)
    return telemetry_rows(laid, verdicts, partition, offsets, times_us)


def _block(partition: int, offset: int, rows: int) -> Block:
    """Block number `offset` of a partition: each of its aircraft in turn."""
    chance = np.random.default_rng((partition, offset))
    mine = [n for n in range(_AIRCRAFT) if n % _PARTITIONS == partition]
    who = (np.arange(rows) % len(mine)).astype(np.int16)
    order = offset * rows + np.arange(rows, dtype=np.int64)
    links = [f"udp:14550/10.0.{n // 256}.{n % 256}" for n in mine]
    columns: dict[str, Any] = {
        "operator_id": np.zeros(rows, np.int16), "aircraft_id": who, "link": who,
        "mode": chance.integers(0, 3, rows).astype(np.int16), "epoch": np.full(rows, _T0), "seq": order,
        "event_time_us": _T0 + order * 1_000 + chance.integers(0, 900, rows), "system_id": np.ones(rows, np.uint8),
    }  # fmt: skip
    valid: dict[str, Any] = {}
    for column in COLUMNS:
        dtype = column.kind.dtype
        if column.name in columns:
            continue
        if dtype == np.bool_:
            columns[column.name] = chance.random(rows) < 0.5
        else:
            high = min(np.iinfo(dtype).max, 100_000) if column.nullable else 2
            columns[column.name] = chance.integers(0, high, rows).astype(dtype)
        if column.nullable and not column.name.endswith(("_e7", "_mm")):
            valid[column.name] = chance.random(rows) < 0.8
    ids = [aircraft_id(_OPERATOR, link, 1).bytes for link in links]
    words = {"operator_id": [_OPERATOR.bytes], "aircraft_id": ids, "link": links, "mode": ["AUTO", "GUIDED", "LAND"]}
    return block.from_columns(columns, valid, words)
