"""Where it is night, for a block at once: as the sun says it of every row."""

import numpy as np
import pytest

from core.columns import NAMES
from core.whole import TIME
from geofence.sun import CIVIL_TWILIGHT_DEG, elevation_deg
from streams.rules import daylight

DAY_US = 86_400_000_000


@pytest.mark.parametrize(("apart_deg", "apart_us"), [(0.1, 10_000_000), (5.0, 3_600_000_000), (180.0, 365 * DAY_US)])
def test_rows_by_night_or_shortly_before_are_found_however_far_apart_they_are(apart_deg: float, apart_us: int) -> None:
    chance, n = np.random.default_rng(6), 500
    for middle_us in chance.integers(1_700_000_000_000_000, 1_800_000_000_000_000, 60).tolist():
        lon = np.clip(chance.uniform(-180, 180) + chance.uniform(-apart_deg, apart_deg, n), -180, 180)
        lat = np.clip(chance.uniform(-90, 90) + chance.uniform(-apart_deg, apart_deg, n), -90, 90)
        table = np.zeros((len(NAMES), n), np.int64)
        table[TIME] = middle_us + chance.integers(-apart_us, apart_us, n)
        night = np.empty(n, np.int64)
        count = daylight._night.run(np.ones(n, np.bool_), table, lon, lat, night)
        lowest = np.minimum(elevation_deg(lon, lat, table[TIME]), elevation_deg(lon, lat, table[TIME] + daylight.SOON_US))
        assert night[:count].tolist() == np.flatnonzero(lowest < CIVIL_TWILIGHT_DEG).tolist()
