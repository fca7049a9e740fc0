"""A record of the stream as the recorder holds it: a block, a control record, an alert event, something kept for a re-run,
or one nobody can read."""

from collections.abc import Sequence
from dataclasses import dataclass

from core import block, records
from core.block import Block
from core.errors import UnknownBlockVersion, UnreadableRecord
from core.records import CONTROLS, AlertEvent, Control, Kind, Listened
from core.units import YEAR_10000_US
from streams.kept import Kept
from streams.kept import read as read_kept

UNREADABLE = "unreadable"
ALERT = "alert"
KEPT = "kept"
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Logged:
    """kind: block, a control's kind, "alert", "kept" or "unreadable"; body: the exact text, or why it cannot be read."""

    offset: int
    append_time_us: int
    kind: str
    body: str | None = None
    schema_version: int | None = None
    batch: Block | None = None
    event: AlertEvent | None = None
    control: Control | None = None
    kept: Kept | None = None

    def unreadable(self, why: str) -> "Logged":
        """The same record, marked as one that could not be stored."""
        reason = why.replace("\0", "?")[:_LONGEST_REASON]
        return Logged(self.offset, self.append_time_us, UNREADABLE, reason, self.schema_version)


def telemetry_entry(offset: int, append_time_us: int, headers: dict[str, bytes], value: bytes | None) -> Logged:
    """Read a record of a telemetry topic; one that cannot be read is an entry of kind "unreadable", never an error."""
    blank = Logged(offset, append_time_us, UNREADABLE)
    kind = headers.get("kind", b"").decode("ascii", "replace")
    if value is None:
        return blank.unreadable("it has no value")
    try:
        if kind == Kind.BLOCK:
            version = int(headers.get("schema", b""))
            blank = Logged(offset, append_time_us, UNREADABLE, schema_version=version if 0 <= version < 1 << 31 else None)
            batch = block.decode(value, version)
            return Logged(offset, append_time_us, kind, schema_version=version, batch=batch)
        if kind not in CONTROLS:
            return blank.unreadable(f"its kind is {kind!r}")
        control = records.decode(CONTROLS[kind], value)
        if isinstance(control, Listened) and not all(0 <= g.from_us <= g.to_us < YEAR_10000_US for g in control.gaps):
            return blank.unreadable("a gap's times are outside the calendar, or in the wrong order")
        return Logged(offset, append_time_us, kind, value.decode(), control=control)
    except (UnreadableRecord, UnknownBlockVersion, ValueError) as error:
        return blank.unreadable(str(error))


def alert_entry(offset: int, append_time_us: int, value: bytes | None) -> Logged:
    """Read a record of an alerts topic, as above."""
    blank = Logged(offset, append_time_us, UNREADABLE)
    if value is None:
        return blank.unreadable("it has no value")
    try:
        event = records.decode(AlertEvent, value)
        if not (0 <= event.start_us < YEAR_10000_US and 0 <= event.at_us < YEAR_10000_US):
            return blank.unreadable("its times are outside the calendar")
        return Logged(offset, append_time_us, ALERT, value.decode(), event=event)
    except (UnreadableRecord, ValueError) as error:
        return blank.unreadable(str(error))


def kept_entry(offset: int, append_time_us: int, headers: Sequence[tuple[str, bytes]], value: bytes | None) -> Logged:
    """Read a record of the topic `rerun`, as above."""
    blank = Logged(offset, append_time_us, UNREADABLE)
    if value is None:
        return blank.unreadable("it has no value")
    try:
        return Logged(offset, append_time_us, KEPT, kept=read_kept(headers, value))
    except UnreadableRecord as error:
        return blank.unreadable(str(error))
