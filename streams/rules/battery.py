"""BATTERY: what is left of it. The limits are the operator's, stated or these; they come from no rule of CASA. Where the two
contradict each other, stated by different facts, the higher one counts for both."""

# mypy: allow-untyped-defs

from numba import boolean, float64, int64, uint8

from core.colour import Level
from core.columns import NULL
from core.compiled import given, kernel
from core.observed import Delays, Observed
from core.whole import AIRCRAFT, BATTERY
from geofence.rules import BATTERY_BREACH_PCT, BATTERY_WARN_PCT
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "BATTERY"
DELAYS = Delays(raise_after_us=5_000_000, clear_inside_m=3.0)  # in per cent; under load it is less for some seconds


def suspect(work: Work, mark: int) -> None:
    below_pct = work.monitor.facts.limits.battery_below_pct
    _low.run(
        work.verdicts.judged, work.batch.whole(), work.fleet_rows, work.limit_groups(), below_pct, mark, work.suspected
    )  # fmt: skip


@kernel(
    given(boolean), given(int64, 2), given(int64), given(int64), given(float64), int64, uint8[::1], makes_arrays=False
)  # fmt: skip
def _low(judged, table, fleet_rows, groups, below_pct, mark, suspected):
    for row in range(len(judged)):
        left = table[BATTERY, row]
        if judged[row] and left != NULL and left < below_pct[groups[fleet_rows[table[AIRCRAFT, row]]]]:
            suspected[row] |= mark


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    left = int(work.batch.whole()[BATTERY, row])
    if left == NULL:
        return []
    limits = work.limits(aircraft, row)
    breach = BATTERY_BREACH_PCT if limits.battery_breach_pct is None else limits.battery_breach_pct
    warn = max(breach, BATTERY_WARN_PCT if limits.battery_warn_pct is None else limits.battery_warn_pct)
    tiers = ((Level.BREACH, breach - left), (Level.WARNING, warn - left))
    what = f"battery at {left} %, below {breach if left < breach else warn:g} %" if left < warn else f"battery at {left} %"
    return [Observed(RULE, None, tiers, what, "LAND" if left < breach else None, delays=DELAYS)]
