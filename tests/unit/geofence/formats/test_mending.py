"""An outline is taken as it is, mended where the mending has one reading, or refused."""

from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from geofence.formats.mending import NoOutline, read_outline
from geofence.grid import GridIndex
from geofence.index import compile_entries
from geofence.zone import ZoneKind
from tests.unit.geofence.formats.test_geozones import HOLE, SQUARE, WORLD, feature, one, read269, volume


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def area(geometry: dict[str, Any]) -> float:
    return float(shape(geometry).area)


def test_what_is_right_stays_as_it_is() -> None:
    for geometry in (polygon(SQUARE, HOLE), {"type": "MultiPolygon", "coordinates": [[SQUARE]]}):
        outline = read_outline(geometry)
        assert (outline.geometry, outline.doubts, outline.round_the_world) == (geometry, (), False)


MENDED: list[tuple[str, list[Any], str, float]] = [
    ("an unclosed ring", [SQUARE[:-1]], "not closed", 0.01),
    ("heights", [[[*corner, 500.0] for corner in SQUARE]], "have heights", 0.01),
    ("a bow tie", [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]], "crosses itself at 0.5 0.5", 0.5),
    ("a spike", [[*SQUARE[:2], [8.2, 47.0], *SQUARE[1:]]], "mended", 0.01),
    (
        "a part that is gone round twice",
        [[[0, 0], [3, 0], [3, 3], [1, 3], [1, -1], [2, -1], [2, 2], [0, 2], [0, 0]]],
        "mended",
        9.0,
    ),
    ("a hole that sticks out", [SQUARE, [[lon + 0.07, lat] for lon, lat in HOLE]], "mended", 0.01 - 0.01 * 0.02),
    ("a hole twice", [SQUARE, HOLE, HOLE], "mended", 0.01 - 0.0004),
]


@pytest.mark.parametrize(("rings", "doubt", "square_deg"), [case[1:] for case in MENDED], ids=[case[0] for case in MENDED])
def test_what_is_mended_is_told(rings: list[Any], doubt: str, square_deg: float) -> None:
    outline = read_outline(polygon(*rings))
    assert len(outline.doubts) == 1 and doubt in outline.doubts[0]
    assert area(outline.geometry) == pytest.approx(square_deg)
    assert shape(outline.geometry).is_valid


@pytest.mark.parametrize(
    ("ring", "inside", "outside"),
    [
        ([[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]], [(179.5, 0.5), (-179.5, 0.5)], [(0, 0.5)]),
        ([[-179, -18], [179, -18], [179, -17], [-179, -17]], [(179.5, -17.5), (-179.5, -17.5)], [(0, -17.5)]),
    ],
)
def test_what_lies_over_longitude_180_is_cut_there(ring: Any, inside: Any, outside: Any) -> None:
    outline = read_outline(polygon(ring))
    assert "it lies over longitude 180: cut there" in outline.doubts
    footprint = shape(outline.geometry)
    assert all(shapely.intersects_xy(footprint, *point) for point in inside)
    assert not any(shapely.intersects_xy(footprint, *point) for point in outside)


def test_a_hole_over_longitude_180_stays_a_hole() -> None:
    shell = [[178, 0], [-178, 0], [-178, 4], [178, 4], [178, 0]]
    hole = [[-179, 1], [179, 1], [179, 3], [-179, 3], [-179, 1]]
    footprint = shape(read_outline(polygon(shell, hole)).geometry)
    assert footprint.area == pytest.approx(4 * 4 - 2 * 2)
    assert not shapely.intersects_xy(footprint, 179.5, 2)


def test_the_world_is_as_large_as_the_world_and_can_be_judged_by() -> None:
    outline = read_outline(polygon(WORLD))
    assert outline.round_the_world
    assert area(outline.geometry) == 360 * 180
    zone = one(read269(feature(volume(polygon(WORLD)))))
    asking = msgspec.structs.replace(zone, kind=ZoneKind.KEEP_OUT)  # what asks nothing is in no index
    rows, _ = GridIndex(compile_entries([asking], 0)).containing(np.array([0.0, 179.0]), np.array([0.0, -80.0]))
    assert list(rows) == [0, 1]


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        (None, "no geometry"),
        (polygon(), "list of rings"),
        (polygon([]), "4 positions"),
        (polygon([[0, 0], [1, 1]]), "4 positions"),
        (polygon([[0, 0], [1, 1], [0, 0]]), "."),
        (polygon([[0, 0], [0, 0], [0, 0], [0, 0]]), "."),
        (polygon([[170, 80], [-70, 80], [50, 80], [170, 80]]), "round a pole"),
        ({"type": "Point", "coordinates": [0, 0]}, "needs its radius"),
        ({"type": ["Polygon"], "coordinates": [SQUARE]}, "one of Polygon"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], 5]}, "list of rings"),
        (polygon([[0, i / 100_000] for i in range(60_000)]), "more than 50000"),
    ],
)
def test_what_cannot_be_mended_is_refused(geometry: Any, why: str) -> None:
    with pytest.raises(NoOutline, match=why):
        read_outline(geometry)


def test_a_circle_keeps_its_radius_and_loses_a_height() -> None:
    outline = read_outline({"type": "Point", "coordinates": [149, -35, 600]}, 500)
    assert (outline.geometry["coordinates"], outline.radius_m) == ([149, -35], 500.0)
