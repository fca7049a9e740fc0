"""Floors and ceilings: how far a height is within them, each by its own datum, with the margin of the height's source."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.sample import HeightSource
from geofence.zone import Datum, ZoneVersion

_ROW = {Datum.SFC: 0, Datum.AGL: 0, Datum.AMSL: 1, Datum.TAKEOFF: 2}


@dataclass(frozen=True, slots=True)
class Fix:
    """One judged position, degrees and metres, NaN for a height that is not known. refused_m: a report that was no height."""

    time_us: int
    lon_deg: float
    lat_deg: float
    agl_m: float
    margin_m: float
    agl_source: HeightSource
    amsl_m: float
    takeoff_m: float
    refused_m: float = math.nan

    def height_m(self, datum: Datum) -> float:
        return (self.agl_m, self.amsl_m, self.takeoff_m)[_ROW[datum]]


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
    def of(zone: ZoneVersion, fix: Fix) -> "Band":
        floor, floor_margin = _room(zone.floor_m, zone.floor_datum, fix, +1.0)
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


def _room(limit_m: float | None, datum: Datum, fix: Fix, sign: float) -> tuple[float, float]:
    """Metres on the right side of a limit, and the margin of that figure. A floor at the surface is never compared."""
    if limit_m is None or (sign > 0 and datum is Datum.SFC):
        return math.inf, 0.0
    margin = fix.margin_m if _ROW[datum] == 0 else 0.0
    return sign * (fix.height_m(datum) - limit_m), margin


class Limits:
    """The floors and ceilings of many zones, to be compared with many heights at once."""

    def __init__(self, zones: list[ZoneVersion]) -> None:
        no_floor = [z.floor_m is None or z.floor_datum is Datum.SFC for z in zones]
        self._floor_m = np.array([-math.inf if none else z.floor_m for z, none in zip(zones, no_floor, strict=True)], float)
        self._ceiling_m = np.array([math.inf if z.ceiling_m is None else z.ceiling_m for z in zones], float)
        self._floor_row = np.array([_ROW[z.floor_datum] for z in zones], np.intp)
        self._ceiling_row = np.array([_ROW[z.ceiling_datum] for z in zones], np.intp)

    def depths_m(
        self,
        points: NDArray[np.intp],
        zones: NDArray[np.intp],
        heights_m: NDArray[np.float64],
        margin_m: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Outer and inner depth of each (point, zone) pair as in Band, NaN where a needed height is not known.

        heights_m: (3, n) above ground, above mean sea level, above take-off. margin_m: (n,) of the first row.
        """
        outer, inner = np.full(len(points), math.inf), np.full(len(points), math.inf)
        for limit, row, sign in ((self._floor_m, self._floor_row, 1.0), (self._ceiling_m, self._ceiling_row, -1.0)):
            limits, rows = limit[zones], row[zones]
            bounded = np.isfinite(limits)
            room = np.where(bounded, sign * (heights_m[rows, points] - limits), math.inf)
            margin = np.where(bounded & (rows == 0), margin_m[points], 0.0)
            outer, inner = np.minimum(outer, room + margin), np.minimum(inner, room - margin)
        return outer, inner
