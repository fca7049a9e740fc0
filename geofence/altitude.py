"""AU-101.085-HEIGHT: at most 120 m (400 ft) above the ground or water directly below (CASR Part 101 Plain English Guide)."""

import math

from core.colour import Level
from core.observed import Delays, Observed
from geofence import words
from geofence.vertical import Fix

RULE = "AU-101.085-HEIGHT"
LIMIT_M = 120.0
DELAYS = Delays()


def height_agl(fix: Fix) -> Observed:
    """A fix against the limit: breach above it, warning within the margin of the height's source below it."""
    beyond = fix.agl_m - LIMIT_M
    if math.isnan(beyond):
        return Observed(RULE, None, ((Level.UNKNOWN, 1.0),), words.height(fix), delays=DELAYS)
    tiers: tuple[tuple[Level, float], ...] = ((Level.BREACH, beyond),)
    if fix.margin_m > 0:
        tiers += ((Level.WARNING, beyond + fix.margin_m),)
    if beyond > 0:
        what = f"{words.metres(beyond)} above the {LIMIT_M:g} m limit, {words.height(fix)}"
    elif beyond + fix.margin_m > 0:
        what = f"within {words.metres(fix.margin_m)} (margin of the source) of the {LIMIT_M:g} m limit: {words.height(fix)}"
    else:
        what = f"below the {LIMIT_M:g} m limit, {words.height(fix)}"
    return Observed(RULE, None, tiers, what, f"DESCEND {math.ceil(beyond)} m" if beyond > 0 else None, delays=DELAYS)
