"""What is known of a path, and of an alert."""

from collections.abc import Sequence

import pytest

from core.records import Gap, GapReason
from core.sample import NoPosition, Sample
from evidence import columns
from evidence.store import in_force
from geofence.zone import ZoneKind
from tests.unit.evidence import record
from tests.unit.evidence.record import ONE, TWO, at
from tests.unit.streams.flight import LINK, OPERATOR, T0, S, zone


def lengths(samples: Sequence[Sample], *gaps: Gap) -> list[int]:
    return [len(stretch.rows) for stretch in record.flight_of(samples, gaps).stretches]


def gap(begin: float, end: float, whose: object = ONE.id, link: str = LINK) -> Gap:
    return Gap(OPERATOR, link, whose, T0 + round(begin * S), T0 + round(end * S), None, GapReason.NOTHING_CAME)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "seconds, gaps, wanted",
    [
        ([0, 1, 2, 3], [], [4]),
        ([0, 1, 6, 7], [], [4]),
        ([0, 1, 6.1, 7], [], [2, 2]),
        ([0, 1, 2, 3], [gap(1, 2)], [2, 2]),
        ([0, 1, 2, 3], [gap(1, 2, None)], [2, 2]),
        ([0, 1, 2, 3], [gap(1, 2, None, "udp:14550")], [2, 2]),
        ([0, 1, 2, 3], [gap(1, 2, None, "udp:14551")], [4]),
        ([0, 1, 2, 3], [gap(1, 2, TWO.id)], [4]),
        ([0, 1, 2, 3], [gap(0.5, 2.5)], [4]),
        ([0, 1, 2, 3], [gap(3, 9)], [4]),
        ([], [], []),
    ],
)  # fmt: skip
def test_a_path_ends_where_nobody_knows_how_it_went_on(seconds: list[float], gaps: list[Gap], wanted: list[int]) -> None:
    assert lengths([at(second) for second in seconds], *gaps) == wanted


def test_samples_without_a_position_are_in_no_stretch_and_stay_in_the_record() -> None:
    flight = record.flight_of([at(0), at(1, lon=None, no_position=NoPosition.ZERO), at(2)])
    assert [stretch.rows.tolist() for stretch in flight.stretches] == [[0, 2]]
    assert flight.records["lon_wgs84_deg"].null_count == 1
    assert flight.records["position_missing"].to_pylist() == [None, "exactly 0,0", None]


@pytest.mark.parametrize(
    "values, judged",
    [
        ({"agl_m": 50}, (50.0, "AGL", "terrain report", 0.0)),
        ({"agl_m": None, "ground_amsl_mm": 640_000}, (60.0, "AGL", "terrain model", 15.0)),
        ({"agl_m": None}, (50.0, "take-off", "above take-off", 40.0)),
        ({"agl_m": None, "takeoff_m": None}, (None, None, None, None)),
    ],
)
def test_the_height_that_rules_went_by_says_its_datum(
    values: dict[str, object], judged: tuple[float | None, str | None, str | None, float | None]
) -> None:
    row = record.flight_of([at(0, **values)]).samples.slice(0, 1).to_pylist()[0]
    told = ("height_judged_m", "height_judged_datum", "height_judged_source", "height_judged_margin_m")
    assert tuple(row[name] for name in told) == judged


def test_values_come_in_their_units_and_what_was_not_known_is_null() -> None:
    one = at(0, fix_age_ms=1_500, vehicle_time_ms=2_500, hdop_e2=130)
    row = record.flight_of([one]).samples.to_pylist()[0]
    wanted = {
        "lon_wgs84_deg": 149.1, "lat_wgs84_deg": -35.3, "amsl_m": 700.0, "amsl_source": "autopilot", "speed_mps": 5.0,
        "velocity_north_mps": 3.0, "velocity_east_mps": -4.0, "climb_mps": -0.5, "heading_true_deg": 270.0,
        "battery_v": 15.2, "battery_pct": 80, "fix_age_s": 1.5, "time_since_boot_s": 2.5, "hdop": 1.3, "airborne": None,
        "satellites": None, "ground_amsl_m": None, "height_agl_age_s": None, "late": False, "gap_reason": None,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


def test_every_column_says_its_unit_or_is_a_word_a_count_or_a_truth() -> None:
    units = ("_m", "_mps", "_deg", "_s", "_utc", "_pct", "_v", "_us")
    bare = {column.name for column in columns.COLUMNS if not column.name.endswith(units)}
    assert bare == {
        "record", "aircraft_id", "link", "system_id", "message", "position_missing", "amsl_source", "height_agl_source",
        "height_judged_datum", "height_judged_source", "fix_type", "satellites", "hdop", "flight_mode", "armed", "airborne",
        "identity_ambiguous", "late", "stream_partition", "stream_offset", "stream_row", "link_sequence", "gap_reason",
        "gap_count", "gap_counted",
    }  # fmt: skip
    assert columns.SCHEMA.field("height_agl_source").metadata[b"says"]


@pytest.mark.parametrize(
    "worlds, wanted",
    [((1, 1), [(1, None, None)]), ((1, 2), [(1, None, None), (2, 50, 70)]), ((2, 2), [(1, None, 50), (2, 50, 70)]),
     ((3, 3), [(1, None, 50), (2, 50, 60)])],
)  # fmt: skip
def test_versions_in_force_are_those_of_any_world_of_the_window(
    worlds: tuple[int, int], wanted: list[tuple[int, int | None, int | None]]
) -> None:
    recorded = record.zone().recorded_at
    versions = [
        (zone(ZoneKind.KEEP_OUT), recorded),
        (zone(ZoneKind.KEEP_OUT, version=2, world=2, valid_from_us=50, valid_to_us=70), recorded),
        (zone(ZoneKind.KEEP_OUT, version=3, world=3, valid_from_us=60, ended=True), recorded),
    ]
    found = list(in_force(versions, *worlds, 0, 100))
    assert [(one.version.version, one.from_us, one.to_us) for one in found] == wanted
    assert not [one for one in in_force(versions, *worlds, 70, 100) if one.version.version == 2]
