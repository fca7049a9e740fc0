"""AU-VLOS: within the pilot's sight, as a distance from the pilot's station that the operator has set for the aircraft. No rule
gives a figure, so without one it is not checked. Where no station is stated it is taken to be where the aircraft took off.
In the last tenth of the distance it warns."""

import math

import numpy as np

from core.colour import Level
from core.geodesy import bearing_deg, metres_per_degree
from core.observed import Observed
from core.sample import NoPosition
from core.whole import NO_POSITION, TIME
from geofence import words
from geofence.distance import Nearest
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "AU-VLOS"
NEAR = 0.9


def suspect(work: Work) -> None:
    facts = work.monitor.facts
    if not facts.any_stated():
        return
    table = work.batch.whole()
    placed = np.flatnonzero(work.verdicts.judged & (table[NO_POSITION] == NoPosition.PRESENT))
    for operator, aircraft, at in work.aircraft_in(placed):
        for from_us, to_us, fact in facts.stated(operator, aircraft):
            if fact.vlos_m is None:
                continue
            rows = placed[at]
            rows = rows[(from_us <= table[TIME, rows]) & (table[TIME, rows] < to_us)]
            lon, lat = (
                work.ground_deg[:, rows] if fact.station_lon_deg is None else (fact.station_lon_deg, fact.station_lat_deg)
            )
            lon_m, lat_m = metres_per_degree(work.lat_deg[rows])
            away_m = np.hypot((work.lon_deg[rows] - lon) * lon_m, (work.lat_deg[rows] - lat) * lat_m)
            work.suspected[rows] |= away_m > NEAR * fact.vlos_m


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    if fix is None:
        return []
    fact = work.monitor.facts.aircraft(aircraft.operator_id, aircraft.aircraft_id, fix.time_us)
    if fact is None or fact.vlos_m is None:
        return [Observed(RULE, None, (), "no distance is set any more")]
    lon, lat, where = float(work.ground_deg[0, row]), float(work.ground_deg[1, row]), " (assumed: where it took off)"
    if fact.station_lon_deg is not None and fact.station_lat_deg is not None:
        lon, lat, where = fact.station_lon_deg, fact.station_lat_deg, ""
    if math.isnan(lon):
        return []
    lon_m, lat_m = metres_per_degree(fix.lat_deg)
    east, north = (lon - fix.lon_deg) * lon_m, (lat - fix.lat_deg) * lat_m
    away_m, allowed = math.hypot(east, north), work.allowed(RULE, np.array([row]))[0]
    limit_m = fact.vlos_m if math.isnan(allowed) else max(fact.vlos_m, float(allowed))
    what = f"{words.metres(away_m)} from the pilot's station{where}, limit {words.metres(limit_m)}"
    back = words.fly(Nearest(away_m - limit_m, bearing_deg(east, north))) if away_m > limit_m else None
    tiers = ((Level.BREACH, away_m - limit_m), (Level.WARNING, away_m - NEAR * limit_m))
    return [Observed(RULE, None, tiers, what, back)]
