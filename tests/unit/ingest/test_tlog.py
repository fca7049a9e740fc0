"""Log files, made with pymavlink, whole and damaged. Every byte belongs to one item."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from ingest.errors import NoTimes, NotMavlink, UnreadableFile
from ingest.mavlink import Frame, Reason, Rejected
from ingest.tlog import Entry, opened

Make = Callable[..., bytes]
T0 = 1_436_056_003_000_000
SECOND = 1_000_000


def _stamped(*frames: bytes, start_us: int = T0, step_us: int = SECOND) -> bytes:
    return b"".join((start_us + n * step_us).to_bytes(8, "big") + frame for n, frame in enumerate(frames))


def _read(tmp_path: Path, data: bytes, start_us: int | None = None) -> list[Entry]:
    file = tmp_path / "flight.tlog"
    file.write_bytes(data)
    with opened(file, start_us) as log:
        entries = list(log.entries())
    ends = [0, *(entry.item.end for entry in entries)]
    assert [entry.item.start for entry in entries] == ends[:-1]
    assert ends[-1] == len(data)
    return entries


def _reasons(entries: list[Entry]) -> list[Reason | None]:
    return [entry.item.reason if isinstance(entry.item, Rejected) else None for entry in entries]


def test_each_frame_has_its_records_stamp(tmp_path: Path, heartbeat: Make, position: Make) -> None:
    entries = _read(tmp_path, _stamped(heartbeat(version=1), position(), heartbeat(signed=True)))
    assert [entry.time_us for entry in entries] == [T0, T0 + SECOND, T0 + 2 * SECOND]
    assert _reasons(entries) == [None, None, None]


def test_a_stamp_that_goes_back_is_kept(tmp_path: Path, heartbeat: Make) -> None:
    entries = _read(tmp_path, _stamped(heartbeat(), heartbeat(), heartbeat(), step_us=-1_300_000))
    assert [entry.time_us - T0 for entry in entries] == [0, -1_300_000, -2_600_000]


def test_a_frame_of_an_older_dialect_is_one_rejection_with_its_stamp(tmp_path: Path, heartbeat: Make) -> None:
    older = bytes.fromhex("fe0501ff008effffffff01421b")
    entries = _read(tmp_path, _stamped(heartbeat(), older, older, heartbeat()))
    assert _reasons(entries) == [None, Reason.BAD_CHECKSUM, Reason.BAD_CHECKSUM, None]
    assert [entry.time_us - T0 for entry in entries] == [0, SECOND, 2 * SECOND, 3 * SECOND]


def test_a_file_cut_in_the_middle_of_a_record_ends_with_a_truncated_one(
    tmp_path: Path, heartbeat: Make, position: Make
) -> None:
    whole = _stamped(heartbeat(), position())
    for cut in range(1, len(position()) + 8):
        assert _reasons(_read(tmp_path, whole[:-cut])) == [None, Reason.TRUNCATED]


@pytest.mark.parametrize("rubbish", [b"\x00" * 50, b"\xfe" * 50, b"\xfd\x10", b"no frame at all, and long enough to matter"])
def test_rubbish_between_records_is_one_rejection_and_the_next_record_is_read(
    tmp_path: Path, heartbeat: Make, position: Make, rubbish: bytes
) -> None:
    before, after = _stamped(heartbeat(), position()), _stamped(heartbeat(), position(), start_us=T0 + 9 * SECOND)
    entries = _read(tmp_path, before + rubbish + after)
    assert _reasons(entries) == [None, None, Reason.NO_FRAME, None, None]
    assert [entry.time_us - T0 for entry in entries] == [0, SECOND, SECOND, 9 * SECOND, 10 * SECOND]


def test_a_record_that_lost_some_bytes_costs_itself_and_no_other(tmp_path: Path, heartbeat: Make, position: Make) -> None:
    short = position()[:20] + position()[25:]
    entries = _read(tmp_path, _stamped(heartbeat(), short, heartbeat(), heartbeat()))
    assert _reasons(entries) == [None, Reason.NO_FRAME, None, None]


def test_a_damaged_stamp_costs_its_frame_the_time(tmp_path: Path, heartbeat: Make) -> None:
    data = bytearray(_stamped(heartbeat(), heartbeat(), heartbeat()))
    data[8 + len(heartbeat())] = 0xF0
    assert _reasons(_read(tmp_path, bytes(data))) == [None, Reason.NO_TIME, None]


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotMavlink, match="empty"):
        _read(tmp_path, b"")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"), opened(tmp_path / "nowhere.tlog"):
        pass


def test_a_file_that_is_no_mavlink_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotMavlink, match="not one frame"):
        _read(tmp_path, b"PK\x03\x04" + bytes(range(256)) * 20)


def test_a_dataflash_log_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(NotMavlink, match="dataflash"):
        _read(tmp_path, b"\xa3\x95\x80\x80" + bytes(5_000))


def _system_time(unix_us: int, boot_ms: int) -> bytes:
    sender = dialect.MAVLink(None, srcSystem=1, srcComponent=1)
    return bytes(sender.system_time_encode(unix_us, boot_ms).pack(sender))


def test_a_raw_stream_is_dated_by_its_aircrafts_system_time(tmp_path: Path, heartbeat: Make, position: Make) -> None:
    stream = position(boot_ms=1_000) + heartbeat() + position(boot_ms=1_500) + _system_time(T0, 3_000) + position(boot_ms=3_250)
    entries = _read(tmp_path, stream)
    assert [entry.time_us - T0 for entry in entries] == [-2_000_000, -2_000_000, -1_500_000, 0, 250_000]


def test_a_raw_stream_without_a_date_asks_for_its_start(tmp_path: Path, heartbeat: Make, position: Make) -> None:
    stream = position(boot_ms=1_000) + _system_time(0, 1_100) + position(boot_ms=1_500)
    with pytest.raises(NoTimes, match="--start"):
        _read(tmp_path, stream)
    assert [entry.time_us - T0 for entry in _read(tmp_path, stream, start_us=T0)] == [0, 100_000, 500_000]


def test_a_raw_streams_time_never_goes_back_though_the_aircraft_restarts(tmp_path: Path, position: Make) -> None:
    stream = b"".join(position(boot_ms=boot_ms) for boot_ms in (90_000, 90_500, 200, 700, 99_999_999, 100_000_099))
    times = [entry.time_us - T0 for entry in _read(tmp_path, stream, start_us=T0)]
    assert times == [0, 500_000, 500_000, 1_000_000, 1_000_000, 1_100_000]


def test_a_tlog_keeps_its_own_stamps_whatever_start_is_given(tmp_path: Path, heartbeat: Make) -> None:
    (entry,) = _read(tmp_path, _stamped(heartbeat()), start_us=5)
    assert isinstance(entry.item, Frame)
    assert entry.time_us == T0
