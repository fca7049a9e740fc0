"""Times for a raw stream, which has none of its own: from the aircraft's clocks, dated by SYSTEM_TIME or by the caller.

Each autopilot tells the time since it started. That gives the distance between frames; a step back (it restarted) or a leap
joins on where the stream stands. The stream's time never goes back.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from ingest import mavlink
from ingest.errors import NoTimes
from ingest.mavlink import AUTOPILOT_COMPONENT, Frame, Rejected

_LEAP_MS = 3_600_000
_EARLIEST_US = 946_684_800_000_000  # 2000-01-01: before this an autopilot has not learned the time
_LATEST_US = 4_102_444_800_000_000  # 2100-01-01
_BOOT_MS = struct.Struct("<I")
_SYSTEM_TIME = struct.Struct("<QI")
_BOOT_FIRST = (mavlink.GLOBAL_POSITION_INT, 30, 32)  # these, ATTITUDE and LOCAL_POSITION_NED begin with time_boot_ms

Items = Iterator[Frame | Rejected]


def raw_times(items: Items, start_us: int | None, file: Path) -> Iterator[tuple[int, Frame | Rejected]]:
    """Each item with its time. start_us is the first item's; without it the stream must date itself, else NoTimes."""
    found = list(items)
    if start_us is None:
        start_us = _own_start_us(found)
    if start_us is None:
        raise NoTimes(file=file)
    now_us = start_us
    started_us: dict[int, int] = {}  # when each system's clock read 0
    last_ms: dict[int, int] = {}
    for item in found:
        boot_ms = _boot_ms(item)
        if boot_ms is not None and isinstance(item, Frame):
            system = item.system_id
            if system not in last_ms or not 0 <= boot_ms - last_ms[system] <= _LEAP_MS:
                started_us[system] = now_us - boot_ms * 1000
            last_ms[system] = boot_ms
            now_us = max(now_us, started_us[system] + boot_ms * 1000)
        yield now_us, item


def _own_start_us(items: list[Frame | Rejected]) -> int | None:
    """The time of the stream's first dated frame, from the first SYSTEM_TIME that knows the date."""
    first_ms: dict[int, int] = {}
    for item in items:
        boot_ms = _boot_ms(item)
        if boot_ms is None or not isinstance(item, Frame):
            continue
        first_ms.setdefault(item.system_id, boot_ms)
        if item.message_id == mavlink.SYSTEM_TIME:
            unix_us, _ = _SYSTEM_TIME.unpack(item.payload.ljust(_SYSTEM_TIME.size, b"\0")[: _SYSTEM_TIME.size])
            elapsed_ms = boot_ms - first_ms[item.system_id]
            if _EARLIEST_US <= unix_us < _LATEST_US and elapsed_ms >= 0:
                return int(unix_us) - elapsed_ms * 1000
    return None


def _boot_ms(item: Frame | Rejected) -> int | None:
    """The time since its start that an autopilot's frame tells."""
    if not isinstance(item, Frame) or item.component_id != AUTOPILOT_COMPONENT or item.system_id == 255:
        return None
    if item.message_id in _BOOT_FIRST:
        at = 0
    elif item.message_id == mavlink.SYSTEM_TIME:
        at = 8
    else:
        return None
    boot_ms: int = _BOOT_MS.unpack(item.payload.ljust(at + 4, b"\0")[at : at + 4])[0]
    return boot_ms
