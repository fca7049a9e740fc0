"""The samples of a replay as columns: unpacked, thinned where they are more than a page can use, and as bytes. Pure.

What stands in a row was stored so: thinning leaves rows out, and never makes one up.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core import whole
from core.columns import COLUMNS as STORED
from core.columns import NULL
from core.records import Gap
from core.sample import HeightSource
from core.units import US_PER_S
from geofence.height import MARGIN_M, SOURCE_WORDS, heights_of

# A row of the query replay.packed_samples: big-endian, as PostgreSQL sends numbers; place: where it stood on the stream.
# Null is the lowest number, of heading and battery what the columns below have.
PACKED = np.dtype([
    ("time", ">i8"), ("place", ">i8"), ("lon_e7", ">i4"), ("lat_e7", ">i4"), ("amsl_mm", ">i4"), ("takeoff_mm", ">i4"),
    ("agl_mm", ">i4"), ("ground_mm", ">i4"), ("north_cmps", ">i2"), ("east_cmps", ">i2"), ("heading_cdeg", ">u2"),
    ("battery_pct", ">u2"), ("agl_source", ">i2"), ("late", "u1"),
])  # fmt: skip
# A column as the page reads it (docs/replay.md), little-endian.
COLUMNS: dict[str, str] = {
    "time_ms": "<f8", "lon_e7": "<i4", "lat_e7": "<i4", "height_m": "<f4", "amsl_m": "<f4", "ground_amsl_m": "<f4",
    "limit_agl_m": "<f4", "speed_mps": "<f4", "heading_cdeg": "<u2", "battery_pct": "u1", "height_source": "u1", "flags": "u1",
}  # fmt: skip
NO_HEADING, NO_BATTERY = 0xFFFF, 0xFF
BROKEN, LATE = 1, 2  # bits of flags: something is missing before the row; it was stored, and not judged
_PG_EPOCH_US = 946_684_800_000_000
_NULL4, _NULL2 = -(1 << 31), -(1 << 15)
_STRAIGHT_US = 5 * US_PER_S  # longer than this between two samples nobody knows what was (as geofence.track has it)
_EXTREMES = ("height_m", "amsl_m", "speed_mps", "battery_pct")
_OF_A_BUCKET = 2 + 2 * len(_EXTREMES)  # its first row, its last, and the lowest and the highest of each of these
_ALIGNED = 8
_DATUM = {source: "above take-off" if source == HeightSource.TAKEOFF else "AGL" for source in HeightSource}
SOURCES = [{"word": SOURCE_WORDS[one], "datum": _DATUM[one], "margin_m": MARGIN_M.get(one, 0.0)} for one in HeightSource]


@dataclass(frozen=True)
class Track:
    """One aircraft's rows in the order of time. stored: how many the database has; time_us: (n,); columns: those of COLUMNS."""

    aircraft_id: UUID
    stored: int
    time_us: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]


def unpack(aircraft_id: UUID, packed: bytes, gaps: Iterable[Gap]) -> Track:
    """Stored samples as they came, PACKED in any order. gaps: those of the aircraft, and of its link and listener.

    limit_agl_m is left for `limited`.
    """
    rows = np.frombuffer(packed, PACKED)
    time_us = rows["time"].astype(np.int64) + _PG_EPOCH_US
    if (np.diff(time_us) <= 0).any():
        order = np.lexsort((rows["place"], time_us))
        rows, time_us = rows[order], time_us[order]
    table = np.empty((len(STORED), len(rows)), np.int64)  # of its rows only those of heights are looked at
    for at, name in (
        (whole.TAKEOFF, "takeoff_mm"), (whole.AMSL, "amsl_mm"), (whole.AGL, "agl_mm"), (whole.GROUND, "ground_mm"),
    ):  # fmt: skip
        table[at] = rows[name]
        table[at][table[at] == _NULL4] = NULL
    table[whole.AGL_SOURCE] = rows["agl_source"]
    heights = heights_of(table)
    flags = np.where(_broken(time_us, gaps), BROKEN, 0) | np.where(rows["late"] != 0, LATE, 0)
    columns = {
        "time_ms": time_us / 1e3,
        "lon_e7": rows["lon_e7"],
        "lat_e7": rows["lat_e7"],
        "height_m": heights.agl_m,
        "amsl_m": _number(rows["amsl_mm"], _NULL4) / 1e3,
        "ground_amsl_m": _number(rows["ground_mm"], _NULL4) / 1e3,
        "limit_agl_m": np.full(len(rows), np.nan),
        "speed_mps": np.hypot(_number(rows["north_cmps"], _NULL2), _number(rows["east_cmps"], _NULL2)) / 1e2,
        "heading_cdeg": rows["heading_cdeg"],
        "battery_pct": rows["battery_pct"],
        "height_source": heights.source,
        "flags": flags,
    }
    return Track(aircraft_id, len(rows), time_us, {name: columns[name].astype(kind) for name, kind in COLUMNS.items()})


