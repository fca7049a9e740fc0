"""A block on its way through the steps of the pipeline."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.records import AlertEvent
from core.sample import HeightSource
from core.whole import AIRCRAFT, TIME
from geofence import index
from geofence.height import AGL, AMSL, MARGIN, REFUSED, REFUSED_MODEL, TAKEOFF, Heights
from geofence.monitor import Monitor, Sightings
from geofence.prediction import Motion
from geofence.vertical import Fix
from streams.entry import Entry
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
    suspected: NDArray[np.bool_] = field(init=False)  # rows that a rule without an outline wants to look at
    # What only rows that are looked at need, by row:
    time_us: NDArray[np.int64] = field(init=False)
    kind: NDArray[np.int64] = field(init=False)  # SampleKind
    no_position: NDArray[np.int64] = field(init=False)  # NoPosition
    ambiguous: NDArray[np.int64] = field(init=False)
    inside: dict[int, list[index.Entry]] = field(init=False)
    crossed: dict[int, list[index.Entry]] = field(init=False)
    ahead: dict[int, list[index.Entry]] = field(init=False)
    look: NDArray[np.bool_] = field(init=False)  # rows that are not clear

    def aircraft_in(self, rows: NDArray[np.int64]) -> Iterator[tuple[UUID, UUID, NDArray[np.int64]]]:
        """Whose these rows are: operator, aircraft, and which of them (places in rows)."""
        codes = self.batch.whole()[AIRCRAFT, rows]
        for code in np.unique(codes).tolist():
            aircraft = self.state.fleet.at[self.fleet_rows[code]]
            yield aircraft.operator_id, aircraft.aircraft_id, np.flatnonzero(codes == code)

    def allowed(self, rule: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """To what a rule without an outline is relaxed in these rows: infinite where it does not ask, NaN where it is not."""
        limit, facts = np.full(len(rows), np.nan), self.monitor.facts
        for operator, aircraft, at in self.aircraft_in(rows) if facts.relaxed_rules(rule) else ():
            own = rows[at]
            times_us = self.batch.whole()[TIME, own]
            limit[at], _ = facts.allowed(operator, aircraft, rule, self.lon_deg[own], self.lat_deg[own], times_us)
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
