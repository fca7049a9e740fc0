"""The facts of one world, made ready for rules that ask at each moment: pure, by event time.

Each question names the operator: nobody's fact says anything about another's aircraft.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import shapely

from geofence.facts import AircraftFact, Authorisation, FactVersion, Pressure, TowerHours
from geofence.index import shape_of
from geofence.versions import deciding

A = TypeVar("A", Authorisation, Pressure)
T = TypeVar("T")


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

    def add(self, about: tuple[object, ...], thing: T, from_us: int, to_us: int) -> None:
        self._held.setdefault(about, []).append((from_us, to_us, thing))

    def at(self, about: tuple[object, ...], time_us: int) -> list[T]:
        return [thing for from_us, to_us, thing in self._held.get(about, ()) if from_us <= time_us < to_us]
