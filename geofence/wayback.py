"""Whether the way back that is told can be flown: a straight line over ground that enters no other prohibited zone. Pure."""

import re
from uuid import UUID

import numpy as np

from core.geodesy import destination
from geofence.distance import Nearest
from geofence.monitor import Monitor
from geofence.vertical import Band, Fix
from geofence.zone import ZoneKind, ZoneVersion

_FLY = re.compile(r"FLY (\d{3})° true, ([\d,]+) (m|km)")  # as geofence.words.fly says it


def over_ground(way_back: str) -> bool:
    """Does it say a course: only then there is something to cross."""
    return _FLY.search(way_back) is not None


def passable(monitor: Monitor, operator: UUID, aircraft: UUID, fix: Fix, way_back: str, zone_id: UUID | None) -> str:
    """The way back in words; "no direct way back" in the place of a course that enters another prohibited zone.

    What is checked is what is said: the course and distance that a person would fly. zone_id: the zone that it is about.
    """
    said = _FLY.search(way_back)
    if said is None:
        return way_back
    metres = float(said[2].replace(",", "")) * (1_000.0 if said[3] == "km" else 1.0)
    barred = _barred(monitor, operator, aircraft, fix, Nearest(metres, float(said[1])), zone_id)
    if barred is None:
        return way_back
    return way_back.replace(said[0], f"no direct way back: {barred.name} lies between")


def _barred(
    monitor: Monitor, operator: UUID, aircraft: UUID, fix: Fix, way: Nearest, zone_id: UUID | None
) -> ZoneVersion | None:
    """The first by id of the prohibited zones that the way enters. One that it is in already has a way back of its own."""
    here = (fix.lon_deg, fix.lat_deg)
    there = destination(*here, way.bearing_deg, way.distance_m)
    _, touched = monitor.index.crossing(np.array([[here, there]]))
    for entry in sorted((monitor.entries[number] for number in touched.tolist()), key=lambda one: one.zone.zone_id.bytes):
        zone: ZoneVersion = entry.zone
        meant = zone.operator_id == operator and (zone.aircraft_ids is None or aircraft in zone.aircraft_ids)
        if zone.kind is not ZoneKind.KEEP_OUT or zone.zone_id == zone_id or not meant:
            continue
        if not entry.from_us <= fix.time_us < entry.to_us or entry.holds(*here):
            continue
        asks = monitor.asks(entry, aircraft, fix)
        if asks is not None and Band.of(zone, fix, asks.above_agl_m).outer_m >= 0.0:
            return zone
    return None
