"""Bytes to messages, compiled: `read` finds the frames of datagrams, checks them and unpacks the few that matter.

It fills a table of int64 whose columns are said here, for `ingest.following` and for the Python around (`ingest.messages`).
What depends on pymavlink's dialect comes as an argument.
"""

import numpy as np
from numba import boolean, int32, int64, types, uint8
from numpy.typing import NDArray

from core.compiled import given, kernel, part

Ints = NDArray[np.int64]

NULL = -(2**63)  # what is not known

# A row of the table of messages: a good frame or a rejected stretch, data[START:END] of the datagram UNIT.
UNIT, REASON, START, END, MESSAGE, KIND, SYSTEM, COMPONENT, SEQUENCE, SIGNED, LINK = range(11)
FIELDS = 11  # a needed message's fields follow, in the order of its definition; a float stands as the bits of a float64
WIDTH = FIELDS + 26
# REASON, in the order of mavlink.Reason; LINK is NO_LINK where the datagram's own counts.
GOOD, BAD_CHECKSUM, UNKNOWN_MESSAGE, UNKNOWN_FLAGS, TRUNCATED, NO_FRAME = range(6)
NO_LINK = -1
# KIND: the needed messages; OTHER: known and of no use here.
HEARTBEAT, SYS_STATUS, GPS_RAW_INT, GLOBAL_POSITION_INT, TERRAIN_REPORT, ALTITUDE, BATTERY_STATUS, EXTENDED_SYS_STATE = range(8)
OTHER = -1

# The dialect, as `read` is given it. First the kinds' layouts: the number of fields, then offset and type of each. Then for
# each 256 message ids the number of their page; then the pages (the first: nothing known), with the message's number << 16
# | 1 + its kind << 8 | its CRC extra, or UNKNOWN.
LAYOUT = 1 + 2 * 26
PAGE_OF = 8 * LAYOUT
PAGES = PAGE_OF + 256
UNKNOWN = -1
SIGNED_TYPE, FLOAT_TYPE = 16, 32  # added to a type's size in bytes

_STX_V1, _STX_V2 = 0xFE, 0xFD
_HEADER_V1, _HEADER_V2, _CHECKSUM, _SIGNATURE, _MAX_FRAME = 6, 10, 2, 13, 280


def _crc_table() -> Ints:
    """CRC-16/MCRF4XX of each byte with 0 to 3 zero bytes behind it: four bytes of a message take one step."""
    table = np.zeros((4, 256), np.int64)
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
        table[0, byte] = crc
    for zeros in range(1, 4):
        table[zeros] = table[zeros - 1] >> 8 ^ table[0, table[zeros - 1] & 0xFF]
    return table


_CRC = _crc_table()


@part
def _byte(data: bytes, at: int) -> int:
    return np.int64(data[at])  # type: ignore[return-value]


@part
def _checksum(data: bytes, start: int, stop: int, extra: int) -> int:
    crc: int = 0xFFFF
    at = start
    while at + 4 <= stop:
        crc = (
            _CRC[3, _byte(data, at) ^ crc & 0xFF]
            ^ _CRC[2, _byte(data, at + 1) ^ crc >> 8]
            ^ _CRC[1, _byte(data, at + 2)]
            ^ _CRC[0, _byte(data, at + 3)]
        )  # fmt: skip
        at += 4
    while at < stop:
        crc = crc >> 8 ^ _CRC[0, (crc ^ _byte(data, at)) & 0xFF]
        at += 1
    whole: int = crc >> 8 ^ _CRC[0, (crc ^ extra) & 0xFF]
    return whole


@part
def _known(book: NDArray[np.int32], message_id: int) -> int:
    if message_id >> 16:
        return UNKNOWN
    known: int = book[PAGES + book[PAGE_OF + (message_id >> 8)] * 256 + (message_id & 0xFF)]
    return known


@part
def _examine(data: bytes, at: int, stop: int, book: NDArray[np.int32]) -> tuple[int, int]:
    """The reason why no frame starts here (GOOD: one does), and where the one that is claimed ends."""
    if _byte(data, at) == _STX_V2:
        if at + _HEADER_V2 > stop:
            return TRUNCATED, stop + 1
        body, flags = at + _HEADER_V2, _byte(data, at + 2)
        message_id = _byte(data, at + 7) | _byte(data, at + 8) << 8 | _byte(data, at + 9) << 16
    elif _byte(data, at) == _STX_V1:
        if at + _HEADER_V1 > stop:
            return TRUNCATED, stop + 1
        body, flags, message_id = at + _HEADER_V1, 0, _byte(data, at + 5)
    else:
        return NO_FRAME, at + 1
    checksum = body + _byte(data, at + 1)
    end = checksum + _CHECKSUM + (_SIGNATURE if flags & 1 else 0)
    if end > stop:
        return TRUNCATED, end
    known = _known(book, message_id)
    if known == UNKNOWN:
        return UNKNOWN_MESSAGE, end
    if _checksum(data, at + 1, checksum, known & 0xFF) != _byte(data, checksum) | _byte(data, checksum + 1) << 8:
        return BAD_CHECKSUM, end
    if flags & ~1:
        return UNKNOWN_FLAGS, end
    return GOOD, end


