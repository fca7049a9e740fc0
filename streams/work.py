"""A block on its way through the steps of the pipeline."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.records import AlertEvent
from core.sample import HeightSource
from core.whole import AIRCRAFT, TIME
from geofence import index
from geofence.facts import Limits
from geofence.height import AGL, AMSL, MARGIN, REFUSED, REFUSED_MODEL, TAKEOFF, Heights
from geofence.known import Whose
from geofence.monitor import Monitor, Sightings
from geofence.prediction import Motion
from geofence.vertical import Fix
from streams.entry import Entry
from streams.fleet import Aircraft
from streams.screen import Verdicts
from streams.state import State


@dataclass(slots=True)
class Work:
    """Each step fills in what the next ones need."""

    state: State
    entry: Entry
    batch: Block
    monitor: Monitor
    events: list[AlertEvent] = field(default_factory=list)
    verdicts: Verdicts = field(init=False)
    fleet_rows: NDArray[np.int64] = field(init=False)  # by code: the aircraft's row in the fleet, -1: none of it is kept
    lon_deg: NDArray[np.float64] = field(init=False)
    lat_deg: NDArray[np.float64] = field(init=False)
    heights: Heights = field(init=False)
    motion: NDArray[np.float64] = field(init=False)  # (5, n), as in geofence.track.Track
    ground_deg: NDArray[np.float64] = field(init=False)  # (2, n): where each aircraft was last on the ground, NaN: not seen
    sightings: Sightings = field(init=False)
    suspected: NDArray[np.uint8] = field(init=False)  # by row, the marks of the rules without an outline that want a look
    # What only rows that are looked at need, by row:
    time_us: NDArray[np.int64] = field(init=False)
    kind: NDArray[np.int64] = field(init=False)  # SampleKind
    no_position: NDArray[np.int64] = field(init=False)  # NoPosition
    ambiguous: NDArray[np.int64] = field(init=False)
    inside: dict[int, list[index.Entry]] = field(init=False)
    crossed: dict[int, list[index.Entry]] = field(init=False)
    ahead: dict[int, list[index.Entry]] = field(init=False)
    look: NDArray[np.bool_] = field(init=False)  # rows that are not clear

    def limit_groups(self) -> NDArray[np.int64]:
        """By the row in the fleet, in which group of geofence.limits an aircraft is."""
        return self.state.fleet.limit_groups(self.monitor)

    def limits(self, aircraft: Aircraft, row: int) -> Limits:
        """What is stated for an aircraft at a row's time."""
        time_us = int(self.batch.whole()[TIME, row])
        return self.monitor.facts.limits.at(aircraft.operator_id, aircraft.aircraft_id, time_us)

    def allowed(self, rule: str, aircraft: Aircraft, fix: Fix) -> float:
        """To what a rule without an outline is relaxed: infinite where it does not ask, NaN where it is not."""
        facts, operator = self.monitor.facts, aircraft.operator_id
        return facts.allowed(operator, aircraft.aircraft_id, rule, fix.lon_deg, fix.lat_deg, fix.time_us)[0]

    def allowed_in(self, rule: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The same in these rows, which are judged."""
        limit, facts = np.full(len(rows), np.nan), self.monitor.facts
        if not facts.relaxed_rules(rule):
            return limit
        keys, codes = self.batch.dictionary("aircraft_id"), self.batch.whole()[AIRCRAFT, rows]
        operators = [self.state.aircraft[key].operator_id if key in self.state.aircraft else None for key in keys]
        for operator in {one for one in operators if one is not None}:
            at = np.flatnonzero(np.array([one == operator for one in operators])[codes])
            own = rows[at]
            limit[at] = facts.allowed_at(
                operator, Whose(keys, codes[at]), rule, self.lon_deg[own], self.lat_deg[own], self.batch.whole()[TIME, own]
            )
        return limit

    def fix(self, row: int) -> Fix:
        all_m = self.heights.all_m[:, row].tolist()
        return Fix(
            int(self.time_us[row]), float(self.lon_deg[row]), float(self.lat_deg[row]), all_m[AGL], all_m[MARGIN],
            HeightSource(self.heights.source[row]), all_m[AMSL], all_m[TAKEOFF], all_m[REFUSED],
            all_m[REFUSED_MODEL], self._qnh_hpa(row),
        )  # fmt: skip

    def _qnh_hpa(self, row: int) -> float:
        facts = self.monitor.facts
        if not facts.any_pressure():
            return math.nan
        table = self.batch.whole()
        operator = self.state.fleet.at[self.fleet_rows[table[AIRCRAFT, row]]].operator_id
        return facts.qnh_hpa(operator, float(self.lon_deg[row]), float(self.lat_deg[row]), int(table[TIME, row]))

    def moves(self, row: int) -> Motion:
        return Motion(*self.motion[:, row].tolist())
