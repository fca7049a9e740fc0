"""Which boundaries are near a point and how near: the grid as geofence.distance says it of one zone after the other."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.geodesy import metres_per_degree
from geofence.distance import nearest
from geofence.grid import GridIndex
from geofence.index import Entry, ShapelyIndex, ZoneIndex
from tests.unit.geofence.test_grid import awkward, entries, outline

A_MM = 1e-3


def found(index: ZoneIndex, points: NDArray[np.float64], reach_m: float) -> dict[tuple[int, int], float]:
    lon, lat = np.ascontiguousarray(points.T)
    rows, numbers, metres = index.within(lon, lat, reach_m)
    return dict(zip(zip(rows.tolist(), numbers.tolist(), strict=True), metres.tolist(), strict=True))


def held_to_distance(compiled: list[Entry], points: NDArray[np.float64], reach_m: float) -> None:
    near, reference = (found(index, points, reach_m) for index in (GridIndex(compiled), ShapelyIndex(compiled)))
    wanted = {
        (row, number): away
        for row, (lon, lat) in enumerate(points.tolist())
        for number, entry in enumerate(compiled)
        if (away := nearest(entry.edges, lon, lat).distance_m) < reach_m + A_MM
    }
    for pair, away in wanted.items():
        for answer in (near, reference):
            assert answer.get(pair, reach_m) == pytest.approx(away, abs=A_MM)
    assert near.keys() <= wanted.keys()
    assert reference.keys() <= wanted.keys()


@settings(deadline=None, max_examples=100)
@given(
    st.lists(outline(), min_size=1, max_size=4),
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-89.99, 89.99)), max_size=5),
    st.sampled_from([1.0, 500.0, 5_000.0]),
    st.integers(0, 2**32),
)
def test_boundaries_are_as_near_as_distance_says(
    outlines: list[shapely.Geometry], more: list[tuple[float, float]], reach_m: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    points = awkward(outlines, more)
    points = points[np.abs(points[:, 1]) < 89.999]  # at a pole itself a degree of longitude has no length
    points = points[chance.integers(0, len(points), 60)] if len(points) else points
    beside = points + chance.normal(0, 0.003, points.shape)
    inside = (np.abs(beside) <= (180.0, 89.999)).all(axis=1)
    held_to_distance(entries(outlines), np.concatenate((points, beside[inside])), reach_m)


def test_a_point_on_an_edge_is_at_no_distance_and_one_inside_as_near_as_one_outside() -> None:
    index = GridIndex(entries([shapely.box(149.0, -35.0, 149.1, -34.9)]))
    lon_m, _ = metres_per_degree(-34.95)
    points = np.array([(149.0, -34.95), (149.0 + 100 / lon_m, -34.95), (149.0 - 100 / lon_m, -34.95), (149.05, -34.95)])
    assert found(index, points, 500.0) == pytest.approx({(0, 0): 0.0, (1, 0): 100.0, (2, 0): 100.0}, abs=A_MM)


def test_the_antimeridian_is_no_boundary_of_a_zone_that_goes_on_beyond_it_and_hides_none_on_its_far_side() -> None:
    both = shapely.MultiPolygon([shapely.box(179.5, -20, 180, -19), shapely.box(-180, -20, -179.5, -19)])
    east, points = shapely.box(-179.999, -20, -179.9, -19), np.array([(180.0, -19.5), (-180.0, -19.5), (179.999, -19.5)])
    held_to_distance(entries([both, east]), points, 500.0)
    assert {number for _, number in found(GridIndex(entries([both, east])), points, 500.0)} == {1}


def test_what_is_no_position_is_near_nothing() -> None:
    index = GridIndex(entries([shapely.box(-180, -90, 180, 90), shapely.box(0, 0, 1, 1)]))
    nowhere = np.array([math.nan, math.inf, 0.0, 180.1])
    assert len(index.within(nowhere, np.array([0.0, 0.0, math.nan, 0.0]), 500.0)[0]) == 0
    assert len(GridIndex([]).within(np.array([0.0]), np.array([0.0]), 500.0)[0]) == 0
