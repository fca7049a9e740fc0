"""Two runs of the same flight side by side: then and now, or as flown and with other zones or limits. Pure, for the command
line and for the page alike.

A what-if is never stored and never told as an alert. Two alerts are the same if their id is; else if they are of the same
aircraft, rule and zone and stood at the same time: a zone that is ten metres larger lets an alert begin sooner, and that
is a change of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from msgspec.structs import replace

from core.errors import WedgetailError
from core.records import AlertEvent, Condition
from geofence import geojson
from geofence.altitude import LIMIT_M
from geofence.fields import Problem
from geofence.zone import ZoneVersion
from streams.state import State

Alert = tuple[AlertEvent, ...]  # the events of one alert, in order
_FOREVER = 1 << 62
_NO_ID = UUID(int=0)


class NoSuchZone(WedgetailError):
    """There was no zone {zone} (a name or an id); there were: {known}"""


@dataclass(frozen=True, slots=True)
class Pair:
    """An alert on both sides. then None: only with the other zones; now None: only with those of then."""

    then: Alert | None
    now: Alert | None

    @property
    def differs(self) -> tuple[str, ...]:
        """What of it is not the same, in words; empty: nothing that is told."""
        if self.then is None or self.now is None:
            return ("only then",) if self.now is None else ("only now",)
        before, after = ([*map(_told, alert)] for alert in (self.then, self.now))
        if before == after:
            return ()
        found = tuple(word for word, of in _ASPECTS if of(self.then) != of(self.now))
        return found or ("its steps",)

    @property
    def start_us(self) -> int:
        return min(event.start_us for event in (self.then or ()) + (self.now or ()))


@dataclass(frozen=True, slots=True)
class WhatIf:
    """then: the events with the zones of that time; now: with the others. Both by the engine that runs now."""

    then: tuple[AlertEvent, ...]
    now: tuple[AlertEvent, ...]
    boundaries: tuple[str, ...] = ()

    @property
    def differences(self) -> list[Pair]:
        return differences(self.then, self.now)


@dataclass(frozen=True, slots=True)
class Other:
    """What if: these zones beside those of then, or instead of them; some left out; another height limit above ground.

    given: zones as they were read; one without an id of its own has the id of zero.
    """

    given: tuple[ZoneVersion, ...] = ()
    instead: bool = False
    without: tuple[str, ...] = ()
    height_limit_m: float = LIMIT_M

    def zones(self, stored: Sequence[ZoneVersion]) -> list[ZoneVersion]:
        """Raises NoSuchZone."""
        names, ids = {zone.name for zone in stored}, {str(zone.zone_id) for zone in stored}
        for zone in self.without:
            if zone not in names | ids:
                raise NoSuchZone(zone=zone, known=", ".join(sorted(names)) or "none")
        return other_zones(stored, known_as(self.given, stored), self.instead, self.without)


def pairs(then: Iterable[AlertEvent], now: Iterable[AlertEvent]) -> list[Pair]:
    """Every alert of both sides, in the order in which it began."""
    before, after = _alerts(then), _alerts(now)
    found = [Pair(before.pop(key), after.pop(key)) for key in list(before) if key in after]
    for alert in before.values():
        other = next((key for key, each in after.items() if _same_matter(alert, each)), None)
        found.append(Pair(alert, None if other is None else after.pop(other)))
    found += [Pair(None, alert) for alert in after.values()]
    return sorted(found, key=lambda pair: pair.start_us)


def differences(then: Iterable[AlertEvent], now: Iterable[AlertEvent]) -> list[Pair]:
    """Those that differ."""
    return [pair for pair in pairs(then, now) if pair.differs]


def worst(alert: Alert) -> AlertEvent:
    """The event that tells most: of the worst level, the farthest beyond. One that says that it is over tells least."""
    return min(alert, key=lambda event: (event.condition is Condition.CLEARED, event.level.rank, -(event.beyond_m or 0.0)))


def ended_us(alert: Alert) -> int | None:
    """None: it stood open at the end of the run."""
    return alert[-1].at_us if alert[-1].condition is Condition.CLEARED else None


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
    end = ended_us(alert)
    return _FOREVER if end is None else end


def _told(event: AlertEvent) -> tuple[object, ...]:
    """What an event says, but for its words: they name the zone's version, and that alone is no difference."""
    return event.condition, event.level, event.start_us, event.at_us, event.beyond_m, event.way_back


_ASPECTS = (
    ("its level", lambda alert: worst(alert).level),
    ("its beginning", lambda alert: (alert[0].start_us, alert[0].condition, alert[0].at_us)),
    ("its end", ended_us),
    ("how far", lambda alert: worst(alert).beyond_m),
)


def read_zones(content: object, operator: UUID, path: str = "") -> tuple[ZoneVersion, ...]:
    """The zones of a GeoJSON Feature, or of a FeatureCollection of them as the API writes it; one that names no id has that
    of zero. Raises geojson.WrongZone with every problem found, each at its path."""
    many = isinstance(content, dict) and content.get("type") == "FeatureCollection"
    features = content.get("features") if many and isinstance(content, dict) else [content]
    if not isinstance(features, list) or not features:
        raise geojson.WrongZone([Problem(path or "features", "it holds no features")])
    zones: list[ZoneVersion] = []
    problems: list[Problem] = []
    for number, feature in enumerate(features):
        try:
            zones.append(geojson.read(feature, operator, _id_of(feature)))
        except geojson.WrongZone as error:
            at = ".".join(part for part in (path, f"features[{number}]" if many else "") if part)
            problems += [Problem(f"{at}.{one.field}" if at else one.field, one.detail) for one in error.problems]
    if problems:
        raise geojson.WrongZone(problems)
    return tuple(zones)


def _id_of(feature: object) -> UUID:
    try:
        return UUID(str(feature.get("id") if isinstance(feature, dict) else None))
    except ValueError:
        return _NO_ID


def known_as(given: Sequence[ZoneVersion], stored: Sequence[ZoneVersion]) -> list[ZoneVersion]:
    """Each is the stored one of its id, else of its name, else a new one."""
    ids = {zone.name: zone.zone_id for zone in stored}

    def known(number: int, zone: ZoneVersion) -> UUID:
        if zone.zone_id != _NO_ID:
            return zone.zone_id
        return ids.get(zone.name) or uuid5(zone.operator_id, f"what if/{number}/{zone.name}")

    return [replace(zone, zone_id=known(number, zone)) for number, zone in enumerate(given)]


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
