"""One partition in a worker's hands: its state, the next offset, and what a record does to them.

next moves only when a record is judged and its outputs are acknowledged. A record below next was judged before; one above
it means that another worker, or a failure, came between: the missing ones are read from the log through the same engine.
"""

import logging
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import TopicPartition

from alerts.lifecycle import Condition
from core.errors import WedgetailError
from core.records import AlertEvent, Guidance, Marker
from core.units import US_PER_S
from geofence.wayback import over_ground, passable
from geofence.world import World
from streams.entry import Entry, Unjudged, named_aircraft, read
from streams.events import condition_id
from streams.fleet import Aircraft
from streams.pipeline import advance
from streams.state import ENGINE, State

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it stands in the log."""

    offset: int
    append_time_us: int
    headers: Sequence[tuple[str, bytes]]
    value: bytes | None


@dataclass(slots=True)
class Partition:
    """tp: the telemetry partition. stopped: why it is not judged, in words, when it is not."""

    tp: TopicPartition
    live: bool
    state: State = field(default_factory=State.empty)
    next: int = 0
    told: int = 0  # records below this were told by someone: their events are not published again
    loaded: bool = False
    stopped: str | None = None
    append_time_us: int = 0
    checkpointed: int = 0
    after_gap: bool = False  # records before next were not judged, as a person accepted
    unjudgeable: dict[int, str] = field(default_factory=dict)  # offset -> why; kept over a reload, so that it ends

    def entry(self, stored: Stored) -> Entry:
        """A stored record as the engine takes it; one that cannot be read, or failed before, as Unjudged."""
        try:
            why = self.unjudgeable.get(stored.offset)
            if why is None:
                return read(self.tp.partition, stored.offset, stored.append_time_us, self.live, stored.headers, stored.value)
        except WedgetailError as error:
            why = str(error)
        body = Unjudged(named_aircraft(stored.headers), why)
        return Entry(self.tp.partition, stored.offset, stored.append_time_us, self.live, body)

    def take(self, entry: Entry, world: World) -> list[AlertEvent]:
        """Judge the next record. If this raises, the state is no longer any: drop it and load."""
        assert entry.offset == self.next, (entry.offset, self.next)
        events = advance(self.state, entry, world)
        self.append_time_us = entry.append_time_us
        return events

    def done(self, entry: Entry) -> None:
        """Its outputs are acknowledged."""
        self.next = entry.offset + 1
        self.after_gap = False

    def drop(self) -> None:
        self.loaded, self.state, self.after_gap = False, State.empty(), False

    @property
    def other_engine(self) -> bool:
        return self.state.engine != ENGINE

    def guidance(self, world: World, only: Container[UUID] | None = None) -> tuple[Guidance, ...]:
        """Where each told condition stands now; only: those of these aircraft."""
        return tuple(
            Guidance(
                condition_id(aircraft, held), held.seen_us, _standing(held), self._way_back(world, aircraft, held),
                held.beyond_m, held.ahead_s,
            )
            for aircraft in self.state.aircraft.values()
            if only is None or aircraft.aircraft_id in only
            for held in aircraft.conditions.values()
            if held.n
        )  # fmt: skip

    def _way_back(self, world: World, aircraft: Aircraft, held: Condition) -> str | None:
        """The way back as it is told: none over ground that crosses another prohibited zone."""
        if held.way_back is None or aircraft.last is None or not over_ground(held.way_back):
            return held.way_back
        monitor = world.monitor(self.state.world)
        return passable(monitor, aircraft.operator_id, aircraft.aircraft_id, aircraft.last, held.way_back, held.zone_id)


def _standing(held: Condition) -> str:
    """What a person reads of a condition that stands; one that is on its way out says so."""
    return held.what if held.clear_us is None else f"{held.what}; clears after {held.delays[3] / US_PER_S:g} s of this"


def world_needed(partition: Partition, entry: Entry) -> int:
    """The world whose versions must be here before this record is judged."""
    return max(partition.state.world, entry.body.world if isinstance(entry.body, Marker) else 0)
