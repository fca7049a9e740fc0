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
# How much the sun's elevation may differ from that of another place and time: a degree in a degree of the place (it is an
# angle on the sphere), and in 239 seconds of the time (it turns by less than 15.05 degrees an hour). And what rounding may add.
_DEG_A_US, _MORE_DEG = 1.0 / 239_000_000, 0.01
SOON_US = 600_000_000


def suspect(work: Work, mark: int) -> None:
    night = np.empty(len(work.batch), np.int64)
    count = _night.run(work.verdicts.judged, work.batch.whole(), work.lon_deg, work.lat_deg, night)
    if count:
        rows = night[:count]
        work.suspected[rows[work.allowed_in(RULE, rows) != math.inf]] |= mark


@kernel(given(boolean), given(int64, 2), given(float64), given(float64), int64[::1], makes_arrays=False)
def _night(judged, table, lon_deg, lat_deg, night):
    """The rows that are judged, have a position, and are there by night or shortly before. Where the sun stands far enough
    above or below for all rows around one, it is asked once."""
    count, at, elevation = 0, -1, 0.0
    for row in range(len(judged)):
        if not judged[row] or table[NO_POSITION, row] != _PRESENT:
            continue
        for again in range(2):
            if at < 0 or again:
                at, elevation = row, elevation_at(lon_deg[row], lat_deg[row], table[TIME, row])
            differs = abs(lon_deg[row] - lon_deg[at]) + abs(lat_deg[row] - lat_deg[at]) + _MORE_DEG
            differs += abs(table[TIME, row] - table[TIME, at]) * _DEG_A_US
            dark = elevation + differs < CIVIL_TWILIGHT_DEG
            if dark or elevation - differs - SOON_US * _DEG_A_US > CIVIL_TWILIGHT_DEG:
                break
        else:  # near the limit: exactly
            later = elevation_at(lon_deg[row], lat_deg[row], table[TIME, row] + SOON_US)
            dark = min(elevation, later) < CIVIL_TWILIGHT_DEG
        if dark:
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
    if work.allowed(RULE, aircraft, fix) == math.inf:
        return [Observed(RULE, None, (), f"by night, as authorised: {sun}", delays=DELAYS)]
    if elevation >= CIVIL_TWILIGHT_DEG:
        seconds = SOON_US / 1e6 * (elevation - CIVIL_TWILIGHT_DEG) / (elevation - later)
        what = f"night begins in {math.ceil(seconds / 60)} min: {sun}"
        return [Observed(RULE, None, ((Level.WARNING, 1.0),), what, "LAND", delays=DELAYS, ahead_s=seconds)]
    what = f"flying by night without an authorisation: {sun}"
    return [Observed(RULE, None, ((Level.BREACH, CIVIL_TWILIGHT_DEG - elevation),), what, "LAND", delays=DELAYS)]
