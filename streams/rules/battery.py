"""BATTERY: what is left of it. The limits are the operator's, for an aircraft or these; they come from no rule of CASA."""

import numpy as np

from core.colour import Level
from core.columns import NULL
from core.observed import Delays, Observed
from core.whole import BATTERY, TIME
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "BATTERY"
WARN_PCT, BREACH_PCT = 30.0, 15.0
DELAYS = Delays(raise_after_us=5_000_000, clear_inside_m=3.0)  # in per cent; under load it is less for some seconds


def suspect(work: Work) -> None:
    left = work.batch.whole()[BATTERY]
    known = work.verdicts.judged & (left != NULL)
    work.suspected |= known & (left < WARN_PCT)
    facts = work.monitor.facts
    if facts.any_stated():
        rows = np.flatnonzero(known)
        for operator, aircraft, at in work.aircraft_in(rows):
            limits = [fact.battery_warn_pct for _, _, fact in facts.stated(operator, aircraft) if fact.battery_warn_pct]
            work.suspected[rows[at]] |= left[rows[at]] < max(limits, default=0.0)


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    table = work.batch.whole()
    left = int(table[BATTERY, row])
    if left == NULL:
        return []
    fact = work.monitor.facts.aircraft(aircraft.operator_id, aircraft.aircraft_id, int(table[TIME, row]))
    warn = WARN_PCT if fact is None or fact.battery_warn_pct is None else fact.battery_warn_pct
    breach = BREACH_PCT if fact is None or fact.battery_breach_pct is None else fact.battery_breach_pct
    tiers = ((Level.BREACH, breach - left), (Level.WARNING, warn - left))
    what = f"battery at {left} %, below {breach if left < breach else warn:g} %" if left < warn else f"battery at {left} %"
    return [Observed(RULE, None, tiers, what, "LAND" if left < breach else None, delays=DELAYS)]
