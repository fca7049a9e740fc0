"""Rows for PostgreSQL's binary COPY, gathered where their values lie in the bytes of messages, by a compiled kernel.

The kernel believes the places that it is given: what stands there has been checked by whoever read the messages.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from core.compiled import given, inner, kernel

_PIECE = 64 << 10  # bytes: the server works on one while the next is made
_PG_EPOCH_US = 946_684_800_000_000  # 2000-01-01, where timestamptz counts from

_COUNT = 2  # bytes before a row's fields, and
_LENGTH = 4  # before each of them


class Source(IntEnum):
    """How a field's value lies in the messages. Numbers are little-endian."""

    UNSIGNED = 0
    SIGNED = 1
    TIME = 2  # 8 bytes, microseconds since 1970
    BIT = 3  # a bitmap
    ID = 4  # 2 bytes, a code into words of 16 bytes
    TEXT = 5  # 2 bytes, a code into texts: 32-bit offsets, and the text
    ROW = 6  # nowhere: the row's number in its message


_SIGNED, _TIME, _BIT, _ID, _TEXT, _ROW = (int(source) for source in list(Source)[1:])


@dataclass(frozen=True, slots=True)
class Field:
    """size: bytes of a value in the messages; step: bytes from one row's to the next, 0 where all share one; width: bytes
    that PostgreSQL is given, those of a text not counted."""

    name: str
    source: Source
    size: int
    step: int
    width: int
    nullable: bool


# What `places` says of a field of a message: where its first value is, its validity bitmap, its words, their text.
DATA, VALID, WORDS, LETTERS = range(4)
_SOURCE, _SIZE, _STEP, _WIDTH, _NULLABLE = range(5)


def gather(
    data: NDArray[np.uint8],
    fields: list[Field],
    places: NDArray[np.int64],
    messages: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> Iterator[bytes]:
    """Row rows[i] of message messages[i], for each i in order, in pieces. places: (messages, fields, 4) into data."""
    plan = np.array([(f.source, f.size, f.step, f.width, f.nullable) for f in fields], np.int64)
    out = np.empty(_PIECE, np.uint8)
    done = np.zeros(2, np.int64)
    while done[0] < len(rows):
        before = done[0]
        write_rows.run(data, plan, places, messages, rows, out, done)
        if done[0] == before:  # not even one: a text longer than a piece
            out = np.empty(2 * len(out), np.uint8)
            continue
        yield out[: done[1]].tobytes()


# Places as unsigned numbers: of a signed one numba asks each time whether it counts from the end.
_1, _2, _3, _4, _5, _6, _7 = (np.uint64(n) for n in range(1, 8))


@inner
def _byte(data, at):
    return np.int64(data[np.uint64(at)])


@inner
def _two(data, at):
    i = np.uint64(at)
    return np.int64(np.uint16(data[i]) | np.uint16(data[i + _1]) << 8)


@inner
def _four(data, at):
    i = np.uint64(at)
    low = np.uint32(data[i]) | np.uint32(data[i + _1]) << 8
    return np.int64(low | np.uint32(data[i + _2]) << 16 | np.uint32(data[i + _3]) << 24)


@inner
def _put_two(out, at, value):
    i = np.uint64(at)
    out[i], out[i + _1] = value >> 8, value


@inner
def _put_four(out, at, value):
    i = np.uint64(at)
    out[i], out[i + _1], out[i + _2], out[i + _3] = value >> 24, value >> 16, value >> 8, value


@inner
def _put_eight(out, at, value):
    i = np.uint64(at)
    out[i], out[i + _1], out[i + _2], out[i + _3] = value >> 56, value >> 48, value >> 40, value >> 32
    out[i + _4], out[i + _5], out[i + _6], out[i + _7] = value >> 24, value >> 16, value >> 8, value


@inner
def _number(data, at, source, size):
    if size == 1:
        return _byte(data, at)
    if size == 2:
        value = _two(data, at)
        return np.int64(np.int16(value)) if source == _SIGNED else value
    if size == 4:
        return np.int64(np.int32(_four(data, at)))
    value = _four(data, at) | _four(data, at + 4) << 32
    return value - _PG_EPOCH_US if source == _TIME else value


@inner
def _put(out, at, width, value):
    """A field of so many bytes, its length before it; how far it reaches."""
    _put_four(out, at, width)
    if width == 2:
        _put_two(out, at + _LENGTH, value)
    elif width == 4:
        _put_four(out, at + _LENGTH, value)
    elif width == 8:
        _put_eight(out, at + _LENGTH, value)
    else:
        out[np.uint64(at + _LENGTH)] = value
    return at + _LENGTH + width


@inner
def _id(data, places, message, field, row):
    """Where an id begins and ends."""
    begin = places[message, field, WORDS] + 16 * _two(data, places[message, field, DATA] + row * 2)
    return begin, begin + 16


@inner
def _text(data, places, message, field, row):
    """Where a text begins and ends."""
    word = places[message, field, WORDS] + 4 * _two(data, places[message, field, DATA] + row * 2)
    letters = places[message, field, LETTERS]
    return letters + _four(data, word), letters + _four(data, word + 4)


@kernel(given(uint8), given(int64, 2), given(int64, 3), given(int64), given(int64), uint8[::1], int64[::1])
def write_rows(data, plan, places, messages, rows, out, done):
    """From row done[0] on as many as there is room for in out; done becomes the next row, and the bytes written."""
    number, at, least = done[0], 0, _COUNT
    texts = np.flatnonzero(plan[:, _SOURCE] == _TEXT)
    for f in range(len(plan)):
        least += _LENGTH + plan[f, _WIDTH]
    while number < len(rows):
        message, row = messages[number], rows[number]
        room = least
        for text in texts:
            begin, end = _text(data, places, message, text, row)
            room += end - begin
        if at + room > len(out):
            break
        _put_two(out, at, len(plan))
        at += _COUNT
        for f in range(len(plan)):
            source, width, first = plan[f, _SOURCE], plan[f, _WIDTH], places[message, f, DATA]
            if plan[f, _NULLABLE] and not _byte(data, places[message, f, VALID] + (row >> 3)) >> (row & 7) & 1:
                _put_four(out, at, -1)
                at += _LENGTH
            elif source <= _TIME:
                at = _put(out, at, width, _number(data, first + row * plan[f, _STEP], source, plan[f, _SIZE]))
            elif source == _BIT:
                at = _put(out, at, width, _byte(data, first + (row >> 3)) >> (row & 7) & 1)
            elif source == _ROW:
                at = _put(out, at, width, row)
            else:
                if source == _ID:
                    begin, end = _id(data, places, message, f, row)
                else:
                    begin, end = _text(data, places, message, f, row)
                _put_four(out, at, end - begin)
                at += _LENGTH
                for i in range(end - begin):
                    out[np.uint64(at + i)] = data[np.uint64(begin + i)]
                at += end - begin
        number += 1
    done[0], done[1] = number, at
