"""The engine: `advance(state, entry, world) -> events`. Pure: its only clock is the times in the data.

A block goes through STEPS, one after the other; a control record through the step of its kind. Most rows of most blocks
are clear and are settled for the whole block at once; only what there is something to see of is walked row by row.
The same function runs live, on imports and on history, and gives the same bytes.
"""

from collections.abc import Callable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.records import AlertEvent, Engine, Listened, Marker, Tick
from core.sample import NoPosition
from geofence.height import best_heights
from geofence.world import World
from streams import silence
from streams.entry import Entry, Unjudged
from streams.fleet import Aircraft
from streams.glance import settle, trace
from streams.judge import judge
from streams.screen import screen
from streams.state import State
from streams.work import Work

_TRISTATE = (False, True, None)


def screen_samples(work: Work) -> None:
    """Duplicates are dropped, late and early samples set aside."""
    work.verdicts = screen(work.state.screen, work.batch, work.entry.append_time_us, work.entry.live)


def know_aircraft(work: Work) -> None:
    """Each aircraft with a new sample gets its place in the state; one whose samples all came before gets none."""
    batch, held = work.batch, work.state.aircraft
    work.codes = batch.codes("aircraft_id")
    work.time_us = batch.values("event_time_us")
    keys = batch.dictionary("aircraft_id")
    work.aircraft = [held.get(key) for key in keys]
    for code, known in enumerate(work.aircraft):
        if known is None:
            of_this = work.codes == code
            if (of_this & work.verdicts.keep).any():
                work.aircraft[code] = _meet(work, keys[code], int(np.argmax(of_this)))
    work.fleet_rows = np.array([-1 if known is None else known.row for known in work.aircraft], np.int64)


def _meet(work: Work, key: bytes, row: int) -> Aircraft:
    batch = work.batch
    return work.state.fleet.meet(
        UUID(bytes=batch.value("operator_id", row)),
        UUID(bytes=key),
        batch.value("link", row),
        batch.value("system_id", row),
        heard_us=min(int(work.time_us[row]), work.entry.append_time_us),
    )


def read_columns(work: Work) -> None:
    """What the rules look at, and the best height above ground at hand for each row."""
    batch = work.batch
    work.kind, work.no_position = batch.values("kind"), batch.values("no_position")
    work.ambiguous = batch.values("ambiguous")
    work.armed, work.airborne = _tristate(batch, "armed"), _tristate(batch, "airborne")
    work.heights = best_heights(batch)


def find_zones(work: Work) -> None:
    """Which rows may be in, out of, or across a zone."""
    work.lon_deg, work.lat_deg = np.empty((2, len(work.time_us)))
    work.sightings = work.monitor.watch(trace(work))


def judge_rows(work: Work) -> None:
    """What is clear is settled at once; rows with something to see, or something standing, are looked at one by one."""
    left = settle(work)
    if not len(left):
        return
    work.inside, work.crossed = (work.monitor.by_row(seen) for seen in (work.sightings.inside, work.sightings.crossed))
    for row in left.tolist():
        aircraft = work.aircraft[work.codes[row]]
        assert aircraft is not None
        judged = bool(work.verdicts.judged[row])
        placed = judged and work.no_position[row] == NoPosition.PRESENT
        armed, airborne = _TRISTATE[work.armed[row]], _TRISTATE[work.airborne[row]]
        judge(work, aircraft, row, judged, placed, armed, airborne)


def _tristate(batch: Block, column: str) -> NDArray[np.int8]:
    values = batch.values(column).view(np.int8)
    return np.where(batch.valid(column), values, np.int8(-1)) if batch.has_null(column) else values


STEPS: tuple[Callable[[Work], None], ...] = (
    screen_samples,
    know_aircraft,
    read_columns,
    find_zones,
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
            return silence.listened(state, entry, body)
        case Tick():
            return silence.tick(state, entry)
        case Marker():
            state.world = max(state.world, body.world)
        case Engine():
            state.engine = body.version
        case Unjudged():
            return silence.unjudged(state, entry, body)
    return []