def limited(track: Track, limit_m: NDArray[np.float64] | float) -> Track:
    """With the limit of the height rule, metres above ground; infinite where the rule does not ask."""
    limits = np.broadcast_to(np.asarray(limit_m, "<f4"), len(track.time_us)).copy()
    limits[np.isinf(limits)] = np.nan
    return Track(track.aircraft_id, track.stored, track.time_us, track.columns | {"limit_agl_m": limits})


def thin(track: Track, points: int, moments_us: Iterable[int]) -> Track:
    """At most about so many rows: of each stretch of rows the first, the last and the extremes of what charts show.

    Kept besides: the rows around everything that is missing, and those of given moments.
    """
    count = len(track.time_us)
    if count <= points:
        return track
    kept = np.zeros(count, np.bool_)
    size = -(-count * _OF_A_BUCKET // points)
    begins = np.arange(0, count, size)
    kept[begins] = kept[np.minimum(begins + size, count) - 1] = True
    padded = len(begins) * size
    for name in _EXTREMES:
        values = np.full(padded, np.nan)
        values[:count] = track.columns[name]
        if name == "battery_pct":
            values[values == NO_BATTERY] = np.nan
        buckets = values.reshape(-1, size)
        for filled, which in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            found = begins + which(np.where(np.isnan(buckets), filled, buckets), axis=1)
            kept[found[found < count]] = True
    broken = np.flatnonzero(track.columns["flags"] & BROKEN)
    kept[broken] = kept[broken - 1] = True
    moments = np.fromiter(moments_us, np.int64)
    at = np.searchsorted(track.time_us, moments, "right") - 1
    kept[at[at >= 0]] = True
    columns = {name: values[kept] for name, values in track.columns.items()}
    return Track(track.aircraft_id, track.stored, track.time_us[kept], columns)


def encode(tracks: Sequence[Track]) -> bytes:
    """Length of the header (4 bytes, little-endian), the header (JSON), the columns, each at a multiple of 8 bytes."""
    pieces: list[bytes] = []
    at = 0
    told = []
    for track in tracks:
        places = {}
        for name, values in track.columns.items():
            data = values.tobytes()
            places[name] = {"at": at, "type": values.dtype.str[1:]}
            padding = -len(data) % _ALIGNED
            pieces += (data, bytes(padding))
            at += len(data) + padding
        rows = len(track.time_us)
        told.append({"aircraft_id": str(track.aircraft_id), "stored": track.stored, "rows": rows, "columns": places})
    header = json.dumps({"sources": SOURCES, "tracks": told}).encode()
    header += b" " * (-(4 + len(header)) % _ALIGNED)
    return b"".join((len(header).to_bytes(4, "little"), header, *pieces))


def _number(values: NDArray[Any], null: int) -> NDArray[np.float64]:
    numbers = values.astype(np.float64)
    numbers[values == null] = np.nan
    return numbers


def _broken(time_us: NDArray[np.int64], gaps: Iterable[Gap]) -> NDArray[np.bool_]:
    """Before which rows something is missing: a long silence, or a gap that lies between two rows."""
    broken = np.zeros(len(time_us), np.bool_)
    broken[1:] = np.diff(time_us) > _STRAIGHT_US
    for gap in gaps:
        after = int(np.searchsorted(time_us, gap.to_us))
        if 0 < after < len(time_us) and time_us[after - 1] <= gap.from_us:
            broken[after] = True
    return broken
