"""Links and who is on them.

udp:PORT/ADDRESS and tcp:PORT/ADDRESS (no source port: it changes at every restart), tcp/HOST:PORT for one that we connect to,
SOURCE/key:NAME for whoever signs with that key, file:SHA256, replay:SHA256@START.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from core import identity
from core.records import Rejection
from ingest import following, reading
from ingest.mavlink import Reason
from ingest.samples import Aircraft

if TYPE_CHECKING:
    from ingest.fleet import Fleet

FILE_EPOCH = 0


TCP_CALLED = "tcp"  # the source of all connections that we make


def udp_source(port: int) -> str:
    return f"udp:{port}"


def tcp_source(port: int) -> str:
    """Of connections that others make to this port."""
    return f"tcp:{port}"


def link_name(source: str, address: str) -> str:
    return f"{source}/{address}"


def file_link(sha256: str) -> str:
    return f"file:{sha256}"


def replay_link(sha256: str, start_us: int) -> str:
    return f"replay:{sha256}@{start_us}"


class Link:
    """A link of a fleet: its count of frames, its aircraft. An aircraft is who its link says it is, with its system id."""

    def __init__(
        self,
        fleet: "Fleet",
        number: int,
        name: str,
        admit: Callable[[UUID], bool],
        arrived: Callable[["Link", int, UUID], None],
    ) -> None:
        self.number = number
        self.name = name
        self.fleet = fleet
        self._admit = admit
        self._arrived = arrived
        self._slots: dict[int, int] = {}  # system id: row of its vehicle

    @property
    def epoch(self) -> int:
        """Its start: what tells its numbers from those before."""
        return self._number(following.EPOCH)

    @property
    def heard_us(self) -> int:
        return self._number(following.HEARD_US)

    @heard_us.setter
    def heard_us(self, time_us: int) -> None:
        self.fleet.links[self.number, following.HEARD_US] = time_us

    @property
    def served(self) -> bool:
        """It has had aircraft, so its numbers stand in the stream."""
        return bool(self._number(following.SERVED))

    def begin(self, epoch: int) -> None:
        """Counts anew: nobody listened for a while, so nothing that was known is known any more but who is there."""
        self.fleet.links[self.number, [following.EPOCH, following.COUNTED]] = epoch, 0
        for slot in self._slots.values():
            self.fleet.vehicles[slot, : following.SAID] = reading.NULL

    def reject(self, reason: Reason, data: bytes, time_us: int) -> Rejection:
        """Counts a rejected stretch that came at this time."""
        self.fleet.links[self.number, following.COUNTED] += 1
        return self.fleet.reject(self.name, reason, data, time_us)

    def heard(self) -> dict[int, int]:
        """The system ids of its aircraft and when each was last heard, microseconds."""
        vehicles = self.fleet.vehicles
        return {
            system_id: vehicles[slot, following.LAST_HEARD_US].item()
            for system_id, slot in self._slots.items()
            if vehicles[slot, following.LISTED]
        }

    def ask(self, system_id: int, time_us: int) -> bool:
        """Whether an aircraft may be served; if so it is from now on."""
        aircraft_id = identity.aircraft_id(self.fleet.operator_id, self.name, system_id)
        if not self._admit(aircraft_id):
            self.fleet.slots[self.number, system_id] = following.REFUSED
            return False
        slot = self.fleet.seat(Aircraft(aircraft_id, aircraft_id.bytes, self, system_id), time_us)
        self.fleet.slots[self.number, system_id] = self._slots[system_id] = slot
        return True

    def remember(self, system_id: int, heard_us: int) -> bool:
        """Knows an aircraft of before again, without having heard it. False when there are too many."""
        if not self.ask(system_id, heard_us):
            return False
        slot = self._slots[system_id]
        self.fleet.vehicles[slot, following.LAST_HEARD_US] = heard_us
        self.fleet.links[self.number, following.SERVED] = 1
        self.heard_us = max(self.heard_us, heard_us)
        self.arrived(slot)
        return True

    def arrived(self, slot: int) -> None:
        """Tells of an aircraft's first sample."""
        self.fleet.vehicles[slot, following.LISTED] = following.TOLD
        aircraft = self.fleet.aircraft[slot]
        self._arrived(self, aircraft.system_id, aircraft.aircraft_id)

    def forget(self, before_us: int, clock_us: int) -> list[UUID]:
        """Drops the aircraft that have been silent since before this time, and returns them."""
        heard = self.fleet.vehicles[list(self._slots.values()), following.LAST_HEARD_US]
        silent = [system_id for system_id, last_us in zip(self._slots, heard.tolist(), strict=True) if last_us < before_us]
        return [self._drop(system_id, clock_us) for system_id in silent]

    def close(self, clock_us: int) -> list[UUID]:
        """Leaves the fleet, with all its aircraft, which are returned."""
        gone = [self._drop(system_id, clock_us) for system_id in list(self._slots)]
        self.fleet.leave(self)
        return gone

    def _drop(self, system_id: int, clock_us: int) -> UUID:
        slot = self._slots.pop(system_id)
        self.fleet.evidence[self.number, system_id] = following.UNHEARD
        self.fleet.slots[self.number, system_id] = following.UNASKED
        self.fleet.unseat(slot, clock_us)
        return self.fleet.aircraft[slot].aircraft_id

    def _number(self, column: int) -> int:
        return int(np.int64(self.fleet.links[self.number, column]))
