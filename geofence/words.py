"""What a person reads about a zone: which one and version, how far, at which height by which source, and the way back."""

import math

from core.sample import HeightSource
from core.units import FOOT_M
from geofence.activation import UNKNOWN
from geofence.asks import ASKS, Asks
from geofence.distance import Nearest
from geofence.height import SOURCE_WORDS
from geofence.vertical import Band, Fix
from geofence.zone import Datum, ZoneVersion


def metres(value: float) -> str:
    """A length as people say it: one decimal below ten metres, none above, kilometres from ten of them on."""
    if abs(value) >= 10_000:
        return f"{value / 1_000:,.0f} km"
    return f"{value:.1f} m" if abs(value) < 9.95 else f"{value:.0f} m"


def height(fix: Fix) -> str:
    """The best height at hand, with datum and source, and why a better source does not serve."""
    if math.isnan(fix.agl_m):
        raw = f", {metres(fix.amsl_m)} AMSL reported" if not math.isnan(fix.amsl_m) else ""
        return "height above ground not known" + refused(fix) + raw
    if fix.agl_source is HeightSource.TAKEOFF:
        return f"{metres(fix.agl_m)} above take-off, AGL not measured{refused(fix)}"
    return f"{metres(fix.agl_m)} AGL from {SOURCE_WORDS[fix.agl_source]}{refused(fix)}"


def refused(fix: Fix) -> str:
    """Heights above ground that cannot be: why a source with a larger margin serves."""
    said = []
    if not math.isnan(fix.refused_m):
        said.append(f"{metres(fix.refused_m)} AGL was reported: no height")
    if not math.isnan(fix.refused_model_m):
        said.append(f"{metres(fix.refused_model_m)} AGL by the terrain model from {metres(fix.amsl_m)} AMSL: no height")
    return f" ({'; '.join(said)})" if said else ""


def fly(edge: Nearest) -> str:
    far = metres(edge.distance_m) if edge.distance_m >= 10_000 else f"{math.ceil(edge.distance_m)} m"
    return f"FLY {round(edge.bearing_deg) % 360:03d}° true, {far}"


def climb_or_descend(band: Band) -> str:
    """The way back into a band from above its ceiling or under its floor."""
    if band.below_ceiling_m < band.above_floor_m:
        return f"DESCEND {math.ceil(-band.below_ceiling_m)} m"
    return f"CLIMB {math.ceil(-band.above_floor_m)} m"


def named(zone: ZoneVersion) -> str:
    return f"{zone.name} (version {zone.version})"


def comes(what: str, seconds: float) -> str:
    """What happens if nothing changes."""
    return f"{what} in {max(1, math.floor(seconds))} s"


def keep_out(zone: ZoneVersion, sideways_m: float, band: Band, fix: Fix, asks: Asks = ASKS) -> str:
    place = f"{metres(abs(sideways_m))} {'inside' if sideways_m >= 0 else 'outside'} {out(zone)} {named(zone)}"
    if asks.weight_assumed:
        place += " (assumed: over 250 g)"
    if asks.activity == UNKNOWN:
        return f"{place}, which may be active: nobody said whether it is"
    if asks.by:
        place += f", allowed up to {asks.above_agl_m:g} m AGL by authorisation {asks.by}"
    limited = math.isfinite(band.above_floor_m) or math.isfinite(band.below_ceiling_m)
    if not band.known:
        return f"{place}; its {_limits(zone)} cannot be compared: {_missing(zone, fix)} not known"
    if limited and band.outer_m <= 0:
        side = "below" if band.above_floor_m < 0 else "above"
        return f"{metres(-band.depth_m)} {side} {out(zone)} {named(zone)}, {height(fix)}"
    if limited and band.depth_m < 0:
        return f"{place}, perhaps within its {_limits(zone)}: {height(fix)}"
    return f"{place}, {height(fix)}" if limited else place


def out(zone: ZoneVersion) -> str:
    """What it is called that may not be entered."""
    return {"P": "prohibited area", "R": "restricted area"}.get(zone.airspace_class or "", "keep-out")


def keep_in(zone: ZoneVersion, sideways_m: float, band: Band, fix: Fix) -> str:
    if sideways_m > 0:
        return f"{metres(sideways_m)} outside keep-in {named(zone)}"
    if not band.known and band.depth_m >= 0:
        return f"inside keep-in {named(zone)} sideways; its {_limits(zone)} cannot be compared: {_missing(zone, fix)} not known"
    if band.below_ceiling_m < 0:
        limit = _limit(zone.ceiling_m, zone.ceiling_datum)
        return f"{metres(-band.below_ceiling_m)} above the {limit} ceiling of keep-in {named(zone)}, {height(fix)}"
    if band.above_floor_m < 0:
        limit = _limit(zone.floor_m, zone.floor_datum)
        return f"{metres(-band.above_floor_m)} below the {limit} floor of keep-in {named(zone)}, {height(fix)}"
    if band.inner_m < 0:
        margin = metres(band.depth_m - band.inner_m)
        return f"within the {margin} margin of the {_limits(zone)} of keep-in {named(zone)}: {height(fix)}"
    return f"{metres(-sideways_m)} inside keep-in {named(zone)}"


def crossed(zone: ZoneVersion, length_m: float) -> str:
    kind = out(zone) if zone.kind == "keep_out" else "out of keep-in"
    return f"crossed {kind} {named(zone)} between two positions, {metres(length_m)} of the path"


def flight_level(pressure_altitude_m: float) -> str:
    """FL125"""
    return f"FL{round(pressure_altitude_m / FOOT_M / 100):03d}"


def _limit(value_m: float | None, datum: Datum) -> str:
    if datum is Datum.FL and value_m is not None:
        return flight_level(value_m)
    return f"{value_m:g} m {datum.value if datum is not Datum.TAKEOFF else 'above take-off'}"


def _limits(zone: ZoneVersion) -> str:
    parts = []
    if zone.floor_m is not None and zone.floor_datum is not Datum.SFC:
        parts.append(f"floor of {_limit(zone.floor_m, zone.floor_datum)}")
    if zone.ceiling_m is not None:
        parts.append(f"ceiling of {_limit(zone.ceiling_m, zone.ceiling_datum)}")
    return " and ".join(parts)


def _missing(zone: ZoneVersion, fix: Fix) -> str:
    limits = ((zone.floor_m, zone.floor_datum), (zone.ceiling_m, zone.ceiling_datum))
    missing = {d.value for limit, d in limits if limit is not None and d is not Datum.SFC and math.isnan(fix.height_m(d))}
    return " and ".join(sorted(missing)) + " height"
