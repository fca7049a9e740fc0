"""Which boundaries a path meets and where: the grid as shapely says it."""

from random import Random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.grid import GridIndex
from geofence.index import ShapelyIndex, compile_entries
from geofence.zone import ZoneKind
from tests.unit.streams.flight import operator_id, zone


def outline(random: Random) -> list[list[float]]:
    while True:
        centre, size = (149.0 + random.uniform(-0.2, 0.2), -35.0 + random.uniform(-0.2, 0.2)), random.choice((0.002, 0.02, 0.2))
        corners = [[centre[0] + random.uniform(-size, size), centre[1] + random.uniform(-size, size)] for _ in range(5)]
        shape = shapely.Polygon(corners).convex_hull if random.random() < 0.5 else shapely.Polygon(corners)
        if shape.is_valid and shape.geom_type == "Polygon" and shape.area > 0:
            return [list(corner) for corner in shape.exterior.coords]


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_the_grid_meets_what_shapely_meets_and_where(seed: int) -> None:
    random = Random(seed)
    zones = [zone(ZoneKind.KEEP_OUT, outline(random), zone_id=str(operator_id(f"z{i}"))) for i in range(random.randint(1, 12))]
    entries = compile_entries(zones, 1)
    chance = np.random.default_rng(seed)
    starts = chance.uniform((148.75, -35.25), (149.25, -34.75), (50, 2))
    paths = np.ascontiguousarray(np.stack([starts, starts + chance.normal(0, 0.01, (50, 2))], axis=1))
    found, wanted = (
        {(row, entry): part for row, entry, part in zip(*index.meeting(paths), strict=True)}
        for index in (GridIndex(entries), ShapelyIndex(entries))
    )
    assert found.keys() == wanted.keys()
    for pair, part in found.items():
        assert part == pytest.approx(wanted[pair], abs=1e-6)
