"""The facts of one world, made ready for rules that ask at each moment: pure, by event time.

Each question names the operator: nobody's fact says anything about another's aircraft.
"""

import math
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.facts import AircraftFact, Authorisation, FactVersion, OperatorFact, Pressure, TowerHours, weighed
from geofence.index import shape_of
from geofence.limits import KnownLimits
from geofence.timeline import Timeline
from geofence.versions import deciding
from geofence.zone import Weight

A = TypeVar("A", Authorisation, Pressure)
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Local(Generic[A]):
    """One version of a fact that holds in an area."""

    fact: A
    fact_id: UUID
    version: int
    shape: Any  # of shapely, in degrees, prepared; None: anywhere

    @staticmethod
    def of(fact: A, version: FactVersion) -> "Local[A]":
        shape = None if fact.area is None else shape_of(fact.area, fact.radius_m)
        shapely.prepare(shape)
        return Local(fact, version.fact_id, version.version, shape)

    def holds_at(self, lon_deg: float, lat_deg: float) -> bool:
        """Is a point within its area, or on the edge. A place that is not known (NaN) is only in a fact that holds anywhere."""
        return self.shape is None or bool(shapely.intersects_xy(self.shape, lon_deg, lat_deg))


@dataclass(frozen=True, slots=True)
class Relaxing:
    """An authorisation over a stretch of time, and to what it relaxes one rule: infinite where the rule does not ask."""

    from_us: int
    to_us: int
    local: Local[Authorisation]
    limit: float

    def covers(self, lon_deg: Floats, lat_deg: Floats, time_us: NDArray[np.int64]) -> Mask:
        """At places and times, all (n,)."""
        within: Mask = (self.from_us <= time_us) & (time_us < self.to_us)
        if self.local.shape is None or not within.any():
            return within
        within &= shapely.intersects_xy(self.local.shape, lon_deg, lat_deg)
        return within


class Whose(NamedTuple):
    """Of rows, whose they are. aircraft_ids: by code; codes: (n,) int64."""

    aircraft_ids: Sequence[bytes]
    codes: NDArray[np.int64]


Locals = MutableMapping[tuple[bytes, int], Local[Any]]  # by fact id and version


