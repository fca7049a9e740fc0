"""The flight that is played: fixed by its seed, every position numbered, and when each was sent is written down.

The number is the autopilot's own clock in the message (time_boot_ms), which the system stores and never judges by. Among
the aircraft are some that weave in and out of a zone, so that alerts come all the time; one climbs through the limit, one
falls silent in the air, one has no fix now and then, one lands.
"""

import math
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

ADDRESS = "127.0.0.1"
EACH_S = 0.25  # between two positions of one aircraft
WEAVERS = 6
CLIMBER, SILENT, NO_FIX, LANDER = range(WEAVERS + 1, WEAVERS + 5)  # system ids
SYSTEM_IDS = range(1, LANDER + 1)
_LON, _LAT = 149.15, -35.35
_LON_M, _LAT_M = 111_320 * math.cos(math.radians(_LAT)), 110_940.0
_GROUND_MM = 580_000
_BOOT_MS = 60_000
_WEAVE_S, _CLIMB_S, _SILENCE_S, _BLIND_S, _LANDING_S = 8.0, 30.0, 24.0, 20.0, 30.0

ZONE = {
    "type": "Feature",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[149.14, -35.36], [149.15, -35.36], [149.15, -35.34], [149.14, -35.34], [149.14, -35.36]]],
    },
    "properties": {"name": "Showground", "kind": "keep_out", "clear_after_s": 1.0},
}


@dataclass(frozen=True)
class Sent:
    """A position that was handed to the network: by the clock of this machine, between these two moments."""

    system_id: int
    number: int
    before_us: int
    after_us: int


@dataclass(frozen=True)
class _Moment:
    """One aircraft at one time of the flight; metres east and north of the zone's corner."""

    east_m: float
    north_m: float
    height_m: float
    armed: bool = True
    fix: bool = True
    talks: bool = True


class Flight:
    """turn(n): what the n-th turn sends; the aircraft take turns, evenly within EACH_S."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._phase_s = {system_id: chance.uniform(0, 60) for system_id in SYSTEM_IDS}
        self._voices = {system_id: _voice(system_id) for system_id in SYSTEM_IDS}

    @staticmethod
    def at_s(turn: int) -> float:
        """Since the beginning."""
        return turn * EACH_S / len(SYSTEM_IDS)

    def turn(self, turn: int) -> tuple[list[bytes], bytes | None, tuple[int, int]]:
        """The frames about the aircraft's state, its position's, and (system id, number) of that; None: it is silent."""
        system_id, place = SYSTEM_IDS[turn % len(SYSTEM_IDS)], turn // len(SYSTEM_IDS)
        number = _BOOT_MS + round(place * EACH_S * 1_000)
        now = _moment(system_id, self.at_s(turn) + self._phase_s[system_id])
        if not now.talks:
            return [], None, (system_id, number)
        state = self._state(system_id, now) if place % 4 == 0 else []
        return state, self._position(system_id, number, now), (system_id, number)

    def write_tlog(self, path: Path, start_us: int, seconds: float) -> set[tuple[int, int]]:
        """The same flight as a log; gives what it holds by (system id, number)."""
        numbers = set()
        with path.open("wb") as file:
            for turn in range(round(seconds / EACH_S) * len(SYSTEM_IDS)):
                state, position, number = self.turn(turn)
                for frame in [*state, *([position] if position else [])]:
                    file.write((start_us + round(self.at_s(turn) * 1e6)).to_bytes(8, "big") + frame)
                if position:
                    numbers.add(number)
        return numbers

    def _position(self, system_id: int, number: int, now: _Moment) -> bytes:
        lat, lon = (_LAT + now.north_m / _LAT_M, _LON + now.east_m / _LON_M) if now.fix else (0.0, 0.0)
        height_mm = round(now.height_m * 1_000)
        message = dialect.MAVLink_global_position_int_message(
            number, round(lat * 1e7), round(lon * 1e7), _GROUND_MM + height_mm, height_mm, 0, 0, 0, 9_000
        )
        return self._packed(system_id, message)

    def _state(self, system_id: int, now: _Moment) -> list[bytes]:
        mode = dialect.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | (dialect.MAV_MODE_FLAG_SAFETY_ARMED if now.armed else 0)
        landed = dialect.MAV_LANDED_STATE_IN_AIR if now.armed else dialect.MAV_LANDED_STATE_ON_GROUND
        heartbeat = dialect.MAVLink_heartbeat_message(
            dialect.MAV_TYPE_QUADROTOR, dialect.MAV_AUTOPILOT_ARDUPILOTMEGA, mode, 3, dialect.MAV_STATE_ACTIVE, 3
        )
        extended = dialect.MAVLink_extended_sys_state_message(dialect.MAV_VTOL_STATE_UNDEFINED, landed)
        return [self._packed(system_id, heartbeat), self._packed(system_id, extended)]

    def _packed(self, system_id: int, message: Any) -> bytes:
        voice = self._voices[system_id]
        frame = bytes(message.pack(voice))
        voice.seq = (voice.seq + 1) % 256
        return frame


class Pilot:
    """Plays the flight in real time, in a thread, from one socket, until stopped."""

    def __init__(self, flight: Flight, port: int) -> None:
        self.sent: list[Sent] = []
        self._flight = flight
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fly, name="pilot", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _fly(self) -> None:
        began_s = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for turn in self._due(began_s):
                state, position, (system_id, number) = self._flight.turn(turn)
                for frame in state:
                    sock.sendto(frame, (ADDRESS, self._port))
                if position is not None:
                    before_us = _now_us()
                    sock.sendto(position, (ADDRESS, self._port))
                    self.sent.append(Sent(system_id, number, before_us, _now_us()))

    def _due(self, began_s: float) -> Iterator[int]:
        for turn in count():
            if self._stop.wait(max(0.0, began_s + self._flight.at_s(turn) - time.monotonic())):
                return
            yield turn


def _moment(system_id: int, at_s: float) -> _Moment:
    lane_m = 100.0 * system_id
    if system_id <= WEAVERS:
        return _Moment(120 * _wave(at_s, _WEAVE_S), lane_m, 50)
    far = _Moment(3_000 + 300 * _wave(at_s, 60.0), lane_m, 50)
    if system_id == CLIMBER:
        return _Moment(far.east_m, far.north_m, 100 + 60 * _wave(at_s, _CLIMB_S))
    if system_id == SILENT:
        return _Moment(far.east_m, far.north_m, 50, talks=at_s % _SILENCE_S > 9.0)
    if system_id == NO_FIX:
        return _Moment(far.east_m, far.north_m, 50, fix=at_s % _BLIND_S > 8.0)
    at_s %= _LANDING_S
    return _Moment(far.east_m, far.north_m, 30 if at_s < 12 else 0, armed=at_s < 12, talks=at_s < 18)


def _wave(at_s: float, period_s: float) -> float:
    """A triangle between -1 and 1."""
    part = at_s / period_s % 1.0
    return 4 * part - 1 if part < 0.5 else 3 - 4 * part


def _voice(system_id: int) -> Any:
    return dialect.MAVLink(None, srcSystem=system_id, srcComponent=dialect.MAV_COMP_ID_AUTOPILOT1)


def _now_us() -> int:
    return time.time_ns() // 1_000
