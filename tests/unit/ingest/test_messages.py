"""The compiled reader, held to the framing in plain Python and to pymavlink's fields."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from ingest import mavlink, messages, reading
from ingest.mavlink import Frame, decode, scan
from ingest.messages import KINDS, MESSAGES, REASONS, Reader
from tests.benchmarks.decode import fields_of_message, fields_of_row, same

Make = Callable[..., bytes]
Item = tuple[object, ...]


def _read(datagrams: Sequence[bytes], most: int = messages.MOST) -> list[Item]:
    """(datagram, reason, start, end) of rejected stretches, and of frames what their header says too."""
    reader = Reader(most)
    bounds = np.cumsum([0, *map(len, datagrams)])
    unit = at = 0
    items: list[Item] = []
    while True:
        count = reader.read(b"".join(datagrams), bounds, unit, at)
        for row in reader.table[:count].tolist():
            start, end = row[reading.START] - bounds[row[reading.UNIT]], row[reading.END] - bounds[row[reading.UNIT]]
            if row[reading.REASON]:
                items.append((row[reading.UNIT], REASONS[row[reading.REASON] - 1], start, end))
            else:
                sender = [row[column] for column in (reading.SYSTEM, reading.COMPONENT, reading.SEQUENCE, reading.SIGNED)]
                items.append((row[reading.UNIT], MESSAGES[row[reading.MESSAGE]], start, end, *sender))
        if count < most - 1:
            return items
        unit, at = int(reader.table[count - 1, reading.UNIT]), int(reader.table[count - 1, reading.END])


def _scan(datagrams: Sequence[bytes]) -> list[Item]:
    items: list[Item] = []
    for unit, data in enumerate(datagrams):
        for item in scan(data):
            if isinstance(item, Frame):
                sender = (item.system_id, item.component_id, item.sequence, int(item.signed))
                items.append((unit, item.message_id, item.start, item.end, *sender))
            else:
                items.append((unit, item.reason, item.start, item.end))
    return items


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """One frame of each message that is needed and some that are not, in both versions, some signed."""
    made = []
    for version, signed in ((1, False), (2, False), (2, True)):
        sender = dialect.MAVLink(None, srcSystem=7, srcComponent=1)
        sender.signing.secret_key, sender.signing.sign_outgoing = bytes(range(32)), signed
        for message_id in (*KINDS, 30, 253):
            kind = dialect.mavlink_map[message_id]
            fields = [
                bytes(length) if type_ == "char" else [2] * length if length else 3 if type_[0] != "f" else 1.5
                for type_, length in zip(kind.fieldtypes, [kind.array_lengths[i] for i in kind.orders], strict=True)
            ]
            made.append(bytes(kind(*fields).pack(sender, force_mavlink1=version == 1)))
            sender.seq += 1
    return made


@st.composite
def _streams(draw: st.DrawFn) -> list[list[tuple[str, int, int]]]:
    part = st.tuples(
        st.sampled_from(["whole", "cut", "flipped", "rubbish", "start"]), st.integers(0, 29), st.integers(0, 10_000)
    )
    return draw(st.lists(st.lists(part, max_size=8), max_size=5))


def _bytes(parts: list[tuple[str, int, int]], frames: list[bytes]) -> bytes:
    data = b""
    for what, number, how in parts:
        frame = frames[number]
        match what:
            case "whole":
                data += frame
            case "cut":
                data += frame[: how % len(frame)] if how % 2 else frame[how % len(frame) :]
            case "flipped":
                at = how % len(frame)
                data += frame[:at] + bytes([frame[at] ^ 1 << how % 8]) + frame[at + 1 :]
            case "rubbish":
                data += np.random.default_rng(how).bytes(how % 300)
            case "start":
                data += bytes([[0xFE, 0xFD][how % 2], how % 256, 0, 0])[: 1 + number % 4]
    return data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400, deadline=None)
@given(streams=_streams(), most=st.sampled_from([3, 7, messages.MOST]))
def test_it_finds_what_the_scan_finds_in_any_mixture(
    frames: list[bytes], streams: list[list[tuple[str, int, int]]], most: int
) -> None:
    datagrams = [_bytes(parts, frames) for parts in streams]
    assert _read(datagrams, most) == _scan(datagrams)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=600), stx=st.lists(st.tuples(st.integers(0, 600), st.sampled_from(b"\xfd\xfe")), max_size=30))
def test_it_finds_what_the_scan_finds_in_rubbish(data: bytes, stx: list[tuple[int, int]]) -> None:
    sown = bytearray(data)
    for at, byte in stx:
        sown[at % max(1, len(sown)) : at % max(1, len(sown)) + 1] = bytes([byte])
    assert _read([bytes(sown)]) == _scan([bytes(sown)])


def test_every_message_of_the_dialect_is_known_with_its_checksum() -> None:
    for message_id in MESSAGES:
        extra = dialect.mavlink_map[message_id].crc_extra
        for frame in (_frame_of(message_id, b"\1\2\3", extra), _frame_of(message_id, b"\1\2\3", extra ^ 1)):
            assert _read([frame]) == _scan([frame])
    for message_id in (set(range(0, 1 << 24, 997)) | {(1 << 24) - 1, 1 << 16}) - set(MESSAGES):
        assert _read([_frame_of(message_id, b"\1", 0)]) == [(0, mavlink.Reason.UNKNOWN_MESSAGE, 0, 13)]


def _frame_of(message_id: int, payload: bytes, extra: int) -> bytes:
    head = bytes([len(payload), 0, 0, 1, 2, 1]) + message_id.to_bytes(3, "little") + payload
    return b"\xfd" + head + dialect.x25crc(head + bytes([extra])).crc.to_bytes(2, "little")


@settings(max_examples=300, deadline=None)
@given(kind=st.integers(0, len(KINDS) - 1), payload=st.binary(max_size=70))
def test_fields_are_those_that_pymavlink_reads(kind: int, payload: bytes) -> None:
    frame = _frame_of(KINDS[kind], payload, dialect.mavlink_map[KINDS[kind]].crc_extra)
    reader = Reader()
    assert reader.read(frame, np.array([0, len(frame)])) == 1
    (item,) = scan(frame)
    assert isinstance(item, Frame)
    assert same(fields_of_row(reader, 0), fields_of_message(decode(item)))


def test_reasons_are_numbered_as_the_kernel_numbers_them() -> None:
    numbers = (reading.BAD_CHECKSUM, reading.UNKNOWN_MESSAGE, reading.UNKNOWN_FLAGS, reading.TRUNCATED, reading.NO_FRAME)
    names = ("BAD_CHECKSUM", "UNKNOWN_MESSAGE", "UNKNOWN_FLAGS", "TRUNCATED", "NO_FRAME")
    assert [REASONS[number - 1].name for number in numbers] == list(names)


def test_kinds_are_numbered_as_the_kernel_numbers_them() -> None:
    assert {mavlink.name_of(message_id): getattr(reading, mavlink.name_of(message_id)) for message_id in KINDS} == {
        mavlink.name_of(message_id): number for number, message_id in enumerate(KINDS)
    }
    assert set(KINDS) == mavlink.NEEDED
