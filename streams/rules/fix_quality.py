"""FIX-QUALITY: positions that the receiver itself does not call a three-dimensional fix (MAVLink GPS_FIX_TYPE below 3)."""

# mypy: allow-untyped-defs

from numba import boolean, int64, uint8

from core.colour import Level
from core.columns import NULL
from core.compiled import given, kernel
from core.observed import Observed
from core.sample import NoPosition
from core.whole import FIX_TYPE, NO_POSITION
from geofence.vertical import Fix
from streams.fleet import Aircraft
from streams.work import Work

RULE = "FIX-QUALITY"
LEAST = 3
_PRESENT = int(NoPosition.PRESENT)
_WORDS = {0: "no receiver", 1: "no fix", 2: "a two-dimensional fix"}


def suspect(work: Work, mark: int) -> None:
    _poor.run(work.verdicts.judged, work.batch.whole(), mark, work.suspected)


@kernel(given(boolean), given(int64, 2), int64, uint8[::1], makes_arrays=False)
def _poor(judged, table, mark, suspected):
    for row in range(len(judged)):
        kind = table[FIX_TYPE, row]
        if judged[row] and kind != NULL and kind < LEAST and table[NO_POSITION, row] == _PRESENT:
            suspected[row] |= mark


def observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    kind = int(work.batch.whole()[FIX_TYPE, row])
    if fix is None or kind == NULL:
        return []
    if kind >= LEAST:
        return [Observed(RULE, None, (), "a three-dimensional fix")]
    what = f"the receiver reports {_WORDS.get(kind, 'a poor fix')}: positions and heights may be far off"
    return [Observed(RULE, None, ((Level.WARNING, 1.0),), what)]
