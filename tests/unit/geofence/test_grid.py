"""The compiled index against shapely: the same answers for any zones, and above all where a point lies on a boundary."""

import math
import time
from fractions import Fraction
from uuid import UUID

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.identity import operator_id
from geofence.distance import rings_of
from geofence.grid import GridIndex
from geofence.index import Entry, Outline, ShapelyIndex, ZoneIndex, compile_entries
from geofence.zone import ZoneKind, ZoneVersion

CELL = 1 / 256


def version(number: int, outline: shapely.Geometry) -> ZoneVersion:
    return ZoneVersion(
        operator_id=operator_id("test"), zone_id=UUID(int=number), version=1, world=1, name=str(number), kind=ZoneKind.KEEP_OUT,
        geometry=shapely.geometry.mapping(outline),
    )  # fmt: skip


def entries(outlines: list[shapely.Geometry]) -> list[Entry]:
    return compile_entries([version(i, outline) for i, outline in enumerate(outlines)], 1)


def pairs(index: ZoneIndex, points: NDArray[np.float64]) -> set[tuple[int, int]]:
    return set(zip(*(part.tolist() for part in index.containing(points[:, 0].copy(), points[:, 1].copy())), strict=True))


def path_pairs(index: ZoneIndex, paths: NDArray[np.float64]) -> set[tuple[int, int]]:
    return set(zip(*(part.tolist() for part in index.crossing(paths)), strict=True))


