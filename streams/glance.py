"""A block at a glance: compiled loops over its rows and the columns of its aircraft. What is clear ends here.

`trace` says where the aircraft went. `settle` leaves each aircraft where its rows leave it, as long as they are clear, and
names the rows that the rules must look at one by one: those that are not clear, and those that follow on one.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from math import nan

import numpy as np
from numba import boolean, float64, from_dtype, int64, uint8
from numpy.typing import NDArray

from core.columns import NULL
from core.compiled import given, kernel, part
from core.geodesy import per_degree
from core.sample import NoPosition, SampleKind
from core.whole import AIRBORNE, AIRCRAFT, AMBIGUOUS, ARMED, KIND, LAT, LON, NO_POSITION, TIME
from core.whole import DOWN as DOWN_CMPS
from core.whole import EAST as EAST_CMPS
from core.whole import NORTH as NORTH_CMPS
from geofence.height import AGL, AMSL, MARGIN, REFUSED, REFUSED_MODEL, TAKEOFF
from geofence.monitor import PATH_LONGEST_US
from geofence.prediction import LONGEST_S, STILL_MPS
from geofence.track import CLIMB, EAST, LEVELLING, NORTH, SLOWING, Track
from streams.fleet import FIX, MOTION, SEEN
from streams.screen import NEVER
from streams.work import Work

_PRESENT, _LAST_REASON = int(NoPosition.PRESENT), int(max(NoPosition))
_POSITION = int(SampleKind.POSITION)
# Braking is seen over a quarter of a second, and not over gaps. Less than half a metre a second each second is noise.
_LOOK_US, _LONGEST_LOOK_US = 250_000, 2_000_000
_LEAST_SLOWING_MPS2 = 0.5


def trace(work: Work) -> Track:
    """The judged positions of a block, each with its path from the fix before it, and where it will be soon."""
    table, n = work.batch.whole(), len(work.batch)
    rows, audience, path_points, ahead_points = np.empty((4, n), np.int64)
    points, paths_deg, before_m = np.empty((2, n)), np.empty((n, 2, 2)), np.empty((n, 3))
    ahead_deg, ahead_s = np.empty((n, 2, 2)), np.empty(n)
    work.motion = np.empty((5, n))
    placed, paths, moving = _trace.run(
        work.verdicts.judged, table, work.fleet_rows, work.state.fleet.audiences(work.monitor),
        work.heights.all_m, work.state.fleet.fixes, PATH_LONGEST_US,
        np.full(len(work.fleet_rows), -1), work.lon_deg, work.lat_deg, work.state.fleet.motions, work.ground_deg,
        rows, points, audience, path_points, paths_deg, before_m, ahead_points, ahead_deg, ahead_s, work.motion,
    )  # fmt: skip
    return Track(
        work.batch.dictionary("aircraft_id"), table[AIRCRAFT], rows[:placed], points[0, :placed], points[1, :placed],
        audience[:placed], path_points[:paths], paths_deg[:paths], before_m[:paths],
        ahead_points[:moving], ahead_deg[:moving], ahead_s[:moving], work.motion, table[TIME], work.heights.all_m,
    )  # fmt: skip


@kernel(
    given(boolean), given(int64, 2), given(int64), given(int64), given(float64, 2), given(from_dtype(FIX)), int64,
    int64[::1], float64[::1], float64[::1], from_dtype(MOTION)[::1], float64[:, ::1],
    int64[::1], float64[:, ::1], int64[::1], int64[::1], float64[:, :, ::1], float64[:, ::1],
    int64[::1], float64[:, :, ::1], float64[::1], float64[:, ::1], makes_arrays=False,
)  # fmt: skip
def _trace(
    judged, table, fleet_rows, audiences, heights_m, fixes, longest_us,
    latest, lon_deg, lat_deg, motions, ground_deg,
    rows, points, audience, path_points, paths_deg, before_m, ahead_points, ahead_deg, ahead_s, motion,
):  # fmt: skip
    placed, paths, moving = 0, 0, 0
    for i in range(len(judged)):
        lon, lat = _degrees(table[LON, i]), _degrees(table[LAT, i])
        lon_deg[i], lat_deg[i] = lon, lat
        if not judged[i] or table[NO_POSITION, i] != _PRESENT:
            motion[:, i] = nan
            continue
        code, time_us = table[AIRCRAFT, i], table[TIME, i]
        fleet_row = fleet_rows[code]
        rows[placed], audience[placed] = i, audiences[fleet_row]
        points[0, placed], points[1, placed] = lon, lat
        before, last = latest[code], fixes[fleet_row]
        before_us = table[TIME, before] if before >= 0 else last.time_us
        if before_us != NEVER and time_us - before_us <= longest_us:
            before_lon = lon_deg[before] if before >= 0 else last.lon_deg
            before_lat = lat_deg[before] if before >= 0 else last.lat_deg
            if before_lon != lon or before_lat != lat:
                path_points[paths] = placed
                paths_deg[paths, 0, 0], paths_deg[paths, 0, 1] = before_lon, before_lat
                paths_deg[paths, 1, 0], paths_deg[paths, 1, 1] = lon, lat
                before_m[paths, AGL] = heights_m[AGL, before] if before >= 0 else last.agl_m
                before_m[paths, AMSL] = heights_m[AMSL, before] if before >= 0 else last.amsl_m
                before_m[paths, TAKEOFF] = heights_m[TAKEOFF, before] if before >= 0 else last.takeoff_m
                paths += 1
        now = motions[fleet_row]
        if table[ARMED, i] == 0 or table[AIRBORNE, i] == 0:
            now.ground_lon_deg, now.ground_lat_deg = lon, lat
        ground_deg[0, i], ground_deg[1, i] = now.ground_lon_deg, now.ground_lat_deg
        speed = _moves(now, table, motion, i)
        if speed >= STILL_MPS:
            lon_m, lat_m = per_degree(lat)
            far_s = LONGEST_S
            if motion[SLOWING, i] > 0.0:  # at a steady rate to a stop it covers half of what it would
                far_s = min(far_s, speed / (2.0 * motion[SLOWING, i]))
            ahead_points[moving], ahead_s[moving] = placed, far_s
            ahead_deg[moving, 0, 0], ahead_deg[moving, 0, 1] = lon, lat
            ahead_deg[moving, 1, 0] = lon + motion[EAST, i] * far_s / lon_m
            ahead_deg[moving, 1, 1] = lat + motion[NORTH, i] * far_s / lat_m
            moving += 1
        latest[code] = i
        placed += 1
    return placed, paths, moving


@part
def _moves(now, table, motion, i):
    """Notes a row's motion, and what it loses each second, half of it from the last look and half from those before."""
    if table[NORTH_CMPS, i] == NULL or table[EAST_CMPS, i] == NULL:
        motion[:, i] = nan
        now.since_us = NEVER
        return 0.0
    east, north = table[EAST_CMPS, i] / 100.0, table[NORTH_CMPS, i] / 100.0
    climb = 0.0 if table[DOWN_CMPS, i] == NULL else -table[DOWN_CMPS, i] / 100.0
    speed, time_us = np.sqrt(east * east + north * north), table[TIME, i]
    motion[EAST, i], motion[NORTH, i] = east, north
    if now.since_us == NEVER or time_us - now.since_us > _LONGEST_LOOK_US:
        now.since_us, now.speed_mps, now.climb_mps, now.slowing_mps2, now.levelling_mps2 = time_us, speed, climb, 0.0, 0.0
    elif time_us - now.since_us >= _LOOK_US:
        seconds = (time_us - now.since_us) / 1e6
        levels = abs(now.climb_mps) - abs(climb) if now.climb_mps * climb >= 0.0 else 0.0
        now.slowing_mps2 = max(0.0, (now.slowing_mps2 + (now.speed_mps - speed) / seconds) / 2.0)
        now.levelling_mps2 = max(0.0, (now.levelling_mps2 + levels / seconds) / 2.0)
        now.since_us, now.speed_mps, now.climb_mps = time_us, speed, climb
    motion[CLIMB, i] = climb
    motion[SLOWING, i] = now.slowing_mps2 if now.slowing_mps2 >= _LEAST_SLOWING_MPS2 else 0.0
    motion[LEVELLING, i] = now.levelling_mps2 if now.levelling_mps2 >= _LEAST_SLOWING_MPS2 else 0.0
    return speed


