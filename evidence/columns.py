"""A flight's samples as people and programs read them: one table, each column's name with its unit and datum.

What was not known is null, never 0 and never filled in. What the aircraft said and what was derived from it stand side by
side. A gap is a row of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import whole
from core.columns import COLUMNS as STORED
from core.columns import NULL
from core.records import Gap, GapReason
from core.sample import HeightSource, NoPosition, SampleKind
from geofence.height import SOURCE_WORDS, heights_of

TIME = pa.timestamp("us", "UTC")
# Columns of the query evidence.samples, as the database has them.
RAW: dict[str, pa.DataType] = {
    "event_time": TIME, "aircraft_id": pa.string(), "link": pa.string(), "system_id": pa.int64(), "epoch": pa.int64(),
    "seq": pa.int64(), "kind": pa.int64(), "lon_e7": pa.int64(), "lat_e7": pa.int64(), "no_position": pa.int64(),
    "amsl_mm": pa.int64(), "amsl_source": pa.int64(), "takeoff_height_mm": pa.int64(), "agl_mm": pa.int64(),
    "agl_source": pa.int64(), "agl_age_ms": pa.int64(), "ground_amsl_mm": pa.int64(), "velocity_north_cmps": pa.int64(),
    "velocity_east_cmps": pa.int64(), "velocity_down_cmps": pa.int64(), "heading_cdeg": pa.int64(), "fix_type": pa.int64(),
    "satellites": pa.int64(), "hdop_e2": pa.int64(), "fix_age_ms": pa.int64(), "battery_pct": pa.int64(),
    "battery_mv": pa.int64(), "battery_age_ms": pa.int64(), "mode": pa.string(), "mode_age_ms": pa.int64(),
    "armed": pa.bool_(), "airborne": pa.bool_(), "ambiguous": pa.bool_(), "late": pa.bool_(), "vehicle_time_ms": pa.int64(),
    "append_time": TIME, "partition": pa.int64(), "offset": pa.int64(), "row": pa.int64(),
}  # fmt: skip


class Column(NamedTuple):
    name: str
    type: pa.DataType
    says: str


_TEXT, _WHOLE, _NUMBER, _TRUTH = pa.string(), pa.int64(), pa.float64(), pa.bool_()
COLUMNS: tuple[Column, ...] = (
    Column("record", _TEXT, "sample, or gap: something that was sent may be missing"),
    Column("event_time_utc", TIME, "when ingest received it; of a gap, its beginning"),
    Column("aircraft_id", _TEXT, "empty: a gap of any aircraft of the link"),
    Column("link", _TEXT, "where it came from; file: with the SHA-256 of the log"),
    Column("system_id", _WHOLE, "MAVLink"),
    Column("message", _TEXT, "position, or heartbeat: a second without a position"),
    Column("lon_wgs84_deg", _NUMBER, "degrees east, WGS84"),
    Column("lat_wgs84_deg", _NUMBER, "degrees north, WGS84"),
    Column("position_missing", _TEXT, "why there is none"),
    Column("amsl_m", _NUMBER, "metres above mean sea level, as the autopilot says it; no height above the ellipsoid"),
    Column("amsl_source", _TEXT, "who said it"),
    Column("height_above_takeoff_m", _NUMBER, "metres above home, as the autopilot says it"),
    Column("height_agl_m", _NUMBER, "metres above ground, as it was reported"),
    Column("height_agl_source", _TEXT, "terrain report or rangefinder"),
    Column("height_agl_age_s", _NUMBER, "how old that report was"),
    Column("ground_amsl_m", _NUMBER, "the ground below, metres above mean sea level, by the elevation tiles of then"),
    Column("height_judged_m", _NUMBER, "the height that rules went by, above what its datum says"),
    Column("height_judged_datum", _TEXT, "AGL, or take-off: standing in where no height above ground is known"),
    Column("height_judged_source", _TEXT, "where that height comes from"),
    Column("height_judged_margin_m", _NUMBER, "how far it may be off"),
    Column("speed_mps", _NUMBER, "over ground, horizontal"),
    Column("velocity_north_mps", _NUMBER, "over ground"),
    Column("velocity_east_mps", _NUMBER, "over ground"),
    Column("climb_mps", _NUMBER, "up is positive"),
    Column("heading_true_deg", _NUMBER, "of the nose, from true north; not the course"),
    Column("fix_type", _WHOLE, "GPS_FIX_TYPE of MAVLink; 3: three-dimensional"),
    Column("satellites", _WHOLE, "seen by the receiver"),
    Column("hdop", _NUMBER, "horizontal dilution of precision"),
    Column("fix_age_s", _NUMBER, "how old fix type, satellites and dilution were"),
    Column("battery_pct", _WHOLE, "remaining"),
    Column("battery_v", _NUMBER, "volts"),
    Column("battery_age_s", _NUMBER, "how old the battery's report was"),
    Column("flight_mode", _TEXT, "by the autopilot's own name"),
    Column("flight_mode_age_s", _NUMBER, "how old that was"),
    Column("armed", _TRUTH, "empty: not known"),
    Column("airborne", _TRUTH, "empty: not known"),
    Column("identity_ambiguous", _TRUTH, "two senders at once under this identity"),
    Column("late", _TRUTH, "stored, and not judged: it came too late"),
    Column("time_since_boot_s", _NUMBER, "the autopilot's own clock"),
    Column("broker_time_utc", TIME, "when the broker took the record that it was in"),
    Column("stream_partition", _WHOLE, "of that record"),
    Column("stream_offset", _WHOLE, "of that record"),
    Column("stream_row", _WHOLE, "in that record"),
    Column("link_epoch_us", _WHOLE, "the link's start, microseconds since 1970; 0 for a file"),
    Column("link_sequence", _WHOLE, "number of the frame on its link"),
    Column("gap_end_utc", TIME, "of a gap: its end"),
    Column("gap_reason", _TEXT, "dropped, no_room, not_listening, nothing_came"),
    Column("gap_count", _WHOLE, "how many are missing; empty: nobody can tell"),
    Column("gap_counted", _TEXT, "what that counts: samples, datagrams or frames"),
)
SCHEMA = pa.schema([pa.field(column.name, column.type, metadata={"says": column.says}) for column in COLUMNS])
COUNTED = {
    GapReason.DROPPED: "samples", GapReason.NO_ROOM: "datagrams",
    GapReason.NOT_LISTENING: "frames", GapReason.NOTHING_CAME: "frames",
}  # fmt: skip
_NO_POSITION = {NoPosition.NOT_SENT: "not sent", NoPosition.ZERO: "exactly 0,0", NoPosition.IMPOSSIBLE: "no place on Earth"}
_MESSAGE = {SampleKind.POSITION: "position", SampleKind.HEARTBEAT: "heartbeat"}
_KNOWN_SOURCES = {source: word for source, word in SOURCE_WORDS.items() if source != HeightSource.NONE}
_DATUM = {source: "take-off" if source == HeightSource.TAKEOFF else "AGL" for source in _KNOWN_SOURCES}


def samples(raw: pa.Table) -> pa.Table:
    """Stored samples, the columns of RAW, as rows of COLUMNS in the same order."""

    def scaled(name: str, unit: float) -> pa.ChunkedArray:
        return pc.divide(raw[name].cast(pa.float64()), unit)

    def worded(name: str, words: Mapping[Any, str]) -> pa.ChunkedArray:
        return _worded(raw[name], words)

    north, east = scaled("velocity_north_cmps", 100), scaled("velocity_east_cmps", 100)
    found = {
        "record": pa.repeat("sample", len(raw)),
        "event_time_utc": raw["event_time"],
        "message": worded("kind", _MESSAGE),
        "lon_wgs84_deg": scaled("lon_e7", 1e7),
        "lat_wgs84_deg": scaled("lat_e7", 1e7),
        "position_missing": worded("no_position", _NO_POSITION),
        "amsl_m": scaled("amsl_mm", 1e3),
        "amsl_source": worded("amsl_source", _KNOWN_SOURCES),
        "height_above_takeoff_m": scaled("takeoff_height_mm", 1e3),
        "height_agl_m": scaled("agl_mm", 1e3),
        "height_agl_source": worded("agl_source", _KNOWN_SOURCES),
        "height_agl_age_s": scaled("agl_age_ms", 1e3),
        "ground_amsl_m": scaled("ground_amsl_mm", 1e3),
        **_judged(raw),
        "speed_mps": pc.round(pc.sqrt(pc.add(pc.multiply(north, north), pc.multiply(east, east))), 2),
        "velocity_north_mps": north,
        "velocity_east_mps": east,
        "climb_mps": pc.subtract(0.0, scaled("velocity_down_cmps", 100)),
        "heading_true_deg": scaled("heading_cdeg", 100),
        "hdop": scaled("hdop_e2", 100),
        "fix_age_s": scaled("fix_age_ms", 1e3),
        "battery_v": scaled("battery_mv", 1e3),
        "battery_age_s": scaled("battery_age_ms", 1e3),
        "flight_mode": raw["mode"],
        "flight_mode_age_s": scaled("mode_age_ms", 1e3),
        "identity_ambiguous": raw["ambiguous"],
        "time_since_boot_s": scaled("vehicle_time_ms", 1e3),
        "broker_time_utc": raw["append_time"],
        "stream_partition": raw["partition"],
        "stream_offset": raw["offset"],
        "stream_row": raw["row"],
        "link_epoch_us": raw["epoch"],
        "link_sequence": raw["seq"],
    }
    found |= {name: raw[name] for name in SCHEMA.names if name not in found and name in RAW}
    return _table(found, len(raw))


def gaps(told: Sequence[Gap]) -> pa.Table:
    """Gaps as rows of COLUMNS."""
    found = {
        "record": ["gap"] * len(told),
        "event_time_utc": [gap.from_us for gap in told],
        "aircraft_id": [None if gap.aircraft_id is None else str(gap.aircraft_id) for gap in told],
        "link": [gap.link for gap in told],
        "gap_end_utc": [gap.to_us for gap in told],
        "gap_reason": [gap.reason.value for gap in told],
        "gap_count": [gap.count for gap in told],
        "gap_counted": [COUNTED[gap.reason] for gap in told],
    }
    return _table({name: pa.array(values, SCHEMA.field(name).type) for name, values in found.items()}, len(told))


def _table(columns: dict[str, pa.Array | pa.ChunkedArray], rows: int) -> pa.Table:
    return pa.table([columns.get(field.name, pa.nulls(rows, field.type)) for field in SCHEMA], schema=SCHEMA)


def _worded(codes: pa.ChunkedArray | pa.Array, words: Mapping[Any, str]) -> pa.ChunkedArray:
    by_code = pa.array([words.get(code) for code in range(max(words) + 1)], pa.string())
    return pc.take(by_code, pc.if_else(pc.less_equal(codes, max(words)), codes, None))


def _judged(raw: pa.Table) -> dict[str, pa.Array]:
    """The height that rules go by, by the same function that they use."""
    table = np.full((len(STORED), len(raw)), NULL, np.int64)
    for at, name in (
        (whole.TAKEOFF, "takeoff_height_mm"), (whole.AMSL, "amsl_mm"), (whole.AGL, "agl_mm"),
        (whole.AGL_SOURCE, "agl_source"), (whole.GROUND, "ground_amsl_mm"),
    ):  # fmt: skip
        table[at] = raw[name].fill_null(int(NULL)).to_numpy()
    heights = heights_of(table)
    unknown = np.isnan(heights.agl_m)
    source = pa.array(heights.source.astype(np.int64), mask=unknown)
    return {
        "height_judged_m": pa.array(np.round(heights.agl_m, 3), mask=unknown),
        "height_judged_datum": _worded(source, _DATUM),
        "height_judged_source": _worded(source, _KNOWN_SOURCES),
        "height_judged_margin_m": pa.array(heights.margin_m, mask=unknown),
    }
