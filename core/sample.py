"""The sample: what one aircraft said at one moment, in the message's own integers, each height with its source.

Codes that stand in the block and the database as small integers are the enums here.
"""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID


class SampleKind(IntEnum):
    """What made this sample."""

    POSITION = 0  # a position message
    HEARTBEAT = 1  # a second passed with a heartbeat and no position message


class NoPosition(IntEnum):
    """Why a sample has no position."""

    PRESENT = 0  # it has one
    NOT_SENT = 1  # a heartbeat: none came
    ZERO = 2  # exactly 0,0: the autopilot has no fix
    IMPOSSIBLE = 3  # a latitude beyond 90 or a longitude beyond 180 degrees


class HeightSource(IntEnum):
    """Where a vertical value comes from."""

    NONE = 0
    AUTOPILOT = 1  # GLOBAL_POSITION_INT: alt above mean sea level, relative_alt above home
    TERRAIN_REPORT = 2  # TERRAIN_REPORT.current_height, above the autopilot's terrain model
    RANGEFINDER = 3  # ALTITUDE.bottom_clearance
    TERRAIN_MODEL = 4  # our own elevation data
    TAKEOFF = 5  # height above take-off, standing in for height above ground


@dataclass(slots=True)
class Sample:
    """One row of a block. Integers are the wire's; None is "not known". See core.columns for units by column."""

    operator_id: UUID
    aircraft_id: UUID
    link: str
    system_id: int
    epoch: int
    seq: int
    event_time_us: int
    kind: int = SampleKind.POSITION
    vehicle_type: int | None = None
    vehicle_time_ms: int | None = None
    lon_e7: int | None = None
    lat_e7: int | None = None
    no_position: int = NoPosition.PRESENT
    amsl_mm: int | None = None
    amsl_source: int = HeightSource.NONE
    takeoff_height_mm: int | None = None
    takeoff_source: int = HeightSource.NONE
    agl_mm: int | None = None
    agl_source: int = HeightSource.NONE
    agl_age_ms: int | None = None
    velocity_north_cmps: int | None = None
    velocity_east_cmps: int | None = None
    velocity_down_cmps: int | None = None
    heading_cdeg: int | None = None
    fix_type: int | None = None
    satellites: int | None = None
    hdop_e2: int | None = None
    fix_age_ms: int | None = None
    battery_pct: int | None = None
    battery_mv: int | None = None
    battery_age_ms: int | None = None
    mode: str | None = None
    mode_age_ms: int | None = None
    armed: bool | None = None
    airborne: bool | None = None
    ambiguous: bool = False
    frame_seq: int | None = None
    ground_amsl_mm: int | None = None
