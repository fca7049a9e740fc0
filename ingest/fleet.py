"""All that is known of links and aircraft: pieces of bytes in, samples and rejections out.

What happens with each message is the kernel's (`following.follow`); what is new or odd is here: an aircraft's first message,
half a frame, a rejection. One fleet serves all listeners of a process, so that a sample's row means the same to whoever
packs it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.identity import partition_of
from core.records import Rejection
from core.topics import PARTITIONS
from ingest import following, messages, reading
from ingest.counts import Counts
from ingest.links import Link
from ingest.mavlink import Reason
from ingest.reading import NULL, Ints
from ingest.samples import Aircraft, Samples
from ingest.terrain import Terrain

_MOST_TOLD = 65_536  # bytes of a rejected stretch that are told; the largest datagram fits
_MOST_REJECTIONS = 1_000  # told of what is taken at once; the others are counted
_REST_US = 60_000_000  # for so long samples of an aircraft that is forgotten may still wait, and its row is not given away
_FEW = 8
_T = TypeVar("_T", bound=NDArray[Any])

Examine = Callable[[Ints, bytes, Ints], None]  # of a table's rows, the bytes and the units


class Piece(NamedTuple):
    """Bytes of a link: a datagram, a piece of a stream, a frame of a file."""

    link: Link
    time_us: int
    sender: int  # who sent it, among those who may speak for one aircraft
    data: bytes


class Half(NamedTuple):
    """The beginning of a frame at the end of a piece; the rest may come in the sender's next one."""

    piece: int
    data: bytes


@dataclass
class Taken:
    """What has come of some pieces."""

    samples: Samples
    rejections: list[Rejection] = field(default_factory=list)


