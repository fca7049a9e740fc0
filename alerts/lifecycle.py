"""The condition of an alert, from the first raw sample to its end: delays, hysteresis, what grew worse. Pure.

A condition is pending until one of its tiers has held for its delay; then it is raised, and from then on each step has a
number. It is cleared when it has been well inside its limit, or the aircraft on the ground, for the time set. A missing
observation changes nothing: evidence that is gone neither raises nor clears.
"""

from uuid import UUID

import msgspec

from core.colour import Level
from core.observed import Delays, Observed
from core.records import Condition as Step
from core.units import US_PER_S

GROUNDED = "disarmed or landed"
EVIDENCE_GAP_US = 5 * US_PER_S  # a pending condition not seen for this long begins anew
_WORSE_FACTOR, _WORSE_STEP_M = 2.0, 10.0  # grown to twice what was told, and by ten metres: told again


Told = list[tuple[Step, "Condition"]]
Stepped = tuple["Condition | None", Told]


class Condition(msgspec.Struct):
    """One rule (and zone) of one aircraft while it is not clear. n is 0 while pending."""

    rule: str
    zone_id: UUID | None
    zone_name: str | None
    versions: list[int]
    start_us: int
    seen_us: int
    what: str
    way_back: str | None
    beyond_m: float | None
    since_us: dict[Level, int]  # by tier: since when it has been violated without a break
    n: int = 0
    level: Level = Level.CLEAR
    told_m: float = 0.0
    worst: str = ""  # what was seen when it was furthest beyond its limit
    worst_m: float = -1.0
    clear_us: int | None = None
    delays: tuple[float, int, float, int] = (0.0, 0, 0.0, 0)
    ahead_s: float | None = None  # a warning of what comes: in so many seconds from seen_us


def step(held: Condition | None, seen: Observed, time_us: int, alarmed: bool) -> Stepped:
    """Take one observation; give the condition after it (None: clear) and the steps to tell, in order.

    alarmed: the aircraft is airborne or may be; if not, nothing is raised and what stands runs out. The condition given
    is used up. A told condition must be read before the next step is taken: it is the same object.
    """
    limits = seen.delays
    over = [(tier, beyond) for tier, beyond in seen.tiers if beyond > limits.raise_beyond_m] if alarmed else []
    if held is None or (held.n == 0 and time_us - held.seen_us > EVIDENCE_GAP_US):
        if not over:
            return None, []
        held = _begin(seen, time_us)
    if held.n == 0 and not over:
        return None, []
    _note(held, seen, over, time_us)
    settled = [tier for tier, _ in over if seen.at_once or time_us - held.since_us[tier] >= limits.raise_after_us]
    if held.n == 0:
        return held, _tell(held, Step.RAISED, settled[0]) if settled else []
    if settled and settled[0].rank < held.level.rank:
        held.clear_us = None
        return held, _tell(held, Step.WORSENED, settled[0])
    beyond = seen.beyond_m(held.level)
    if _well_inside(held, seen, beyond, alarmed):
        held.clear_us = time_us if held.clear_us is None else held.clear_us
        if time_us - held.clear_us >= limits.clear_after_us:
            told = end(held, seen.what if alarmed else f"{GROUNDED}; {seen.what}")
            return (_after(held, seen, time_us, over) if over else None), told
        return held, []
    held.clear_us = None
    worse_coming = bool(over) and over[0][0].rank < held.level.rank
    if beyond is not None and not worse_coming and beyond >= max(_WORSE_FACTOR * held.told_m, held.told_m + _WORSE_STEP_M):
        return held, _tell(held, Step.WORSENED, held.level)
    return held, []


def on_the_ground(held: Condition, time_us: int) -> Stepped:
    """Time passes for a condition that this sample says nothing about, its aircraft disarmed or landed."""
    if held.n == 0:
        return None, []
    held.clear_us = time_us if held.clear_us is None else held.clear_us
    if time_us - held.clear_us >= held.delays[3]:
        return None, end(held, GROUNDED)
    return held, []


def end(held: Condition, why: str) -> Told:
    """Clear a condition now, whatever its delays: its zone or its flight has ended."""
    if held.n == 0:
        return []
    held.what, held.way_back = (f"{why}; was {held.worst}" if held.worst != why else why), None
    return _tell(held, Step.CLEARED, held.level)


def _begin(seen: Observed, time_us: int, over: list[tuple[Level, float]] | None = None) -> Condition:
    begun = Condition(seen.rule, seen.zone_id, seen.zone_name, [], time_us, time_us, seen.what, seen.way_back, None, {})
    if over:
        _note(begun, seen, over, time_us)
    return begun


def _after(cleared: Condition, seen: Observed, time_us: int, over: list[tuple[Level, float]]) -> Condition:
    """What is over its limit still when a condition clears. A worse tier has been waiting, and goes on waiting."""
    begun = _begin(seen, time_us, over)
    begun.since_us |= {tier: since for tier, since in cleared.since_us.items() if tier.rank < cleared.level.rank}
    return begun


def _note(held: Condition, seen: Observed, over: list[tuple[Level, float]], time_us: int) -> None:
    held.seen_us, held.what, held.way_back = time_us, seen.what, seen.way_back
    held.since_us = {tier: held.since_us.get(tier, time_us) for tier, _ in over}
    worst = over[0] if over else next(iter(seen.tiers), None)
    no_distance = worst is None or worst[0] is Level.UNKNOWN or (worst[0] is Level.WARNING and seen.ahead_s is not None)
    held.beyond_m = None if worst is None or no_distance else round(worst[1], 3)
    comes = worst is not None and worst[0] is Level.WARNING and worst[1] > 0.0
    held.ahead_s = round(seen.ahead_s, 1) if comes and seen.ahead_s is not None else None
    held.delays = _as_tuple(seen.delays)
    if over and (over[0][1] > held.worst_m or not held.worst):
        held.worst, held.worst_m = seen.what, over[0][1]
    if seen.zone_version is not None and seen.zone_version not in held.versions and seen.zone_id == held.zone_id:
        held.versions.append(seen.zone_version)


def _as_tuple(delays: Delays) -> tuple[float, int, float, int]:
    return delays.raise_beyond_m, delays.raise_after_us, delays.clear_inside_m, delays.clear_after_us


def _well_inside(held: Condition, seen: Observed, beyond: float | None, alarmed: bool) -> bool:
    if not alarmed:
        return True
    if beyond is None:  # this tier is not violated; but a breach does not clear because its evidence went missing
        return held.level is Level.UNKNOWN or seen.beyond_m(Level.UNKNOWN) is None
    return beyond < -seen.delays.clear_inside_m


def _tell(held: Condition, what: Step, level: Level) -> Told:
    held.n += 1
    held.level = level
    held.told_m = held.beyond_m or 0.0
    return [(what, held)]
