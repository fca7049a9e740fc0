"""A flight as GeoJSON (RFC 7946): a line for each stretch whose path is known, a point for each sample, a feature for each gap.

A third coordinate would be metres above the WGS84 ellipsoid, which nobody here knows: heights stand in properties, by datum.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from core.records import Gap
from evidence.columns import COUNTED
from evidence.flight import Aircraft, Flight, Stretch
from geofence.moments import iso

# Of the columns of the CSV, those that people look at on a map.
OF_A_SAMPLE = (
    "aircraft_id", "position_missing", "amsl_m", "height_above_takeoff_m", "height_agl_m", "height_agl_source",
    "ground_amsl_m", "height_judged_m", "height_judged_datum", "height_judged_source", "height_judged_margin_m", "speed_mps",
    "climb_mps", "heading_true_deg", "battery_pct", "flight_mode", "armed", "airborne", "late",
)  # fmt: skip


def write(flight: Flight) -> bytes:
    """A FeatureCollection; "record" says of each feature what it is: stretch, sample, gap."""
    return msgspec.json.encode({"type": "FeatureCollection", "features": list(_features(flight))})


def _features(flight: Flight) -> Iterator[dict[str, Any]]:
    for stretch in flight.stretches:
        yield _stretch(flight, stretch)
    for gap in flight.gaps:
        yield _gap(flight, gap)
    names = ("event_time_utc", *OF_A_SAMPLE)
    table = flight.samples.select(list(names)).to_pydict()
    table["event_time_utc"] = [iso(time_us) for time_us in flight.times_us.tolist()]
    for (lon, lat), values in zip(flight.places.tolist(), zip(*(table[name] for name in names), strict=True), strict=True):
        point = None if lon != lon else {"type": "Point", "coordinates": [lon, lat]}
        yield _feature(point, {"record": "sample", **dict(zip(names, values, strict=True))})


def _stretch(flight: Flight, stretch: Stretch) -> dict[str, Any]:
    corners = flight.places[stretch.rows].tolist()
    line = {"type": "LineString", "coordinates": corners} if len(corners) > 1 else {"type": "Point", "coordinates": corners[0]}
    first, last = (iso(int(flight.times_us[stretch.rows[at]])) for at in (0, -1))
    told = {"record": "stretch", "aircraft_id": str(stretch.aircraft.id), "aircraft": stretch.aircraft.known_as}
    return _feature(line, told | {"event_time_utc": first, "end_utc": last})


def _gap(flight: Flight, gap: Gap) -> dict[str, Any]:
    """Where it began and ended, if an aircraft's positions tell that: two points and no line between them."""
    ends = [place for one in flight.aircraft if one.id == gap.aircraft_id for place in beside(flight, one, gap)]
    return _feature(
        {"type": "MultiPoint", "coordinates": ends} if ends else None,
        {
            "record": "gap", "aircraft_id": None if gap.aircraft_id is None else str(gap.aircraft_id), "link": gap.link,
            "event_time_utc": iso(gap.from_us), "gap_end_utc": iso(gap.to_us), "gap_reason": gap.reason.value,
            "gap_count": gap.count, "gap_counted": COUNTED[gap.reason],
        },
    )  # fmt: skip


def beside(flight: Flight, aircraft: Aircraft, gap: Gap) -> list[list[float]]:
    """The last position before a gap and the first one after it, as far as there are any."""
    rows = flight.rows_of(aircraft)
    rows = rows[~np.isnan(flight.places[rows, 0])]
    times_us = flight.times_us[rows]
    before, after = rows[times_us <= gap.from_us][-1:], rows[times_us >= gap.to_us][:1]
    places: list[list[float]] = flight.places[[*before, *after]].tolist()
    return places


def _feature(geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
