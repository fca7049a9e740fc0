"""MAVLink as pymavlink writes it: the reference that our own framing is held to."""

from collections.abc import Callable
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

Pack = Callable[..., bytes]


@pytest.fixture
def pack() -> Pack:
    """pack("heartbeat", ..., version=2, system=1, component=1, signed=False): one frame's bytes."""
    senders: dict[tuple[int, int, bool], Any] = {}

    def make(name: str, *fields: Any, version: int = 2, system: int = 1, component: int = 1, signed: bool = False) -> bytes:
        sender = senders.get((system, component, signed))
        if sender is None:
            sender = senders[system, component, signed] = dialect.MAVLink(None, srcSystem=system, srcComponent=component)
            if signed:
                sender.signing.secret_key = bytes(range(32))
                sender.signing.sign_outgoing = True
        message = getattr(sender, f"{name}_encode")(*fields)
        frame: bytes = bytes(message.pack(sender, force_mavlink1=version == 1))
        sender.seq = (sender.seq + 1) % 256
        return frame

    return make


@pytest.fixture
def heartbeat(pack: Pack) -> Callable[..., bytes]:
    """A copter's heartbeat: type 2, autopilot ArduPilot, mode LOITER, armed unless told otherwise."""

    def make(armed: bool = True, vehicle_type: int = 2, autopilot: int = 3, mode: int = 5, **sender: Any) -> bytes:
        return pack("heartbeat", vehicle_type, autopilot, 1 | (128 if armed else 0), mode, 4, 3, **sender)

    return make


@pytest.fixture
def position(pack: Pack) -> Callable[..., bytes]:
    """A GLOBAL_POSITION_INT over the Canberra model field."""

    def make(lat: int = -353_623_302, lon: int = 1_491_657_510, hdg: int = 9_000, boot_ms: int = 1_000, **sender: Any) -> bytes:
        return pack("global_position_int", boot_ms, lat, lon, 600_000, 13_300, 100, -200, 3, hdg, **sender)

    return make
