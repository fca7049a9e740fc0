"""PostgreSQL's binary COPY, encoded by numpy: whole columns at a time, no Python for each row.

The format (PostgreSQL manual, COPY, "Binary Format"): a signature; for each row a 16-bit count of fields, and for each
field a 32-bit length (-1: null) and its bytes, big-endian; a 16-bit -1 at the end. Rows are laid out at their widest in a
matrix of bytes; what a row does not have (a null's bytes, the rest of a short text) is left out by one mask.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection, sql

from storage.errors import UnfitValue

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no header extension
TRAILER = b"\xff\xff"
_ROWS_AT_A_TIME = 2_048  # about half a megabyte of telemetry: stays in the cache
_WIDEST_MATRIX = 16 << 20  # bytes: long texts make it fewer rows
_PG_EPOCH_US = 946_684_800_000_000  # 2000-01-01, where timestamptz counts from


class PgType(Enum):
    """A column's type: (bytes of a value, how numpy writes it); None where the bytes are looked up in words."""

    SMALLINT = (2, ">i2", 0)
    INTEGER = (4, ">i4", 1)
    BIGINT = (8, ">i8", 2)
    DOUBLE = (8, ">f8", 3)
    BOOLEAN = (1, "u1", 4)
    TIMESTAMPTZ = (8, ">i8", 5)  # values: microseconds since 1970
    UUID = (16, None, 6)
    TEXT = (None, None, 7)


@dataclass(frozen=True, slots=True)
class Column:
    """A column to be written: (n,) values.

    valid: (n,) bool, False where null; None: all are valid. For UUID and TEXT the values are codes into words (16 bytes
    each; UTF-8 without NUL), and a code below 0 is null too.
    """

    name: str
    type: PgType
    values: NDArray[Any]
    valid: NDArray[np.bool_] | None = None
    words: Sequence[bytes] = ()


async def copy_into(conn: AsyncConnection[Any], table: str, columns: Sequence[Column]) -> None:
    """Write the rows into a table, in the order given, within whatever transaction the connection is in."""
    await copy_rows(conn, table, [column.name for column in columns], encode(columns))


async def copy_rows(conn: AsyncConnection[Any], table: str, names: Sequence[str], pieces: Iterable[bytes]) -> None:
    """The same of rows that are encoded already. Each piece goes out at once, as far as there is room; so the server works on
    one while the next is made."""
    fields = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), fields)
    async with conn.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(SIGNATURE)
        for piece in pieces:
            await copy.write(piece)
        await copy.write(TRAILER)


def encode(columns: Sequence[Column]) -> Iterator[bytes]:
    """The rows in pieces, without the stream's signature and trailer.

    Raises UnfitValue for a number that its type cannot hold, or a word that PostgreSQL cannot.
    """
    rows = {len(column.values) for column in columns}
    if len(rows) != 1:
        raise ValueError(f"columns of different lengths: {sorted(rows)}")
    (count,) = rows
    fields = [_field(column) for column in columns]
    widest = 2 + sum(4 + field.width for field in fields)
    step = max(1, min(_ROWS_AT_A_TIME, _WIDEST_MATRIX // widest))
    for start in range(0, count, step):
        yield _rows(fields, start, min(start + step, count))


@dataclass(frozen=True, slots=True)
class _Field:
    width: int  # bytes of the widest value
    format: str | None
    values: NDArray[Any]
    valid: NDArray[np.bool_] | None
    table: NDArray[np.uint8] | None = None  # (words, width): padded
    lengths: NDArray[np.int32] | None = None  # (words,): None when all are as wide as the widest


def _field(column: Column) -> _Field:
    size, format, _ = column.type.value
    if column.type in (PgType.UUID, PgType.TEXT):
        return _words(column)
    assert size is not None and format is not None
    values, valid = column.values, column.valid
    if column.type is PgType.TIMESTAMPTZ:
        values = values.astype(np.int64, copy=False) - _PG_EPOCH_US
    elif not np.can_cast(values.dtype, format):
        _check_range(column, values if valid is None else values[valid], format)
    return _Field(size, format, values, valid)


def _check_range(column: Column, held: NDArray[Any], format: str) -> None:
    if not len(held):
        return
    whole = held.dtype.kind in "iu" and np.dtype(format).kind == "i"
    if not whole or held.min() < np.iinfo(format).min or held.max() > np.iinfo(format).max:
        raise UnfitValue(column=column.name, detail=f"{held.dtype} values that are no {column.type.name.lower()}")


def _words(column: Column) -> _Field:
    lengths = np.array([len(word) for word in column.words], np.int32)
    if column.type is PgType.UUID and (lengths != 16).any():
        raise UnfitValue(column=column.name, detail="a uuid of other than 16 bytes")
    if column.type is PgType.TEXT and any(b"\0" in word for word in column.words):
        raise UnfitValue(column=column.name, detail="a text with a NUL, which PostgreSQL cannot hold")
    valid = column.values >= 0
    if column.valid is not None:
        valid &= column.valid
    every = bool(valid.all())
    width = int(lengths.max(initial=0))
    table = np.zeros((max(len(lengths), 1), width), np.uint8)
    flat = np.frombuffer(b"".join(column.words), np.uint8)
    table[: len(lengths)][np.arange(width) < lengths[:, None]] = flat
    same = not len(lengths) or bool((lengths == width).all())
    codes = column.values if every else np.where(valid, column.values, 0)
    return _Field(width, None, codes, None if every else valid, table, None if same else lengths)


def _rows(fields: Sequence[_Field], start: int, stop: int) -> bytes:
    """Rows start to stop. A field that is null throughout takes no room, one that is never null needs no mask."""
    count, part = stop - start, slice(start, stop)
    plan: list[tuple[_Field, int, NDArray[np.bool_] | None]] = []
    template, at = bytearray(len(fields).to_bytes(2, "big")), 2
    for field in fields:
        valid = None if field.valid is None else field.valid[part]
        present = count if valid is None else int(np.count_nonzero(valid))
        if present == 0:
            template += b"\xff\xff\xff\xff"
            at += 4
            continue
        plan.append((field, at, None if present == count else valid))
        template += field.width.to_bytes(4, "big") + bytes(field.width)
        at += 4 + field.width
    matrix = np.empty((count, at), np.uint8)
    matrix[:] = np.frombuffer(bytes(template), np.uint8)
    mask: NDArray[np.bool_] | None = None
    for field, offset, valid in plan:
        data = slice(offset + 4, offset + 4 + field.width)
        values = field.values[part]
        if field.table is None:
            assert field.format is not None
            _view(matrix, offset + 4, field.format)[:] = values
        else:
            matrix[:, data] = field.table[values]
        if valid is None and field.lengths is None:
            continue
        lengths = np.full(count, field.width, np.int32) if field.lengths is None else field.lengths[values]
        if mask is None:
            mask = np.ones((count, at), np.bool_)
        if field.lengths is None:
            assert valid is not None
            mask[:, data] = valid[:, None]
        else:
            shown = lengths if valid is None else np.where(valid, lengths, 0)
            mask[:, data] = np.arange(field.width) < shown[:, None]
        _view(matrix, offset, ">i4")[:] = lengths if valid is None else np.where(valid, lengths, -1)
    return matrix.tobytes() if mask is None else matrix[mask].tobytes()


def _view(matrix: NDArray[np.uint8], offset: int, format: str) -> NDArray[Any]:
    """The column of numbers that begins at a byte of each row, for writing."""
    return np.ndarray((matrix.shape[0],), np.dtype(format), matrix.data, offset, (matrix.shape[1],))
