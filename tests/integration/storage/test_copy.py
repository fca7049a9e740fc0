"""Binary COPY read back from PostgreSQL: whatever went in is what comes out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from storage.copy import Column, PgType, copy_into

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = tuple[Any, ...]

ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(1 << 15), (1 << 15) - 1),
        st.none() | st.integers(-(1 << 31), (1 << 31) - 1),
        st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.booleans(),
        st.none() | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 30), timezones=st.just(UTC)),
        st.none() | st.uuids(),
        st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
        st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=3),
    ),
    max_size=40,
)
KINDS = {
    "a": (PgType.SMALLINT, "smallint", np.int16), "b": (PgType.INTEGER, "integer", np.int32),
    "c": (PgType.BIGINT, "bigint", np.int64), "d": (PgType.DOUBLE, "double precision", np.float64),
    "e": (PgType.BOOLEAN, "boolean", np.bool_), "f": (PgType.TIMESTAMPTZ, "timestamptz", np.int64),
    "g": (PgType.UUID, "uuid", None), "h": (PgType.TEXT, "text", None), "i": (PgType.TEXT, "text not null", None),
}  # fmt: skip


def columns_of(rows: list[Row]) -> list[Column]:
    columns = []
    for place, (name, (kind, _, dtype)) in enumerate(KINDS.items()):
        held = [row[place] for row in rows]
        valid = np.array([value is not None for value in held], np.bool_)
        if dtype is None:
            raw = [value.bytes if isinstance(value, UUID) else value.encode() for value in held if value is not None]
            words = sorted(set(raw))
            codes = iter(words.index(word) for word in raw)
            array: NDArray[Any] = np.array([next(codes) if ok else -1 for ok in valid], np.int16)
            columns.append(Column(name, kind, array, words=words))
            continue
        plain = [(v - EPOCH) // timedelta(microseconds=1) if isinstance(v, datetime) else v or 0 for v in held]
        columns.append(Column(name, kind, np.array(plain, dtype), valid if not valid.all() else None))
    return columns


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_any_rows_are_read_back_as_they_were_written(database_url: str, rows: list[Row]) -> None:
    assert asyncio.run(_write_and_read(database_url, rows)) == rows


def test_more_rows_than_a_piece_holds_read_back_in_their_order(database_url: str) -> None:
    rows: list[Row] = [
        (n % 9, None if n % 3 else n, n, n / 7, n % 2 == 0, EPOCH + timedelta(hours=n), UUID(int=n), "x" * (n % 11), "i")
        for n in range(5_000)
    ]
    assert asyncio.run(_write_and_read(database_url, rows)) == rows


async def _write_and_read(url: str, rows: list[Row]) -> list[Row]:
    conn = await psycopg.AsyncConnection.connect(url)
    async with conn:
        fields = ", ".join(f"{name} {kind}" for name, (_, kind, _) in KINDS.items())
        await conn.execute("SET TIME ZONE 'UTC'")
        await conn.execute(f"CREATE TEMP TABLE t (place serial, {fields}) ON COMMIT DROP".encode())
        await copy_into(conn, "t", columns_of(rows))
        return await (await conn.execute("SELECT a, b, c, d, e, f, g, h, i FROM t ORDER BY place")).fetchall()