def awkward(outlines: list[shapely.Geometry], more: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Corners, points along edges (as nearly on them as floats are), their neighbours, the borders of cells near them."""
    points = [np.array(more, float).reshape(-1, 2)]
    for outline in outlines:
        corners = shapely.get_coordinates(outline)
        along = corners[:-1] + np.array([0.5, 0.25, 1 / 3])[:, None, None] * np.diff(corners, axis=0)
        near = np.concatenate((corners, along.reshape(-1, 2)))
        borders = np.floor(near / CELL) * CELL
        points += [near, borders, np.column_stack((borders[:, 0], near[:, 1])), np.column_stack((near[:, 0], borders[:, 1]))]
    all_points = np.concatenate(points)
    beside = [np.nextafter(all_points, to) for to in (-math.inf, math.inf)]
    found = np.round(np.concatenate((all_points, *beside, np.round(all_points, 7))), 15)
    return found[(np.abs(found) <= (180.0, 90.0)).all(axis=1)]


def held_to_shapely(outlines: list[shapely.Geometry], more: list[tuple[float, float]]) -> None:
    compiled = entries(outlines)
    grid, reference = GridIndex(compiled), ShapelyIndex(compiled)
    points = awkward(outlines, more)
    for at, number in pairs(grid, points) ^ pairs(reference, points):
        assert touches(outlines[number], points[[at, at]])
    if len(points) > 200:
        points = points[:: len(points) // 200]
    paths = np.stack((points, np.roll(points, 7, axis=0)), axis=1)
    paths = paths[(paths[:, 0] != paths[:, 1]).any(axis=1)]
    for at, number in path_pairs(grid, paths) ^ path_pairs(reference, paths):
        assert touches(outlines[number], paths[at])


def touches(outline: shapely.Geometry, path: NDArray[np.float64]) -> bool:
    """Does a path, or a point (a path from it to itself), meet an edge, in exact arithmetic? Both sides have some 100
    bits, and where numbers of very different size meet, each misses a few points that lie on an edge: only these may differ."""

    def turn(a: list[Fraction], b: list[Fraction], c: list[Fraction]) -> int:
        side = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        return (side > 0) - (side < 0)

    a, b = ([Fraction(value) for value in end] for end in path.tolist())
    corners, ring = rings_of(outline)
    for at in np.flatnonzero(ring[1:] == ring[:-1]).tolist():
        c, d = ([Fraction(value) for value in end] for end in corners[at : at + 2].tolist())
        apart = any(max(a[i], b[i]) < min(c[i], d[i]) or max(c[i], d[i]) < min(a[i], b[i]) for i in (0, 1))
        if not apart and turn(a, b, c) * turn(a, b, d) <= 0 and turn(c, d, a) * turn(c, d, b) <= 0:
            return True
    return False


places = st.sampled_from([(149.1, -35.3), (0.0, 0.0), (179.9, 10.0), (-179.95, -70.0), (12.34, 89.9), (CELL * 3, -CELL * 5)])
spans = st.sampled_from([0.0005, 0.01, 0.3, 5.0])


@st.composite
def outline(draw: st.DrawFn) -> shapely.Geometry:
    """A polygon or several, with or without holes, its corners on a coarse raster (many lines meet) or anywhere."""
    (lon, lat), span = draw(places), draw(spans)
    raster = draw(st.booleans())
    unit = (
        st.integers(-4, 4).map(lambda n: n / 4) if raster else st.floats(-1, 1).map(lambda x: round(x, 12))
    )  # products of less vanish
    corners = draw(st.lists(st.tuples(unit, unit), min_size=3, max_size=9))
    shape = shapely.MultiPoint(corners).convex_hull if draw(st.booleans()) else shapely.Polygon(corners).buffer(0)
    if draw(st.booleans()):
        other = shapely.Polygon(draw(st.lists(st.tuples(unit, unit), min_size=3, max_size=6)))
        if other.is_valid:
            shape = shape.difference(other) if draw(st.booleans()) else shape.union(other)
    placed = shapely.transform(shape, lambda xy: np.clip(xy * span + (lon, lat), (-180, -90), (180, 90)))
    parts = [part for part in shapely.get_parts(placed) if part.geom_type == "Polygon" and part.is_valid and part.area > 0]
    whole = shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0] if parts else shapely.Polygon()
    assume(whole.is_valid and not whole.is_empty)
    return whole


@settings(deadline=None, max_examples=150)
@given(st.lists(outline(), min_size=1, max_size=4), st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=5))
def test_it_answers_as_shapely_does(outlines: list[shapely.Geometry], more: list[tuple[float, float]]) -> None:
    held_to_shapely(outlines, more)


@pytest.mark.parametrize(
    "outline",
    [
        shapely.box(-180, -90, 180, 90),
        shapely.box(149, -36, 149 + 2 * CELL, -36 + CELL),
        shapely.MultiPolygon([shapely.box(179.5, -20, 180, -19), shapely.box(-180, -20, -179.5, -19)]),
        shapely.Polygon([(-180, 80), (180, 80), (180, 90), (-180, 90)]),
        shapely.box(149, -36, 150, -35).difference(shapely.box(149.2, -35.8, 149.8, -35.2)),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)]),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(-3, 40, 2, 42)]),
        shapely.Polygon([(0, 0), (0.7, 0.1), (0.7, 0.1), (0.3, 0.9), (0, 0)]),
        shapely.Polygon([(10, 10), (90, 10.0000001), (90, 10.0000002)]),
        shapely.Point(149.123, -35.321).buffer(0.02, quad_segs=500),
    ],
    ids=["the world", "a cell", "both sides of 180", "the pole", "a hole", "corners", "apart", "twice", "a needle", "round"],
)  # fmt: skip
def test_it_answers_as_shapely_does_for_awkward_outlines(outline: shapely.Geometry) -> None:
    east, north = np.random.default_rng(1).random((2, 2_000))
    west, south, right, top = outline.bounds
    more = np.column_stack((west + (right - west) * (1.2 * east - 0.1), south + (top - south) * (1.2 * north - 0.1)))
    held_to_shapely([outline], list(map(tuple, more.tolist())))


def test_a_thousand_zones_and_their_boundaries() -> None:
    random = np.random.default_rng(7)
    outlines = []
    for _ in range(1_000):
        size, corners = 10 ** random.uniform(-3, -0.3), random.integers(3, 30)
        turn = np.sort(random.uniform(0, 2 * math.pi, corners))
        far = size * random.uniform(0.3, 1, corners)
        ring = random.uniform((145, -38), (151, -33)) + np.column_stack((far * np.cos(turn), far * np.sin(turn)))
        if shapely.Polygon(ring).is_valid:
            outlines.append(shapely.Polygon(ring))
    compiled = entries(outlines)
    grid, reference = GridIndex(compiled), ShapelyIndex(compiled)
    boundaries = shapely.boundary(outlines)[random.integers(0, len(outlines), 20_000)]
    on = shapely.get_coordinates(shapely.line_interpolate_point(boundaries, random.random(20_000), normalized=True))
    for points in (
        on,
        np.round(on, 7),
        on + random.normal(0, 1e-3, on.shape),
        random.uniform((145, -38), (151, -33), on.shape),
    ):
        assert pairs(grid, points) == pairs(reference, points)
    paths = np.stack((on, on + random.normal(0, 5e-3, on.shape)), axis=1)
    assert path_pairs(grid, paths) == path_pairs(reference, paths)
    long = random.uniform((144, -39), (152, -32), (200, 2, 2))
    assert path_pairs(grid, long) == path_pairs(reference, long)


def test_entries_come_by_row_and_in_their_own_order() -> None:
    index = GridIndex(entries([shapely.box(0, 0, 10, 10), shapely.box(1, 1, 1.1, 1.1), shapely.box(0, 0, 60, 60)]))
    rows, found = index.containing(np.array([1.05, 5.0, 1.05]), np.array([1.05, 5.0, 1.05]))
    assert list(zip(rows.tolist(), found.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 2),
        (2, 0),
        (2, 1),
        (2, 2),
    ]


def test_what_is_no_position_is_in_no_zone() -> None:
    index = GridIndex(entries([shapely.box(-180, -90, 180, 90)]))
    nowhere = np.array([math.nan, math.inf, 0.0, 180.1])
    assert len(index.containing(nowhere, np.array([0.0, 0.0, math.nan, 0.0]))[0]) == 0
    assert len(index.crossing(np.array([[[math.nan, 0.0], [0.0, 0.0]]]))[0]) == 0


def test_no_zones_and_no_points_are_answered() -> None:
    nothing, some = np.zeros(0), np.array([149.0])
    for index in (GridIndex([]), GridIndex(entries([shapely.box(0, 0, 1, 1)]))):
        assert [len(part) for part in index.containing(nothing, nothing)] == [0, 0]
        assert [len(part) for part in index.containing(some, some - 180)] == [0, 0]
        assert [len(part) for part in index.crossing(np.zeros((0, 2, 2)))] == [0, 0]


def test_a_zone_costs_what_its_boundary_is_long_and_not_what_it_covers() -> None:
    began = time.perf_counter()
    index = GridIndex(entries([shapely.box(-180, -90, 180, 90), shapely.Point(134, -25).buffer(18, quad_segs=500)]))
    assert time.perf_counter() - began < 5.0
    assert pairs(index, np.array([(134.0, -25.0), (0.0, 50.0)])) == {(0, 0), (0, 1), (1, 0)}


def test_an_outline_is_cut_once_however_many_worlds_follow() -> None:
    zones = [version(i, shapely.box(i, 0, i + 0.1, 0.1)) for i in range(3)]
    made: dict[tuple[bytes, int], Outline] = {}
    first = compile_entries(zones[:2], 1, made)
    again = compile_entries(zones, 1, made)
    assert [entry.cut for entry in first] == [entry.cut for entry in again[:2]]
    assert all(one.cut is other.cut for one, other in zip(first, again, strict=False))
