"""Flights through the rules again, and both sides told alert by alert."""

from collections.abc import Callable, Sequence
from typing import Any

from api.aside.messages import RerunAsked
from core import records
from core.compiled import warm
from core.records import AlertEvent, Condition
from core.settings import Settings
from core.units import utc
from geofence import altitude
from geofence.moments import iso
from storage.pool import connect
from streams.rerun import Rerun, rerun, what_if
from streams.rules import sight
from streams.state import ENGINE
from streams.whatif import Alert, Pair, WhatIf, ended_us, pairs, worst

MOST_ALERTS = 2_000  # told; all are compared
_IN_METRES = frozenset({altitude.RULE, sight.RULE})
_STATEMENT_MS = 600_000
_ONLY_WORDS = "Every alert is told the same; only its words, or the number of the engine or of the world in its record, differ."
_NOBODY_KNOWS = "The same engine judged then, and nothing in the record says why it differs."


async def run(asked: RerunAsked, tell: Callable[[object, bool], None]) -> dict[str, Any]:
    """Raises as streams.rerun does; psycopg.OperationalError."""
    settings = Settings.model_validate(asked.settings)
    since, until = (None if time_us is None else utc(time_us) for time_us in (asked.from_us, asked.to_us))
    flights = [str(one) for one in asked.aircraft_ids]

    def moved(done: int, total: int) -> None:
        tell({"records": done, "of": max(done, total)}, False)

    warm()
    async with await connect(settings.database.url, name="wedgetail rerun", statement_timeout_ms=_STATEMENT_MS) as conn:
        if asked.other is None:
            return again(await rerun(conn, flights, since, until, moved))
        return other(await what_if(conn, flights, asked.other, since, until, moved))


def again(found: Rerun) -> dict[str, Any]:
    """What a run again gave."""
    then, now = ([records.decode(AlertEvent, body) for body in side] for side in (found.before, found.again))
    paired = pairs(then, now)
    engines = sorted({*found.engines, *(event.engine for event in then)})
    reasons = list(found.boundaries)
    if not found.same:
        if not any(pair.differs for pair in paired):
            reasons.append(_ONLY_WORDS)
        elif not reasons and engines == [ENGINE]:
            reasons.append(_NOBODY_KNOWS)
    return _told(False, found.same, engines, reasons, paired)


def other(found: WhatIf) -> dict[str, Any]:
    """What a what-if gave."""
    paired = pairs(found.then, found.now)
    return _told(True, not any(pair.differs for pair in paired), [ENGINE], list(found.boundaries), paired)


def _told(what_if: bool, same: bool, engines: list[str], reasons: list[str], paired: Sequence[Pair]) -> dict[str, Any]:
    differing = [pair for pair in paired if pair.differs]
    shown = paired if len(paired) <= MOST_ALERTS else differing[:MOST_ALERTS]
    return {
        "what_if": what_if, "same": same, "engines_then": engines, "engine_now": ENGINE, "reasons": reasons,
        "alerts_then": sum(pair.then is not None for pair in paired),
        "alerts_now": sum(pair.now is not None for pair in paired),
        "differing": len(differing), "differing_rules": sorted({(pair.then or pair.now or ())[0].rule for pair in differing}),
        "alerts": [_pair(pair) for pair in shown], "truncated": len(shown) < len(paired),
    }  # fmt: skip


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "differs": list(pair.differs),
        "then": None if pair.then is None else _alert(pair.then),
        "now": None if pair.now is None else _alert(pair.now),
    }


def _farthest_m(alert: Alert) -> float | None:
    """The greatest excess that was told; other rules count in their own units, and say them in words."""
    if alert[0].zone_id is None and alert[0].rule not in _IN_METRES:
        return None
    told = (event.beyond_m for event in alert if event.condition is not Condition.CLEARED)
    return max((metres for metres in told if metres is not None), default=None)


def _alert(alert: Alert) -> dict[str, Any]:
    told, first, ended = worst(alert), alert[0], ended_us(alert)
    return {
        "id": str(told.alert_id), "aircraft_id": str(told.aircraft_id), "rule": told.rule,
        "zone_id": None if told.zone_id is None else str(told.zone_id), "zone_name": told.zone_name,
        "level": told.level.value, "start": iso(first.start_us), "end": None if ended is None else iso(ended),
        "beyond_m": _farthest_m(alert), "what": told.what,
        "steps": [
            {"condition": event.condition.value, "level": event.level.value, "at": iso(event.at_us), "what": event.what}
            for event in alert
        ],
    }  # fmt: skip
