"""AU-DAY: by day only, unless authorised (standard conditions, CASR Part 101). Day is from morning to evening civil twilight:
the sun at most 6 degrees below the horizon (the boundary is unverified, reference/casa-rules.md). Ten minutes before night
it warns."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math

import numpy as np
from numba import boolean, float64, int64

from core.colour import Level
from core.compiled import given, kernel
from core.observed import Delays, Observed
from core.sample import NoPosition
from core.whole import NO_POSITION, TIME
from geofence.sun import CIVIL_TWILIGHT_DEG, elevation_at, elevation_deg
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "AU-DAY"
DELAYS = Delays(clear_inside_m=0.0)  # in degrees: the sun does not jitter
_PRESENT = int(NoPosition.PRESENT)
# The sun is asked again when it may have moved by half of FAR_DEG: a degree in four minutes, or in a degree of the place.
_FAR_DEG, _NEAR_US, _NEAR_DEG = 8.0, 240_000_000, 0.5
SOON_US = 600_000_000


def suspect(work: Work) -> None:
    night = np.empty(len(work.batch), np.int64)
    count = _night.run(work.verdicts.judged, work.batch.whole(), work.lon_deg, work.lat_deg, night)
    if count:
        rows = night[:count]
        work.suspected[rows] |= ~np.isposinf(work.allowed(RULE, rows))


@kernel(given(boolean), given(int64, 2), given(float64), given(float64), int64[::1])
def _night(judged, table, lon_deg, lat_deg, night):
    """The rows that are judged, have a position, and are there by night or shortly before."""
    count, at = 0, -1
    for row in range(len(judged)):
        if not judged[row] or table[NO_POSITION, row] != _PRESENT:
            continue
        if (
            at >= 0
            and abs(table[TIME, row] - table[TIME, at]) < _NEAR_US
            and abs(lon_deg[row] - lon_deg[at]) < _NEAR_DEG
            and abs(lat_deg[row] - lat_deg[at]) < _NEAR_DEG
        ):
            continue
        elevation = elevation_at(lon_deg[row], lat_deg[row], table[TIME, row])
        if elevation > CIVIL_TWILIGHT_DEG + _FAR_DEG:
            at = row
            continue
        later = elevation_at(lon_deg[row], lat_deg[row], table[TIME, row] + SOON_US)
        if min(elevation, later) < CIVIL_TWILIGHT_DEG:
            night[count] = row
            count += 1
    return count


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    if fix is None:
        return []
    times_us = np.array([fix.time_us, fix.time_us + SOON_US])
    elevation, later = elevation_deg(fix.lon_deg, fix.lat_deg, times_us).tolist()
    sun = f"the sun is {abs(elevation):.1f}° {'below' if elevation < 0 else 'above'} the horizon"
    if min(elevation, later) >= CIVIL_TWILIGHT_DEG:
        return [Observed(RULE, None, (), f"by day: {sun}", delays=DELAYS)]
    if np.isposinf(work.allowed(RULE, np.array([row]))[0]):
        return [Observed(RULE, None, (), f"by night, as authorised: {sun}", delays=DELAYS)]
    if elevation >= CIVIL_TWILIGHT_DEG:
        seconds = SOON_US / 1e6 * (elevation - CIVIL_TWILIGHT_DEG) / (elevation - later)
        what = f"night begins in {math.ceil(seconds / 60)} min: {sun}"
        return [Observed(RULE, None, ((Level.WARNING, 1.0),), what, "LAND", delays=DELAYS, ahead_s=seconds)]
    what = f"flying by night without an authorisation: {sun}"
    return [Observed(RULE, None, ((Level.BREACH, CIVIL_TWILIGHT_DEG - elevation),), what, "LAND", delays=DELAYS)]