class Fleet:
    """links, evidence, slots (by number of a link), vehicles, aircraft and partitions (by slot): see ingest.following.

    terrain: knows the ground below each sample; None: nobody does.
    """

    def __init__(self, operator_id: UUID, counts: Counts, terrain: Terrain | None = None) -> None:
        self.operator_id = operator_id
        self.counts = counts
        self.terrain = terrain
        self.links = np.zeros((_FEW, 4), np.int64)
        self.evidence = np.zeros((_FEW, 256), np.int8)
        self.slots = np.zeros((_FEW, 256), np.int32)
        self.vehicles = np.zeros((_FEW, following.VEHICLE), np.int64)
        self.partitions = np.zeros(_FEW, np.int64)
        self.aircraft: list[Aircraft] = []
        self._links: list[Link | None] = []
        self._free_links: list[int] = []
        self._free_slots: deque[tuple[int, int]] = deque()  # (since when, slot)
        self._reader = messages.Reader()
        self._follow = following.follow.run
        self._rows = np.zeros((messages.MOST, following.ROW), np.int64)
        self._tally = np.zeros(following.COUNTERS, np.int64)
        self._moved = np.zeros(messages.MOST + 1, np.int64)
        self._progress = np.zeros(4, np.int64)
        self._bounds, self._unit = np.zeros(2, np.int64), np.zeros((1, 3), np.int64)  # of a single piece

    def link(
        self,
        name: str,
        epoch: int,
        admit: Callable[[UUID], bool] = lambda aircraft_id: True,
        arrived: Callable[[Link, int, UUID], None] = lambda link, system_id, aircraft_id: None,
    ) -> Link:
        """A new link. admit is asked for each aircraft before it is served, and when it refused again once another has gone;
        arrived is told of each at its first sample."""
        if self._free_links:
            number = self._free_links.pop()
        else:
            number = len(self._links)
            self._links.append(None)
            self.links, self.evidence = _with_room(self.links, number), _with_room(self.evidence, number)
            self.slots = _with_room(self.slots, number)
        self.links[number] = epoch, 0, 0, 0
        self.evidence[number] = following.UNHEARD
        self.slots[number] = following.UNASKED
        link = self._links[number] = Link(self, number, name, admit, arrived)
        return link

    def name(self, number: int) -> str:
        """A link's."""
        link = self._links[number]
        assert link is not None
        return link.name

    def leave(self, link: Link) -> None:
        self._links[link.number] = None
        self._free_links.append(link.number)

    def seat(self, aircraft: Aircraft, time_us: int) -> int:
        """A slot for an aircraft of which nothing is known yet."""
        if self._free_slots and self._free_slots[0][0] < time_us - _REST_US:
            _, slot = self._free_slots.popleft()
            self.aircraft[slot] = aircraft
        else:
            slot = len(self.aircraft)
            self.aircraft.append(aircraft)
            self.vehicles, self.partitions = _with_room(self.vehicles, slot), _with_room(self.partitions, slot)
        self.vehicles[slot] = NULL
        self.vehicles[slot, [following.LISTED, following.LAST_HEARD_US]] = 0
        self.partitions[slot] = partition_of(aircraft.aircraft_id, PARTITIONS)
        return slot

    def unseat(self, slot: int, clock_us: int) -> None:
        self._free_slots.append((clock_us, slot))
        self.slots[self.slots == following.REFUSED] = following.UNASKED

    def reject(self, name: str, reason: Reason, data: bytes, time_us: int) -> Rejection:
        """Counts what never became a message."""
        self.counts.frames += 1
        self.counts.bytes += len(data)
        self.counts.rejected[reason.value] += 1
        return self._rejection(name, reason, data, time_us)

    def _rejection(self, name: str, reason: Reason, data: bytes, time_us: int) -> Rejection:
        told = reason.value
        if len(data) > _MOST_TOLD:  # a record has a limit; a log's damage has none
            told, data = f"{reason} (the first {_MOST_TOLD} of {len(data)} bytes)", data[:_MOST_TOLD]
        return Rejection(self.operator_id, name, time_us, told, data)

    def taken(self) -> Taken:
        """Nothing yet."""
        return Taken(Samples(self))

    def take(
        self, pieces: Sequence[Piece], taken: Taken, may_join: bool = False, examine: Examine | None = None
    ) -> Half | None:
        """Everything in these pieces, in their order.

        may_join: stops behind the first one that ends within a frame and returns that half frame, which is not counted.
        examine: is given all messages before they are followed, and may refuse some or move them to another link.
        """
        if not pieces:
            return None
        data, bounds, units = self._joined(pieces)
        reader, table = self._reader, self._reader.table
        unit = at = 0
        while True:
            count = reader.read(data, bounds, unit, at, may_join)
            if count == 0:
                return None
            last: list[int] = table[count - 1, : reading.END + 1].tolist()
            unit, at = last[reading.UNIT], last[reading.END]
            is_half = may_join and last[reading.REASON] == reading.TRUNCATED and at == bounds[unit + 1]
            whole = count - is_half
            if examine is not None:
                examine(table[:whole], data, units)
            self._take(whole, data, units, taken)
            if is_half:
                return Half(unit, data[last[reading.START] : at])
            if count < len(table) - 1:
                return None

    def _joined(self, pieces: Sequence[Piece]) -> tuple[bytes, Ints, Ints]:
        """What the kernels are given: bytes, bounds, units."""
        if len(pieces) == 1:
            ((link, time_us, sender, data),) = pieces
            self._bounds[1], self._unit[0] = len(data), (time_us, link.number, sender)
            return data, self._bounds, self._unit
        units = np.array([(time_us, link.number, sender) for link, time_us, sender, _ in pieces], np.int64)
        bounds = np.zeros(len(pieces) + 1, np.int64)
        np.cumsum([len(piece.data) for piece in pieces], out=bounds[1:])
        return b"".join([piece.data for piece in pieces]), bounds, units

    def _take(self, count: int, data: bytes, units: Ints, taken: Taken) -> None:
        table, progress = self._reader.table, self._progress
        at = progress[:] = 0
        while at < count:
            at = self._follow(
                table, at, count, units, self.links, self.evidence, self.slots, self.vehicles, self._rows, self._tally,
                self._moved, progress,
            )  # fmt: skip
            if at < count:
                time_us = units[table[at, reading.UNIT], following.TIME_US].item()
                self._of(table[at], units).ask(table[at, reading.SYSTEM].item(), time_us)
        rows, arrivals, refusals, moved = progress.tolist()
        self._settle(moved)
        if rows:
            made = self._rows[:rows].copy()
            taken.samples.add(made)
            if arrivals:
                self._tell_arrivals(made)
        if refusals:
            self._tell_refusals(table[:count], data, units, taken)

    def _settle(self, moved: int) -> None:
        """Hands on what the kernel has counted."""
        tally, counts = self._tally, self.counts
        frames, size, heartbeats, usable, zero, impossible = tally[: following.REJECTED].tolist()
        tally[: following.REJECTED] = 0
        counts.frames += frames
        counts.bytes += size
        counts.heartbeat_samples += heartbeats
        counts.usable += usable
        for reason, number in (("zero", zero), ("impossible", impossible)):
            if number:
                counts.without[reason] += number
        for counter in self._moved[:moved].tolist():
            number = tally[counter].item()
            tally[counter] = 0
            if counter >= following.NO_AIRCRAFT:
                system, component = divmod(counter - following.NO_AIRCRAFT, 256)
                counts.ignored[f"system {system} component {component} is no aircraft"] += number
            elif counter >= following.IGNORED:
                counts.ignored[messages.NAMES[counter - following.IGNORED]] += number
            elif counter >= following.DECODED:
                counts.decoded[messages.NAMES[counter - following.DECODED]] += number
            else:
                counts.rejected[messages.REASONS[counter - following.REJECTED - 1].value] += number

    def _tell_arrivals(self, rows: Ints) -> None:
        for slot in rows[:, following.SLOT].tolist():
            if self.vehicles[slot, following.LISTED] == following.NEW:
                self.aircraft[slot].link.arrived(slot)

    def _tell_refusals(self, table: Ints, data: bytes, units: Ints, taken: Taken) -> None:
        refused = table[np.flatnonzero(table[:, reading.REASON])]
        told = refused[: max(0, _MOST_REJECTIONS - len(taken.rejections))]
        self.counts.rejections_untold += len(refused) - len(told)
        for row in told:
            reason = messages.REASONS[row[reading.REASON] - 1]
            rejected = data[row[reading.START] : row[reading.END]]
            time_us = units[row[reading.UNIT], following.TIME_US].item()
            taken.rejections.append(self._rejection(self._of(row, units).name, reason, rejected, time_us))

    def _of(self, row: Ints, units: Ints) -> Link:
        """The link of a message."""
        own = int(row[reading.LINK])
        link = self._links[int(units[row[reading.UNIT], following.OF_LINK]) if own == reading.NO_LINK else own]
        assert link is not None
        return link


def _with_room(array: _T, at: int) -> _T:
    """The array, or one twice as long, that has this row."""
    if at < len(array):
        return array
    return cast(_T, np.concatenate([array, np.zeros_like(array)]))
