"""Distances to boundaries, against the figures of the real flight and against shapely in a local projection."""

import math
from uuid import UUID

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from core.geodesy import destination, great_circle, metres_per_degree
from geofence.distance import edges_of, nearest
from geofence.index import footprint
from geofence.zone import ZoneKind, ZoneVersion

LON, LAT = 149.1, -35.3


def test_a_degree_at_canberra_has_the_metres_of_the_ellipsoid() -> None:
    # Half a degree either side on WGS84 (GeographicLib's values for latitude -35: 91,288 m and 110,941 m)
    assert metres_per_degree(-35.0) == (pytest.approx(91_288.17, abs=0.01), pytest.approx(110_940.57, abs=0.01))


@given(st.floats(0, 359.9), st.floats(1, 5_000))
def test_a_destination_is_as_far_as_asked(bearing: float, distance_m: float) -> None:
    there = destination(LON, LAT, bearing, distance_m)
    assert great_circle(LON, LAT, *there)[0] == pytest.approx(distance_m, rel=0.006)


@given(
    st.lists(st.tuples(st.floats(-900, 900), st.floats(-900, 900)), min_size=3, max_size=8),
    st.floats(-2e3, 2e3),
    st.floats(-2e3, 2e3),
)
def test_the_nearest_boundary_is_shapelys(corners: list[tuple[float, float]], x: float, y: float) -> None:
    plane = shapely.MultiPoint(corners).convex_hull
    if plane.geom_type != "Polygon" or plane.area < 100:
        return
    lon_m, lat_m = metres_per_degree(LAT + y / metres_per_degree(LAT)[1])
    degrees = shapely.transform(plane, lambda xy: xy / (lon_m, lat_m) + (LON, LAT))
    found = nearest(edges_of(degrees), LON + x / lon_m, LAT + y / lat_m)
    # The plane of the test has its scale at LAT, the one of nearest() at the point: 2 km north or south is 0.02 %.
    assert found.distance_m == pytest.approx(plane.boundary.distance(shapely.Point(x, y)), rel=1e-3, abs=0.5)


def test_holes_have_boundaries_too() -> None:
    ring, centre = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 100, np.array((LON, LAT))
    shape = shapely.Polygon(centre + ring, [centre + ring / 10])
    inside_the_hole = nearest(edges_of(shape), LON, LAT)
    assert inside_the_hole.distance_m == pytest.approx(0.001 * metres_per_degree(LAT)[0], rel=1e-6)


def test_far_away_is_the_great_circle() -> None:
    shape = shapely.box(149.15, -35.37, 149.17, -35.35)
    port_angeles = nearest(edges_of(shape), -123.43, 48.12)
    assert port_angeles.distance_m == pytest.approx(12_800_000, rel=0.02)


def test_the_short_way_round_crosses_the_antimeridian() -> None:
    shape = shapely.box(-179.99, -17.0, -179.98, -16.9)
    found = nearest(edges_of(shape), 179.99, -16.95)
    assert found.distance_m == pytest.approx(0.02 * metres_per_degree(-16.95)[0], rel=1e-3)
    assert found.bearing_deg == pytest.approx(90, abs=1)
    assert math.isfinite(found.distance_m)


@pytest.mark.parametrize("lon", [179.99, -179.99])
def test_a_circle_over_longitude_180_is_whole_and_has_no_boundary_there(lon: float) -> None:
    zone = ZoneVersion(
        operator_id=UUID(int=1), zone_id=UUID(int=2), version=1, world=1, name="Taveuni", kind=ZoneKind.KEEP_OUT,
        geometry={"type": "Point", "coordinates": [lon, -17.0]}, radius_m=5_000.0,
    )  # fmt: skip
    outline = footprint(zone)
    assert outline.is_valid
    for place, held in ((lon, True), (180.0, True), (-180.0, True), (-lon, True), (lon * 0.999, False), (-lon * 0.999, False)):
        assert shapely.intersects_xy(outline, place, -17.0) == held, place
    assert nearest(edges_of(outline), math.copysign(180.0, lon), -17.0).distance_m == pytest.approx(3_935, abs=5)
