"""What comes if nothing changes: seconds until an aircraft enters a volume, leaves those it must stay in, or passes a height.

It flies on straight, climbs as it climbs, and brakes as it brakes (it stops where that brings it to a stop). Below
STILL_MPS nobody can say where it is going. Only what comes within LONGEST_S is looked for.
"""

# mypy: allow-untyped-defs

import math
from dataclasses import dataclass

import numpy as np
from numba import float64
from numpy.typing import NDArray

from core.compiled import given, kernel
from core.geodesy import metres_per_degree
from geofence.distance import Edges
from geofence.index import Entry
from geofence.vertical import Fix
from geofence.zone import Datum, ZoneKind, ZoneVersion

LONGEST_S = 10.0
STILL_MPS = 0.5
WARN_WITHIN_S = {ZoneKind.KEEP_OUT: 10.0, ZoneKind.KEEP_IN: 3.0, ZoneKind.INFORMATION: 0.0}
_CONTINUES = 1e-6  # seconds: two volumes that touch leave no gap

Stretches = list[tuple[float, float]]  # seconds from now, in order


@dataclass(frozen=True, slots=True)
class Motion:
    """How an aircraft moves, m/s; NaN where not known. slowing_mps2: what its speed over ground loses each second, from 0;
    levelling_mps2: what its climb or descent loses."""

    east_mps: float = math.nan
    north_mps: float = math.nan
    climb_mps: float = math.nan
    slowing_mps2: float = 0.0
    levelling_mps2: float = 0.0

    @property
    def speed_mps(self) -> float:
        return math.sqrt(self.east_mps * self.east_mps + self.north_mps * self.north_mps)  # the same on every machine

    def seconds(self, distance_m: float) -> float:
        """Until it has come so far over ground; infinite if it stops before."""
        return seconds_for(distance_m, self.speed_mps, self.slowing_mps2)

    def seconds_up(self, height_m: float) -> float:
        """Until it has climbed so far (descended, if negative); infinite if it never will."""
        return (
            seconds_for(height_m, self.climb_mps, self.levelling_mps2)
            if height_m >= 0.0
            else seconds_for(-height_m, -self.climb_mps, self.levelling_mps2)
        )


STILL = Motion()


def seconds_for(distance: float, speed: float, slowing: float) -> float:
    """Uniformly slowed motion: s = v t - a t^2 / 2, up to the stop. NaN speed: never."""
    if not speed > 0.0:
        return math.inf if distance > 0.0 else 0.0
    if slowing <= 0.0:
        return distance / speed
    left = speed * speed - 2.0 * slowing * distance
    return (speed - math.sqrt(left)) / slowing if left >= 0.0 else math.inf


def warn_within_s(zone: ZoneVersion) -> float:
    """How soon an entry (or an exit) warns: as the zone says, else by what it is; LONGEST_S at most."""
    return min(LONGEST_S, WARN_WITHIN_S[zone.kind] if zone.warn_within_s is None else zone.warn_within_s)


def entry_s(entry: Entry, fix: Fix, motion: Motion, above_agl_m: float = -math.inf) -> float:
    """Seconds until a fix outside a volume is in it; infinite if it will not be within LONGEST_S, or nobody can say.

    above_agl_m: what an authorisation allows there is no part of the volume.
    """
    return next((start for start, _ in _within(entry, fix, motion, above_agl_m)), math.inf)


def exit_s(entries: list[Entry], fix: Fix, motion: Motion) -> float:
    """Seconds until a fix that is in one or more of some volumes is in none; infinite as above."""
    stretches = sorted(one for entry in entries for one in _within(entry, fix, motion))
    until = 0.0
    for start, end in stretches:
        if start <= until + _CONTINUES:
            until = max(until, end)
    return until if until < LONGEST_S else math.inf


def soon_entry_s(entry: Entry, fix: Fix, motion: Motion, above_agl_m: float = -math.inf) -> float | None:
    """Seconds until an entry that is near enough to warn of; None: there is none."""
    seconds = entry_s(entry, fix, motion, above_agl_m)
    return seconds if seconds < warn_within_s(entry.zone) else None


