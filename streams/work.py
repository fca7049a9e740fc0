"""A block on its way through the steps of the pipeline."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.records import AlertEvent
from core.sample import HeightSource
from geofence import index
from geofence.height import AGL, AMSL, MARGIN, REFUSED, REFUSED_MODEL, TAKEOFF, Heights
from geofence.monitor import Monitor, Sightings
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
    sightings: Sightings = field(init=False)
    # What only rows that are looked at need, by row:
    time_us: NDArray[np.int64] = field(init=False)
    kind: NDArray[np.int64] = field(init=False)  # SampleKind
    no_position: NDArray[np.int64] = field(init=False)  # NoPosition
    ambiguous: NDArray[np.int64] = field(init=False)
    inside: dict[int, list[index.Entry]] = field(init=False)
    crossed: dict[int, list[index.Entry]] = field(init=False)
    look: NDArray[np.bool_] = field(init=False)  # rows that are not clear

    def fix(self, row: int) -> Fix:
        all_m = self.heights.all_m[:, row].tolist()
        return Fix(
            int(self.time_us[row]), float(self.lon_deg[row]), float(self.lat_deg[row]), all_m[AGL], all_m[MARGIN],
            HeightSource(self.heights.source[row]), all_m[AMSL], all_m[TAKEOFF], all_m[REFUSED],
            all_m[REFUSED_MODEL],
        )  # fmt: skip