@part
def _find(data: bytes, start: int, stop: int, end: int, book: NDArray[np.int32]) -> int:
    """Where the first frame starts in data[start:stop], of data that goes on to end; -1 where none does."""
    for at in range(start, stop):
        if (_byte(data, at) == _STX_V1 or _byte(data, at) == _STX_V2) and _examine(data, at, end, book)[0] == GOOD:
            return at
    return -1


@part
def _unfinished(data: bytes, start: int, stop: int, book: NDArray[np.int32]) -> int:
    """Where, in rubbish up to the end of the data, a frame may have begun whose rest is still to come; -1: nowhere."""
    for at in range(max(start, stop - _MAX_FRAME + 1), stop):
        if (_byte(data, at) == _STX_V1 or _byte(data, at) == _STX_V2) and _examine(data, at, stop, book)[0] == TRUNCATED:
            return at
    return -1


@part
def _unpack(data: bytes, body: int, size: int, layout: NDArray[np.int32], row: Ints) -> None:
    """A message's fields; beyond its bytes are the zeros that version 2 cuts."""
    for field in range(layout[0]):
        offset, code = layout[1 + 2 * field], layout[2 + 2 * field]
        width = code & 15
        value = np.int64(0)
        for i in range(min(width, size - offset)):
            value |= _byte(data, body + offset + i) << (8 * i)
        if code & FLOAT_TYPE:
            value = np.float64(np.uint32(value).view(np.float32)).view(np.int64)
        elif code & SIGNED_TYPE:
            shift = 64 - 8 * width
            value = value << shift >> shift
        row[FIELDS + field] = value


@part
def _note(row: Ints, unit: int, reason: int, start: int, end: int) -> None:
    row[UNIT], row[REASON], row[START], row[END], row[LINK] = unit, reason, start, end, NO_LINK


@part
def _frame(data: bytes, at: int, book: NDArray[np.int32], row: Ints) -> None:
    if _byte(data, at) == _STX_V2:
        body, to_sender = at + _HEADER_V2, at + 4
        message_id = _byte(data, at + 7) | _byte(data, at + 8) << 8 | _byte(data, at + 9) << 16
        row[SIGNED] = _byte(data, at + 2) & 1
    else:
        body, to_sender = at + _HEADER_V1, at + 2
        message_id = _byte(data, at + 5)
        row[SIGNED] = 0
    row[SEQUENCE], row[SYSTEM], row[COMPONENT] = _byte(data, to_sender), _byte(data, to_sender + 1), _byte(data, to_sender + 2)
    known = _known(book, message_id)
    row[MESSAGE], row[KIND] = known >> 16, (known >> 8 & 0xFF) - 1
    if row[KIND] != OTHER:
        _unpack(data, body, _byte(data, at + 1), book[row[KIND] * LAYOUT : (row[KIND] + 1) * LAYOUT], row)


@kernel(types.Bytes(uint8, 1, "C"), given(int64), given(int32), int64, int64, boolean, int64[:, ::1])
def read(data: bytes, bounds: Ints, book: NDArray[np.int32], unit: int, at: int, until_half: bool, table: Ints) -> int:
    """Frames and rejected stretches of datagrams, exactly as `mavlink.scan` finds them; returns how many.

    Datagram u is data[bounds[u]:bounds[u + 1]]. Begins at data[at] of this unit. When fewer than two rows of the table are
    left it stops: to be called again with the last row's unit and end. until_half: stops behind a datagram whose end is
    TRUNCATED, too.
    """
    count, most = 0, len(table) - 1
    while unit < len(bounds) - 1:
        stop = bounds[unit + 1]
        while at < stop:
            if count >= most:
                return count
            reason, end = _examine(data, at, stop, book)
            if reason == GOOD:
                _note(table[count], unit, GOOD, at, end)
                _frame(data, at, book, table[count])
                count += 1
                at = end
                continue
            claimed = stop if reason == NO_FRAME else min(end, stop)
            inside = _find(data, at + 1, claimed, stop, book)
            if inside >= 0:
                _note(table[count], unit, NO_FRAME if reason == NO_FRAME else TRUNCATED, at, inside)
                count += 1
                at = inside
                continue
            if reason == NO_FRAME:
                tail = _unfinished(data, at + 1, stop, book)
                if tail >= 0:
                    _note(table[count], unit, NO_FRAME, at, tail)
                    count += 1
                    at, reason = tail, TRUNCATED
            _note(table[count], unit, reason, at, claimed)
            count += 1
            at = claimed
            if until_half and reason == TRUNCATED and at == stop:
                return count
        unit += 1
        if unit < len(bounds) - 1:
            at = bounds[unit]
    return count
