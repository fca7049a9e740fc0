"""One aircraft, one row: what every rule sees, and what becomes of each condition."""

from uuid import UUID

from alerts import lifecycle
from alerts.lifecycle import Condition, Told
from core.colour import Level
from core.observed import Delays, Observed
from core.sample import NoPosition, SampleKind
from core.units import US_PER_S
from geofence import altitude, monitor
from geofence.vertical import Fix
from geofence.zone import ZoneKind
from streams.events import alert_event
from streams.fleet import Aircraft
from streams.rules import RULES, link
from streams.work import Work

POSITION = "EVIDENCE-POSITION"
CLOCK = "EVIDENCE-CLOCK"
AMBIGUOUS = "IDENTITY-AMBIGUOUS"
NOT_HEARD = "LINK-NOT-HEARD"
NOT_JUDGED = "EVIDENCE-NOT-JUDGED"
_OVER = {link.RULE: "heard again", NOT_HEARD: "heard again", NOT_JUDGED: "judged again", CLOCK: "on time again"}
_EVIDENCE = Delays(raise_after_us=5 * US_PER_S, clear_after_us=2 * US_PER_S)
_AT_ONCE = Delays(raise_after_us=0, clear_after_us=0)
_SEEN = ((Level.UNKNOWN, 1.0),)
_WORDS = {
    NoPosition.NOT_SENT: "no position is sent",
    NoPosition.ZERO: "the position sent is 0,0: no satellite fix",
    NoPosition.IMPOSSIBLE: "the position sent is not on Earth",
}


def judge(
    work: Work, aircraft: Aircraft, row: int, judged: bool, placed: bool, armed: bool | None, airborne: bool | None
) -> None:
    """Take one kept row of an aircraft: its observations, then the conditions that it says nothing about."""
    time_us = int(work.time_us[row])
    if not judged:
        _off_time(work, aircraft, row, time_us)
        return
    aircraft.heard(time_us, armed, airborne)
    alarmed = aircraft.alarmed
    fix = work.fix(row) if placed else None
    observations = {seen.key: seen for seen in _observe(work, aircraft, row, fix)}
    for rule, why in _OVER.items():  # a judged sample is the end of these
        if f"{rule}/-" in aircraft.conditions:
            _finish(work, aircraft, f"{rule}/-", row, time_us, fix, why)
    for key, held in list(aircraft.conditions.items()):
        if key not in observations:
            if fix is not None and held.zone_id is not None:  # no zone asks it any more
                _finish(work, aircraft, key, row, time_us, fix, _why_over(work, held.zone_id, time_us))
                continue
            if not alarmed:
                _keep(work, aircraft, key, lifecycle.on_the_ground(held, time_us), row, time_us, fix)
    for key, seen in observations.items():
        stepped = lifecycle.step(aircraft.conditions.get(key), seen, time_us, alarmed or seen.rule == AMBIGUOUS)
        _keep(work, aircraft, key, stepped, row, time_us, fix)
    if fix is not None:
        aircraft.last = fix


def _observe(work: Work, aircraft: Aircraft, row: int, fix: Fix | None) -> list[Observed]:
    """What each rule sees in this row. A rule that looks at evidence which this row lacks sees nothing."""
    seen: list[Observed] = []
    conditions = aircraft.conditions
    reason = NoPosition(int(work.no_position[row]))
    if reason is not NoPosition.PRESENT:
        seen.append(Observed(POSITION, None, _SEEN, f"{_WORDS[reason]}: zones are not checked", delays=_EVIDENCE))
    elif f"{POSITION}/-" in conditions:
        seen.append(Observed(POSITION, None, ((Level.UNKNOWN, -100.0),), "positions again", delays=_EVIDENCE))
    if bool(work.ambiguous[row]):
        what = "two senders at once under this identity: what is shown may be either"
        seen.append(Observed(AMBIGUOUS, None, _SEEN, what, delays=_AT_ONCE))
    elif f"{AMBIGUOUS}/-" in conditions:
        seen.append(Observed(AMBIGUOUS, None, ((Level.UNKNOWN, -100.0),), "one sender again", delays=_EVIDENCE))
    if int(work.kind[row]) == SampleKind.POSITION:
        height = work.fix(row) if fix is None else fix
        if work.look[row] or f"{altitude.RULE}/-" in conditions:
            seen.append(altitude.height_agl(height, work.moves(row), *_allowed_m(work, aircraft, height)))
    for mark, rule in RULES:
        if work.suspected[row] & mark or f"{rule.RULE}/-" in conditions:
            seen += rule.observe(work, aircraft, row, fix)
    if fix is not None:
        seen += _zones(work, aircraft, row, fix)
    return seen