@part
def _degrees(value_e7):
    return 0.0 if value_e7 == NULL else value_e7 / 1e7


def settle(work: Work) -> NDArray[np.int64]:
    """Leaves behind what the clear rows say; gives the rows that are left, in order. work.look: those not clear."""
    n = len(work.batch)
    left, look = np.empty(n, np.int64), work.suspected != 0
    seen, verdicts, heights, fleet = work.sightings, work.verdicts, work.heights, work.state.fleet
    count = _settle.run(
        verdicts.keep, verdicts.judged, work.batch.whole(), work.fleet_rows,
        work.lon_deg, work.lat_deg, heights.all_m, heights.source, work.motion,
        seen.outside, seen.inside, seen.crossed, seen.ahead, work.monitor.height_limit_m,
        np.zeros(len(work.fleet_rows), np.bool_), fleet.seen, fleet.fixes, look, left,
    )  # fmt: skip
    work.look = look
    return left[:count]


@kernel(
    given(boolean), given(boolean), given(int64, 2), given(int64),
    given(float64), given(float64), given(float64, 2), given(uint8), given(float64, 2),
    given(boolean), given(int64, 2), given(int64, 2), given(int64, 2), float64,
    boolean[::1], from_dtype(SEEN)[::1], from_dtype(FIX)[::1], boolean[::1], int64[::1], makes_arrays=False,
)  # fmt: skip
def _settle(
    keep, judged, table, fleet_rows,
    lon_deg, lat_deg, heights_m, source, motion,
    outside, inside, crossed, ahead, limit_m,
    walked, seen, fixes, look, left,
):  # fmt: skip
    for pair in range(len(inside)):
        look[inside[pair, 0]] = True
    for pair in range(len(crossed)):
        look[crossed[pair, 0]] = True
    for pair in range(len(ahead)):
        look[ahead[pair, 0]] = True
    count = 0
    for i in range(len(keep)):
        if not keep[i]:
            continue
        no_position, armed, airborne = table[NO_POSITION, i], table[ARMED, i], table[AIRBORNE, i]
        if judged[i]:
            below = heights_m[AGL, i] + heights_m[MARGIN, i] <= limit_m  # a height that is not known is not below
            if motion[CLIMB, i] > 0.0:
                below = below and heights_m[AGL, i] + motion[CLIMB, i] * LONGEST_S <= limit_m
            odd = look[i] or outside[i] or no_position != _PRESENT or (table[KIND, i] == _POSITION and not below)
            # On the ground nothing is raised, whatever is seen.
            look[i] = (odd and armed != 0 and airborne != 0) or table[AMBIGUOUS, i] != 0 or no_position > _LAST_REASON
        else:
            look[i] = True
        code = table[AIRCRAFT, i]
        aircraft = seen[fleet_rows[code]]
        if walked[code] or look[i] or aircraft.standing or aircraft.off_time_us != NEVER:
            walked[code] = True
            left[count] = i
            count += 1
            continue
        aircraft.heard_us, aircraft.ended = table[TIME, i], False
        aircraft.armed, aircraft.airborne = max(armed, -1), max(airborne, -1)
        if no_position == _PRESENT:
            fix = fixes[fleet_rows[code]]
            fix.time_us, fix.lon_deg, fix.lat_deg = table[TIME, i], lon_deg[i], lat_deg[i]
            fix.agl_m, fix.margin_m, fix.agl_source = heights_m[AGL, i], heights_m[MARGIN, i], source[i]
            fix.amsl_m, fix.takeoff_m = heights_m[AMSL, i], heights_m[TAKEOFF, i]
            fix.refused_m, fix.refused_model_m = heights_m[REFUSED, i], heights_m[REFUSED_MODEL, i]
    return count
