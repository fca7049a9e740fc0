"""From messages to samples in plain Python: what the compiled kernel is held to, message by message."""

import math
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

from pymavlink import mavutil
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core import identity
from core.records import Rejection
from core.sample import HeightSource, NoPosition, Sample, SampleKind
from ingest import mavlink
from ingest.counts import Counts
from ingest.mavlink import Frame, Reason, Rejected

TOGETHER_US = 5_000_000  # two senders heard in turn within this time are two at once
_MOST_TOLD = 65_536

FRESH_US = 5_000_000  # stream.md: slow fields are null after this
HEARTBEAT_SAMPLE_US = 1_000_000

AUTOPILOT_COMPONENT: int = dialect.MAV_COMP_ID_AUTOPILOT1
# Broadcast, and the ids that ground stations take. Never an aircraft, whatever they say of themselves.
_NEVER = frozenset((0, 254, 255))
# Radios and trackers in the field take these, but the 51st aircraft of a fleet has the same right: its heartbeat decides.
_ONLY_BY_HEARTBEAT = frozenset((51, 65))
# MAV_TYPE of what is no vehicle. A type that is not in this list, a future one included, is watched rather than ignored.
_NOT_VEHICLES = frozenset(
    (
        dialect.MAV_TYPE_ANTENNA_TRACKER,
        dialect.MAV_TYPE_GCS,
        dialect.MAV_TYPE_ONBOARD_CONTROLLER,
        dialect.MAV_TYPE_GIMBAL,
        dialect.MAV_TYPE_ADSB,
        dialect.MAV_TYPE_CAMERA,
        dialect.MAV_TYPE_CHARGING_STATION,
        dialect.MAV_TYPE_FLARM,
        dialect.MAV_TYPE_SERVO,
        dialect.MAV_TYPE_ODID,
        dialect.MAV_TYPE_BATTERY,
        dialect.MAV_TYPE_PARACHUTE,
        dialect.MAV_TYPE_LOG,
        dialect.MAV_TYPE_OSD,
        dialect.MAV_TYPE_IMU,
        dialect.MAV_TYPE_GPS,
        dialect.MAV_TYPE_WINCH,
        dialect.MAV_TYPE_ILLUMINATOR,
        dialect.MAV_TYPE_GRIPPER,
    )
)
_LANDED = {
    dialect.MAV_LANDED_STATE_ON_GROUND: False,
    dialect.MAV_LANDED_STATE_IN_AIR: True,
    dialect.MAV_LANDED_STATE_TAKEOFF: True,
    dialect.MAV_LANDED_STATE_LANDING: True,
}
_UNKNOWN_U8, _UNKNOWN_U16 = 0xFF, 0xFFFF
_INT32 = 2**31

T = TypeVar("T")


class Slow(Generic[T]):
    """A value that comes now and then, with the time at which it came."""

    __slots__ = ("time_us", "value")

    def __init__(self) -> None:
        self.value: T | None = None
        self.time_us = 0

    def set(self, value: T | None, time_us: int) -> None:
        """Takes a known value; "unknown" leaves the last one to grow old."""
        if value is not None:
            self.value, self.time_us = value, time_us

    def at(self, time_us: int) -> tuple[T | None, int | None]:
        """Value and age in ms, or nothing. A log's clock may step back: what lies that far ahead is as strange as old."""
        if self.value is None or abs(time_us - self.time_us) > FRESH_US:
            return None, None
        return self.value, max(0, time_us - self.time_us) // 1000


class Evidence:
    """Whether a link's system is an aircraft, by what its autopilot component says.

    Until its first heartbeat an autopilot component is believed: its position is an aircraft's. After that the type
    decides, and a heartbeat of something else under the same id does not unmake an aircraft.
    """

    __slots__ = ("_is_aircraft", "_system_id")

    def __init__(self, system_id: int) -> None:
        self._system_id = system_id
        self._is_aircraft: bool | None = None if system_id not in _NEVER | _ONLY_BY_HEARTBEAT else False

    def heard(self, vehicle_type: int, autopilot: int) -> bool:
        """Takes a heartbeat of component 1; says whether it was an aircraft's."""
        is_vehicle = (
            self._system_id not in _NEVER and vehicle_type not in _NOT_VEHICLES and autopilot != dialect.MAV_AUTOPILOT_INVALID
        )
        self._is_aircraft = self._is_aircraft or is_vehicle
        return is_vehicle

    @property
    def is_aircraft(self) -> bool:
        return self._is_aircraft is not False