def soon_exit_s(entries: list[Entry], fix: Fix, motion: Motion, within_s: float) -> float | None:
    """The same for an exit."""
    seconds = exit_s(entries, fix, motion)
    return seconds if seconds < within_s else None


def above_s(height_m: float, limit_m: float, motion: Motion) -> float:
    """Seconds until a height that is not above a limit is."""
    return motion.seconds_up(limit_m - height_m) if motion.climb_mps > 0.0 else math.inf


def _within(entry: Entry, fix: Fix, motion: Motion, above_agl_m: float = -math.inf) -> Stretches:
    """When it will be in a volume."""
    low, high = _between(entry.zone, fix, motion, above_agl_m)
    if low >= high:
        return []
    return [(max(a, low), min(b, high)) for a, b in _over(entry, fix, motion) if max(a, low) < min(b, high)]


def _over(entry: Entry, fix: Fix, motion: Motion) -> Stretches:
    """When it will be over a footprint."""
    inside = entry.holds(fix.lon_deg, fix.lat_deg)
    if not motion.speed_mps >= STILL_MPS:
        return [(0.0, LONGEST_S)] if inside else []
    stretches, since = [], 0.0
    for distance_m in boundary_m(entry.edges, fix, motion):
        at = motion.seconds(distance_m)
        if at >= LONGEST_S:
            break
        if inside:
            stretches.append((since, at))
        inside, since = not inside, at
    return [*stretches, (since, LONGEST_S)] if inside else stretches


def boundary_m(edges: Edges, fix: Fix, motion: Motion) -> list[float]:
    """Where a straight flight of LONGEST_S crosses a boundary: metres from the fix, in order."""
    lon_m, lat_m = metres_per_degree(fix.lat_deg)
    east, north = motion.east_mps * LONGEST_S / lon_m, motion.north_mps * LONGEST_S / lat_m
    found = np.empty(len(edges.start))
    count = _crossings.run(edges.start, edges.step, fix.lon_deg, fix.lat_deg, east, north, found)
    fractions: NDArray[np.float64] = np.sort(found[:count]) * (motion.speed_mps * LONGEST_S)
    metres: list[float] = fractions.tolist()
    return metres


@kernel(given(float64, 2), given(float64, 2), float64, float64, float64, float64, float64[::1], makes_arrays=False)
def _crossings(starts, steps, lon, lat, east, north, found):
    """Fractions of a path at which it crosses edges. Each edge has its first end and not its second, so a corner counts once
    where the boundary passes it, and twice or not at all where it turns back."""
    count = 0
    for edge in range(len(starts)):
        x = (starts[edge, 0] - lon + 180.0) % 360.0 - 180.0
        y = starts[edge, 1] - lat
        side_a = east * y - north * x
        side_b = east * (y + steps[edge, 1]) - north * (x + steps[edge, 0])
        if (side_a >= 0.0) == (side_b >= 0.0):
            continue
        part = side_a / (side_a - side_b)
        x, y = x + part * steps[edge, 0], y + part * steps[edge, 1]
        along = (x * east + y * north) / (east * east + north * north)
        if 0.0 < along <= 1.0:
            found[count] = along
            count += 1
    return count


def _between(zone: ZoneVersion, fix: Fix, motion: Motion, above_agl_m: float) -> tuple[float, float]:
    """When it will be between floor and ceiling: from, to, in seconds. A height that nobody knows keeps it out of zones that it
    may not enter, and in those that it may not leave: of what is not known there is an alert already."""
    low, high = 0.0, LONGEST_S
    limits = [(zone.floor_m, zone.floor_datum, 1.0), (zone.ceiling_m, zone.ceiling_datum, -1.0)]
    if above_agl_m > -math.inf:
        limits.append((above_agl_m, Datum.AGL, 1.0))
    for limit_m, datum, sign in limits:
        if limit_m is None or datum is Datum.SFC:
            continue
        room = sign * (fix.height_m(datum) - limit_m)
        if math.isnan(room):
            if zone.kind is ZoneKind.KEEP_OUT:
                return 0.0, 0.0
            continue
        passes = motion.seconds_up(-sign * room)  # never, where it moves the other way
        if room < 0.0:
            low = max(low, passes)
        else:
            high = min(high, passes)
    return low, high
