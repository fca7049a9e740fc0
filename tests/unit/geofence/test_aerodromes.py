"""The zones around aerodromes: which are built, how far they reach (held to geodesics), and what they say was assumed."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from uuid import UUID

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pymavlink import mavutil
from pyproj import Geod

from core.geodesy import TangentPlane
from geofence.aerodromes import FAR_PATH, OVER_250_G, PATH, RING, UNCONTROLLED, Frequency, Register, build
from geofence.footprint import read_geometry
from geofence.formats.aerodromes import read_folder
from geofence.index import footprint
from geofence.runways import Aerodrome, Measures, Place, Runway
from geofence.times import Span, Timetable
from geofence.zone import Activation, Datum, Weight, ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
EARTH = Geod(ellps="WGS84")
FIELD = Aerodrome("YTST", "Test International Airport", 149.2, -35.3)
ENDS: tuple[Place, Place] = ((149.2, -35.29), (149.2, -35.31))  # 17 to the north: 2,219 m
STRIP = Runway("YTST", "17/35", ENDS, 2_219.0)
TOWER = Frequency("YTST", "TWR", "Tower")
HOURS = Timetable("Australia/Sydney", (Span("06:00", "21:00"),))


def zones(
    *runways: Runway,
    frequencies: Sequence[Frequency] = (TOWER,),
    aerodromes: Sequence[Aerodrome] = (FIELD,),
    hours: dict[str, Timetable] | None = None,
    measures: Measures | None = None,
) -> dict[str, ZoneVersion]:
    """By the part of the source after the aerodrome's ident; for one aerodrome."""
    found = build(Register(aerodromes, runways, frequencies), OPERATOR, hours=hours, measures=measures)
    return {str(zone.source).split("-", 1)[1]: zone for zone in found.zones}


def troubles(*runways: Runway, frequencies: Sequence[Frequency] = (TOWER,), **given: dict[str, Timetable]) -> list[str]:
    found = build(Register([FIELD], runways, frequencies), OPERATOR, **given)
    return [f"{trouble.where}: {trouble.detail}" for trouble in found.troubles]


def at(bearing: float, distance_m: float, place: Place) -> Place:
    lon, lat, _ = EARTH.fwd(*place, bearing, distance_m)
    return lon, lat


def holds(zone: ZoneVersion, place: Place) -> bool:
    return bool(shapely.intersects_xy(footprint(zone), *place))


