"""From messages to samples: who is an aircraft, and what is known of it at each moment."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from core import identity
from core.sample import HeightSource, NoPosition, SampleKind
from tests.unit.ingest.told import OPERATOR, T0, Told

Make = Callable[..., bytes]


def _at(frames: Iterable[tuple[float, bytes]]) -> Told:
    told = Told()
    for at_s, data in frames:
        told.hear(data, at_s)
    return told


def test_each_position_message_makes_a_sample_with_the_messages_own_integers(position: Make) -> None:
    sample = Told().hear(position()).last
    assert (sample.lon_e7, sample.lat_e7, sample.no_position) == (1_491_657_510, -353_623_302, NoPosition.PRESENT)
    assert (sample.amsl_mm, sample.amsl_source) == (600_000, HeightSource.AUTOPILOT)
    assert (sample.takeoff_height_mm, sample.takeoff_source) == (13_300, HeightSource.AUTOPILOT)
    assert (sample.velocity_north_cmps, sample.velocity_east_cmps, sample.velocity_down_cmps) == (100, -200, 3)
    assert (sample.event_time_us, sample.vehicle_time_ms, sample.kind) == (T0, 1_000, SampleKind.POSITION)
    assert (sample.operator_id, sample.link, sample.system_id, sample.epoch, sample.seq) == (
        OPERATOR, "udp:14550/10.0.0.1", 1, 5, 1,
    )  # fmt: skip
    assert sample.aircraft_id == identity.aircraft_id(OPERATOR, "udp:14550/10.0.0.1", 1)


def test_zero_zero_rejects_the_position_and_not_the_sample(position: Make) -> None:
    told = Told().hear(position(lat=0, lon=0))
    assert (told.last.lon_e7, told.last.lat_e7, told.last.no_position) == (None, None, NoPosition.ZERO)
    assert told.last.amsl_mm == 600_000
    assert (told.counts.usable, dict(told.counts.without)) == (0, {"zero": 1})


@pytest.mark.parametrize(("lat", "lon"), [(900_000_001, 0), (0, -1_800_000_001), (2**31 - 1, 2**31 - 1), (-(2**31), 5)])
def test_a_coordinate_that_is_nowhere_is_impossible(position: Make, lat: int, lon: int) -> None:
    sample = Told().hear(position(lat=lat, lon=lon)).last
    assert (sample.lon_e7, sample.lat_e7, sample.no_position) == (None, None, NoPosition.IMPOSSIBLE)


def test_the_equator_and_the_meridian_are_places(position: Make) -> None:
    assert Told().hear(position(lat=0, lon=5)).last.no_position == NoPosition.PRESENT
    assert Told().hear(position(lat=5, lon=0)).last.no_position == NoPosition.PRESENT


@pytest.mark.parametrize(("hdg", "heading"), [(0, 0), (35_999, 35_999), (65_535, None), (40_000, None)])
def test_heading_is_the_noses_or_unknown(position: Make, hdg: int, heading: int | None) -> None:
    assert Told().hear(position(hdg=hdg)).last.heading_cdeg == heading


def test_a_heartbeat_makes_a_sample_when_a_second_passed_without_one(heartbeat: Make, position: Make) -> None:
    told = _at(
        [(0, heartbeat()), (0.5, heartbeat()), (1, heartbeat()), (1.5, position()), (2, heartbeat()), (2.6, heartbeat())]
    )
    assert [(s.event_time_us - T0, s.kind, s.no_position) for s in told.samples] == [
        (0, SampleKind.HEARTBEAT, NoPosition.NOT_SENT),
        (1_000_000, SampleKind.HEARTBEAT, NoPosition.NOT_SENT),
        (1_500_000, SampleKind.POSITION, NoPosition.PRESENT),
        (2_600_000, SampleKind.HEARTBEAT, NoPosition.NOT_SENT),
    ]


def test_slow_fields_carry_their_age_and_are_null_after_five_seconds(pack: Make, heartbeat: Make, position: Make) -> None:
    slow = (
        heartbeat()
        + pack("sys_status", 0, 0, 0, 0, 12_388, -1, 99, 0, 0, 0, 0, 0, 0)
        + pack("gps_raw_int", 0, 3, 0, 0, 0, 121, 65_535, 0, 0, 12)
        + pack("terrain_report", 0, 0, 30, 590.0, 12.3456, 0, 500)
    )
    told = _at([(0, slow), (4.9, position()), (5.1, position())])
    young, old = told.samples[-2:]
    assert (young.mode, young.mode_age_ms, young.armed, young.vehicle_type) == ("LOITER", 4_900, True, 2)
    assert (young.battery_pct, young.battery_mv, young.battery_age_ms) == (99, 12_388, 4_900)
    assert (young.fix_type, young.satellites, young.hdop_e2, young.fix_age_ms) == (3, 12, 121, 4_900)
    assert (young.agl_mm, young.agl_source, young.agl_age_ms) == (12_346, HeightSource.TERRAIN_REPORT, 4_900)
    for column in ("mode", "mode_age_ms", "armed", "airborne", "battery_pct", "battery_mv", "battery_age_ms", "fix_type"):
        assert getattr(old, column) is None
    assert (old.agl_mm, old.agl_source, old.vehicle_type) == (None, HeightSource.NONE, 2)


def test_unknown_values_leave_the_last_known_to_grow_old(pack: Make, position: Make) -> None:
    known = pack("sys_status", 0, 0, 0, 0, 12_388, -1, 99, 0, 0, 0, 0, 0, 0)
    unknown = pack("sys_status", 0, 0, 0, 0, 65_535, -1, -1, 0, 0, 0, 0, 0, 0)
    sample = _at([(0, known), (2, unknown), (3, position())]).last
    assert (sample.battery_pct, sample.battery_mv, sample.battery_age_ms) == (99, 12_388, 3_000)


@pytest.mark.parametrize(
    ("cells", "extension", "expected"),
    [
        ([4_000, 4_000, 4_000] + [65_535] * 7, [0, 0, 0, 0], 12_000),
        ([65_535] * 10, [0, 0, 0, 0], None),
        ([65_000, 65_000] + [65_535] * 8, [0, 0, 0, 0], None),
    ],
)
def test_a_battery_is_the_sum_of_its_cells_or_unknown(
    pack: Make, position: Make, cells: list[int], extension: list[int], expected: int | None
) -> None:
    data = pack("battery_status", 0, 0, 0, 0, cells, -1, -1, -1, -1, 0, 0, extension) + position()
    assert Told().hear(data).last.battery_mv == expected


def test_a_second_battery_does_not_stand_for_the_first(pack: Make, position: Make) -> None:
    data = pack("battery_status", 1, 0, 0, 0, [4_000] * 10, -1, -1, -1, 5) + position()
    assert Told().hear(data).last.battery_pct is None


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("terrain_report", (0, 0, 30, 0.0, 7.5, 0, 0), (7_500, HeightSource.TERRAIN_REPORT)),
        ("terrain_report", (0, 0, 0, 0.0, 7.5, 0, 0), (None, HeightSource.NONE)),
        ("terrain_report", (0, 0, 30, 0.0, float("nan"), 0, 0), (None, HeightSource.NONE)),
        ("terrain_report", (0, 0, 30, 0.0, 1e30, 0, 0), (None, HeightSource.NONE)),
        ("terrain_report", (0, 0, 30, 0.0, -589.0, 0, 0), (-589_000, HeightSource.TERRAIN_REPORT)),
        ("altitude", (0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.25), (3_250, HeightSource.RANGEFINDER)),
        ("altitude", (0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0), (None, HeightSource.NONE)),
        ("altitude", (0, 0.0, 0.0, 0.0, 0.0, 0.0, float("nan")), (None, HeightSource.NONE)),
    ],
)
def test_height_above_ground_comes_from_the_terrain_report_else_the_rangefinder(
    pack: Make, position: Make, name: str, fields: tuple[Any, ...], expected: tuple[int | None, HeightSource]
) -> None:
    sample = Told().hear(pack(name, *fields) + position()).last
    assert (sample.agl_mm, sample.agl_source) == expected


@pytest.mark.parametrize(
    ("armed", "landed_state", "airborne"),
    [
        (None, None, None), (True, None, None), (False, None, False), (True, 0, None), (False, 0, False),
        (True, 1, False), (True, 2, True), (True, 3, True), (True, 4, True), (False, 2, True),
    ],
)  # fmt: skip
def test_airborne_is_what_the_landed_state_says_else_only_disarmed_is_certain(
    pack: Make, heartbeat: Make, position: Make, armed: bool | None, landed_state: int | None, airborne: bool | None
) -> None:
    data = b"" if armed is None else heartbeat(armed=armed)
    data += b"" if landed_state is None else pack("extended_sys_state", 0, landed_state)
    sample = Told().hear(data + position()).last
    assert (sample.armed, sample.airborne) == (armed, airborne)


@pytest.mark.parametrize(
    ("vehicle_type", "autopilot", "component", "system"),
    [
        (6, 8, 1, 1), (6, 8, 190, 255), (26, 8, 154, 1), (27, 8, 156, 1), (30, 8, 100, 1), (18, 8, 191, 1), (2, 8, 1, 1),
        (5, 3, 1, 1), (2, 3, 1, 0), (2, 3, 1, 255), (2, 3, 1, 254), (2, 3, 2, 1),
    ],
)  # fmt: skip
def test_what_is_no_aircraft_makes_no_sample(
    heartbeat: Make, position: Make, vehicle_type: int, autopilot: int, component: int, system: int
) -> None:
    sender = {"component": component, "system": system}
    told = Told().hear(heartbeat(vehicle_type=vehicle_type, autopilot=autopilot, **sender) + position(**sender))
    assert told.samples == []
    assert dict(told.counts.ignored) == {f"system {system} component {component} is no aircraft": 2}


@pytest.mark.parametrize("vehicle_type", [0, 1, 2, 7, 10, 12, 13, 19, 22, 43, 99])
def test_every_vehicle_is_an_aircraft_and_an_unheard_of_type_too(heartbeat: Make, position: Make, vehicle_type: int) -> None:
    told = Told().hear(heartbeat(vehicle_type=vehicle_type) + position())
    assert len(told.samples) == 2
    assert told.last.vehicle_type == vehicle_type


def test_an_autopilots_position_is_believed_before_its_first_heartbeat(heartbeat: Make, position: Make) -> None:
    told = Told().hear(position())
    assert len(told.samples) == 1
    told.hear(heartbeat(vehicle_type=6, autopilot=8) + position(), 2)
    assert len(told.samples) == 1


def test_the_ids_of_radios_need_a_heartbeat_first(heartbeat: Make, position: Make) -> None:
    told = Told().hear(position(system=51))
    assert told.samples == []
    assert len(told.hear(heartbeat(system=51) + position(system=51)).samples) == 2


def test_a_ground_station_under_an_aircrafts_id_does_not_unmake_it(heartbeat: Make, position: Make) -> None:
    told = Told().hear(heartbeat()).hear(heartbeat(vehicle_type=6, autopilot=8)).hear(position())
    assert len(told.samples) == 2
    assert told.last.vehicle_type == 2


def test_frames_are_numbered_by_their_link_before_they_are_decoded(heartbeat: Make, position: Make) -> None:
    told = Told().hear(b"rubbish" + heartbeat(component=190) + position(system=2) + position(system=3))
    assert [sample.seq for sample in told.samples] == [3, 4]


def test_a_message_of_no_use_is_ignored_by_its_name(pack: Make) -> None:
    told = Told().hear(pack("attitude", 0, 0, 0, 0, 0, 0, 0))
    assert dict(told.counts.ignored) == {"ATTITUDE": 1}


def test_an_aircraft_too_many_is_rejected_and_the_known_are_served(position: Make) -> None:
    known = identity.aircraft_id(OPERATOR, "udp:14550/10.0.0.1", 1)
    told = Told(admit=lambda aircraft_id: aircraft_id == known)
    stranger = position(system=2)
    told.hear(position(system=1) + stranger + position(system=1))
    assert [sample.system_id for sample in told.samples] == [1, 1]
    assert [(told.reason, told.data) for told in told.rejections] == [("too many unregistered aircraft", stranger)]


@pytest.mark.parametrize(
    ("heard", "ambiguous"),
    [
        ([(0, 1), (1, 1), (2, 1)], [False, False, False]),
        ([(0, 1), (1, 2), (2, 2), (20, 2)], [False, False, False, False]),  # a sender began again with another port
        ([(0, 1), (1, 2), (2, 1), (3, 2)], [False, False, True, True]),
        ([(0, 1), (1, 2), (2, 1), (3, 1), (7.1, 1)], [False, False, True, True, False]),
        ([(0, 1), (10, 2), (20, 1)], [False, False, False]),
    ],
)
def test_two_senders_in_turn_under_one_identity_are_ambiguous(
    position: Make, heard: list[tuple[float, int]], ambiguous: list[bool]
) -> None:
    told = Told()
    for at_s, port in heard:
        told.hear(position(), at_s, port)
    assert [sample.ambiguous for sample in told.samples] == ambiguous
    assert len({sample.aircraft_id for sample in told.samples}) == 1


def test_a_rejected_stretch_is_told_with_its_bytes_and_reason() -> None:
    told = Told().hear(b"rubbish")
    assert [(r.reason, r.data, r.link, r.received_us) for r in told.rejections] == [
        ("bytes that are no frame", b"rubbish", "udp:14550/10.0.0.1", T0)
    ]
    assert told.counts.bytes == 7


def test_a_stretch_too_large_for_a_record_is_told_in_part_and_counted_whole() -> None:
    told = Told().hear(b"x" * 100_000)
    assert (len(told.rejections[0].data), told.counts.bytes) == (65_536, 100_000)
    assert "of 100000 bytes" in told.rejections[0].reason
    assert dict(told.counts.rejected) == {"bytes that are no frame": 1}


def test_the_widest_values_of_every_message_fit_their_columns(pack: Make, position: Make) -> None:
    low, high = -(2**31), 2**31 - 1
    data = (
        pack("heartbeat", 2, 12, 255, 2**32 - 1, 255, 255)
        + pack("sys_status", 0, 0, 0, 0, 65_534, -1, 127, 0, 0, 0, 0, 0, 0)
        + pack("gps_raw_int", 2**64 - 1, 255, 0, 0, 0, 65_534, 0, 0, 0, 254)
        + pack("altitude", 0, 0.0, 0.0, 0.0, 0.0, 0.0, 3e38)
        + pack("global_position_int", 2**32 - 1, 900_000_000, 1_800_000_000, low, high, 32_767, -32_768, 0, 36_000)
    )
    (beaten, sample) = Told().hear(data).samples
    assert (beaten.mode, beaten.armed, beaten.battery_mv) == ("UNKNOWN", True, None)
    assert (sample.vehicle_time_ms, sample.amsl_mm, sample.takeoff_height_mm) == (2**32 - 1, low, high)
    assert (sample.lat_e7, sample.lon_e7, sample.heading_cdeg) == (900_000_000, 1_800_000_000, 36_000)
    assert (sample.velocity_north_cmps, sample.velocity_east_cmps) == (32_767, -32_768)
    assert (sample.battery_mv, sample.battery_pct, sample.satellites, sample.hdop_e2) == (65_534, None, 254, 65_534)
    assert (sample.fix_type, sample.agl_mm) == (255, None)


def test_a_clock_that_steps_back_makes_no_negative_ages(heartbeat: Make, position: Make) -> None:
    told = _at([(10, heartbeat()), (8.7, position()), (0, position())])
    assert (told.samples[1].mode, told.samples[1].mode_age_ms) == ("LOITER", 0)
    assert told.samples[2].mode is None
