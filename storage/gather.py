"""Rows for PostgreSQL's binary COPY, gathered where their values lie in the bytes of messages, by a compiled kernel.

The kernel believes the places that it is given: what stands there has been checked by whoever read the messages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from core.compiled import given, kernel, part

_PIECE = 64 << 10  # bytes: the server works on one while the next is made
_PG_EPOCH_US = 946_684_800_000_000  # 2000-01-01, where timestamptz counts from
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

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


@part
def _code(data: Bytes, at: int) -> int:
    return np.int64(data[at]) | np.int64(data[at + 1]) << 8  # type: ignore[return-value]


@part
def _offset(data: Bytes, at: int) -> int:
    return _code(data, at) | _code(data, at + 2) << 16


@part
def _length(out: Bytes, at: int, length: int) -> None:
    out[at] = length >> 24 & 0xFF
    out[at + 1] = length >> 16 & 0xFF
    out[at + 2] = length >> 8 & 0xFF
    out[at + 3] = length & 0xFF


@part
def _pair(out: Bytes, end: int, data: Bytes, first: int) -> None:
    out[end - 1] = data[first]
    out[end - 2] = data[first + 1]


@kernel(given(uint8), given(int64, 2), given(int64, 3), given(int64), given(int64), uint8[::1], int64[::1])
def write_rows(data: Bytes, plan: Ints, places: Ints, messages: Ints, rows: Ints, out: Bytes, done: Ints) -> None:
    """From row done[0] on as many as there is room for in out; done becomes the next row, and the bytes written."""
    number, at, least = done[0], 0, _COUNT
    for f in range(len(plan)):
        least += _LENGTH + plan[f, _WIDTH]
    while number < len(rows):
        message, row = messages[number], rows[number]
        room = least
        for f in range(len(plan)):
            if plan[f, _SOURCE] == _TEXT:
                word = places[message, f, WORDS] + 4 * _code(data, places[message, f, DATA] + row * 2)
                room += _offset(data, word + 4) - _offset(data, word)
        if at + room > len(out):
            break
        out[at], out[at + 1] = len(plan) >> 8, len(plan) & 0xFF
        at += _COUNT
        for f in range(len(plan)):
            if plan[f, _NULLABLE] and not data[places[message, f, VALID] + (row >> 3)] >> (row & 7) & 1:
                _length(out, at, -1)
                at += _LENGTH
                continue
            source, size, width = plan[f, _SOURCE], plan[f, _SIZE], plan[f, _WIDTH]
            first = places[message, f, DATA] + row * plan[f, _STEP]
            if source <= _SIGNED:
                _length(out, at, width)
                at += _LENGTH + width
                if size == 1:
                    out[at - 1] = data[first]
                elif size == 2:
                    _pair(out, at, data, first)
                elif size == 4:
                    _pair(out, at, data, first)
                    _pair(out, at - 2, data, first + 2)
                else:
                    _pair(out, at, data, first)
                    _pair(out, at - 2, data, first + 2)
                    _pair(out, at - 4, data, first + 4)
                    _pair(out, at - 6, data, first + 6)
                if size < width:
                    fill = 0xFF if source == _SIGNED and data[first + size - 1] >= 0x80 else 0
                    for i in range(size, width):
                        out[at - 1 - i] = fill
            elif source == _BIT:
                _length(out, at, 1)
                out[at + _LENGTH] = data[places[message, f, DATA] + (row >> 3)] >> (row & 7) & 1
                at += _LENGTH + 1
            elif source == _TIME:
                _length(out, at, 8)
                at += _LENGTH + 8
                time = (_offset(data, first) | _offset(data, first + 4) << 32) - _PG_EPOCH_US
                for i in range(8):
                    out[at - 1 - i] = time >> 8 * i & 0xFF
            elif source == _ROW:
                _length(out, at, 2)
                out[at + _LENGTH], out[at + _LENGTH + 1] = row >> 8, row & 0xFF
                at += _LENGTH + 2
            else:
                letters, word = places[message, f, WORDS], _code(data, first)
                if source == _ID:
                    letters += 16 * word
                else:
                    word = letters + 4 * word
                    letters = places[message, f, LETTERS] + _offset(data, word)
                    width = _offset(data, word + 4) - _offset(data, word)
                _length(out, at, width)
                at += _LENGTH
                for i in range(width):
                    out[at + i] = data[letters + i]
                at += width
        number += 1
    done[0], done[1] = number, at
