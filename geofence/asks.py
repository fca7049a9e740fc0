"""What a zone asks of one aircraft at one moment: whether it is active and meant for its weight, and what an authorisation
allows there. The same answer for the rows of a block at once and for one of them."""

import math
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from geofence import activation
from geofence.activation import ACTIVE, INACTIVE
from geofence.facts import weighed
from geofence.index import Entry
from geofence.known import Facts, Whose
from geofence.vertical import Fix
from geofence.zone import ZoneKind

GEOFENCE_RULES = {ZoneKind.KEEP_IN: "GEOFENCE-KEEP-IN", ZoneKind.KEEP_OUT: "GEOFENCE-KEEP-OUT"}


@dataclass(frozen=True, slots=True)
class Asks:
    """activity: ACTIVE or UNKNOWN of geofence.activation. above_agl_m: it asks only above this height over ground; by: the
    numbers of the authorisations that say so. weight_assumed: it is meant for a weight that nobody stated."""

    activity: int = ACTIVE
    above_agl_m: float = -math.inf
    by: str = ""
    weight_assumed: bool = False


ASKS = Asks()


def rule_of(entry: Entry) -> str:
    """What its alerts cite."""
    return entry.zone.rule or GEOFENCE_RULES[entry.zone.kind]


def always_asks(entry: Entry, facts: Facts) -> bool:
    """Nothing but its outline, its heights and its validity decides."""
    zone = entry.zone
    return activation.always(zone) and zone.weights is None and not facts.relaxes(zone.operator_id, rule_of(entry))


def asked(
    entry: Entry,
    facts: Facts,
    whose: Whose,
    lon_deg: NDArray[np.float64],
    lat_deg: NDArray[np.float64],
    time_us: NDArray[np.int64],
    surely_below_m: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Does a zone ask anything of aircraft at places and times, (n,). surely_below_m: their heights over ground with the
    margins of these, NaN where not known."""
    zone = entry.zone
    found: NDArray[np.bool_] = activation.activity(zone, *entry.centre_deg, time_us) != INACTIVE
    if zone.weights is not None:
        found &= facts.weighs(zone.operator_id, whose, zone.weights, time_us)
    if facts.relaxes(zone.operator_id, rule_of(entry)):
        limit = facts.allowed_at(zone.operator_id, whose, rule_of(entry), lon_deg, lat_deg, time_us)
        found &= ~(surely_below_m <= limit) & (limit != math.inf)
    return found


def asks(entry: Entry, facts: Facts, aircraft_id: UUID, fix: Fix) -> Asks | None:
    """The same for one fix; None: it asks nothing."""
    if always_asks(entry, facts):
        return ASKS
    zone, time_us = entry.zone, np.array([fix.time_us])
    activity = int(activation.activity(zone, *entry.centre_deg, time_us)[0])
    if activity == INACTIVE:
        return None
    assumed = False
    if zone.weights is not None:
        weight = weighed(facts.aircraft(zone.operator_id, aircraft_id, fix.time_us))
        if weight.weight not in zone.weights:
            return None
        assumed = weight.assumed
    limit, numbers = facts.allowed(zone.operator_id, aircraft_id, rule_of(entry), fix.lon_deg, fix.lat_deg, fix.time_us)
    if limit == math.inf:
        return None
    return Asks(activity, limit if numbers else -math.inf, ", ".join(numbers), assumed)
