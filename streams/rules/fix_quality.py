"""FIX-QUALITY: positions that the receiver itself does not call a three-dimensional fix (MAVLink GPS_FIX_TYPE below 3), or the
better one that is stated."""

# mypy: allow-untyped-defs

from numba import boolean, float64, int64, uint8

from core.colour import Level
from core.columns import NULL
from core.compiled import given, kernel
from core.observed import Observed
from core.sample import NoPosition
from core.whole import AIRCRAFT, FIX_TYPE, NO_POSITION
from geofence.rules import THREE_DIMENSIONAL
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "FIX-QUALITY"
_PRESENT = int(NoPosition.PRESENT)
_WORDS = {
    0: "no receiver", 1: "no fix", 2: "a two-dimensional fix", 3: "a three-dimensional fix", 4: "a differential fix",
    5: "a floating RTK fix", 6: "a fixed RTK fix",
}  # fmt: skip


def suspect(work: Work, mark: int) -> None:
    below = work.monitor.facts.limits.fix_below
    _poor.run(work.verdicts.judged, work.batch.whole(), work.fleet_rows, work.limit_groups(), below, mark, work.suspected)


@kernel(
    given(boolean), given(int64, 2), given(int64), given(int64), given(float64), int64, uint8[::1], makes_arrays=False
)  # fmt: skip
def _poor(judged, table, fleet_rows, groups, below, mark, suspected):
    for row in range(len(judged)):
        kind = table[FIX_TYPE, row]
        placed = judged[row] and table[NO_POSITION, row] == _PRESENT
        if placed and kind != NULL and kind < below[groups[fleet_rows[table[AIRCRAFT, row]]]]:
            suspected[row] |= mark


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    kind = int(work.batch.whole()[FIX_TYPE, row])
    if fix is None or kind == NULL:
        return []
    stated = work.limits(aircraft, row).fix_type_min
    least = THREE_DIMENSIONAL if stated is None else int(stated)
    if kind >= least:
        return [Observed(RULE, None, (), _WORDS[least])]
    what = f"the receiver reports {_WORDS.get(kind, 'a poor fix')}: positions and heights may be far off"
    if kind >= THREE_DIMENSIONAL:
        what = f"the receiver reports {_WORDS[kind]}, not {_WORDS[least]} as stated"
    return [Observed(RULE, None, ((Level.WARNING, 1.0),), what)]
