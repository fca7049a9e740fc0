"""BATTERY: what is left of it. The limits are the operator's, for an aircraft or these; they come from no rule of CASA."""

# mypy: allow-untyped-defs

import numpy as np
from numba import boolean, float64, int64, uint8

from core.colour import Level
from core.columns import NULL
from core.compiled import given, kernel
from core.observed import Delays, Observed
from core.whole import AIRCRAFT, BATTERY, TIME
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "BATTERY"
WARN_PCT, BREACH_PCT = 30.0, 15.0
DELAYS = Delays(raise_after_us=5_000_000, clear_inside_m=3.0)  # in per cent; under load it is less for some seconds


def suspect(work: Work, mark: int) -> None:
    warn_pct = np.full(len(work.fleet_rows), WARN_PCT)
    for code, facts in work.limits():
        warn_pct[code] = max(WARN_PCT, *(fact.battery_warn_pct or 0.0 for _, _, fact in facts))
    _low.run(work.verdicts.judged, work.batch.whole(), warn_pct, mark, work.suspected)


@kernel(given(boolean), given(int64, 2), given(float64), int64, uint8[::1], makes_arrays=False)
def _low(judged, table, warn_pct, mark, suspected):
    """warn_pct: by aircraft, the highest that was ever stated of it."""
    for row in range(len(judged)):
        left = table[BATTERY, row]
        if judged[row] and left != NULL and left < warn_pct[table[AIRCRAFT, row]]:
            suspected[row] |= mark


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
