"""What a zone asks of one aircraft at one moment: whether it is active, and what an authorisation allows there."""

import math
from dataclasses import dataclass

from geofence.activation import ACTIVE


@dataclass(frozen=True, slots=True)
class Asks:
    """activity: ACTIVE or UNKNOWN of geofence.activation. above_agl_m: it asks only above this height over ground; by: the
    number of the authorisation that says so."""

    activity: int = ACTIVE
    above_agl_m: float = -math.inf
    by: str | None = None


ASKS = Asks()
