"""AU-101.085-HEIGHT: at most 120 m (400 ft) above the ground or water directly below (CASR Part 101 Plain English Guide)."""

import math

from core.colour import Level
from core.observed import Delays, Observed
from geofence import words
from geofence.prediction import LONGEST_S, STILL, Motion, above_s
from geofence.vertical import Fix

RULE = "AU-101.085-HEIGHT"
LIMIT_M = 120.0
WITHIN_S = LONGEST_S  # as for every ceiling that is not an operator's own
DELAYS = Delays()


def height_agl(fix: Fix, motion: Motion = STILL, limit_m: float = LIMIT_M, by: str = "") -> Observed:
    """A fix against the limit: breach above it; warning within the margin of the height's source below it, or if it will be
    above within WITHIN_S. by: the authorisations that give another limit."""
    beyond, limit = fix.agl_m - limit_m, f"{limit_m:g} m limit" + (f" of authorisation {by}" if by else "")
    if math.isnan(beyond):
        return Observed(RULE, None, ((Level.UNKNOWN, 1.0),), words.height(fix), delays=DELAYS)
    tiers: tuple[tuple[Level, float], ...] = ((Level.BREACH, beyond),)
    after_s = above_s(fix.agl_m, limit_m, motion) if beyond <= 0 else math.inf
    soon_s = after_s if after_s < WITHIN_S else None
    if soon_s is not None:
        tiers += ((Level.WARNING, 1.0),)
    elif fix.margin_m > 0:
        tiers += ((Level.WARNING, beyond + fix.margin_m),)
    if beyond > 0:
        what = f"{words.metres(beyond)} above the {limit}, {words.height(fix)}"
    elif soon_s is not None:
        what = words.comes(f"passes the {limit}", soon_s) + f", {words.height(fix)}"
    elif beyond + fix.margin_m > 0:
        what = f"within {words.metres(fix.margin_m)} (margin of the source) of the {limit}: {words.height(fix)}"
    else:
        what = f"below the {limit}, {words.height(fix)}"
    way_back = f"DESCEND {math.ceil(beyond)} m" if beyond > 0 else None
    return Observed(RULE, None, tiers, what, way_back, delays=DELAYS, ahead_s=soon_s)