def to_line_m(ends: Sequence[Place], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Geodesic metres from points (n,) to the nearest of places a metre apart on a geodesic."""
    line = np.array([ends[0], *EARTH.npts(*ends[0], *ends[1], int(EARTH.inv(*ends[0], *ends[1])[2])), ends[1]])
    each = [
        EARTH.inv(np.full(len(line), x), np.full(len(line), y), line[:, 0], line[:, 1])[2].min()
        for x, y in zip(lon, lat, strict=True)
    ]
    return np.array(each)


def test_a_controlled_aerodrome_has_a_ring_paths_and_limits_for_up_to_250_g() -> None:
    found = zones(STRIP)
    assert {part: (zone.rule, zone.kind, zone.weights, zone.floor_m, zone.floor_datum) for part, zone in found.items()} == {
        "3NM": (RING, ZoneKind.KEEP_OUT, OVER_250_G, None, Datum.SFC),
        "3NM-MICRO": (RING, ZoneKind.KEEP_OUT, (Weight.MICRO,), 45.0, Datum.AGL),
        "AREA-MICRO": (RING, ZoneKind.KEEP_OUT, (Weight.MICRO,), None, Datum.SFC),
        "PATH7": (PATH, ZoneKind.KEEP_OUT, OVER_250_G, None, Datum.SFC),
        "PATH8.5": (FAR_PATH, ZoneKind.KEEP_OUT, None, 90.0, Datum.AGL),
    }
    assert [zone.name for zone in found.values()] == [
        "TEST (YTST) 3 NM",
        "TEST (YTST) 3 NM, up to 250 g: 45 m AGL",
        "TEST (YTST) movement area, up to 250 g",
        "TEST (YTST) paths to 3.8 NM",
        "TEST (YTST) paths 3.8 NM to 4.6 NM: 90 m AGL",
    ]
    assert all(zone.ceiling_m is None for zone in found.values())


@pytest.mark.parametrize(
    ("types", "controlled"),
    [
        (["TWR"], True),
        (["TWR/CTAF"], True),
        (["ctaf", "twr"], True),
        (["Tower"], True),
        (["CTAF / TWR"], True),
        (["ED TWR"], False),
        (["CTAF", "ATIS", "GND"], False),
        ([], False),
    ],
)
def test_a_tower_of_its_own_makes_it_controlled(types: list[str], controlled: bool) -> None:
    found = zones(STRIP, frequencies=[Frequency("YTST", one) for one in types])
    assert ("3NM" in found, "UNCONTROLLED" in found) == (controlled, not controlled)


def test_words_of_a_tower_that_is_not_taken_as_one_are_noted() -> None:
    said = troubles(STRIP, frequencies=[Frequency("YTST", "ED TWR", "Edinburgh"), Frequency("YTST", "CTAF", "Pearce Tower")])
    assert [line.split(" is not")[0] for line in said] == ["YTST: ED TWR 'Edinburgh'", "YTST: CTAF 'Pearce Tower'"]


def test_without_hours_it_is_controlled_always_and_says_so() -> None:
    for zone in zones(STRIP).values():
        assert zone.activation is Activation.ALWAYS
        assert "tower hours unknown: taken as controlled" in zone.remarks


def test_with_hours_it_is_controlled_then() -> None:
    for zone in zones(STRIP, hours={"YTST": HOURS}).values():
        assert (zone.activation, zone.timetable) == (Activation.TIMETABLE, HOURS)
        assert not any("unknown: taken as controlled" in remark for remark in zone.remarks)


def test_stated_hours_make_an_aerodrome_controlled_of_which_no_list_says_so() -> None:
    found = zones(STRIP, frequencies=(), hours={"YTST": HOURS})
    assert "3NM" in found
    assert any("tower hours are stated" in remark for remark in found["3NM"].remarks)


def test_hours_of_an_unknown_aerodrome_are_said() -> None:
    assert troubles(STRIP, hours={"YXXX": HOURS}) == ["YXXX: tower hours for an aerodrome that is not known here"]


@settings(max_examples=60)
@given(
    st.floats(-179.9, 180.0),
    st.floats(-75.0, 75.0),
    st.floats(0.0, 180.0),
    st.floats(100.0, 4_500.0),
    st.lists(st.tuples(st.floats(0.0, 360.0), st.floats(0.0, 1.0), st.floats(-60.0, 60.0)), min_size=1, max_size=8),
)
def test_the_ring_holds_exactly_what_is_within_three_nautical_miles_of_the_centreline(
    lon: float, lat: float, heading: float, length_m: float, probes: list[tuple[float, float, float]]
) -> None:
    first = at(heading, length_m / 2, (lon, lat))
    second = at(heading + 180.0, length_m / 2, (lon, lat))
    ring = zones(Runway("YTST", "17/35", (first, second)), aerodromes=[Aerodrome("YTST", "Test", lon, lat)])["3NM"]
    assert read_geometry(ring.geometry, ring.radius_m).problems == []
    for bearing, part, beyond_m in probes:
        on_line = at(heading, length_m * (part - 0.5), (lon, lat))
        probe = at(bearing, 5_556.0 + beyond_m, on_line)
        distance_m = to_line_m((first, second), np.array([probe[0]]), np.array([probe[1]]))[0]
        if distance_m < 5_555.9:
            assert holds(ring, probe)
        elif distance_m > 5_558.5:
            assert not holds(ring, probe)


@pytest.mark.parametrize(
    ("end", "bearing", "along_m", "aside_m", "near", "far"),
    [
        # beyond the south end, 300 m wide there and splayed by 15 % on each side
        (1, 180.0, 10.0, 140.0, True, False),
        (1, 180.0, 10.0, 160.0, False, False),
        (1, 180.0, -10.0, 0.0, False, False),
        (1, 180.0, 7_030.0, 0.0, True, False),
        (1, 180.0, 7_046.0, 0.0, False, True),
        (1, 180.0, 8_512.0, 0.0, False, True),
        (1, 180.0, 8_527.0, 0.0, False, False),
        (1, 180.0, 5_000.0, 890.0, True, False),
        (1, 180.0, 5_000.0, 910.0, False, False),
        (1, 180.0, 8_000.0, -1_340.0, False, True),
        (1, 180.0, 8_000.0, -1_360.0, False, False),
        (0, 0.0, 7_030.0, 0.0, True, False),
        (0, 0.0, 8_512.0, 0.0, False, True),
    ],
)
def test_the_paths_begin_at_the_runway_ends_and_splay(
    end: int, bearing: float, along_m: float, aside_m: float, near: bool, far: bool
) -> None:
    found = zones(STRIP)
    probe = at(bearing + 90.0, aside_m, at(bearing, along_m, ENDS[end]))
    assert (holds(found["PATH7"], probe), holds(found["PATH8.5"], probe)) == (near, far)


def test_width_and_splay_and_reach_are_parameters_and_the_zone_says_them() -> None:
    found = zones(STRIP, measures=Measures(ring_m=1_852.0, inner_width_m=100.0, splay=0.0))
    probe = at(90.0, 60.0, at(180.0, 5_000.0, ENDS[1]))
    assert not holds(found["PATH7"], probe)
    assert holds(zones(STRIP, measures=Measures(inner_width_m=140.0, splay=0.0))["PATH7"], probe)
    assert "100 m wide at the runway's end, each side splayed by 0 % (unverified)" in found["PATH7"].remarks
    assert found["3NM"].name == "TEST (YTST) 1 NM"


def test_the_movement_area_is_the_strip_around_each_centreline() -> None:
    area = zones(STRIP)["AREA-MICRO"]
    assert [holds(area, at(90.0, metres, (149.2, -35.3))) for metres in (0.0, 145.0, 155.0)] == [True, True, False]
    assert area.remarks[-1] == "movement area unknown: taken as runway strips, 150 m either side of the centreline"


def test_where_no_runway_end_is_known_it_is_from_the_reference_point_and_says_so() -> None:
    unknown = Runway("YTST", "17/35", (None, None), 2_000.0)
    found = zones(unknown)
    assert set(found) == {"3NM", "3NM-MICRO", "AREA-MICRO"}
    assert (found["3NM"].geometry, found["3NM"].radius_m) == ({"type": "Point", "coordinates": [149.2, -35.3]}, 5_556.0)
    assert found["AREA-MICRO"].radius_m == 1_150.0
    assert "from the reference point: runway ends unknown" in found["3NM"].remarks
    assert troubles(unknown) == ["YTST: controlled, and no runway has both ends known: its paths are left out"]


def test_where_one_of_several_is_unknown_the_reference_point_stands_for_it() -> None:
    ring = zones(Runway("YTST", "17/35", ((149.26, -35.29), (149.26, -35.31))), Runway("YTST", "09/27", (None, None)))["3NM"]
    assert holds(ring, at(270.0, 5_550.0, (149.2, -35.3)))
    assert "runways 09/27: ends unknown, so from the reference point too" in ring.remarks


def test_a_closed_runway_is_left_out_and_said() -> None:
    closed = Runway("YTST", "09/27", ((149.15, -35.3), (149.25, -35.3)), closed=True)
    ring = zones(STRIP, closed)["3NM"]
    assert not holds(ring, at(270.0, 5_600.0, (149.2, -35.3)))
    assert "closed, left out: 09/27" in ring.remarks


def test_a_helipad_counts_for_the_ring_and_has_no_path() -> None:
    pad = Runway("YTST", "H1", ((149.21, -35.3), None))
    found = zones(STRIP, pad)
    assert holds(found["3NM"], at(90.0, 5_550.0, (149.21, -35.3)))
    assert found["PATH7"].geometry == zones(STRIP)["PATH7"].geometry


@pytest.mark.parametrize(
    ("runway", "said"),
    [
        (STRIP._replace(ends=((141.9, -17.3), (141.8, -17.3))), "km from its aerodrome: both ends are taken as unknown"),
        (STRIP._replace(ends=(ENDS[0], ENDS[0])), "both ends are at one place: the other end is taken as unknown"),
        (STRIP._replace(length_m=3_000.0), "m between its ends, 3,000 m long as listed: the ends are taken"),
    ],
)
def test_a_runway_that_does_not_fit_is_said(runway: Runway, said: str) -> None:
    first = troubles(runway)[0]
    assert first.startswith("YTST 17/35: ")
    assert said in first


def test_an_aerodrome_under_two_codes_is_one() -> None:
    register = Register([FIELD], [STRIP._replace(aerodrome="YNEW")], [TOWER._replace(aerodrome="YNEW")])
    found = build(register, OPERATOR, hours={"YTST": HOURS})
    assert found.troubles == []
    assert {zone.name.split(")")[0] for zone in found.zones} == {"TEST (YNEW"}
    assert all("YTST in the list of aerodromes" in zone.remarks and zone.timetable is HOURS for zone in found.zones)


def test_a_controlled_aerodrome_without_a_place_is_no_silent_loss() -> None:
    said = troubles(STRIP, frequencies=[TOWER, Frequency("YNEW", "TWR")])
    assert said == [
        "YNEW: not in the list of aerodromes, and none of its runway ends is known: a controlled aerodrome is left out"
    ]


def test_near_a_pole_nothing_is_drawn_and_said() -> None:
    register = Register([FIELD._replace(lat_deg=-89.9)], [], [TOWER])
    found = build(register, OPERATOR)
    assert found.zones == []
    assert found.troubles[0].lost


def test_an_uncontrolled_aerodrome_is_information_in_the_ring_and_the_paths() -> None:
    (zone,) = zones(STRIP, frequencies=()).values()
    assert (zone.rule, zone.kind, zone.weights, zone.activation) == (
        UNCONTROLLED,
        ZoneKind.INFORMATION,
        None,
        Activation.ALWAYS,
    )
    assert holds(zone, at(90.0, 5_550.0, (149.2, -35.3)))
    assert holds(zone, at(180.0, 8_500.0, ENDS[1]))
    assert not holds(zone, at(90.0, 8_500.0, (149.2, -35.3)))
    assert build(Register([FIELD], [STRIP], []), OPERATOR, uncontrolled=False).zones == []


def test_at_longitude_180_the_ring_goes_on_on_the_other_side() -> None:
    place = Aerodrome("NFXX", "Fiji", 179.99, -17.0)
    found = zones(
        Runway("NFXX", "09/27", ((179.98, -17.0), (-179.995, -17.0))),
        aerodromes=[place],
        frequencies=[Frequency("NFXX", "TWR")],
    )
    for zone in found.values():
        assert read_geometry(zone.geometry, zone.radius_m).problems == []
    assert holds(found["3NM"], (179.95, -17.0))
    assert holds(found["3NM"], (-179.95, -17.0))
    assert not holds(found["3NM"], (-179.93, -17.0))
    assert found["3NM"].geometry["type"] == "MultiPolygon"


@given(
    st.floats(-180.0, 180.0),
    st.floats(-84.0, 84.0),
    st.lists(st.tuples(st.floats(-9_000.0, 9_000.0), st.floats(-9_000.0, 9_000.0)), min_size=2, max_size=2),
)
def test_distances_on_the_tangent_plane_are_geodesics(lon: float, lat: float, metres: list[tuple[float, float]]) -> None:
    plane, given_m = TangentPlane(lon, lat), np.array(metres)
    degrees = plane.degrees(given_m)
    assert plane.metres(degrees) == pytest.approx(given_m, abs=1e-4)
    geodesic_m = EARTH.inv(*degrees[0], *degrees[1])[2]
    assert np.hypot(*(given_m[1] - given_m[0])) == pytest.approx(geodesic_m, abs=0.03)


# The real files and the real flight.


def test_every_real_aerodrome_is_built_in_a_second_or_two_and_its_zones_can_be_stored(shared_data: Path) -> None:
    began = perf_counter()
    found = build(read_folder(shared_data / "aerodromes"), OPERATOR)
    assert perf_counter() - began < 10.0  # measured: 1.0 s
    assert len({zone.source for zone in found.zones}) == len(found.zones)
    assert len({zone.zone_id for zone in found.zones}) == len(found.zones)
    assert [zone.name for zone in found.zones if read_geometry(zone.geometry, zone.radius_m).problems] == []
    assert all(zone.name.isprintable() and len(zone.name) <= 200 for zone in found.zones)
    assert Counter(zone.rule for zone in found.zones) == {UNCONTROLLED: 1593, RING: 3 * 42, PATH: 42, FAR_PATH: 42}
    assert not any("controlled aerodrome is left out" in trouble.detail for trouble in found.troubles)
    again = build(read_folder(shared_data / "aerodromes"), OPERATOR)
    assert again == found


def test_the_real_flight_is_within_three_nautical_miles_of_canberras_runway_and_in_no_path(shared_data: Path) -> None:
    register = read_folder(shared_data / "aerodromes")
    ours = {str(zone.source): zone for zone in build(register, OPERATOR, "au").zones}
    near = sorted(source for source in ours if source.startswith("au/YSCB"))
    assert near == [f"au/YSCB-{part}" for part in ("3NM", "3NM-MICRO", "AREA-MICRO", "PATH7", "PATH8.5")]
    assert "runways 12/30, 17/35" in ours["au/YSCB-3NM"].remarks

    log = mavutil.mavlink_connection(str(shared_data / "logs" / "copter-canberra.tlog"))
    fixes = []
    while (message := log.recv_match(type="GLOBAL_POSITION_INT")) is not None:
        if message.get_srcSystem() == 1 and (message.lat, message.lon) != (0, 0):
            fixes.append((message.lon / 1e7, message.lat / 1e7))
    lon, lat = np.array(fixes).T
    assert len(lon) == 2_684

    runway = next(one for one in register.runways if (one.aerodrome, one.name) == ("YSCB", "17/35"))
    ends = [end for end in runway.ends if end is not None]
    metres = to_line_m(ends, lon[::20], lat[::20])
    assert metres.min() == pytest.approx(5_316, abs=3)
    assert metres.max() == pytest.approx(5_357, abs=3)
    alarming = {source for source, zone in ours.items() if zone.kind is ZoneKind.KEEP_OUT}
    held = {source: int(shapely.intersects_xy(footprint(ours[source]), lon, lat).sum()) for source in alarming}
    assert {source: count for source, count in held.items() if count} == {"au/YSCB-3NM": 2_684, "au/YSCB-3NM-MICRO": 2_684}
