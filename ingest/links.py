"""Links and who is on them. An aircraft is who its link says it is, with its system id; a frame's number is its link's count.

udp:PORT/ADDRESS and tcp:PORT/ADDRESS (no source port: it changes at every restart), tcp/HOST:PORT for one that we connect to,
file:SHA256, replay:SHA256@START.
"""

from collections.abc import Callable
from uuid import UUID

from core import identity
from core.records import Rejection
from core.sample import Sample
from ingest import mavlink
from ingest.counts import Counts
from ingest.mavlink import Frame, Reason, Rejected
from ingest.vehicle import AUTOPILOT_COMPONENT, Evidence, Vehicle

TOGETHER_US = 5_000_000  # two senders heard in turn within this time are two at once
FILE_EPOCH = 0
_MOST_TOLD = 65_536  # bytes of a rejected stretch that are told; the largest datagram fits


def udp_source(port: int) -> str:
    return f"udp:{port}"


def link_name(source: str, address: str) -> str:
    return f"{source}/{address}"


def file_link(sha256: str) -> str:
    return f"file:{sha256}"


def replay_link(sha256: str, start_us: int) -> str:
    return f"replay:{sha256}@{start_us}"


class Senders:
    """The source ports heard under one identity. A restarted sender takes a new port and its old one falls silent; when an
    old one speaks again after the new one, there are two."""

    __slots__ = ("_contested_us", "_heard_us", "_last")

    def __init__(self) -> None:
        self._heard_us: dict[int, int] = {}
        self._last: int | None = None
        self._contested_us: int | None = None

    def heard(self, port: int, time_us: int) -> bool:
        """Takes a frame from a port; says whether two senders are at work."""
        before_us = self._heard_us.get(port)
        if port != self._last:
            if before_us is not None and abs(time_us - before_us) <= TOGETHER_US:
                self._contested_us = time_us
            self._heard_us = {p: t for p, t in self._heard_us.items() if abs(time_us - t) <= TOGETHER_US}
            self._last = port
        self._heard_us[port] = time_us
        return self._contested_us is not None and abs(time_us - self._contested_us) <= TOGETHER_US


class _Member:
    __slots__ = ("evidence", "heard_us", "listed", "senders", "vehicle")

    def __init__(self, system_id: int) -> None:
        self.evidence = Evidence(system_id)
        self.senders = Senders()
        self.vehicle: Vehicle | None = None
        self.heard_us = 0
        self.listed = False


