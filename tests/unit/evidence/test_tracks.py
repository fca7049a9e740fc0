"""Samples as columns: unpacked as they were stored, thinned without a made-up row, gaps as gaps."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.records import Gap, GapReason
from core.sample import HeightSource
from evidence import tracks
from evidence.replay import known_then
from evidence.tracks import BROKEN, LATE, NO_BATTERY, NO_HEADING, PACKED, Track
from geofence.zone import ZoneKind, ZoneVersion
from tests import tracks as outside

ONE, OPERATOR = uuid4(), uuid4()
T0, S = 1_782_874_800_000_000, 1_000_000
_PG_EPOCH_US = 946_684_800_000_000
_NOTHING = {"heading_cdeg": NO_HEADING, "battery_pct": NO_BATTERY, "north_cmps": -(1 << 15)}


def packed(*rows: dict[str, Any]) -> bytes:
    """second, and what of a row is not as here."""
    made = np.zeros(len(rows), PACKED)
    for place, row in enumerate(rows):
        told: dict[str, Any] = {
            "lon_e7": 1_491_000_000, "lat_e7": -353_000_000, "amsl_mm": 600_000, "takeoff_mm": 50_000, "agl_mm": 60_000,
            "ground_mm": 545_000, "heading_cdeg": 9_000, "agl_source": HeightSource.TERRAIN_REPORT, "north_cmps": 300,
            "east_cmps": -400, "battery_pct": 80, "late": 0, "place": place,
        } | row  # fmt: skip
        told["time"] = T0 + round(told.pop("second") * S) - _PG_EPOCH_US
        for name, value in told.items():
            made[place][name] = value
    return made.tobytes()


def unpacked(*rows: dict[str, Any], gaps: tuple[Gap, ...] = ()) -> Track:
    return tracks.unpack(ONE, packed(*rows), gaps)


def gap(from_s: float, to_s: float) -> Gap:
    return Gap(OPERATOR, "udp:14550", ONE, T0 + round(from_s * S), T0 + round(to_s * S), 3, GapReason.DROPPED)


def broken(track: Track) -> list[int]:
    return np.flatnonzero(track.columns["flags"] & BROKEN).tolist()


def test_rows_stand_in_the_order_of_time_and_what_was_not_known_is_not_known() -> None:
    empty = {"agl_mm": -(1 << 31), "ground_mm": -(1 << 31), "takeoff_mm": -(1 << 31), "agl_source": 0, "amsl_mm": -(1 << 31)}
    track = unpacked({"second": 2, "agl_mm": 62_000}, {"second": 0}, {"second": 1, "late": 1, **_NOTHING, **empty})
    columns = track.columns
    assert track.time_us.tolist() == [T0, T0 + S, T0 + 2 * S]
    assert columns["time_ms"].tolist() == [T0 / 1e3, (T0 + S) / 1e3, (T0 + 2 * S) / 1e3]
    np.testing.assert_array_equal(columns["height_m"], np.float32([60, np.nan, 62]))
    np.testing.assert_array_equal(columns["speed_mps"], np.float32([5, np.nan, 5]))
    assert columns["heading_cdeg"].tolist() == [9_000, NO_HEADING, 9_000]
    assert columns["battery_pct"].tolist() == [80, NO_BATTERY, 80]
    assert columns["height_source"].tolist() == [HeightSource.TERRAIN_REPORT, HeightSource.NONE, HeightSource.TERRAIN_REPORT]
    assert columns["flags"].tolist() == [0, LATE, 0]


def test_samples_of_one_moment_stand_as_they_stood_on_the_stream() -> None:
    track = unpacked(*({"second": 0, "lon_e7": lon, "place": place} for lon, place in enumerate((7, 5, 3))))
    assert track.columns["lon_e7"].tolist() == [2, 1, 0]


def test_a_silence_and_a_gap_between_two_samples_break_and_a_gap_through_which_samples_came_does_not() -> None:
    seconds = [0, 1, 2, 8, 9, 10, 11]
    rows = [{"second": second} for second in seconds]
    assert broken(unpacked(*rows)) == [3]
    assert broken(unpacked(*rows, gaps=(gap(9.2, 9.8),))) == [3, 5]
    assert broken(unpacked(*rows, gaps=(gap(9.2, 10.5),))) == [3]
    assert broken(unpacked(*rows, gaps=(gap(-5, -1), gap(12, 20)))) == [3]


@given(
    st.integers(0, 2_000).flatmap(
        lambda count: st.tuples(
            st.lists(st.integers(-20_000, 500_000), min_size=count, max_size=count),
            st.lists(st.sampled_from([0.1, 0.1, 0.1, 0.1, 7.0]), min_size=count, max_size=count),
        )
    ),
    st.integers(100, 1_000),
    st.lists(st.floats(0, 200), max_size=3),
)
def test_thinning_leaves_rows_out_and_keeps_extremes_breaks_and_moments(
    flown: tuple[list[int], list[float]], points: int, moments_s: list[float]
) -> None:
    heights, steps = flown
    seconds = np.cumsum(steps) if steps else np.empty(0)
    rows = [{"second": float(second), "agl_mm": mm} for second, mm in zip(seconds, heights, strict=True)]
    whole = unpacked(*rows)
    moments = [T0 + round(second * S) for second in moments_s]
    thin = tracks.thin(whole, points, moments)
    assert thin.stored == len(rows)
    if len(rows) <= points:
        assert thin is whole
        return
    at = np.searchsorted(whole.time_us, thin.time_us)
    for name, values in thin.columns.items():
        np.testing.assert_array_equal(values, whole.columns[name][at])  # every row is one that was stored
    height = whole.columns["height_m"]
    assert (np.nanmin(thin.columns["height_m"]), np.nanmax(thin.columns["height_m"])) == (np.nanmin(height), np.nanmax(height))
    assert len(broken(thin)) == len(broken(whole))
    assert len(thin.time_us) <= points + 10 + 2 * len(broken(whole)) + len(moments)
    for moment in moments:
        before = whole.time_us[whole.time_us <= moment]
        assert not len(before) or before[-1] in thin.time_us
    assert {int(whole.time_us[0]), int(whole.time_us[-1])} <= set(thin.time_us.tolist())


def test_what_is_encoded_is_read_by_others_and_every_column_lies_at_a_multiple_of_eight() -> None:
    one = tracks.limited(unpacked({"second": 0}, {"second": 1}, {"second": 2}), np.array([120.0, np.inf, 150.0]))
    data = tracks.encode([one])
    length = int.from_bytes(data[:4], "little")
    assert (4 + length) % 8 == 0
    stored, columns = outside.read(data)[str(ONE)]
    assert stored == 3
    assert set(columns) == set(tracks.COLUMNS)
    np.testing.assert_array_equal(columns["limit_agl_m"], np.float32([120, np.nan, 150]))
    np.testing.assert_array_equal(columns["height_m"], one.columns["height_m"])
    assert outside.read(tracks.encode([])) == {}


def test_a_zone_decides_when_it_was_known_and_what_adjoins_is_one() -> None:
    zone_id = UUID(int=7)
    first = ZoneVersion(
        operator_id=OPERATOR, zone_id=zone_id, version=1, world=1, name="a", kind=ZoneKind.KEEP_OUT, geometry={}
    )
    second = msgspec.structs.replace(first, version=2, world=2, valid_from_us=50)
    other = msgspec.structs.replace(first, zone_id=UUID(int=8), world=3)
    when = datetime(2026, 7, 1, tzinfo=UTC)
    told = known_then([(one, when) for one in (first, second, other)], [(0, 0, 10), (1, 10, 20), (2, 20, 80), (3, 80, 100)])
    assert [(one.zone.zone_id.int, one.zone.version, one.from_us, one.to_us) for one in told] == [
        (7, 1, 10, 50), (7, 2, 50, 100), (8, 1, 80, 100),
    ]  # fmt: skip
