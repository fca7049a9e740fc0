"""One aircraft's latest state: its rows, taken out of their blocks, turned into the door's words when someone looks."""

import math
from typing import Any, Literal
from uuid import UUID

from api.latest import Row
from api.shapes import Aircraft, Measured, Reason
from core.colour import Level, worst
from core.geodesy import bearing_deg
from core.identity import link_name, partition_of
from core.sample import HeightSource, NoPosition
from core.topics import PARTITIONS
from core.units import US_PER_S
from geofence.moments import iso
from geofence.prediction import STILL_MPS

SILENT_AFTER_US = 5 * US_PER_S  # an aircraft without a frame for so long is lost, or has ended
_MOTION_US = 5 * US_PER_S  # speed and height of a position message older than this are not those of now
NO_POSITION: dict[int, Literal["not sent", "zero", "impossible"]] = {
    NoPosition.NOT_SENT: "not sent", NoPosition.ZERO: "zero", NoPosition.IMPOSSIBLE: "impossible",
}  # fmt: skip
AGL_SOURCE: dict[int, Literal["terrain report", "rangefinder", "terrain model"]] = {
    HeightSource.TERRAIN_REPORT: "terrain report", HeightSource.RANGEFINDER: "rangefinder",
    HeightSource.TERRAIN_MODEL: "terrain model",
}  # fmt: skip


class Held:
    """What is known of one aircraft: its last sample, its last position message, its last position."""

    __slots__ = ("fixed", "id", "last", "message", "operator_id", "partition")

    def __init__(self, aircraft: UUID, operator: UUID, last: Row) -> None:
        self.id, self.operator_id, self.partition = str(aircraft), str(operator), partition_of(aircraft, PARTITIONS)
        self.last = last
        self.message: Row | None = None
        self.fixed: Row | None = None

    @property
    def time_us(self) -> int:
        """Event time of the last sample."""
        time_us: int = self.last["event_time_us"]
        return time_us

    def position(self) -> tuple[float, float] | None:
        """Last known longitude and latitude, degrees."""
        fixed = self.fixed
        return None if fixed is None else (fixed["lon_e7"] / 1e7, fixed["lat_e7"] / 1e7)


def has_ended(values: dict[str, Any], age_us: int) -> bool:
    """Silent, and last heard disarmed or landed (as streams.state has it). Armed, airborne or unknown is lost instead."""
    return (values["armed"] == 0 or values["airborne"] == 0) and age_us >= SILENT_AFTER_US


def moving_row(held: Held) -> Row | None:
    """Its last position message, if that still says how high it is and how it moves."""
    message = held.message
    return message if message and held.time_us - message["event_time_us"] <= _MOTION_US else None


def describe(held: Held, name: str | None, ended: bool, reasons: list[Reason]) -> Aircraft:
    """The aircraft as the door tells it."""
    last, fixed, message = held.last, held.fixed, held.message or held.last
    moving = moving_row(held)
    link: str = last["link"]
    return {
        "id": held.id,
        "operator_id": held.operator_id,
        "name": name,
        "link": link,
        "link_name": link_name(link),
        "system_id": last["system_id"],
        "vehicle_type": last["vehicle_type"],
        "replay": link.startswith("replay:"),
        "partition": held.partition,
        "event_time": iso(held.time_us) or "",
        "position_time": iso(fixed["event_time_us"]) if fixed else None,
        "lon": fixed["lon_e7"] / 1e7 if fixed else None,
        "lat": fixed["lat_e7"] / 1e7 if fixed else None,
        "no_position": NO_POSITION.get(message["no_position"]),
        **measured(moving or last),
        "course_deg": _course_deg(moving or last),
        "height": moving["height"] if moving else None,
        "battery_pct": last["battery_pct"],
        "battery_age_s": _thousandth(last["battery_age_ms"]),
        "fix_type": last["fix_type"],
        "satellites": last["satellites"],
        "mode": last["mode"],
        "mode_age_s": _thousandth(last["mode_age_ms"]),
        "armed": _truth(last["armed"]),
        "airborne": _truth(last["airborne"]),
        "ended": ended,
        "level": worst([Level(reason["level"]) for reason in reasons]).value if reasons else Level.CLEAR.value,
        "reasons": reasons,
    }


def measured(values: dict[str, Any]) -> Measured:
    """Heights, speed, climb and heading of one sample, in metres, m/s and degrees. Shared with tracks."""
    north, east, down = values["velocity_north_cmps"], values["velocity_east_cmps"], values["velocity_down_cmps"]
    return {
        "amsl_m": _thousandth(values["amsl_mm"]),
        "takeoff_height_m": _thousandth(values["takeoff_height_mm"]),
        "agl_m": _thousandth(values["agl_mm"]),
        "agl_source": AGL_SOURCE.get(values["agl_source"]),
        "speed_mps": None if north is None or east is None else round(math.hypot(north, east) / 100, 2),
        "climb_mps": None if down is None else -down / 100 + 0.0,
        "heading_deg": None if values["heading_cdeg"] is None else values["heading_cdeg"] / 100,
    }


def _course_deg(values: dict[str, Any]) -> float | None:
    """Over ground, degrees true; None where it stands still or nobody knows."""
    north, east = values["velocity_north_cmps"], values["velocity_east_cmps"]
    if north is None or east is None or math.hypot(north, east) < STILL_MPS * 100:
        return None
    return round(bearing_deg(east, north), 1) % 360.0


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _thousandth(value: int | None) -> float | None:
    return None if value is None else value / 1_000
