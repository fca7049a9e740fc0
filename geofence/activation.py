"""Whether a zone that is valid asks what it asks at a moment: its timetable, and what somebody switched by hand."""

import numpy as np
from numpy.typing import NDArray

from geofence import times
from geofence.zone import Activation, ZoneVersion

ACTIVE, INACTIVE, UNKNOWN = 1, 0, -1
_BASE = {Activation.ALWAYS: ACTIVE, Activation.BY_HAND: INACTIVE, Activation.UNKNOWN: UNKNOWN}


def always(zone: ZoneVersion) -> bool:
    """Nothing can make it other than active."""
    return zone.activation is Activation.ALWAYS and not zone.switched


def activity(zone: ZoneVersion, lon_deg: float, lat_deg: float, time_us: NDArray[np.int64]) -> NDArray[np.int8]:
    """ACTIVE, INACTIVE or UNKNOWN at each time (n,). lon_deg, lat_deg: where its sun rises.

    Of two switches that cover a time the later one given decides.
    """
    if zone.activation is Activation.TIMETABLE and zone.timetable is not None:
        found = times.active(zone.timetable, lon_deg, lat_deg, time_us).astype(np.int8)
    else:
        found = np.full(len(time_us), _BASE.get(zone.activation, UNKNOWN), np.int8)
    for switch in zone.switched:
        found[(switch.from_us <= time_us) & (time_us < switch.to_us)] = ACTIVE if switch.active else INACTIVE
    return found
