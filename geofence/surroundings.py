"""What is near one aircraft, for the person who flies it: the boundary that matters most, and how high it may be. Pure.

The zones are those that the rules would look at, asked by the same functions; the seconds are the rules' own prediction.
"""

import math
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from geofence.altitude import LIMIT_M, RULE
from geofence.distance import FAR_M, Nearest, nearest
from geofence.index import Entry
from geofence.monitor import Monitor
from geofence.prediction import Motion, entry_s, exit_s
from geofence.vertical import Band, Fix
from geofence.zone import Datum, ZoneKind, ZoneVersion


@dataclass(frozen=True, slots=True)
class Boundary:
    """A zone's boundary, sideways. seconds: until it is met if nothing changes; infinite: not within LONGEST_S."""

    zone: ZoneVersion
    inside: bool
    edge: Nearest
    seconds: float


@dataclass(frozen=True, slots=True)
class Limit:
    """The lowest limit above ground. by: the rule, the authorisations, or the name of the zone that it is of."""

    agl_m: float
    by: str


def boundary(monitor: Monitor, operator: UUID, aircraft: UUID, fix: Fix, motion: Motion) -> Boundary | None:
    """Of the boundaries within FAR_M the one that it meets first, else the nearest; None: there is none.

    Of keep-in zones, which are alternatives, that of the one that holds it longest. Prohibited zones that are surely above or
    below it, and will be, are none of it.
    """
    rows, numbers, _ = monitor.index.within(np.array([fix.lon_deg]), np.array([fix.lat_deg]), FAR_M)
    near = [monitor.entries[number] for number in sorted(numbers[rows == 0].tolist())]
    found = [
        one
        for entry in near
        if entry.zone.kind is ZoneKind.KEEP_OUT and (one := _keep_out(monitor, entry, operator, aircraft, fix, motion))
    ]
    own = monitor.keep_ins(operator, aircraft, fix.time_us)
    if own and (stays := _keep_in(own, fix, motion)).edge.distance_m < FAR_M:
        found.append(stays)
    return min(found, key=lambda one: (one.seconds, one.edge.distance_m), default=None)


def limit(monitor: Monitor, operator: UUID, aircraft: UUID, fix: Fix) -> Limit | None:
    """How high above ground it may be: by the rule or what relaxes it, or a lower ceiling of the keep-in zones that hold it.
    None: nothing limits it."""
    allowed_m, numbers = monitor.facts.allowed(operator, aircraft, RULE, fix.lon_deg, fix.lat_deg, fix.time_us)
    by_rule = Limit(allowed_m, f"authorisation {', '.join(numbers)}") if numbers else Limit(LIMIT_M, RULE)
    holding = [e.zone for e in monitor.keep_ins(operator, aircraft, fix.time_us) if e.holds(fix.lon_deg, fix.lat_deg)]
    ceilings = [
        Limit(zone.ceiling_m or 0.0, zone.name) for zone in holding if zone.ceiling_datum is Datum.AGL and zone.ceiling_m
    ]
    by_zone = max(ceilings, key=lambda one: one.agl_m) if ceilings and len(ceilings) == len(holding) else by_rule
    lowest = min(by_rule, by_zone, key=lambda one: one.agl_m)
    return None if lowest.agl_m == math.inf else lowest


def _keep_out(monitor: Monitor, entry: Entry, operator: UUID, aircraft: UUID, fix: Fix, motion: Motion) -> Boundary | None:
    zone = entry.zone
    meant = zone.operator_id == operator and (zone.aircraft_ids is None or aircraft in zone.aircraft_ids)
    if not meant or not entry.from_us <= fix.time_us < entry.to_us:
        return None
    asked_for = monitor.asks(entry, aircraft, fix)
    if asked_for is None:
        return None
    inside, band = entry.holds(fix.lon_deg, fix.lat_deg), Band.of(zone, fix, asked_for.above_agl_m)
    seconds = math.inf if inside and band.depth_m >= 0.0 else entry_s(entry, fix, motion, asked_for.above_agl_m)
    if band.outer_m < 0.0 and seconds == math.inf:
        return None
    return Boundary(zone, inside, nearest(entry.edges, fix.lon_deg, fix.lat_deg), seconds)


def _keep_in(entries: list[Entry], fix: Fix, motion: Motion) -> Boundary:
    holding = [entry for entry in entries if entry.holds(fix.lon_deg, fix.lat_deg)]
    seconds = exit_s(holding, fix, motion) if holding else math.inf
    edges = [(entry, nearest(entry.edges, fix.lon_deg, fix.lat_deg)) for entry in holding or entries]
    chosen = max if holding else min
    entry, edge = chosen(edges, key=lambda one: one[1].distance_m)
    return Boundary(entry.zone, bool(holding), edge, seconds)
