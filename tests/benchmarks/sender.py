"""A fleet's MAVLink 2 over UDP from a process of its own: each position carries a number, and the moment it was sent.

The number stands in the latitude (1e-7 degrees, about a centimetre each), so it can be found again wherever a position is
shown. Frames are made before the first is sent: the sender's own work is in no latency.
"""

import multiprocessing
import socket
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as dialect

ADDRESS = "127.0.0.1"
AIRCRAFT_LAT_E7, _LON_E7 = -353_500_000, 1_491_000_000  # of number 0
_FIRST_MS = 60_000  # since boot, at the first order
_HEIGHT_MM, _GROUND_MM = 50_000, 580_000
_VELOCITY_CMPS, _HEADING_CDEG = (300, -400, 0), 30_700
LANDED = 0  # the number of a last position, on the ground
_LEAST_PAUSE_S = 0.001  # what falls due meanwhile goes in one go: a pause for each datagram would take half a core
_LANDING_S = 0.5  # over which a fleet lands, so that its end is no gust
_SYSTEM_IDS = [one for one in range(1, 254) if one not in (51, 65)][:250]


@dataclass(frozen=True)
class Load:
    """How many aircraft, and how many positions a second each of them sends."""

    aircraft: int
    positions_per_s: int

    def __str__(self) -> str:
        return f"{self.aircraft} aircraft at {self.positions_per_s} Hz"

    @property
    def samples_per_s(self) -> int:
        return self.aircraft * self.positions_per_s

    @property
    def senders(self) -> int:
        """How many addresses it comes from: under each there are at most 250 aircraft."""
        return -(-self.aircraft // len(_SYSTEM_IDS))

    @property
    def who(self) -> list[tuple[int, int]]:
        """Each aircraft's address, counted from 0, and its system id: one that aircraft commonly have, as the others are
        ground stations', radios' and trackers'."""
        return [(index // len(_SYSTEM_IDS), _SYSTEM_IDS[index % len(_SYSTEM_IDS)]) for index in range(self.aircraft)]


@dataclass(frozen=True)
class Order:
    """What to send where. first: the number of the first position; each further one counts up."""

    port: int
    load: Load
    seconds: float
    first: int

    @property
    def positions(self) -> int:
        return round(self.load.samples_per_s * self.seconds)


class _Due(NamedTuple):
    at_s: float
    sender: int
    datagram: bytes
    numbered: bool


class Sender:
    """The process, as others see it."""

    def __init__(self, orders: "Connection[Order | None, array[int]]", pid: int) -> None:
        self.pid = pid
        self._orders = orders

    def send(self, order: Order) -> "array[int]":
        """Sends in real time; gives the monotonic nanoseconds just before each position's sendto, in order of numbers."""
        self._orders.send(order)
        return self._orders.recv()


@contextmanager
def sending() -> Iterator[Sender]:
    """A sender with the same sockets for its whole life: to a listener each of its addresses is one link."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(theirs,), name="sender", daemon=True)
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        yield Sender(ours, process.pid)
    finally:
        ours.close()  # it ends when nobody can give it orders any more
        process.join()


def number_of(lat_e7: int) -> int:
    """The number that a position carries."""
    return lat_e7 - AIRCRAFT_LAT_E7


def _run(orders: "Connection[array[int], Order]") -> None:
    fleet = _Fleet()
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        while True:
            try:
                order = orders.recv()
            except EOFError:
                return
            while len(sockets) < order.load.senders:
                sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                sock.bind((f"127.0.0.{len(sockets) + 1}", 0))
                sockets.append(sock)
            orders.send(_sent(sockets, order.port, fleet.schedule(order)))


def _sent(sockets: list[socket.socket], port: int, schedule: list[_Due]) -> "array[int]":
    times = array("q")
    began_ns = time.monotonic_ns()
    for due in schedule:
        pause_s = due.at_s - (time.monotonic_ns() - began_ns) / 1e9
        if pause_s > 0:
            time.sleep(max(pause_s, _LEAST_PAUSE_S))
        now_ns = time.monotonic_ns()
        sockets[due.sender].sendto(due.datagram, (ADDRESS, port))
        if due.numbered:
            times.append(now_ns)
    return times


class _Fleet:
    """Aircraft that fly while an order lasts and stand on the ground, disarmed, after it: so their silence is no alert."""

    def __init__(self) -> None:
        self._voices: dict[tuple[int, int], Any] = {}
        self._began_s = 0.0

    def schedule(self, order: Order) -> list[_Due]:
        """Everything that the order sends, in its order, with the time since the order's start."""
        load, due = order.load, []
        for index, who in enumerate(load.who):
            for second in range(int(order.seconds) + 1):
                # At first just before its first position, then spread over each second.
                at_s = second + index / load.aircraft if second else index / load.samples_per_s
                if at_s < order.seconds:
                    due += [_Due(at_s, who[0], frame, False) for frame in self._state(who, flying=True)]
        everyone = load.who
        for place in range(order.positions):
            at_s = place / load.samples_per_s
            who = everyone[place % load.aircraft]
            due.append(_Due(at_s, who[0], self._position(who, order.first + place, at_s), True))
        for index, who in enumerate(everyone):
            at_s = order.seconds + 0.1 / load.positions_per_s + _LANDING_S * index / load.aircraft
            frames = [*self._state(who, flying=False), self._position(who, LANDED, at_s)]
            due += [_Due(at_s, who[0], frame, False) for frame in frames]
        self._began_s += order.seconds + 1
        return sorted(due, key=lambda one: one.at_s)

    def _position(self, who: tuple[int, int], number: int, at_s: float) -> bytes:
        height_mm = 0 if number == LANDED else _HEIGHT_MM
        boot_ms = _FIRST_MS + round((self._began_s + at_s) * 1_000)
        heading_cdeg = 27_000
        return self._packed(
            who,
            dialect.MAVLink_global_position_int_message(
                boot_ms,
                AIRCRAFT_LAT_E7 + number,
                _LON_E7 + 1_000 * (len(_SYSTEM_IDS) * who[0] + who[1]),
                _GROUND_MM + height_mm,
                height_mm,
                300,
                -400,
                0,
                heading_cdeg,
            ),
        )

    def _state(self, who: tuple[int, int], flying: bool) -> list[bytes]:
        mode = dialect.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | (dialect.MAV_MODE_FLAG_SAFETY_ARMED if flying else 0)
        landed = dialect.MAV_LANDED_STATE_IN_AIR if flying else dialect.MAV_LANDED_STATE_ON_GROUND
        heartbeat = dialect.MAVLink_heartbeat_message(
            dialect.MAV_TYPE_QUADROTOR, dialect.MAV_AUTOPILOT_ARDUPILOTMEGA, mode, 3, dialect.MAV_STATE_ACTIVE, 3
        )
        extended = dialect.MAVLink_extended_sys_state_message(dialect.MAV_VTOL_STATE_UNDEFINED, landed)
        return [self._packed(who, heartbeat), self._packed(who, extended)]

    def _packed(self, who: tuple[int, int], message: Any) -> bytes:
        voice = self._voices.get(who)
        if voice is None:
            voice = dialect.MAVLink(None, srcSystem=who[1], srcComponent=dialect.MAV_COMP_ID_AUTOPILOT1)
            self._voices[who] = voice
        frame = bytes(message.pack(voice))
        voice.seq = (voice.seq + 1) % 256
        return frame
