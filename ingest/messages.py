"""Bytes to a table of messages: the dialect as the kernel wants it, and what the table's numbers are called."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymavlink.dialects.v20 import ardupilotmega as dialect

from ingest import mavlink, reading
from ingest.mavlink import Reason

MESSAGES = tuple(sorted(dialect.mavlink_map))  # what a message's number means
NUMBER = {message_id: number for number, message_id in enumerate(MESSAGES)}
NAMES = tuple(mavlink.name_of(message_id) for message_id in MESSAGES)
REASONS: tuple[Reason, ...] = tuple(Reason)  # what the table's reason - 1 means
NUMBER_OF_REASON = {reason: number for number, reason in enumerate(REASONS, 1)}
MOST = 4_096  # rows of a table
KINDS = (
    mavlink.HEARTBEAT, mavlink.SYS_STATUS, mavlink.GPS_RAW_INT, mavlink.GLOBAL_POSITION_INT, mavlink.TERRAIN_REPORT,
    mavlink.ALTITUDE, mavlink.BATTERY_STATUS, mavlink.EXTENDED_SYS_STATE,
)  # fmt: skip
_TYPE = {"b": reading.SIGNED_TYPE, "h": reading.SIGNED_TYPE, "i": reading.SIGNED_TYPE, "f": reading.FLOAT_TYPE}


def _placed(message: Any) -> list[tuple[str, int, str]]:
    """Name, offset and struct code of each number in a message, arrays one by one, in the order of its definition."""
    codes = bytes(message.native_format).decode()[1:]
    placed: dict[str, list[tuple[str, int, str]]] = {}
    offset = 0
    for name, code, length in zip(message.ordered_fieldnames, codes, message.array_lengths, strict=True):
        names = [f"{name}[{i}]" for i in range(length)] if length else [name]
        size = struct.calcsize(f"<{code}")
        placed[name] = [(each, offset + i * size, code) for i, each in enumerate(names)]
        offset += size * len(names)
    return [number for name in message.fieldnames for number in placed[name]]


# Name, offset and struct code of each number of a needed message, in the order of the table's columns from reading.FIELDS on.
PLACED = {message_id: _placed(dialect.mavlink_map[message_id]) for message_id in KINDS}


def _book() -> NDArray[np.int32]:
    pages = sorted({message_id >> 8 for message_id in MESSAGES})
    book = np.zeros(reading.PAGES + (1 + len(pages)) * 256, np.int32)
    for kind, message_id in enumerate(KINDS):
        fields = PLACED[message_id]
        types = [(at, struct.calcsize(f"<{code}") + _TYPE.get(code, 0)) for _, at, code in fields]
        layout = [len(fields), *(number for pair in types for number in pair)]
        book[kind * reading.LAYOUT : kind * reading.LAYOUT + len(layout)] = layout
    book[reading.PAGES :] = reading.UNKNOWN
    for page, above in enumerate(pages, 1):
        book[reading.PAGE_OF + above] = page
    for number, message_id in enumerate(MESSAGES):
        kind = KINDS.index(message_id) if message_id in KINDS else reading.OTHER
        at = reading.PAGES + book[reading.PAGE_OF + (message_id >> 8)] * 256 + (message_id & 0xFF)
        book[at] = number << 16 | (1 + kind) << 8 | dialect.mavlink_map[message_id].crc_extra
    return book


BOOK = _book()


class Reader:
    """A table, and the kernel that fills it: the messages of a batch of datagrams, in portions of its size."""

    __slots__ = ("_read", "table")

    def __init__(self, most: int = MOST) -> None:
        self.table = np.zeros((most, reading.WIDTH), np.int64)
        self._read = reading.read.run

    def read(self, data: bytes, bounds: NDArray[np.int64], unit: int = 0, at: int = 0, until_half: bool = False) -> int:
        """Fills the table from data[at] of this unit on; returns how many rows. See reading.read."""
        count: int = self._read(data, bounds, BOOK, unit, at, until_half, self.table)
        return count
