"""AU-VLOS: within the pilot's sight, as a distance from the pilot's station that the operator has stated. No rule
gives a figure, so without one it is not checked. Where no station is stated it is taken to be where the aircraft took off.
In the last tenth of the distance it warns."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math

from numba import boolean, float64, from_dtype, int64, uint8

from core.colour import Level
from core.compiled import given, kernel
from core.geodesy import bearing_deg, metres_per_degree, per_degree
from core.observed import Observed
from core.sample import NoPosition
from core.whole import AIRCRAFT, NO_POSITION, TIME
from geofence import words
from geofence.distance import Nearest
from geofence.limits import DISTANCE
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "AU-VLOS"
NEAR = 0.9
_PRESENT = int(NoPosition.PRESENT)


def suspect(work: Work, mark: int) -> None:
    limits = work.monitor.facts.limits
    if len(limits.distances):
        _far.run(
            work.verdicts.judged, work.batch.whole(), work.lon_deg, work.lat_deg, work.ground_deg, work.fleet_rows,
            work.limit_groups(), limits.distance_begins, limits.distances, mark, work.suspected,
        )  # fmt: skip


@kernel(
    given(boolean), given(int64, 2), given(float64), given(float64), given(float64, 2), given(int64), given(int64),
    given(int64), given(from_dtype(DISTANCE)), int64, uint8[::1],
)  # fmt: skip
def _far(judged, table, lon_deg, lat_deg, ground_deg, fleet_rows, groups, begins, distances, mark, suspected):
    """Is a row too far from its station by any of its group's distances."""
    for row in range(len(judged)):
        if not judged[row] or table[NO_POSITION, row] != _PRESENT:
            continue
        group, time_us = groups[fleet_rows[table[AIRCRAFT, row]]], table[TIME, row]
        for i in range(begins[group], begins[group + 1]):
            one = distances[i]
            lon, lat = one.station_lon_deg, one.station_lat_deg
            if math.isnan(lon):
                lon, lat = ground_deg[0, row], ground_deg[1, row]
            if one.from_us <= time_us < one.to_us:
                lon_m, lat_m = per_degree(lat_deg[row])
                away_m = math.hypot((lon_deg[row] - lon) * lon_m, (lat_deg[row] - lat) * lat_m)
                if away_m > NEAR * one.vlos_m:
                    suspected[row] |= mark


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    if fix is None:
        return []
    vlos_m = work.limits(aircraft, row).vlos_m
    if vlos_m is None:
        return [Observed(RULE, None, (), "no distance is set any more")]
    lon, lat, where = float(work.ground_deg[0, row]), float(work.ground_deg[1, row]), " (assumed: where it took off)"
    fact = work.monitor.facts.aircraft(aircraft.operator_id, aircraft.aircraft_id, fix.time_us)
    if fact is not None and fact.station_lon_deg is not None and fact.station_lat_deg is not None:
        lon, lat, where = fact.station_lon_deg, fact.station_lat_deg, ""
    if math.isnan(lon):
        return []
    lon_m, lat_m = metres_per_degree(fix.lat_deg)
    east, north = (lon - fix.lon_deg) * lon_m, (lat - fix.lat_deg) * lat_m
    away_m, allowed = math.hypot(east, north), work.allowed(RULE, aircraft, fix)
    limit_m = vlos_m if math.isnan(allowed) else max(vlos_m, allowed)
    what = f"{words.metres(away_m)} from the pilot's station{where}, limit {words.metres(limit_m)}"
    back = words.fly(Nearest(away_m - limit_m, bearing_deg(east, north))) if away_m > limit_m else None
    tiers = ((Level.BREACH, away_m - limit_m), (Level.WARNING, away_m - NEAR * limit_m))
    return [Observed(RULE, None, tiers, what, back)]
