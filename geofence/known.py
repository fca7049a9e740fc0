"""The facts of one world, made ready for rules that ask at each moment: pure, by event time.

Each question names the operator: nobody's fact says anything about another's aircraft.
"""

import math
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.facts import AircraftFact, Authorisation, FactVersion, Pressure, TowerHours, weighed
from geofence.index import shape_of
from geofence.versions import deciding
from geofence.zone import Weight

A = TypeVar("A", Authorisation, Pressure)
T = TypeVar("T")
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

    def covers(self, aircraft_id: UUID, lon_deg: Floats, lat_deg: Floats, time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of one aircraft at places and times, all (n,)."""
        within = (self.from_us <= time_us) & (time_us < self.to_us)
        named = self.local.fact.aircraft_ids
        if not within.any() or (named is not None and aircraft_id not in named):
            return np.zeros(len(time_us), np.bool_)
        return within if self.local.shape is None else within & shapely.intersects_xy(self.local.shape, lon_deg, lat_deg)


Locals = MutableMapping[tuple[bytes, int], Local[Any]]  # by fact id and version


class Facts:
    """What is stated in one world."""

    def __init__(self, versions: Iterable[FactVersion] = (), world: int = 0, locals_: Locals | None = None) -> None:
        """locals_: those made before, whose areas are taken from it; new ones are added."""
        made: Locals = {} if locals_ is None else locals_
        self._aircraft: _Timeline[AircraftFact] = _Timeline()
        self._towers: _Timeline[TowerHours] = _Timeline()
        self._authorisations: _Timeline[Local[Authorisation]] = _Timeline()
        self._pressures: _Timeline[Local[Pressure]] = _Timeline()
        self._relaxing: dict[tuple[UUID, str], list[Relaxing]] = {}
        self._rules: set[str] = set()
        for version, start, end in deciding(versions, world):
            operator_id, fact = version.operator_id, version.fact
            if isinstance(fact, AircraftFact):
                self._aircraft.add((operator_id, fact.aircraft_id), fact, start, end)
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
                    for relaxed in fact.relaxes:
                        limit = math.inf if relaxed.to is None else relaxed.to
                        self._rules.add(relaxed.rule)
                        self._relaxing.setdefault((operator_id, relaxed.rule), []).append(Relaxing(start, end, local, limit))
                    for aircraft_id in (None,) if fact.aircraft_ids is None else fact.aircraft_ids:
                        self._authorisations.add((operator_id, aircraft_id), local, start, end)

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
        self, operator_id: UUID, aircraft_id: UUID, rule: str, lon_deg: Floats, lat_deg: Floats, time_us: NDArray[np.int64]
    ) -> tuple[Floats, list[str]]:
        """To what a rule is relaxed for an aircraft at places and times, all (n,): the most that any authorisation gives, in
        the rule's unit; infinite where the rule does not ask, NaN where it is not relaxed. And the numbers that gave it."""
        limit, numbers = np.full(len(time_us), np.nan), []
        for one in self._relaxing.get((operator_id, rule), ()):
            covered = one.covers(aircraft_id, lon_deg, lat_deg, time_us)
            if covered.any():
                limit[covered] = np.fmax(limit[covered], one.limit)
                numbers.append(one.local.fact.number)
        return limit, sorted(numbers)

    def weighs(self, operator_id: UUID, aircraft_id: UUID, weights: Iterable[Weight], time_us: NDArray[np.int64]) -> Mask:
        """Is an aircraft of one of these classes at each time, (n,); what nobody stated is assumed."""
        wanted, stretches = frozenset(weights), self._aircraft.stretches((operator_id, aircraft_id))
        found = np.full(len(time_us), weighed(None).weight in wanted)
        for from_us, to_us, fact in stretches:
            found[(from_us <= time_us) & (time_us < to_us)] = weighed(fact).weight in wanted
        return found

    def any_pressure(self) -> bool:
        """Is any pressure stated."""
        return bool(self._pressures)

    def any_stated(self) -> bool:
        """Is anything stated of any aircraft."""
        return bool(self._aircraft)

    def stated(self, operator_id: UUID, aircraft_id: UUID) -> list[tuple[int, int, AircraftFact]]:
        """All that is stated of an aircraft: from, to, what."""
        return self._aircraft.stretches((operator_id, aircraft_id))

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


class _Timeline(Generic[T]):
    """Things by whom they are about, each over a stretch of time."""

    def __init__(self) -> None:
        self._held: dict[tuple[object, ...], list[tuple[int, int, T]]] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(self, about: tuple[object, ...], thing: T, from_us: int, to_us: int) -> None:
        self._held.setdefault(about, []).append((from_us, to_us, thing))

    def stretches(self, about: tuple[object, ...]) -> list[tuple[int, int, T]]:
        return self._held.get(about, [])

    def at(self, about: tuple[object, ...], time_us: int) -> list[T]:
        return [thing for from_us, to_us, thing in self._held.get(about, ()) if from_us <= time_us < to_us]
