"""`wedgetail simulate`: 25 aircraft around Canberra that speak MAVLink 2 over UDP, some of which break rules on purpose.

Each aircraft has its own system id, from 1, and sends as an autopilot does: HEARTBEAT, SYS_STATUS, BATTERY_STATUS,
GPS_RAW_INT and EXTENDED_SYS_STATE each second, GLOBAL_POSITION_INT five times a second, and TERRAIN_REPORT each second when
it has terrain data. The first eight follow a script of 120 s that begins anew for ever. Seconds are since the start of the
script, whatever the time of day:

| id | aircraft | what it does | what is seen |
|---|---|---|---|
| 1 | climber | climbs above 120 m at 3 s, up to 145 m, is below again at 37 s | breach of the height limit |
| 2 | survey | leaves its keep-in "Survey block" at 32 s, up to 62 m, back at 65 s | breach of a keep-in zone |
| 3 | crosser | crosses the 4 m wide "Power line" at 25 m/s, at 15 s and at 102 s | breach of a keep-out zone, crossed |
| 4 | intruder | is in the keep-out circle "Showground crowd" from 43 s to 94 s | breach of a keep-out zone |
| 5 | lost link | says nothing from 40 s to 60 s, in the air | lost link |
| 6 | no fix | sends 0,0 as its position from 20 s to 50 s | position not known |
| 7 | lander | takes off at 2 s, lands at 50 s, disarms at 54 s, silent 64 to 116 s | ended, without an alert |
| 8 | low approach | climbs to 76 m under "Hospital approach above 60 m", from 74 s to 98 s | breach of a floor in a zone |

So the first breach stands about five seconds after the start, and from then until 110 s at least one is open. Aircraft 9
stays in its keep-in zone "Vineyard"; 9 to 25 survey, orbit, fly from place to place, hover, and break no rule.
"""

import asyncio
import logging
import socket
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.settings import Settings
from ingest.service import until_signal
from wedgetail.fleet import Plan, State, demo_zones, fleet_at, plans, state_at

__all__ = ["State", "Voice", "demo_zones", "fleet_at", "fly", "run"]

log = logging.getLogger(__name__)

_POSITIONS_PER_S = 5
_BOOTED_S = 60.0  # before the start
_COPTER_AUTO, _COPTER_LAND, _PLANE_AUTO = 3, 9, 10  # ArduPilot's custom_mode
_PLANES = (1, 20)


async def run(settings: Settings, aircraft: int = 25) -> None:
    """Flies the fleet against the configured listener until SIGINT or SIGTERM."""
    with until_signal() as stopped:
        await fly(settings.ingest.host, settings.ingest.port, aircraft, stopped=stopped)


