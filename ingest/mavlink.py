"""MAVLink frames out of bytes: versions 1 and 2 mixed, signed or not, with anything between them. Every byte is accounted for.

Frame layouts: mavlink.io/en/guide/serialization.html. A frame is believed when its checksum fits the message that its id
names; a checksum that fits is also the only thing that ends a stretch of rubbish. Signatures are checked in ingest.signing.
"""

import re
from binascii import crc_hqx
from collections.abc import Iterator
from enum import StrEnum
from mmap import mmap
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as dialect

STX_V1, STX_V2 = 0xFE, 0xFD
MAX_FRAME = 280  # a signed MAVLink 2 frame: 10 + 255 + 2 + 13 bytes
_HEADER_V1, _HEADER_V2, _CHECKSUM, _SIGNATURE = 6, 10, 2, 13
_SIGNED = 0x01  # the one incompatibility flag there is

AUTOPILOT_COMPONENT: int = dialect.MAV_COMP_ID_AUTOPILOT1
HEARTBEAT: int = dialect.MAVLINK_MSG_ID_HEARTBEAT
SYS_STATUS: int = dialect.MAVLINK_MSG_ID_SYS_STATUS
SYSTEM_TIME: int = dialect.MAVLINK_MSG_ID_SYSTEM_TIME
GPS_RAW_INT: int = dialect.MAVLINK_MSG_ID_GPS_RAW_INT
GLOBAL_POSITION_INT: int = dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT
TERRAIN_REPORT: int = dialect.MAVLINK_MSG_ID_TERRAIN_REPORT
ALTITUDE: int = dialect.MAVLINK_MSG_ID_ALTITUDE
BATTERY_STATUS: int = dialect.MAVLINK_MSG_ID_BATTERY_STATUS
EXTENDED_SYS_STATE: int = dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE
NEEDED = frozenset(
    (HEARTBEAT, SYS_STATUS, GPS_RAW_INT, GLOBAL_POSITION_INT, TERRAIN_REPORT, ALTITUDE, BATTERY_STATUS, EXTENDED_SYS_STATE)
)

_EXTRA = {message_id: bytes([message.crc_extra]) for message_id, message in dialect.mavlink_map.items()}
_FIRST_BYTE = re.compile(b"[\xfd\xfe]")
# CRC-16/MCRF4XX is the standard library's CRC-CCITT with the bits of every byte and of the result mirrored.
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Reason(StrEnum):
    """Why bytes were rejected."""

    BAD_CHECKSUM = "bad checksum"
    UNKNOWN_MESSAGE = "unknown message"
    UNKNOWN_FLAGS = "unknown flags"  # an incompatibility flag that we do not understand forbids reading the frame
    TRUNCATED = "truncated"
    NO_FRAME = "bytes that are no frame"
    NO_TIME = "no usable time"  # in a log: a good frame behind a damaged time stamp
    TOO_MANY_AIRCRAFT = "too many unregistered aircraft"
    TOO_MANY_LINKS = "too many links"
    UNSIGNED = "not signed"  # this and the following where keys are set
    WRONG_SIGNATURE = "wrong signature"
    REPLAYED = "signed and sent before"
    SIGNED_LONG_AGO = "signed too long ago"


class Frame(NamedTuple):
    """A frame whose checksum fits. Its bytes are data[start:end]; payload is as sent, without the zeros that version 2 cuts."""

    message_id: int
    system_id: int
    component_id: int
    sequence: int  # 0 to 255, counted by the sending component
    payload: bytes
    signed: bool
    start: int
    end: int


class Rejected(NamedTuple):
    """A stretch of bytes, data[start:end], that was not used."""

    reason: Reason
    start: int
    end: int


class Flaw(NamedTuple):
    """Why no frame starts here, and where the one that is claimed would end (beyond the data: not all of it is here)."""

    reason: Reason
    end: int


Bytes = bytes | mmap


