"""What the records of a flush show, before anything is written: rows to store, aircraft, gaps. No database here.

The telemetry of a partition is looked at together, one partition after the other, and each only when its rows are asked for:
the database works on those of the one before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.columns import NULL
from core.records import Gap, Listened
from core.topics import ALERTS_IMPORT, TELEMETRY_IMPORT
from core.whole import AIRCRAFT, LINK, OPERATOR, SYSTEM, TIME, VEHICLE
from streams import gaps
from streams.gaps import Follow
from streams.laid import Laid, lay
from streams.logged import Logged
from streams.rows import telemetry_rows
from streams.screen import Screen, Verdicts, screen_blocks

IMPORTED = {TELEMETRY_IMPORT.name, ALERTS_IMPORT.name}


@dataclass(slots=True)
class Part:
    """One partition as its owner holds it. screen and follow move with each flush: after a failed one it is loaded anew."""

    topic: str  # without prefix
    topic_id: str
    partition: int
    next: int
    screen: Screen
    follow: Follow

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(slots=True)
class Counts:
    """What flushes have done since the recorder began."""

    records: int = 0
    rows: int = 0
    late: int = 0
    duplicates: int = 0
    alert_events: int = 0
    gaps: int = 0
    alert_clashes: int = 0  # an event whose key was taken by other bytes: the first stays
    unreadable: int = 0
    fenced: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def screened(self, verdicts: Verdicts) -> None:
        kept = int(np.count_nonzero(verdicts.keep))
        self.rows += kept
        self.duplicates += len(verdicts.keep) - kept
        self.late += int(np.count_nonzero(verdicts.late | verdicts.ahead))


@dataclass(slots=True)
class Aircraft:
    operator_id: UUID
    aircraft_id: UUID
    link: str
    system_id: int
    vehicle_type: int | None
    first_seen_us: int
    imported: bool


Missing = tuple[Part, int, Gap]  # of which part, told by the record at which offset
Saved = tuple[Part, bytes, bytes]  # a part's screen, and what it follows


@dataclass(slots=True)
class Found:
    """records: of each part that was asked for. saved: of these their screens and what is known of links and aircraft, as
    they are kept. known: the aircraft that are in the database, and whether their type is."""

    known: Mapping[bytes, bool]
    counts: Counts = field(default_factory=Counts)
    records: list[tuple[Part, Sequence[Logged]]] = field(default_factory=list)
    saved: list[Saved] = field(default_factory=list)
    met: dict[bytes, Aircraft] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    def rows(self, unread: Iterable[tuple[Part, Iterable[Logged]]]) -> Iterator[bytes]:
        """The rows of one table. An aircraft has one partition, so its rows stand together."""
        for part, records in unread:
            entries = list(records)
            blocks = [entry for entry in entries if entry.batch is not None]
            offsets = np.array([entry.offset for entry in blocks], np.int64)
            times_us = np.array([entry.append_time_us for entry in blocks], np.int64)
            live = part.topic not in IMPORTED
            laid = lay([entry.batch for entry in blocks if entry.batch is not None])
            verdicts = screen_blocks(part.screen, laid.links, laid.aircraft, laid.table, laid.begins, times_us, live)
            self.counts.screened(verdicts)
            self.missing += _missing(part, entries, laid, np.flatnonzero(verdicts.judged))
            self._meet(laid, verdicts.keep, not live)
            self.records.append((part, entries))
            self.saved.append((part, part.screen.dump(), part.follow.dump()))
            yield from telemetry_rows(laid, verdicts, part.partition, offsets, times_us)

    def _meet(self, laid: Laid, keep: NDArray[np.bool_], imported: bool) -> None:
        """Add the aircraft that are new, or whose type is."""
        for code, key in enumerate(laid.aircraft):
            if self.known.get(key):
                continue
            rows = np.flatnonzero((laid.table[AIRCRAFT] == code) & keep)
            types = laid.table[VEHICLE, rows]
            types = types[types != NULL]
            if len(rows) and (key not in self.known or len(types)):
                first = laid.table[:, rows[0]].tolist()
                self.met[key] = Aircraft(
                    UUID(bytes=laid.operators[first[OPERATOR]]), UUID(bytes=key), laid.links[first[LINK]], first[SYSTEM],
                    int(types[0]) if len(types) else None, int(laid.table[TIME, rows].min()), imported,
                )  # fmt: skip


def _missing(part: Part, entries: Sequence[Logged], laid: Laid, judged: NDArray[np.intp]) -> Iterator[Missing]:
    """Gaps, as the records show them one behind the other; between two words of ingest rows are looked at together."""
    offsets = [entry.offset for entry in entries if entry.batch is not None]
    ends = np.searchsorted(judged, laid.begins)  # which of the judged rows is each block's first
    block = done = 0
    for entry in (*entries, None):
        if entry is not None and entry.batch is not None:
            block += 1
        if entry is not None and not isinstance(entry.control, Listened):
            continue
        for row, gap in gaps.heard(part.follow, laid, judged[ends[done] : ends[block]], part.topic not in IMPORTED):
            yield part, offsets[int(np.searchsorted(laid.begins, row, "right")) - 1], gap
        done = block
        if entry is not None and isinstance(entry.control, Listened):
            yield from ((part, entry.offset, gap) for gap in gaps.listened(part.follow, entry.control))
