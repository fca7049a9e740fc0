"""LINK-LOST: heard from so often that a person may trust what is shown of it. No rule of CASA gives a figure: 5 s is 4 or 5
heartbeats missed, after which MAVLink takes a link for lost; an operator may state another (`geofence.rules.LIMITS`).

It is not judged by rows, for there are none: streams/silence.py asks it at each word of how far ingest has listened. It has
one tier: nobody knows what a silent aircraft does.
"""

from core.colour import Level
from core.observed import Delays, Observed
from core.units import US_PER_S
from geofence.facts import Limits
from geofence.rules import LINK_LOST_RANGE_S, LINK_LOST_S
from streams.fleet import Aircraft

RULE = "LINK-LOST"
SOONEST_US = round(LINK_LOST_RANGE_S[0] * US_PER_S)  # nobody who was heard since is lost, whatever is stated
_DELAYS = Delays(raise_after_us=0, clear_after_us=0)  # the silence has lasted already


def lost(limits: Limits, silent_us: int) -> bool:
    return silent_us >= (LINK_LOST_S if limits.link_lost_s is None else limits.link_lost_s) * US_PER_S


def observe(aircraft: Aircraft, limits: Limits, silent_us: int) -> Observed:
    """silent_us: less than its limit where its link was closed before."""
    how = "in the air" if aircraft.airborne else "armed" if aircraft.armed else "state not known"
    what = f"nothing heard since the last sample, {how}"
    if limits.link_lost_s is not None and lost(limits, silent_us):
        what += f"; lost after {limits.link_lost_s:g} s, as stated"
    return Observed(RULE, None, ((Level.LOST, 1.0),), what, delays=_DELAYS, at_once=True)