def read_frame(data: Bytes, at: int) -> Frame | Flaw:
    """The frame that starts at data[at], or what is wrong with it."""
    size = len(data)
    stx = data[at]
    if stx == STX_V2:
        if at + _HEADER_V2 > size:
            return Flaw(Reason.TRUNCATED, size + 1)
        body = at + _HEADER_V2
        flags = data[at + 2]
        sequence, system_id, component_id = data[at + 4], data[at + 5], data[at + 6]
        message_id = data[at + 7] | data[at + 8] << 8 | data[at + 9] << 16
    elif stx == STX_V1:
        if at + _HEADER_V1 > size:
            return Flaw(Reason.TRUNCATED, size + 1)
        body = at + _HEADER_V1
        flags = 0
        sequence, system_id, component_id, message_id = data[at + 2], data[at + 3], data[at + 4], data[at + 5]
    else:
        return Flaw(Reason.NO_FRAME, at + 1)
    checksum = body + data[at + 1]
    end = checksum + _CHECKSUM + (_SIGNATURE if flags & _SIGNED else 0)
    if end > size:
        return Flaw(Reason.TRUNCATED, end)
    extra = _EXTRA.get(message_id)
    if extra is None:
        return Flaw(Reason.UNKNOWN_MESSAGE, end)
    mirrored = _MIRROR[data[checksum]] << 8 | _MIRROR[data[checksum + 1]]
    if crc_hqx((data[at + 1 : checksum] + extra).translate(_MIRROR), 0xFFFF) != mirrored:
        return Flaw(Reason.BAD_CHECKSUM, end)
    if flags & ~_SIGNED:
        return Flaw(Reason.UNKNOWN_FLAGS, end)
    return Frame(message_id, system_id, component_id, sequence, data[body:checksum], bool(flags & _SIGNED), at, end)


def find_frame(data: Bytes, start: int, stop: int) -> Frame | None:
    """The first frame with a fitting checksum that starts in data[start:stop]."""
    while (candidate := _FIRST_BYTE.search(data, start, stop)) is not None:
        start = candidate.start()
        found = read_frame(data, start)
        if isinstance(found, Frame):
            return found
        start += 1
    return None


def scan(data: Bytes) -> Iterator[Frame | Rejected]:
    """The frames and the rejected stretches of a datagram or a raw stream, in order and without a gap.

    A frame that is whole but wrong is rejected as one stretch, unless a right one starts inside it: then it was cut short.
    The end of a frame that is still to come is TRUNCATED, as the last item: whoever has the rest may put it behind.
    """
    at, size = 0, len(data)
    while at < size:
        found = read_frame(data, at)
        if isinstance(found, Frame):
            yield found
            at = found.end
            continue
        claimed = size if found.reason is Reason.NO_FRAME else min(found.end, size)
        inside = find_frame(data, at + 1, claimed)
        if inside is None:
            end, reason = claimed, found.reason
            if reason is Reason.NO_FRAME and (tail := _incomplete_tail(data, at + 1)) is not None:
                yield Rejected(reason, at, tail)
                at, reason = tail, Reason.TRUNCATED
            yield Rejected(reason, at, end)
            at = end
        else:
            yield Rejected(Reason.NO_FRAME if found.reason is Reason.NO_FRAME else Reason.TRUNCATED, at, inside.start)
            at = inside.start


def _incomplete_tail(data: Bytes, start: int) -> int | None:
    """Where, in rubbish without any frame up to the end of the data, a frame may have begun whose rest is still to come."""
    for at in range(max(start, len(data) - MAX_FRAME + 1), len(data)):
        if data[at] in (STX_V1, STX_V2):
            found = read_frame(data, at)
            if isinstance(found, Flaw) and found.reason is Reason.TRUNCATED:
                return at
    return None


def name_of(message_id: int) -> str:
    """A known message's name."""
    name: str = dialect.mavlink_map[message_id].msgname
    return name


def decode(frame: Frame) -> Any:
    """The frame's message as pymavlink's class for it, the zeros that version 2 cuts put back, later extensions left off."""
    kind = dialect.mavlink_map[frame.message_id]
    unpacker = kind.unpacker
    flat = unpacker.unpack(frame.payload.ljust(unpacker.size, b"\0")[: unpacker.size])
    if len(flat) == len(kind.orders):
        return kind(*[flat[index] for index in kind.orders])
    fields: list[Any] = []
    at = 0
    for length in kind.array_lengths:
        fields.append(list(flat[at : at + length]) if length else flat[at])
        at += length or 1
    return kind(*[fields[index] for index in kind.orders])
