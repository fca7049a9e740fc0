"""Floors and ceilings: how far a height is within them, each by its own datum, with the margin of the height's source."""

import math
from dataclasses import dataclass

from core.sample import HeightSource
from geofence.zone import Datum, ZoneVersion

# Which of the three heights (above ground, above mean sea level, above take-off) a datum is compared with.
ROW = {Datum.SFC: 0, Datum.AGL: 0, Datum.AMSL: 1, Datum.TAKEOFF: 2, Datum.FL: 1, Datum.WGS84: 1}
QNH_M_PER_HPA = 8.3  # near sea level (ICAO standard atmosphere, Doc 7488)
STANDARD_HPA = 1013.25
# How far a datum may be from the one that stands in for it, metres. FL: QNH from 980 to 1050 hPa, at 8.3 m each. WGS84: the
# geoid lies from 107 m below the ellipsoid to 86 m above it (EGM96).
UNCERTAIN_M = {Datum.FL: 300.0, Datum.WGS84: 107.0}


@dataclass(frozen=True, slots=True)
class Fix:
    """One judged position, degrees and metres, NaN for a height that is not known.

    refused_m: a reported height above ground that cannot be; refused_model_m: one from the terrain model, likewise.
    qnh_hpa: the pressure there that somebody stated, NaN if nobody did.
    """

    time_us: int
    lon_deg: float
    lat_deg: float
    agl_m: float
    margin_m: float
    agl_source: HeightSource
    amsl_m: float
    takeoff_m: float
    refused_m: float = math.nan
    refused_model_m: float = math.nan
    qnh_hpa: float = math.nan

    def height_m(self, datum: Datum) -> float:
        height_m = (self.agl_m, self.amsl_m, self.takeoff_m)[ROW[datum]]
        if datum is Datum.FL and not math.isnan(self.qnh_hpa):
            return height_m + (STANDARD_HPA - self.qnh_hpa) * QNH_M_PER_HPA
        return height_m

    def margin_of(self, datum: Datum) -> float:
        """How far the height compared with a datum may be wrong."""
        if datum is Datum.FL and not math.isnan(self.qnh_hpa):
            return 0.0
        return self.margin_m if ROW[datum] == 0 else UNCERTAIN_M.get(datum, 0.0)


@dataclass(frozen=True, slots=True)
class Band:
    """A fix against one zone's floor and ceiling, metres, positive within; infinite where there is no limit.

    outer_m and inner_m are depth_m with the margins of the heights given to it and taken from it: perhaps within,
    surely within. Where a height is not known (known is False) they tell of the other limit alone.
    """

    above_floor_m: float
    below_ceiling_m: float
    outer_m: float
    inner_m: float
    known: bool

    @property
    def depth_m(self) -> float:
        return min(self.above_floor_m, self.below_ceiling_m)

    @staticmethod
    def of(zone: ZoneVersion, fix: Fix, above_agl_m: float = -math.inf) -> "Band":
        """above_agl_m: a floor that an authorisation puts in the place of the zone's, where it is the higher one."""
        floor, floor_margin = _room(zone.floor_m, zone.floor_datum, fix, +1.0)
        if above_agl_m > -math.inf:
            rooms = [(floor, floor_margin), (fix.agl_m - above_agl_m, fix.margin_m)]
            surely_below = [(room, margin) for room, margin in rooms if room + margin < 0.0]  # of one: then of the higher too
            floor, floor_margin = min(surely_below or rooms, key=_lower)
        ceiling, ceiling_margin = _room(zone.ceiling_m, zone.ceiling_datum, fix, -1.0)
        known = not (math.isnan(floor) or math.isnan(ceiling))
        floor, ceiling = (math.inf if math.isnan(room) else room for room in (floor, ceiling))
        return Band(
            floor,
            ceiling,
            outer_m=min(floor + floor_margin, ceiling + ceiling_margin),
            inner_m=min(floor - floor_margin, ceiling - ceiling_margin),
            known=known,
        )


def _lower(room: tuple[float, float]) -> float:
    """The order of rooms: one that is not known is the lowest."""
    return -math.inf if math.isnan(room[0]) else room[0]


def _room(limit_m: float | None, datum: Datum, fix: Fix, sign: float) -> tuple[float, float]:
    """Metres on the right side of a limit, and the margin of that figure. A floor at the surface is never compared."""
    if limit_m is None or (sign > 0 and datum is Datum.SFC):
        return math.inf, 0.0
    return sign * (fix.height_m(datum) - limit_m), fix.margin_of(datum)
