"""The columns of a block: the one list that its bytes, its Arrow schema and its table in the database come from."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Words = list[Any]  # bytes of ids, texts
NULL = np.iinfo(np.int64).min  # among whole numbers: no value; no column can hold it by its meaning


class Kind(Enum):
    """What a column holds: (name, what numpy holds of it). Those of words hold codes into a dictionary."""

    ID = ("id", np.dtype("<i2"))  # 16 bytes
    TEXT = ("text", np.dtype("<i2"))  # UTF-8 without NUL
    BOOL = ("bool", np.dtype(np.bool_))
    UINT8 = ("uint8", np.dtype("u1"))
    UINT16 = ("uint16", np.dtype("<u2"))
    INT16 = ("int16", np.dtype("<i2"))
    INT32 = ("int32", np.dtype("<i4"))
    INT64 = ("int64", np.dtype("<i8"))

    @property
    def dtype(self) -> "np.dtype[Any]":
        dtype: np.dtype[Any] = self.value[1]
        return dtype

    @property
    def of_words(self) -> bool:
        return self in (Kind.ID, Kind.TEXT)


@dataclass(frozen=True, slots=True)
class Column:
    """since: the schema version that it came with."""

    name: str
    kind: Kind
    nullable: bool
    since: int = 1


_REQUIRED = False
_NULLABLE = True

# In the order of core.sample.Sample, whose fields they are (a test holds them together); new ones at the end, nullable.
COLUMNS: tuple[Column, ...] = (
    Column("operator_id", Kind.ID, _REQUIRED),
    Column("aircraft_id", Kind.ID, _REQUIRED),
    Column("link", Kind.TEXT, _REQUIRED),  # udp:PORT/ADDRESS, file:SHA256, replay:SHA256@START
    Column("system_id", Kind.UINT8, _REQUIRED),
    Column("epoch", Kind.INT64, _REQUIRED),  # the link's start, microseconds since 1970; 0 for a file
    Column("seq", Kind.INT64, _REQUIRED),  # number of the frame on its link
    Column("event_time_us", Kind.INT64, _REQUIRED),  # receive time at ingest, microseconds since 1970, UTC
    Column("kind", Kind.UINT8, _REQUIRED),  # SampleKind
    Column("vehicle_type", Kind.UINT8, _NULLABLE),  # MAV_TYPE
    Column("vehicle_time_ms", Kind.INT64, _NULLABLE),  # time_boot_ms: kept, never judged by
    Column("lon_e7", Kind.INT32, _NULLABLE),  # degrees WGS84 x 1e7
    Column("lat_e7", Kind.INT32, _NULLABLE),
    Column("no_position", Kind.UINT8, _REQUIRED),  # NoPosition
    Column("amsl_mm", Kind.INT32, _NULLABLE),  # above mean sea level
    Column("amsl_source", Kind.UINT8, _REQUIRED),  # HeightSource
    Column("takeoff_height_mm", Kind.INT32, _NULLABLE),  # above home
    Column("takeoff_source", Kind.UINT8, _REQUIRED),
    Column("agl_mm", Kind.INT32, _NULLABLE),  # above ground
    Column("agl_source", Kind.UINT8, _REQUIRED),
    Column("agl_age_ms", Kind.INT32, _NULLABLE),
    Column("velocity_north_cmps", Kind.INT16, _NULLABLE),
    Column("velocity_east_cmps", Kind.INT16, _NULLABLE),
    Column("velocity_down_cmps", Kind.INT16, _NULLABLE),
    Column("heading_cdeg", Kind.UINT16, _NULLABLE),  # of the nose, degrees true x 100; never the course
    Column("fix_type", Kind.UINT8, _NULLABLE),  # GPS_FIX_TYPE
    Column("satellites", Kind.UINT8, _NULLABLE),
    Column("hdop_e2", Kind.UINT16, _NULLABLE),  # horizontal dilution of precision x 100
    Column("fix_age_ms", Kind.INT32, _NULLABLE),
    Column("battery_pct", Kind.UINT8, _NULLABLE),
    Column("battery_mv", Kind.UINT16, _NULLABLE),
    Column("battery_age_ms", Kind.INT32, _NULLABLE),
    Column("mode", Kind.TEXT, _NULLABLE),
    Column("mode_age_ms", Kind.INT32, _NULLABLE),
    Column("armed", Kind.BOOL, _NULLABLE),
    Column("airborne", Kind.BOOL, _NULLABLE),
    Column("ambiguous", Kind.BOOL, _REQUIRED),  # two senders at once under this identity
    Column("frame_seq", Kind.UINT8, _NULLABLE, since=2),  # MAVLink's own number of the frame, modulo 256
    Column("ground_amsl_mm", Kind.INT32, _NULLABLE, since=3),  # of our elevation tiles, below the position; null: no tile there
)
NAMES = tuple(column.name for column in COLUMNS)
BY_NAME = {column.name: column for column in COLUMNS}
SCHEMA_VERSION = max(column.since for column in COLUMNS)
