"""A block on its way through the steps of the pipeline."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.records import AlertEvent
from core.sample import HeightSource
from geofence.height import Heights
from geofence.monitor import Monitor, Sightings
from geofence.vertical import Fix
from streams.entry import Entry
from streams.screen import Verdicts
from streams.state import Aircraft, State


@dataclass(slots=True)
class Work:
    """Each step fills in what the next ones need."""

    state: State
    entry: Entry
    batch: Block
    monitor: Monitor
    events: list[AlertEvent] = field(default_factory=list)
    verdicts: Verdicts = field(init=False)
    aircraft: list[Aircraft] = field(init=False)  # by code
    codes: NDArray[np.int16] = field(init=False)
    time_us: NDArray[np.int64] = field(init=False)
    kind: NDArray[np.generic] = field(init=False)  # SampleKind
    no_position: NDArray[np.generic] = field(init=False)  # NoPosition
    ambiguous: NDArray[np.generic] = field(init=False)
    lon_deg: NDArray[np.float64] = field(init=False)
    lat_deg: NDArray[np.float64] = field(init=False)
    heights: Heights = field(init=False)
    sightings: Sightings = field(init=False)
    look: NDArray[np.bool_] = field(init=False)  # rows that need a look of their own

    def fix(self, row: int) -> Fix:
        h = self.heights
        return Fix(
            int(self.time_us[row]), float(self.lon_deg[row]), float(self.lat_deg[row]),
            float(h.agl_m[row]), float(h.margin_m[row]), HeightSource(h.source[row]),
            float(h.amsl_m[row]), float(h.takeoff_m[row]), float(h.refused_m[row]),
        )  # fmt: skip
