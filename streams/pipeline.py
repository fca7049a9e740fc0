"""The engine: `advance(state, entry, world) -> events`. Pure: its only clock is the times in the data.

A block goes through STEPS, one after the other; a control record through the step of its kind. Most rows of most blocks
are clear and are settled for the whole block at once; only aircraft with something to look at are walked row by row.
The same function runs live, on imports and on history, and gives the same bytes.
"""

from collections.abc import Callable
from uuid import UUID

import numpy as np

from core.block import Block
from core.records import AlertEvent, Engine, Listened, Marker, Tick
from core.sample import NoPosition, SampleKind
from geofence import altitude
from geofence.height import best_heights
from geofence.monitor import Track
from geofence.world import World
from streams import silence
from streams.entry import Entry, Unjudged
from streams.judge import judge
from streams.screen import screen
from streams.state import Aircraft, LastFix, State
from streams.work import Work


def screen_samples(work: Work) -> None:
    """Duplicates are dropped, late and early samples set aside."""
    work.verdicts = screen(work.state.screen, work.batch, work.entry.append_time_us, work.entry.live)
    work.time_us = work.batch.values("event_time_us").astype(np.int64, copy=False)
    work.kind, work.no_position, work.ambiguous = (work.batch.values(name) for name in ("kind", "no_position", "ambiguous"))


def know_aircraft(work: Work) -> None:
    """Each aircraft with a new sample gets its place in the state; one whose samples all came before gets none."""
    batch, held = work.batch, work.state.aircraft
    work.codes = batch.codes("aircraft_id")
    work.aircraft = []
    for code, key in enumerate(batch.dictionary("aircraft_id")):
        known = held.get(key)
        if known is None:
            of_this = work.codes == code
            row = int(np.argmax(of_this))
            known = Aircraft(
                UUID(bytes=batch.value("operator_id", row)),
                UUID(bytes=key),
                batch.value("link", row),
                batch.value("system_id", row),
                heard_us=min(int(work.time_us[row]), work.entry.append_time_us),
            )
            if (of_this & work.verdicts.keep).any():
                held[key] = known
        work.aircraft.append(known)


def measure_heights(work: Work) -> None:
    """The best height above ground at hand for each row."""
    work.heights = best_heights(work.batch)


def find_zones(work: Work) -> None:
    """Which rows may be in, out of, or across a zone."""
    work.lon_deg = work.batch.values("lon_e7").astype(np.float64) / 1e7
    work.lat_deg = work.batch.values("lat_e7").astype(np.float64) / 1e7
    placed = work.verdicts.judged & (work.no_position == NoPosition.PRESENT)
    rows = np.flatnonzero(placed)
    who = work.codes[rows]
    # The fix before each row: the row of the same aircraft before it, else the state's last.
    order = np.argsort(who, kind="stable")
    first = np.ones(len(rows), np.bool_)
    first[1:] = who[order][1:] != who[order][:-1]
    before = np.empty(len(rows), np.intp)
    before[order] = np.concatenate(([0], rows[order][:-1])) if len(rows) else rows
    fresh = np.empty(len(rows), np.bool_)
    fresh[order] = first
    before_us, lon, lat = work.time_us[before], work.lon_deg[before].copy(), work.lat_deg[before].copy()
    for i in np.flatnonzero(fresh).tolist():
        last = work.aircraft[who[i]].last
        lon[i], lat[i], before_us[i] = (last.lon_deg, last.lat_deg, last.time_us) if last else (np.nan, np.nan, 0)
    h = work.heights
    track = Track(
        rows, who, work.time_us[rows], work.lon_deg[rows], work.lat_deg[rows], before_us, lon, lat,
        np.stack((h.agl_m[rows], h.amsl_m[rows], h.takeoff_m[rows])), h.margin_m[rows],
    )  # fmt: skip
    work.sightings = work.monitor.watch(track, [a.operator_id for a in work.aircraft], [a.aircraft_id for a in work.aircraft])


def choose_rows(work: Work) -> None:
    """Rows that cannot be called clear at a glance."""
    seen = work.sightings
    look = (work.no_position != NoPosition.PRESENT) | work.ambiguous.astype(np.bool_)
    look |= altitude.needs_a_look(work.heights) & (work.kind == SampleKind.POSITION)
    look[[*seen.inside, *seen.crossed, *seen.outside]] = True
    look |= work.verdicts.late | work.verdicts.ahead
    work.look = look


def judge_aircraft(work: Work) -> None:
    """Aircraft with something to see, or something standing, row by row; the others at once."""
    judged = work.verdicts.judged
    kept = np.flatnonzero(work.verdicts.keep)
    armed, airborne = (_tristate(work.batch, name) for name in ("armed", "airborne"))
    placed = judged & (work.no_position == NoPosition.PRESENT)
    for code, aircraft in enumerate(work.aircraft):
        rows = kept[work.codes[kept] == code]
        if not len(rows):
            continue
        if aircraft.conditions or aircraft.off_time_us is not None or work.look[rows].any():
            for row in rows.tolist():
                judge(work, aircraft, row, bool(judged[row]), bool(placed[row]), armed[row], airborne[row])
            continue
        last = int(rows[-1])
        aircraft.heard_us, aircraft.ended = int(work.time_us[last]), False
        aircraft.armed, aircraft.airborne = armed[last], airborne[last]
        placed_rows = rows[placed[rows]]
        if len(placed_rows):
            aircraft.last = LastFix.of(work.fix(int(placed_rows[-1])))
    work.events.sort(key=lambda event: event.row)  # stable: within a row the order of the rules


def _tristate(batch: Block, column: str) -> list[bool | None]:
    values, valid = batch.values(column), batch.valid(column)
    return [bool(value) if there else None for value, there in zip(values.tolist(), valid.tolist(), strict=True)]


STEPS: tuple[Callable[[Work], None], ...] = (
    screen_samples,
    know_aircraft,
    measure_heights,
    find_zones,
    choose_rows,
    judge_aircraft,
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
