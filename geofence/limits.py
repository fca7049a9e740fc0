"""The limits that people put in the place of the rules' own: for one aircraft, or for all of an operator's. Pure.

An aircraft's own decide before its operator's, value by value. Those of whom the same is stated are a group, so that a loop
finds what holds for a row by a number: everybody of whom nothing is stated is of group 0.
"""

from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from geofence.facts import AircraftFact, Limits, OperatorFact
from geofence.rules import LIMITS
from geofence.timeline import Timeline

NONE = Limits()
# How far an aircraft may be for a time, and from where: NaN, where it took off.
DISTANCE = np.dtype(
    [("from_us", "i8"), ("to_us", "i8"), ("vlos_m", "f8"), ("station_lon_deg", "f8"), ("station_lat_deg", "f8")], align=True
)


class Stretch(NamedTuple):
    """What is stated from one time to another. own: what of it is stated of the aircraft itself."""

    from_us: int
    to_us: int
    limits: Limits
    own: AircraftFact | None


class KnownLimits:
    """Those of one world. By group: battery_below_pct and fix_below, the highest that its limits ever are; distances, those of
    group g from distance_begins[g] to distance_begins[g + 1]."""

    def __init__(self, aircraft: Timeline[AircraftFact], operators: Timeline[OperatorFact]) -> None:
        """aircraft: about (operator, aircraft); operators: about (operator, None)."""
        self._groups: list[list[Stretch]] = [[]]
        self._group_of: dict[tuple[object, ...], int] = {}
        for about in operators:
            self._add(about, [Stretch(start, end, fact, None) for start, end, fact in operators.stretches(about)])
        for about in aircraft:
            self._add(about, _merged(aircraft.stretches(about), operators.stretches((about[0], None))))
        self.battery_below_pct = self._highest("battery_warn_pct", "battery_breach_pct")
        self.fix_below = self._highest("fix_type_min")
        distances = [[_distance(one) for one in group if one.limits.vlos_m is not None] for group in self._groups]
        self.distances = np.array([one for group in distances for one in group], DISTANCE)
        self.distance_begins = np.cumsum([0, *map(len, distances)], dtype=np.int64)

    def group(self, operator_id: UUID, aircraft_id: UUID) -> int:
        return self._group_of.get((operator_id, aircraft_id), self._group_of.get((operator_id, None), 0))

    def at(self, operator_id: UUID, aircraft_id: UUID, time_us: int) -> Limits:
        """What is stated for an aircraft at a time, by whomever; where it says None the rule's own limit holds."""
        group = self._groups[self.group(operator_id, aircraft_id)]
        return next((one.limits for one in group if one.from_us <= time_us < one.to_us), NONE)

    def _add(self, about: tuple[object, ...], stretches: list[Stretch]) -> None:
        self._group_of[about] = len(self._groups)
        self._groups.append(stretches)

    def _highest(self, *names: str) -> NDArray[np.float64]:
        """By group, the highest that any of these limits ever is."""
        rules_own = max(LIMITS[name].otherwise or 0.0 for name in names)
        highest = np.full(len(self._groups), rules_own, np.float64)
        for number, group in enumerate(self._groups):
            for one in group:
                for name in names:
                    highest[number] = max(highest[number], getattr(one.limits, name) or 0.0)
        return highest


def _merged(own: list[tuple[int, int, AircraftFact]], wider: list[tuple[int, int, OperatorFact]]) -> list[Stretch]:
    if not wider:
        return [Stretch(from_us, to_us, fact, fact) for from_us, to_us, fact in own]
    times = sorted({time_us for from_us, to_us, _ in (*own, *wider) for time_us in (from_us, to_us)})
    found = []
    for from_us, to_us in pairwise(times):
        its = next((fact for start, end, fact in own if start <= from_us < end), None)
        everybodys = next((fact for start, end, fact in wider if start <= from_us < end), NONE)
        found.append(Stretch(from_us, to_us, everybodys if its is None else its.over(everybodys), its))
    return found


def _distance(one: Stretch) -> tuple[float | None, ...]:
    lon, lat = (None, None) if one.own is None else (one.own.station_lon_deg, one.own.station_lat_deg)
    return one.from_us, one.to_us, one.limits.vlos_m, np.nan if lon is None else lon, np.nan if lat is None else lat