class Facts:
    """What is stated in one world."""

    def __init__(self, versions: Iterable[FactVersion] = (), world: int = 0, locals_: Locals | None = None) -> None:
        """locals_: those made before, whose areas are taken from it; new ones are added."""
        made: Locals = {} if locals_ is None else locals_
        self._aircraft: Timeline[AircraftFact] = Timeline()
        self._operators: Timeline[OperatorFact] = Timeline()
        self._towers: Timeline[TowerHours] = Timeline()
        self._authorisations: Timeline[Local[Authorisation]] = Timeline()
        self._pressures: Timeline[Local[Pressure]] = Timeline()
        self._relaxing: dict[tuple[UUID, str], dict[bytes | None, list[Relaxing]]] = {}  # by aircraft; None: all of them
        self._rules: set[str] = set()
        for version, start, end in deciding(versions, world):
            operator_id, fact = version.operator_id, version.fact
            if isinstance(fact, AircraftFact):
                self._aircraft.add((operator_id, fact.aircraft_id), fact, start, end)
            elif isinstance(fact, OperatorFact):
                self._operators.add((operator_id, None), fact, start, end)
            elif isinstance(fact, TowerHours):
                self._towers.add((operator_id, fact.aerodrome), fact, start, end)
            else:
                key = version.fact_id.bytes, version.version
                if key not in made:
                    made[key] = Local.of(fact, version)
                local = made[key]
                if isinstance(fact, Pressure):
                    self._pressures.add((operator_id, None), local, start, end)
                else:
                    named = (None,) if fact.aircraft_ids is None else {one.bytes for one in fact.aircraft_ids}
                    for relaxed in fact.relaxes:
                        limit = math.inf if relaxed.to is None else relaxed.to
                        self._rules.add(relaxed.rule)
                        held = self._relaxing.setdefault((operator_id, relaxed.rule), {})
                        one = Relaxing(start, end, local, limit)
                        for name in named:
                            held.setdefault(name, []).append(one)
                    for aircraft_id in (None,) if fact.aircraft_ids is None else fact.aircraft_ids:
                        self._authorisations.add((operator_id, aircraft_id), local, start, end)
        self.limits = KnownLimits(self._aircraft, self._operators)

    def aircraft(self, operator_id: UUID, aircraft_id: UUID, time_us: int) -> AircraftFact | None:
        """None: nothing is stated of it; geofence.facts says what is assumed then."""
        return next(iter(self._aircraft.at((operator_id, aircraft_id), time_us)), None)

    def authorisations(self, operator_id: UUID, aircraft_id: UUID, time_us: int) -> list[Local[Authorisation]]:
        """Those for this aircraft, by their number. Ask each whether it holds at the place."""
        everybodys = self._authorisations.at((operator_id, None), time_us)
        its_own = self._authorisations.at((operator_id, aircraft_id), time_us)
        return sorted(everybodys + its_own, key=lambda local: local.fact.number)

    def relaxes(self, operator_id: UUID, rule: str) -> bool:
        """Is there any authorisation that names the rule."""
        return (operator_id, rule) in self._relaxing

    def relaxed_rules(self, rule: str) -> bool:
        """The same, of any operator."""
        return rule in self._rules

    def allowed(
        self, operator_id: UUID, aircraft_id: UUID, rule: str, lon_deg: float, lat_deg: float, time_us: int
    ) -> tuple[float, list[str]]:
        """To what a rule is relaxed for an aircraft at a place and a time: the most that any authorisation gives, in the
        rule's unit; infinite where the rule does not ask, NaN where it is not relaxed. And the numbers that gave it."""
        held = self._relaxing.get((operator_id, rule), {})
        given = [
            one
            for one in (*held.get(None, ()), *held.get(aircraft_id.bytes, ()))
            if one.from_us <= time_us < one.to_us and one.local.holds_at(lon_deg, lat_deg)
        ]
        return max((one.limit for one in given), default=math.nan), sorted(one.local.fact.number for one in given)

    def allowed_at(
        self, operator_id: UUID, whose: Whose, rule: str, lon_deg: Floats, lat_deg: Floats, time_us: NDArray[np.int64]
    ) -> Floats:
        """The same of several aircraft of an operator at places and times, (n,)."""
        limit, held = np.full(len(time_us), np.nan), self._relaxing.get((operator_id, rule), {})
        by: dict[int, tuple[Relaxing, Mask | None]] = {id(one): (one, None) for one in held.get(None, ())}
        for code, aircraft in enumerate(whose.aircraft_ids):
            for one in held.get(aircraft, ()):
                _, named = by.setdefault(id(one), (one, np.zeros(len(whose.aircraft_ids), np.bool_)))
                if named is not None:
                    named[code] = True
        for one, named in by.values():
            covered = one.covers(lon_deg, lat_deg, time_us)
            if named is not None:
                covered &= named[whose.codes]
            limit[covered] = np.fmax(limit[covered], one.limit)
        return limit

    def weighs(self, operator_id: UUID, whose: Whose, weights: Iterable[Weight], time_us: NDArray[np.int64]) -> Mask:
        """Are aircraft of an operator of one of these classes at each time, (n,); what nobody stated is assumed."""
        wanted = frozenset(weights)
        found = np.full(len(time_us), weighed(None).weight in wanted)
        for code in np.unique(whose.codes).tolist() if self._aircraft else ():
            for from_us, to_us, fact in self._aircraft.stretches((operator_id, UUID(bytes=whose.aircraft_ids[code]))):
                its = (whose.codes == code) & (from_us <= time_us) & (time_us < to_us)
                found[its] = weighed(fact).weight in wanted
        return found

    def any_pressure(self) -> bool:
        """Is any pressure stated."""
        return bool(self._pressures)

    def qnh_hpa(self, operator_id: UUID, lon_deg: float, lat_deg: float, time_us: int) -> float:
        """The pressure stated for a place, an area's own before one that holds everywhere; NaN: none."""
        there = [one for one in self.pressures(operator_id, time_us) if one.holds_at(lon_deg, lat_deg)]
        return next((one.fact.qnh_hpa for one in sorted(there, key=lambda one: one.shape is None)), math.nan)

    def tower(self, operator_id: UUID, aerodrome: str, time_us: int) -> TowerHours | None:
        """None: its hours are not known, and it is taken as controlled."""
        return next(iter(self._towers.at((operator_id, aerodrome), time_us)), None)

    def pressures(self, operator_id: UUID, time_us: int) -> list[Local[Pressure]]:
        """By their name. Ask each whether it holds at the place."""
        return sorted(self._pressures.at((operator_id, None), time_us), key=lambda local: local.fact.name)