class Vehicle:
    """What is known of one aircraft, and the samples that its messages make."""

    def __init__(self, operator_id: UUID, aircraft_id: UUID, link: str, system_id: int, epoch: int) -> None:
        self.aircraft_id = aircraft_id
        self._identity = (operator_id, aircraft_id, link, system_id, epoch)
        self._last_sample_us: int | None = None
        self._vehicle_type: int | None = None
        self._armed: Slow[bool] = Slow()
        self._landed: Slow[bool] = Slow()
        self._mode: Slow[str] = Slow()
        self._battery_pct: Slow[int] = Slow()
        self._battery_mv: Slow[int] = Slow()
        self._fix: Slow[tuple[int, int | None, int | None]] = Slow()
        self._terrain_mm: Slow[int] = Slow()
        self._range_mm: Slow[int] = Slow()

    def take(self, message_id: int, message: Any, time_us: int, seq: int) -> Sample | None:
        """One of mavlink.NEEDED, at its event time: the sample that it makes, if it makes one."""
        if message_id == mavlink.GLOBAL_POSITION_INT:
            return self._positioned(message, time_us, seq)
        if message_id == mavlink.HEARTBEAT:
            return self._beaten(message, time_us, seq)
        if message_id == mavlink.GPS_RAW_INT:
            self._fix.set((message.fix_type, _u8(message.satellites_visible), _u16(message.eph)), time_us)
        elif message_id == mavlink.SYS_STATUS:
            self._battery_pct.set(_percent(message.battery_remaining), time_us)
            self._battery_mv.set(_u16(message.voltage_battery), time_us)
        elif message_id == mavlink.BATTERY_STATUS:
            self._take_battery(message, time_us)
        elif message_id == mavlink.TERRAIN_REPORT:
            self._terrain_mm.set(_millimetres(message.current_height) if message.spacing else None, time_us)
        elif message_id == mavlink.ALTITUDE:
            clearance = message.bottom_clearance  # negative (or NaN): not available
            self._range_mm.set(_millimetres(clearance) if clearance >= 0 else None, time_us)
        elif message_id == mavlink.EXTENDED_SYS_STATE:
            self._landed.set(_LANDED.get(message.landed_state), time_us)
        return None

    def _take_battery(self, message: Any, time_us: int) -> None:
        if message.id != 0:  # the first battery stands for the aircraft, as in SYS_STATUS
            return
        self._battery_pct.set(_percent(message.battery_remaining), time_us)
        cells = [cell for cell in message.voltages if cell != _UNKNOWN_U16]
        total = sum(cells) + sum(message.voltages_ext)
        self._battery_mv.set(total if cells and total < _UNKNOWN_U16 else None, time_us)

    def _beaten(self, message: Any, time_us: int, seq: int) -> Sample | None:
        self._vehicle_type = message.type
        self._armed.set(bool(message.base_mode & dialect.MAV_MODE_FLAG_SAFETY_ARMED), time_us)
        self._mode.set(_mode_name(message), time_us)
        if self._last_sample_us is not None and abs(time_us - self._last_sample_us) < HEARTBEAT_SAMPLE_US:
            return None
        sample = self._sample(time_us, seq)
        sample.kind, sample.no_position = SampleKind.HEARTBEAT, NoPosition.NOT_SENT
        return sample

    def _positioned(self, message: Any, time_us: int, seq: int) -> Sample:
        sample = self._sample(time_us, seq)
        lon, lat = message.lon, message.lat
        if lon == 0 and lat == 0:
            sample.no_position = NoPosition.ZERO
        elif abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:
            sample.no_position = NoPosition.IMPOSSIBLE
        else:
            sample.lon_e7, sample.lat_e7 = lon, lat
        sample.vehicle_time_ms = message.time_boot_ms
        sample.amsl_mm, sample.amsl_source = message.alt, HeightSource.AUTOPILOT
        sample.takeoff_height_mm, sample.takeoff_source = message.relative_alt, HeightSource.AUTOPILOT
        sample.velocity_north_cmps, sample.velocity_east_cmps = message.vx, message.vy
        sample.velocity_down_cmps = message.vz
        sample.heading_cdeg = message.hdg if message.hdg <= 36_000 else None  # 65535: not known
        return sample

    def _sample(self, time_us: int, seq: int) -> Sample:
        self._last_sample_us = time_us
        sample = Sample(*self._identity, seq, time_us, vehicle_type=self._vehicle_type)
        sample.armed, _ = self._armed.at(time_us)
        airborne, _ = self._landed.at(time_us)
        # Disarmed motors hold nothing in the air; armed ones may still stand on the ground.
        sample.airborne = False if airborne is None and sample.armed is False else airborne
        sample.mode, sample.mode_age_ms = self._mode.at(time_us)
        fix, sample.fix_age_ms = self._fix.at(time_us)
        if fix is not None:
            sample.fix_type, sample.satellites, sample.hdop_e2 = fix
        sample.battery_pct, pct_age_ms = self._battery_pct.at(time_us)
        sample.battery_mv, mv_age_ms = self._battery_mv.at(time_us)
        sample.battery_age_ms = mv_age_ms if pct_age_ms is None else pct_age_ms
        for source, slow in ((HeightSource.TERRAIN_REPORT, self._terrain_mm), (HeightSource.RANGEFINDER, self._range_mm)):
            height_mm, age_ms = slow.at(time_us)
            if height_mm is not None:
                sample.agl_mm, sample.agl_source, sample.agl_age_ms = height_mm, source, age_ms
                break
        return sample


def _mode_name(heartbeat: Any) -> str:
    name: str = mavutil.mode_string_v10(heartbeat)
    return name


def _percent(value: int) -> int | None:
    return value if 0 <= value <= 100 else None


def _u8(value: int) -> int | None:
    return None if value == _UNKNOWN_U8 else value


def _u16(value: int) -> int | None:
    return None if value == _UNKNOWN_U16 else value


def _millimetres(height_m: float) -> int | None:
    return round(height_m * 1000) if math.isfinite(height_m) and abs(height_m) * 1000 < _INT32 - 1 else None


def _add_sample(counts: Counts, sample: Sample) -> None:
    if sample.kind == SampleKind.HEARTBEAT:
        counts.heartbeat_samples += 1
    elif sample.no_position == NoPosition.PRESENT:
        counts.usable += 1
    else:
        counts.without[NoPosition(sample.no_position).name.lower()] += 1


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
            sample.frame_seq = item.sequence
            _add_sample(counts, sample)
            if not member.listed:
                member.listed = self.served = True
                self._on_aircraft(self, item.system_id, sample.aircraft_id)
        return sample

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
