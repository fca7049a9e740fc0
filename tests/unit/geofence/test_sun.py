"""The sun's elevation is held to astral's, and the events of the day to that elevation."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from astral import Observer
from astral.sun import elevation
from hypothesis import given
from hypothesis import strategies as st

from core.units import to_us, utc
from geofence.sun import CIVIL_TWILIGHT_DEG, SunEvent, elevation_deg, event_us, night

CANBERRA = (149.19, -35.31)
TIMES = st.integers(to_us(datetime(1990, 1, 1, tzinfo=UTC)), to_us(datetime(2050, 1, 1, tzinfo=UTC)))
LONGITUDES, LATITUDES = st.floats(-180.0, 180.0), st.floats(-89.0, 89.0)


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


@given(LONGITUDES, LATITUDES, TIMES)
def test_the_elevation_is_astrals_within_a_twentieth_of_a_degree(lon: float, lat: float, time_us: int) -> None:
    theirs = elevation(Observer(lat, lon), utc(time_us), with_refraction=False)
    assert elevation_deg(lon, lat, np.array([time_us]))[0] == pytest.approx(theirs, abs=0.05)


def test_a_block_of_places_and_times_gives_what_each_gives_alone() -> None:
    lon, lat = np.linspace(-180.0, 180.0, 50), np.linspace(-90.0, 90.0, 50)
    times = us("2015-07-05T00:26:43Z") + np.arange(50) * 977_000_000_000
    together = elevation_deg(lon, lat, times)
    alone = [elevation_deg(x, y, times[i : i + 1])[0] for i, (x, y) in enumerate(zip(lon, lat, strict=True))]
    assert together == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize(
    ("time", "is_night"),
    [
        ("2015-07-05T00:26:43Z", False),  # the real flight: half past ten in the morning
        ("2015-07-04T20:30:00Z", True),  # 06:30 at Canberra: civil twilight began at 06:45
        ("2015-07-04T21:00:00Z", False),  # 07:00: the sun is not up, and it is day by AU-DAY
        ("2015-07-05T07:20:00Z", False),  # 17:20
        ("2015-07-05T07:45:00Z", True),  # 17:45
    ],
)
def test_day_is_from_civil_twilight_to_civil_twilight(time: str, is_night: bool) -> None:
    assert night(*CANBERRA, np.array([us(time)])).tolist() == [is_night]


@given(
    LONGITUDES,
    st.floats(-45.0, 45.0),
    st.dates(date(1990, 1, 1), date(2049, 12, 31)),
    st.sampled_from(SunEvent),
    st.integers(-12, 14),
)
def test_at_an_event_the_sun_passes_its_height_on_its_side_of_noon(
    lon: float, lat: float, day: date, event: SunEvent, hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    time_us = event_us(event, lon, lat, day, zone)
    height = CIVIL_TWILIGHT_DEG if event in (SunEvent.BMCT, SunEvent.EECT) else -0.833
    before, at, after = elevation_deg(lon, lat, np.array([-600_000_000, 0, 600_000_000]) + time_us)
    assert at == pytest.approx(height, abs=0.5)  # most of it at midnight UTC, where astral takes the next day's sun
    assert (after > before) == (event in (SunEvent.BMCT, SunEvent.SR))
    assert abs(utc(time_us) - datetime(day.year, day.month, day.day, 12, tzinfo=zone)) < timedelta(hours=24)


@given(LONGITUDES, st.floats(-89.0, 89.0), st.dates(date(1990, 1, 1), date(2049, 12, 31)), st.integers(-12, 14))
def test_a_days_events_are_in_their_order_everywhere(lon: float, lat: float, day: date, hours: int) -> None:
    times = [event_us(event, lon, lat, day, timezone(timedelta(hours=hours))) for event in SunEvent]
    # a day without twilight ends on the clock, one without sunrise at the sun's noon
    assert times[0] <= times[2] and times[1] <= times[2] and times[1] <= times[3]


def test_in_australia_they_are_on_the_day_that_is_asked_for() -> None:
    zone = timezone(timedelta(hours=10))
    clock = [utc(event_us(event, *CANBERRA, date(2026, 7, 1), zone)).astimezone(zone) for event in SunEvent]
    assert [f"{time:%d %H:%M}" for time in clock] == ["01 06:44", "01 07:12", "01 17:01", "01 17:29"]


@pytest.mark.parametrize(
    ("day", "event", "time"),
    [
        (date(2026, 6, 21), SunEvent.SR, "2026-06-21T00:00:00+02:00"),  # midnight sun at Longyearbyen
        (date(2026, 6, 21), SunEvent.EECT, "2026-06-22T00:00:00+02:00"),
        (date(2026, 12, 21), SunEvent.SR, "2026-12-21T11:56:00+01:00"),  # polar night: noon
        (date(2026, 12, 21), SunEvent.SS, "2026-12-21T11:56:00+01:00"),
    ],
)
def test_where_the_sun_does_not_rise_or_set_the_day_decides(day: date, event: SunEvent, time: str) -> None:
    zone = datetime.fromisoformat(time).tzinfo
    assert zone is not None
    assert event_us(event, 15.63, 78.22, day, zone) == pytest.approx(us(time), abs=120_000_000)