class Link:
    """One link: counts its frames, knows its aircraft, makes their samples.

    admit is asked once for each aircraft before it is served; on_aircraft is told of each at its first sample.
    """

    def __init__(
        self,
        operator_id: UUID,
        name: str,
        epoch: int,
        counts: Counts,
        admit: Callable[[UUID], bool] = lambda aircraft_id: True,
        on_aircraft: Callable[["Link", int, UUID], None] = lambda link, system_id, aircraft_id: None,
    ) -> None:
        self.operator_id = operator_id
        self.name = name
        self.epoch = epoch
        self.seq = 0
        self.heard_us = 0
        self.served = False  # it has had aircraft, so its numbers stand in the stream
        self._counts = counts
        self._admit = admit
        self._on_aircraft = on_aircraft
        self._members: dict[int, _Member] = {}

    def begin(self, epoch: int) -> None:
        """Counts anew: nobody listened for a while, so nothing that was known is known any more but who is there."""
        self.epoch, self.seq = epoch, 0
        for system_id, member in self._members.items():
            if member.vehicle is not None:
                member.vehicle = Vehicle(self.operator_id, member.vehicle.aircraft_id, self.name, system_id, epoch)

    def reject(self, reason: Reason, data: bytes, time_us: int) -> Rejection:
        """Counts a rejected stretch (or frame) that came at this time."""
        self.seq += 1
        self._counts.frames += 1
        self._counts.bytes += len(data)
        return self._rejection(reason, data, time_us)

    def take(self, item: Frame | Rejected, data: mavlink.Bytes, time_us: int, port: int = 0) -> Sample | Rejection | None:
        """One item of mavlink.scan(data), at its event time: the sample that it makes, or why it was not used."""
        self.heard_us = time_us
        if isinstance(item, Rejected):
            return self.reject(item.reason, data[item.start : item.end], time_us)
        self.seq += 1
        counts = self._counts
        counts.frames += 1
        counts.bytes += item.end - item.start
        if item.component_id != AUTOPILOT_COMPONENT:
            counts.ignored[_no_aircraft(item)] += 1
            return None
        member = self._members.get(item.system_id)
        if member is None:
            member = self._members[item.system_id] = _Member(item.system_id)
        message = None
        if item.message_id == mavlink.HEARTBEAT:
            message = mavlink.decode(item)
            if not member.evidence.heard(message.type, message.autopilot):
                counts.ignored[_no_aircraft(item)] += 1
                return None
        if not member.evidence.is_aircraft:
            counts.ignored[_no_aircraft(item)] += 1
            return None
        if item.message_id not in mavlink.NEEDED:
            counts.ignored[mavlink.name_of(item.message_id)] += 1
            return None
        if member.vehicle is None and (vehicle := self._admitted(item.system_id)) is not None:
            member.vehicle = vehicle
        if member.vehicle is None:
            return self._rejection(Reason.TOO_MANY_AIRCRAFT, data[item.start : item.end], time_us)
        counts.decoded[mavlink.name_of(item.message_id)] += 1
        member.heard_us = time_us
        ambiguous = member.senders.heard(port, time_us)
        sample = member.vehicle.take(item.message_id, message or mavlink.decode(item), time_us, self.seq)
        if sample is not None:
            sample.ambiguous = ambiguous
            counts.add_sample(sample)
            if not member.listed:
                member.listed = self.served = True
                self._on_aircraft(self, item.system_id, sample.aircraft_id)
        return sample

    def heard(self) -> dict[int, int]:
        """The system ids of its aircraft and when each was last heard, microseconds."""
        return {system_id: member.heard_us for system_id, member in self._members.items() if member.listed}

    def remember(self, system_id: int, heard_us: int) -> bool:
        """Knows an aircraft of before again, without having heard it. False when there are too many."""
        vehicle = self._admitted(system_id)
        if vehicle is None:
            return False
        member = self._members[system_id] = _Member(system_id)
        member.vehicle, member.heard_us, member.listed = vehicle, heard_us, True
        self.served = True
        self.heard_us = max(self.heard_us, heard_us)
        self._on_aircraft(self, system_id, vehicle.aircraft_id)
        return True

    def forget(self, before_us: int) -> list[UUID]:
        """Drops what has been silent since before this time, and returns the aircraft among it."""
        silent = [
            system_id
            for system_id, member in self._members.items()
            if member.heard_us < before_us and (member.vehicle is not None or self.heard_us < before_us)
        ]
        gone = [self._members.pop(system_id) for system_id in silent]
        return [member.vehicle.aircraft_id for member in gone if member.vehicle is not None]

    def _admitted(self, system_id: int) -> Vehicle | None:
        aircraft_id = identity.aircraft_id(self.operator_id, self.name, system_id)
        if not self._admit(aircraft_id):
            return None
        return Vehicle(self.operator_id, aircraft_id, self.name, system_id, self.epoch)

    def _rejection(self, reason: Reason, data: bytes, time_us: int) -> Rejection:
        self._counts.rejected[reason.value] += 1
        told = reason.value
        if len(data) > _MOST_TOLD:  # a record has a limit; a log's damage has none
            told, data = f"{reason} (the first {_MOST_TOLD} of {len(data)} bytes)", data[:_MOST_TOLD]
        return Rejection(self.operator_id, self.name, time_us, told, data)


def _no_aircraft(frame: Frame) -> str:
    return f"system {frame.system_id} component {frame.component_id} is no aircraft"
