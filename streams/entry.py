"""One record of a telemetry topic as the engine takes it: where it stood, when the broker took it, what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from core import block, records
from core.block import Block
from core.errors import UnreadableRecord
from core.records import Control, Kind


class Unjudged(msgspec.Struct, frozen=True):
    """A block that could not be decoded or judged: whom its header names, and why."""

    aircraft: tuple[UUID, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """append_time_us: the record's LogAppendTime. live: of the live topic, not of imports.

    rows: what the batch's rows are numbered in the block, where it is only a part of it (a flight read back); else empty.
    """

    partition: int
    offset: int
    append_time_us: int
    live: bool
    body: Block | Control | Unjudged
    rows: tuple[int, ...] = ()


def named_aircraft(headers: Sequence[tuple[str, bytes]]) -> tuple[UUID, ...]:
    """The aircraft that a block's header names; none if the header is broken too."""
    ids = dict(headers).get("aircraft", b"")
    return tuple(UUID(bytes=ids[i : i + 16]) for i in range(0, len(ids) - 15, 16))


def read(
    partition: int, offset: int, append_time_us: int, live: bool, headers: Sequence[tuple[str, bytes]], value: bytes | None
) -> Entry:
    """A consumed record as an entry. Raises UnreadableRecord, or UnknownBlockVersion for a newer writer."""
    named = dict(headers)
    kind = named.get("kind", b"").decode(errors="replace")
    if value is None:
        raise UnreadableRecord(kind=kind, detail="it has no value")
    if kind == Kind.BLOCK:
        try:
            version = int(named.get("schema", b""))
        except ValueError as error:
            raise UnreadableRecord(kind=kind, detail="its header names no schema version") from error
        return Entry(partition, offset, append_time_us, live, block.decode(value, version))
    if kind not in records.CONTROLS:
        raise UnreadableRecord(kind=kind or "(none)", detail="no such kind")
    return Entry(partition, offset, append_time_us, live, records.decode(records.CONTROLS[kind], value))
