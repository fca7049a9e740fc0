"""Where the sun stands, from times and places alone: its elevation for whole blocks, and the events that timetables name.

The elevation is a few lines of numpy, for it is asked of every sample; the events, a few a day, are astral's. Tests hold the
one to the other. Both mean the sun's centre without refraction, and a level horizon.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

import numpy as np
from astral import Observer, SunDirection
from astral.sun import noon, time_of_transit
from numpy.typing import NDArray

from core.compiled import part
from core.units import US_PER_S, to_us

CIVIL_TWILIGHT_DEG = -6.0  # AU-DAY: by day is from here up
_HORIZON_DEG = -0.833  # the sun's upper edge seen on the horizon: its radius, and 34' by which air lifts it
_J2000_US = 946_728_000 * US_PER_S  # 2000-01-01 12:00 UTC
_HALF_A_DAY = timedelta(hours=12, minutes=30)  # with what a year's uneven days may add


class SunEvent(StrEnum):
    """In the order of a day: begin of morning civil twilight, sunrise, sunset, end of evening civil twilight."""

    BMCT = "BMCT"
    SR = "SR"
    SS = "SS"
    EECT = "EECT"


_PASSES = {
    SunEvent.BMCT: (CIVIL_TWILIGHT_DEG, SunDirection.RISING),
    SunEvent.SR: (_HORIZON_DEG, SunDirection.RISING),
    SunEvent.SS: (_HORIZON_DEG, SunDirection.SETTING),
    SunEvent.EECT: (CIVIL_TWILIGHT_DEG, SunDirection.SETTING),
}


def elevation_deg(
    lon_deg: float | NDArray[np.float64], lat_deg: float | NDArray[np.float64], time_us: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The sun's centre above the level horizon, (n,) degrees, at times (n,) and at one place or at (n,) places.

    The low-precision formulas of the Astronomical Almanac (section C: 0.01 degree from 1950 to 2050), with the Almanac's
    mean sidereal time; UTC stands for UT1, which is within 0.004 degree.
    """
    degrees: NDArray[np.float64] = _elevation(lon_deg, lat_deg, time_us)
    return degrees


def _elevation(lon_deg: Any, lat_deg: Any, time_us: Any) -> Any:
    days = (time_us - _J2000_US) / (86_400.0 * US_PER_S)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    sin_declination = np.sin(obliquity) * np.sin(longitude)
    sidereal_deg = 15.0 * (18.697374558 + 24.06570982441908 * days)
    hour_angle = np.radians(sidereal_deg + lon_deg) - ascension
    lat = np.radians(lat_deg)
    sine = np.sin(lat) * sin_declination + np.cos(lat) * np.sqrt(1.0 - sin_declination**2) * np.cos(hour_angle)
    return np.degrees(np.arcsin(np.minimum(np.maximum(sine, -1.0), 1.0)))


elevation_at = part(_elevation)  # elevation_deg as kernels call it, for one place and time


def night(
    lon_deg: float | NDArray[np.float64], lat_deg: float | NDArray[np.float64], time_us: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Is it night by AU-DAY, (n,): the sun lower than civil twilight. Shapes as in elevation_deg."""
    return elevation_deg(lon_deg, lat_deg, time_us) < CIVIL_TWILIGHT_DEG


def event_us(event: SunEvent, lon_deg: float, lat_deg: float, day: date, zone: tzinfo) -> int:
    """When the event comes on a local day, microseconds since 1970: in the half day before or after the sun is highest.

    Right to a minute, to some minutes where it comes at midnight UTC (astral's day turns there) or the sun barely sets. That
    highest stand is the one nearest to noon on the clock: with a clock from elsewhere, UTC say, a sunrise may be on the date
    before, and a clock half a day from its sun passes over a day when summer time changes.

    A day without the event is settled so that a span between two events means what it says. Where the sun stays above
    (midnight sun) morning's events are the day's first moment and evening's its end. Where it stays below (polar night) both
    are the highest stand.
    """
    observer = Observer(lat_deg, lon_deg)
    height_deg, direction = _PASSES[event]
    days = [day + timedelta(near) for near in range(-2, 3)]  # astral reckons by days of UTC
    clock_noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    highest = min((noon(observer, one) for one in days), key=lambda time: abs(time - clock_noon))

    def in_its_half_day(time: datetime) -> bool:
        return timedelta(0) <= (time - highest if direction is SunDirection.SETTING else highest - time) < _HALF_A_DAY

    def height_at(time: datetime) -> float:
        return float(elevation_deg(lon_deg, lat_deg, np.array([to_us(time)]))[0])

    for one in days:
        try:
            passes = time_of_transit(observer, one, 90.0 - height_deg, direction, with_refraction=False)
        except ValueError:  # the sun does not pass this height
            continue
        if in_its_half_day(passes):
            return to_us(passes)
    # An event in the last seconds before midnight UTC is in none of astral's days: it is at that midnight.
    for midnight in (datetime(one.year, one.month, one.day, tzinfo=UTC) for one in days):
        if in_its_half_day(midnight) and abs(height_at(midnight) - height_deg) < 0.5:
            return to_us(midnight)
    if height_at(highest) < height_deg:
        return to_us(highest)
    edge = day if direction is SunDirection.RISING else day + timedelta(1)
    return to_us(datetime(edge.year, edge.month, edge.day, tzinfo=zone))