def _allowed_m(work: Work, aircraft: Aircraft, fix: Fix) -> tuple[float, str]:
    """The limit of the height rule for an aircraft at a place, and the authorisation that gives it."""
    facts, operator = work.monitor.facts, aircraft.operator_id
    limit, numbers = facts.allowed(operator, aircraft.aircraft_id, altitude.RULE, fix.lon_deg, fix.lat_deg, fix.time_us)
    if limit > work.monitor.height_limit_m:
        return limit, ", ".join(numbers)
    return work.monitor.height_limit_m, ""


def _zones(work: Work, aircraft: Aircraft, row: int, fix: Fix) -> list[Observed]:
    seen: dict[str, Observed] = {}
    watching, motion, coming = work.monitor, work.moves(row), work.ahead.get(row, [])
    keep_ins = watching.keep_ins(aircraft.operator_id, aircraft.aircraft_id, fix.time_us)
    leaving = any(entry.zone.kind is ZoneKind.KEEP_IN for entry in coming)
    if keep_ins and (leaving or work.sightings.outside[row] or f"{monitor.KEEP_IN}/-" in aircraft.conditions):
        observed = monitor.keep_in(keep_ins, fix, motion)
        seen[observed.key] = observed
    near = {one.zone.zone_id: one for one in (*work.inside.get(row, ()), *coming) if one.zone.kind is ZoneKind.KEEP_OUT}
    for held in aircraft.conditions.values():  # those that stand are followed outside their zone
        if held.zone_id is not None and held.rule != monitor.KEEP_IN:
            entry = watching.entry(held.zone_id, fix.time_us)
            if entry is not None:
                near[held.zone_id] = entry
    for entry in near.values():
        asks = watching.asks(entry, aircraft.aircraft_id, fix)
        if asks is not None:
            observed = monitor.keep_out(entry, fix, motion, asks)
            seen[observed.key] = observed
    before = aircraft.last if row in work.crossed else None
    if before is not None:
        for entry in work.crossed[row]:
            asks = watching.asks(entry, aircraft.aircraft_id, fix)
            path = None if asks is None else monitor.crossed(entry, keep_ins, before, fix, asks)
            if path is not None:
                seen[path.key] = path
    return [seen[key] for key in sorted(seen)]


def _why_over(work: Work, zone_id: UUID, time_us: int) -> str:
    """Why a zone asks nothing of an aircraft that it asked something of."""
    entry = work.monitor.entry(zone_id, time_us)
    return "the zone has ended" if entry is None else "the zone does not ask it any more: not active, or allowed"


def _off_time(work: Work, aircraft: Aircraft, row: int, time_us: int) -> None:
    """A late or early sample: after five seconds of its own time the clock is in doubt."""
    if aircraft.off_time_us is None or time_us < aircraft.off_time_us:
        aircraft.off_time_us = time_us
    if time_us - aircraft.off_time_us >= 5 * US_PER_S and f"{CLOCK}/-" not in aircraft.conditions:
        way = "ahead of" if bool(work.verdicts.ahead[row]) else "behind"
        what = f"samples are {way} the time judged so far: nothing is judged until they agree"
        seen = Observed(CLOCK, None, _SEEN, what, delays=_AT_ONCE, at_once=True)
        held, told = lifecycle.step(None, seen, aircraft.off_time_us, alarmed=True)
        _keep(work, aircraft, seen.key, (held, told), row, time_us, None)


def _finish(work: Work, aircraft: Aircraft, key: str, row: int, time_us: int, fix: Fix | None, why: str) -> None:
    _keep(work, aircraft, key, (None, lifecycle.end(aircraft.conditions[key], why)), row, time_us, fix)


def _keep(
    work: Work, aircraft: Aircraft, key: str, stepped: tuple[Condition | None, Told], row: int, time_us: int, fix: Fix | None
) -> None:
    held, told = stepped
    for what, condition in told:
        work.events.append(alert_event(work.state, work.entry, aircraft, condition, what, time_us, row, fix))
    if held is not None:
        aircraft.hold(key, held)
    elif key in aircraft.conditions:
        aircraft.release(key)
