"""Framing, held to frames that pymavlink wrote."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from ingest import mavlink
from ingest.mavlink import Frame, Reason, Rejected, decode, scan

Make = Callable[..., bytes]


def _frames(data: bytes) -> list[Frame]:
    return [item for item in scan(data) if isinstance(item, Frame)]


def _reasons(data: bytes) -> list[Reason | None]:
    """What became of each stretch: None for a frame."""
    return [item.reason if isinstance(item, Rejected) else None for item in scan(data)]


def _without_gap(items: Sequence[Frame | Rejected], size: int) -> bool:
    ends = [0, *(item.end for item in items)]
    return [item.start for item in items] == ends[:-1] and ends[-1] == size


@pytest.mark.parametrize(("version", "signed"), [(1, False), (2, False), (2, True)])
def test_a_frame_of_either_version_is_read_with_its_sender(heartbeat: Make, version: int, signed: bool) -> None:
    (frame,) = _frames(heartbeat(version=version, system=7, component=1, signed=signed))
    assert (frame.message_id, frame.system_id, frame.component_id, frame.signed) == (0, 7, 1, signed)


def test_versions_may_be_mixed_in_one_stream(heartbeat: Make, position: Make) -> None:
    data = heartbeat(version=1) + position(version=2) + heartbeat(version=2, signed=True) + position(version=1)
    assert [frame.message_id for frame in _frames(data)] == [0, 33, 0, 33]
    assert _without_gap(list(scan(data)), len(data))


def test_the_zeros_that_version_2_cuts_are_put_back(pack: Make) -> None:
    data = pack("global_position_int", 5, 0, 0, 0, 0, 0, 0, 0, 0)
    (frame,) = _frames(data)
    assert len(frame.payload) < 28
    message = decode(frame)
    assert (message.time_boot_ms, message.lat, message.hdg) == (5, 0, 0)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("heartbeat", (2, 3, 81, 5, 4, 3)),
        ("sys_status", (1, 2, 3, 500, 12_388, -1, 99, 0, 0, 0, 0, 0, 0)),
        ("gps_raw_int", (10, 3, -353_623_302, 1_491_657_510, 600_000, 121, 65_535, 0, 0, 12)),
        ("battery_status", (0, 0, 1, 3_000, list(range(4_000, 4_010)), -1, -1, -1, 77, 0, 0, [1, 2, 3, 4])),
        ("terrain_report", (-353_623_302, 1_491_657_510, 30, 590.0, 12.5, 0, 500)),
        ("altitude", (1, 1.0, 600.0, 12.0, 12.0, 590.0, 11.0)),
        ("extended_sys_state", (0, 2)),
    ],
)
def test_fields_decode_as_pymavlink_decodes_them(pack: Make, name: str, fields: tuple[Any, ...]) -> None:
    data = pack(name, *fields)
    (frame,) = _frames(data)
    theirs = dialect.MAVLink(None).decode(bytearray(data))
    assert decode(frame).to_dict() == theirs.to_dict()


def test_a_damaged_frame_is_rejected_whole(heartbeat: Make, position: Make) -> None:
    damaged = bytearray(position())
    damaged[15] ^= 0x40
    data = heartbeat() + bytes(damaged) + heartbeat()
    assert _reasons(data) == [None, Reason.BAD_CHECKSUM, None]


def test_a_message_that_no_dialect_knows_is_rejected_whole(heartbeat: Make) -> None:
    unknown = bytes([0xFD, 3, 0, 0, 9, 1, 1, 0xFE, 0xFF, 0x7F, 1, 2, 3, 0, 0])
    assert _reasons(heartbeat() + unknown + heartbeat()) == [None, Reason.UNKNOWN_MESSAGE, None]


def test_a_flag_that_we_do_not_understand_forbids_reading_the_frame(heartbeat: Make) -> None:
    sender = dialect.MAVLink(None, srcSystem=1, srcComponent=1)
    data = bytearray(sender.heartbeat_encode(2, 3, 81, 5, 4, 3).pack(sender))
    data[2] |= 0x02
    crc = dialect.x25crc(data[1:-2] + bytes([dialect.MAVLink_heartbeat_message.crc_extra])).crc
    data[-2:] = crc.to_bytes(2, "little")
    assert _reasons(bytes(data)) == [Reason.UNKNOWN_FLAGS]


def test_rubbish_before_between_and_behind_is_skipped_and_counted(heartbeat: Make) -> None:
    data = b"\x00\xfe\x01hello" + heartbeat() + b"rubbish \xfd\xfe" + heartbeat() + b"the end"
    assert _reasons(data) == [Reason.NO_FRAME, None, Reason.NO_FRAME, None, Reason.NO_FRAME]
    assert _without_gap(list(scan(data)), len(data))


def test_a_frame_that_was_cut_short_does_not_swallow_the_next(heartbeat: Make, position: Make) -> None:
    data = position()[:12] + heartbeat() + position()
    assert _reasons(data) == [Reason.TRUNCATED, None, None]


@pytest.mark.parametrize("cut", range(1, 38))
def test_the_end_of_a_frame_still_to_come_is_told_as_truncated(heartbeat: Make, position: Make, cut: int) -> None:
    data = heartbeat() + position()[:cut]
    items = list(scan(data))
    assert _reasons(data) == [None, Reason.TRUNCATED]
    assert items[1].start == len(heartbeat())


def test_a_tail_behind_rubbish_is_kept_apart_from_it(heartbeat: Make, position: Make) -> None:
    data = heartbeat() + b"rubbish" + position()[:20]
    assert _reasons(data) == [None, Reason.NO_FRAME, Reason.TRUNCATED]
    assert list(scan(data))[-1].end - list(scan(data))[-1].start == 20


def test_nothing_in_nothing_out() -> None:
    assert list(scan(b"")) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    parts=st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(["heartbeat", "position"])), max_size=12),
    cut=st.integers(0, 60),
)
def test_every_byte_belongs_to_exactly_one_item(heartbeat: Make, position: Make, parts: list[bytes | str], cut: int) -> None:
    made = {"heartbeat": heartbeat(version=1), "position": position()}
    data = b"".join(made[part] if isinstance(part, str) else part for part in parts)
    data = data[: len(data) - cut]
    items = list(scan(data))
    assert _without_gap(items, len(data))
    if not cut and not any(isinstance(part, bytes) for part in parts):
        assert len(items) == len(parts)


def test_needed_messages_are_those_that_samples_are_made_of() -> None:
    assert {mavlink.name_of(message_id) for message_id in mavlink.NEEDED} == {
        "HEARTBEAT", "SYS_STATUS", "GPS_RAW_INT", "GLOBAL_POSITION_INT", "TERRAIN_REPORT", "ALTITUDE", "BATTERY_STATUS",
        "EXTENDED_SYS_STATE",
    }  # fmt: skip