async def fly(
    host: str,
    port: int,
    aircraft: int = 25,
    *,
    seed: int = 1,
    duration_s: float | None = None,
    stopped: asyncio.Event | None = None,
) -> None:
    """Sends the fleet's messages in real time to host and port, for so long or until stopped."""
    stopped = stopped or asyncio.Event()
    voices = [Voice(plan) for plan in plans(aircraft, seed)]
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    log.info("%d simulated aircraft fly around Canberra, sent to UDP %s port %d", len(voices), host, port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sending:
        tick = 0
        while not stopped.is_set() and (duration_s is None or tick < duration_s * _POSITIONS_PER_S):
            for index, voice in enumerate(voices):
                # Spread over the tick, as aircraft that know nothing of each other are.
                t_s = (tick + index / len(voices)) / _POSITIONS_PER_S
                await _until(stopped, loop, began_s + t_s)
                for frame in voice.frames(t_s, each_second=tick % _POSITIONS_PER_S == 0):
                    sending.sendto(frame, (host, port))
            # After a pause of the whole machine, go on from now instead of sending the past.
            tick = max(tick + 1, int((loop.time() - began_s) * _POSITIONS_PER_S))


async def _until(stopped: asyncio.Event, loop: asyncio.AbstractEventLoop, time_s: float) -> None:
    if time_s > loop.time() and not stopped.is_set():
        try:
            async with asyncio.timeout_at(time_s):
                await stopped.wait()
        except TimeoutError:
            return


class Voice:
    """One aircraft's MAVLink: its frames at a time since the start."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._mav: Any = dialect.MAVLink(None, srcSystem=plan.system_id, srcComponent=dialect.MAV_COMP_ID_AUTOPILOT1)

    def frames(self, t_s: float, each_second: bool) -> list[bytes]:
        """The position, and what goes along each second; nothing while it is silent."""
        state = state_at(self.plan, t_s)
        if not state.talks:
            return []
        messages = self._slow(state, t_s) if each_second else []
        return [self._packed(message) for message in [*messages, self._position(state, t_s)]]

    def _packed(self, message: Any) -> bytes:
        frame = bytes(message.pack(self._mav))
        self._mav.seq = (self._mav.seq + 1) % 256
        return frame

    def _position(self, state: State, t_s: float) -> Any:
        lat, lon = _degrees(state)
        return self._mav.global_position_int_encode(
            _boot_ms(t_s),
            lat,
            lon,
            round((self.plan.ground_m + state.height_m) * 1_000),
            round(state.height_m * 1_000),
            round(state.north_mps * 100),
            round(state.east_mps * 100),
            round(state.down_mps * 100),
            round(state.heading_deg * 100) % 36_000,
        )

    def _slow(self, state: State, t_s: float) -> list[Any]:
        mav, lat, lon = self._mav, *_degrees(state)
        millivolts = 14_000 + state.battery_pct * 28
        fix, satellites, hdop = (3, 14, 80) if state.has_fix else (1, 2, 9_999)
        amsl_mm = round((self.plan.ground_m + state.height_m) * 1_000)
        on_ground = dialect.MAV_LANDED_STATE_ON_GROUND if state.landed else dialect.MAV_LANDED_STATE_IN_AIR
        cells = [millivolts // 4] * 4 + [65_535] * 6
        messages = [
            mav.heartbeat_encode(
                self.plan.vehicle_type,
                dialect.MAV_AUTOPILOT_ARDUPILOTMEGA,
                dialect.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | (dialect.MAV_MODE_FLAG_SAFETY_ARMED if state.armed else 0),
                self._mode(state),
                dialect.MAV_STATE_ACTIVE if state.armed else dialect.MAV_STATE_STANDBY,
            ),
            mav.sys_status_encode(0, 0, 0, 300, millivolts, 1_500, state.battery_pct, 0, 0, 0, 0, 0, 0),
            mav.battery_status_encode(0, 0, 1, 3_000, cells, 1_500, -1, -1, state.battery_pct),
            mav.gps_raw_int_encode(round(t_s * 1e6), fix, lat, lon, amsl_mm, hdop, 120, 0, 65_535, satellites),
            mav.extended_sys_state_encode(dialect.MAV_VTOL_STATE_UNDEFINED, on_ground),
        ]
        if self.plan.terrain and state.has_fix:
            messages.append(mav.terrain_report_encode(lat, lon, 100, self.plan.ground_m, state.height_m, 0, 500))
        return messages

    def _mode(self, state: State) -> int:
        if self.plan.vehicle_type in _PLANES:
            return _PLANE_AUTO
        return _COPTER_LAND if self.plan.disarmed and state.down_mps > 0.5 else _COPTER_AUTO


def _degrees(state: State) -> tuple[int, int]:
    """Latitude and longitude as the wire has them; without a fix exactly 0,0."""
    return (round(state.lat_deg * 1e7), round(state.lon_deg * 1e7)) if state.has_fix else (0, 0)


def _boot_ms(t_s: float) -> int:
    return round((t_s + _BOOTED_S) * 1_000)
