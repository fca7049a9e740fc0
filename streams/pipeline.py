"""The engine: `advance(state, entry, world) -> events`. Pure: its only clock is the times in the data.

A block goes through STEPS, one after the other; a control record through the step of its kind. Most rows of most blocks
are clear and are settled for the whole block at once; only what there is something to see of is walked row by row.
The same function runs live, on imports and on history, and gives the same bytes.
"""

from collections.abc import Callable
from uuid import UUID

import numpy as np

from core.block import Block
from core.columns import NULL
from core.records import AlertEvent, Engine, Listened, Marker, Tick
from core.sample import NoPosition
from core.whole import AIRBORNE, AIRCRAFT, AMBIGUOUS, ARMED, KIND, NO_POSITION, TIME
from geofence.height import best_heights
from geofence.world import World
from streams import silence
from streams.entry import Entry, Unjudged
from streams.glance import settle, trace
from streams.judge import judge
from streams.rules import RULES
from streams.screen import screen
from streams.state import State
from streams.work import Work


def screen_samples(work: Work) -> None:
    """Duplicates are dropped, late and early samples set aside."""
    work.verdicts = screen(work.state.screen, work.batch, work.entry.append_time_us, work.entry.live)


def know_aircraft(work: Work) -> None:
    """Each aircraft with a new sample gets its place in the state; one whose samples all came before gets none."""
    keys = work.batch.dictionary("aircraft_id")
    rows = list(map(work.state.fleet.row_of.get, keys))
    if None in rows:
        codes = work.batch.whole()[AIRCRAFT]
        for code, known in enumerate(rows):
            if known is None:
                of_this = codes == code
                new = (of_this & work.verdicts.keep).any()
                rows[code] = _meet(work, keys[code], int(np.argmax(of_this))) if new else -1
    work.fleet_rows = np.array(rows, np.int64)


def _meet(work: Work, key: bytes, row: int) -> int:
    value = work.batch.value
    operator_id, heard_us = UUID(bytes=value("operator_id", row)), min(value("event_time_us", row), work.entry.append_time_us)
    return work.state.fleet.meet(operator_id, UUID(bytes=key), value("link", row), value("system_id", row), heard_us).row


def measure_heights(work: Work) -> None:
    """The best height above ground at hand for each row."""
    work.heights = best_heights(work.batch)


def find_zones(work: Work) -> None:
    """Which rows may be in, out of, or across a zone."""
    work.lon_deg, work.lat_deg = np.empty((2, len(work.batch)))
    work.ground_deg = np.full((2, len(work.batch)), np.nan)
    work.sightings = work.monitor.watch(trace(work))


def suspect_rows(work: Work) -> None:
    """Which rows the rules without an outline must look at."""
    work.suspected = np.zeros(len(work.batch), np.uint8)
    for mark, rule in RULES:
        rule.suspect(work, mark)


def judge_rows(work: Work) -> None:
    """What is clear is settled at once; rows with something to see, or something standing, are looked at one by one."""
    left = settle(work)
    if not len(left):
        return
    seen = work.sightings
    work.inside, work.crossed, work.ahead = (work.monitor.by_row(pairs) for pairs in (seen.inside, seen.crossed, seen.ahead))
    table = work.batch.whole()
    work.time_us, work.kind, work.no_position, work.ambiguous = table[TIME], table[KIND], table[NO_POSITION], table[AMBIGUOUS]
    for row in left.tolist():
        aircraft = work.state.fleet.at[work.fleet_rows[table[AIRCRAFT, row]]]
        judged = bool(work.verdicts.judged[row])
        placed = judged and work.no_position[row] == NoPosition.PRESENT
        armed, airborne = _tristate(table[ARMED, row]), _tristate(table[AIRBORNE, row])
        judge(work, aircraft, row, judged, placed, armed, airborne)


def _tristate(number: np.int64) -> bool | None:
    return None if number == NULL else bool(number)


STEPS: tuple[Callable[[Work], None], ...] = (
    screen_samples,
    know_aircraft,
    measure_heights,
    find_zones,
    suspect_rows,
    judge_rows,
)


def advance(state: State, entry: Entry, world: World) -> list[AlertEvent]:
    """Take one record; give its alert events, in order. The state is changed in place: drop it if this raises."""
    body = entry.body
    if isinstance(body, Block):
        work = Work(state, entry, body, world.monitor(state.world))
        for step in STEPS:
            step(work)
        return work.events
    match body:
        case Listened():
            return silence.listened(state, entry, body, world.facts(state.world).limits)
        case Tick():
            return silence.tick(state, entry)
        case Marker():
            state.world = max(state.world, body.world)
        case Engine():
            state.engine = body.version
        case Unjudged():
            return silence.unjudged(state, entry, body)
    return []
