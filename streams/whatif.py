"""What would have been told with other zones: pure, for the command line and for the page alike.

A what-if is never stored and never told as an alert. Two alerts are the same if their id is; else if they are of the same
aircraft, rule and zone and stood at the same time: a zone that is ten metres larger lets an alert begin sooner, and that
is a change of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.records import AlertEvent, Condition
from geofence.zone import ZoneVersion
from streams.state import State

Alert = tuple[AlertEvent, ...]  # the events of one alert, in order
_FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Difference:
    """then None: an alert only with the other zones; now None: only with those of then; both: it is not the same."""

    then: Alert | None
    now: Alert | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """then: the events with the zones of that time; now: with the others. Both by the engine that runs now."""

    then: tuple[AlertEvent, ...]
    now: tuple[AlertEvent, ...]
    boundaries: tuple[str, ...] = ()

    @property
    def differences(self) -> list[Difference]:
        return differences(self.then, self.now)


def differences(then: Iterable[AlertEvent], now: Iterable[AlertEvent]) -> list[Difference]:
    """What differs, in the order in which it began."""
    before, after = _alerts(then), _alerts(now)
    pairs: list[tuple[Alert | None, Alert | None]] = [(before.pop(key), after.pop(key)) for key in list(before) if key in after]
    for alert in before.values():
        other = next((key for key, each in after.items() if _same_matter(alert, each)), None)
        pairs.append((alert, None if other is None else after.pop(other)))
    pairs += [(None, alert) for alert in after.values()]
    found = [Difference(a, b) for a, b in pairs if a is None or b is None or [*map(_told, a)] != [*map(_told, b)]]
    return sorted(found, key=lambda each: min(event.start_us for event in (each.then or ()) + (each.now or ())))


def _alerts(events: Iterable[AlertEvent]) -> dict[UUID, Alert]:
    found: dict[UUID, Alert] = {}
    for event in events:
        found[event.alert_id] = (*found.get(event.alert_id, ()), event)
    return found


def _same_matter(one: Alert, other: Alert) -> bool:
    a, b = one[0], other[0]
    same = (a.aircraft_id, a.rule, a.zone_id) == (b.aircraft_id, b.rule, b.zone_id)
    return same and a.start_us <= _end(other) and b.start_us <= _end(one)


def _end(alert: Alert) -> int:
    return alert[-1].at_us if alert[-1].condition is Condition.CLEARED else _FOREVER


def _told(event: AlertEvent) -> tuple[object, ...]:
    """What an event says, but for its words: they name the zone's version, and that alone is no difference."""
    return event.condition, event.level, event.start_us, event.at_us, event.beyond_m, event.way_back


def other_zones(
    stored: Sequence[ZoneVersion], given: Sequence[ZoneVersion] = (), instead: bool = False, without: Iterable[str] = ()
) -> list[ZoneVersion]:
    """Those of then and the given ones beside them, or instead; less those of a name or id in without.

    A given zone replaces the stored ones of its id.
    """
    left_out = set(without)
    replaced = {zone.zone_id for zone in given}
    kept = [] if instead else [zone for zone in stored if zone.zone_id not in replaced]
    return [zone for zone in (*kept, *given) if not {zone.name, str(zone.zone_id)} & left_out]


def only_zones(state: State, zones: frozenset[bytes]) -> State:
    """The same state without what stood under zones that are not among these."""
    other = State.load(state.dump())
    for aircraft in other.aircraft.values():
        for key, held in list(aircraft.conditions.items()):
            if held.zone_id is not None and held.zone_id.bytes not in zones:
                del aircraft.conditions[key]
    return State.load(other.dump())
