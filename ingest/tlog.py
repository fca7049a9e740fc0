"""Log files: tlog (each frame behind 8 bytes of big-endian microseconds since 1970) and raw streams, which have no times.

A damaged file is read on from the next frame that is right; every byte belongs to exactly one item.
"""

import hashlib
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ingest import mavlink
from ingest.errors import NotMavlink, UnreadableFile
from ingest.mavlink import Bytes, Flaw, Frame, Reason, Rejected, find_frame, read_frame, scan
from ingest.rawtime import raw_times

STAMP = 8
_STX = (mavlink.STX_V1, mavlink.STX_V2)
_DAY_US = 86_400_000_000
# 2100-01-01: a stamp behind this is damage. (One before 1980 is an unset clock, and kept: the log's only order in time.)
_LATEST_US = 4_102_444_800_000_000
_SNIFFED = 1 << 16
_DATAFLASH = b"\xa3\x95"


class Entry(NamedTuple):
    """One item of a file with its event time. A rejected stretch has the time of what came before it."""

    time_us: int
    item: Frame | Rejected


class LogFile:
    """An open log: entries() gives everything in it, in the file's order."""

    def __init__(self, path: Path, data: Bytes, start_us: int | None) -> None:
        self.path = path
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.stamp = STAMP if _is_stamped(path, data) else 0  # bytes before each frame
        self.start_us = start_us

    def frame(self, frame: Frame) -> bytes:
        """A frame's own bytes, without its stamp."""
        return self.data[frame.start + self.stamp : frame.end]

    def entries(self) -> Iterator[Entry]:
        """Raises NoTimes for a raw stream that cannot be dated."""
        if self.stamp:
            return (Entry(*found) for found in _scan_stamped(self.data))
        return (Entry(*found) for found in raw_times(scan(self.data), self.start_us, self.path))


@contextmanager
def opened(path: Path, start_us: int | None = None) -> Iterator[LogFile]:
    """A log file, its bytes mapped. start_us dates a raw stream's first frame; a tlog's own stamps always count.

    Raises UnreadableFile and NotMavlink, which say what is wrong.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield LogFile(path, data, start_us)
    except OSError as error:
        raise UnreadableFile(file=path, detail=error.strerror or str(error)) from error
    except ValueError as error:  # what mmap says of an empty file
        if path.stat().st_size:
            raise
        raise NotMavlink(file=path, detail="the file is empty") from error


def _is_stamped(path: Path, data: Bytes) -> bool:
    """Whether frames stand eight bytes apart (a tlog) or follow on each other (a raw stream)."""
    first = find_frame(data, 0, len(data))
    if first is None:
        if data[:2] == _DATAFLASH:
            raise NotMavlink(file=path, detail="it is an ArduPilot dataflash log (.BIN); the ground station's .tlog is needed")
        raise NotMavlink(file=path, detail="not one frame with a fitting checksum in it")
    stamped = raw = 0
    frame: Frame | None = first
    while frame is not None and frame.start < first.start + _SNIFFED:
        following = find_frame(data, frame.end, len(data))
        if following is not None:
            stamped += following.start - frame.end == STAMP
            raw += following.start == frame.end
        frame = following
    # A file of one frame tells by what stands before it.
    return stamped > raw if stamped or raw else first.start >= STAMP


def _scan_stamped(data: Bytes) -> Iterator[tuple[int, Frame | Rejected]]:
    """The records of a tlog; an item's start is that of its stamp."""
    at, size = 0, len(data)
    last_us = 0
    while at < size:
        if at + STAMP >= size:
            yield last_us, Rejected(Reason.TRUNCATED, at, size)
            return
        stamp_us = int.from_bytes(data[at : at + STAMP], "big")
        found = read_frame(data, at + STAMP)
        if isinstance(found, Frame):
            if stamp_us < _LATEST_US:
                last_us = stamp_us
                yield stamp_us, found._replace(start=at)
            else:
                yield last_us, Rejected(Reason.NO_TIME, at, found.end)
            at = found.end
            continue
        end, reason = _extent(data, at, stamp_us, found)
        if stamp_us < _LATEST_US and reason not in (Reason.NO_FRAME, Reason.TRUNCATED):
            last_us = stamp_us  # a whole record that we cannot read still says when it was
        yield last_us, Rejected(reason, at, end)
        at = end


def _extent(data: Bytes, at: int, stamp_us: int, flaw: Flaw) -> tuple[int, Reason]:
    """How far the record that starts here with this flaw goes: to its own end where another record follows, else to the
    next frame that is right, its stamp included."""
    size = len(data)
    whole = flaw.reason is not Reason.NO_FRAME and flaw.end <= size
    if whole and (flaw.end == size or _record_at(data, flaw.end, stamp_us)):
        return flaw.end, flaw.reason
    following = find_frame(data, at + 1, size)
    # The frame at at+STAMP itself is flawed, so the next one is behind it; less than a stamp behind, its time is damaged
    # too, and it is then rejected for that.
    while following is not None and following.start - STAMP <= at:
        following = find_frame(data, following.end, size)
    if following is None:
        return size, Reason.TRUNCATED if flaw.end > size else flaw.reason if whole else Reason.NO_FRAME
    return following.start - STAMP, Reason.NO_FRAME


def _record_at(data: Bytes, at: int, near_us: int) -> bool:
    """Whether a record seems to start here: a stamp within a day of another, and a frame's first byte."""
    if at + STAMP >= len(data):
        return True
    return data[at + STAMP] in _STX and abs(int.from_bytes(data[at : at + STAMP], "big") - near_us) < _DAY_US
