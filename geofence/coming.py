"""Which rows of a block need a look at what comes: those that, moving on as they do, soon meet a boundary, a floor or a
ceiling. One compiled loop; `geofence.prediction` takes the look. It may name a row too many, and never one too few."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from math import inf

from numba import float64, from_dtype, int64

from core.compiled import given, kernel, part
from geofence.prediction import LONGEST_S, seconds_for
from geofence.track import AUDIENCE, CLIMB, EAST, ENTRY, LEVELLING, NORTH, SLOWING, meant

_SLACK_S = 0.01  # the look is exact, this need not be
_seconds = part(seconds_for)


@kernel(
    given(from_dtype(ENTRY)), given(from_dtype(AUDIENCE)), given(int64),
    given(int64), given(int64), given(int64), given(int64), given(float64),
    given(int64), given(int64), given(int64), given(float64), given(float64, 2), given(int64), given(float64, 2),
    int64[:, ::1],
)  # fmt: skip
def coming(
    entries, audiences, listed,
    held_points, held_entries, met_paths, met_entries, met_parts,
    rows, audience, ahead_points, ahead_s, motion, time_us, heights_m,
    found,
):  # fmt: skip
    """Pairs (row, entry) of footprints that will be entered or left, or whose floor or ceiling will be passed, soon enough."""
    count = 0
    for pair in range(len(met_paths)):
        path, number = met_paths[pair], met_entries[pair]
        point = ahead_points[path]
        entry, row = entries[number], rows[point]
        if not meant(entry, number, audiences[audience[point]], listed, time_us[row]):
            continue
        speed = math.sqrt(motion[EAST, row] * motion[EAST, row] + motion[NORTH, row] * motion[NORTH, row])
        after_s = _seconds(met_parts[pair] * ahead_s[path] * speed, speed, motion[SLOWING, row])
        if after_s < entry.warn_s + _SLACK_S and (entry.keep_in or not _passes_by(entry, motion[:, row], heights_m[:, row])):
            found[count, 0], found[count, 1] = row, number
            count += 1
    for pair in range(len(held_points)):
        point, number = held_points[pair], held_entries[pair]
        entry, row = entries[number], rows[point]
        climb, levelling = motion[CLIMB, row], motion[LEVELLING, row]
        if not abs(climb) > 0.0 or (entry.floor_m == -inf and entry.ceiling_m == inf):
            continue
        if not meant(entry, number, audiences[audience[point]], listed, time_us[row]):
            continue
        above = heights_m[entry.floor_row, row] - entry.floor_m
        below = entry.ceiling_m - heights_m[entry.ceiling_row, row]
        if entry.keep_in:
            after_s = min(_up(-above, climb, levelling), _up(below, climb, levelling))
        elif above < 0.0:
            after_s = _up(-above, climb, levelling)
        elif below < 0.0:
            after_s = _up(below, climb, levelling)
        elif climb > 0.0:
            after_s = 0.0  # it is in the zone, but an authorisation may allow that up to some height
        else:
            continue
        if after_s < entry.warn_s + _SLACK_S:
            found[count, 0], found[count, 1] = row, number
            count += 1
    return count


@part
def _up(height_m, climb_mps, levelling_mps2):
    """As Motion.seconds_up."""
    if not math.isfinite(height_m):
        return inf
    if height_m >= 0.0:
        return _seconds(height_m, climb_mps, levelling_mps2)
    return _seconds(-height_m, -climb_mps, levelling_mps2)


@part
def _passes_by(entry, motion, heights_m):
    """Is it below the floor, or above the ceiling, now and as far as anybody looks ahead?"""
    climbed = 0.0 if math.isnan(motion[CLIMB]) else motion[CLIMB] * LONGEST_S
    above, below = heights_m[entry.floor_row] - entry.floor_m, entry.ceiling_m - heights_m[entry.ceiling_row]
    return max(above, above + climbed) < 0.0 or max(below, below - climbed) < 0.0
