"""What is near one aircraft: which boundary, how far, how soon; and how high it may be."""

import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from core.geodesy import metres_per_degree
from core.sample import HeightSource
from geofence.facts import Authorisation, FactVersion, Relaxed
from geofence.prediction import Motion
from geofence.surroundings import Boundary, Limit, boundary, limit
from geofence.vertical import Fix
from geofence.world import World
from geofence.zone import Activation, Datum, ZoneKind, ZoneVersion

OURS, OURS_TOO, AIRCRAFT, OTHER = (UUID(int=one) for one in (1, 2, 3, 4))
LON, LAT = 149.0, -35.0
NOW_US = 1_800_000_000_000_000
LON_M, LAT_M = (float(one) for one in metres_per_degree(LAT))


def fix(agl_m: float = 50.0, east_m: float = 0.0) -> Fix:
    return Fix(NOW_US, LON + east_m / LON_M, LAT, agl_m, 0.0, HeightSource.TERRAIN_REPORT, 600.0 + agl_m, agl_m)


def zone(west_m: float, east_m: float, kind: ZoneKind = ZoneKind.KEEP_OUT, half_m: float = 500.0, **facts: Any) -> ZoneVersion:
    """A rectangle, its sides so far to the east, 500 m to the north and south."""
    corners = [(west_m, -half_m), (east_m, -half_m), (east_m, half_m), (west_m, half_m), (west_m, -half_m)]
    ring = [[LON + x / LON_M, LAT + y / LAT_M] for x, y in corners]
    name = facts.pop("name", "Range")
    told = {"zone_id": UUID(int=hash((name, west_m, east_m)) % 2**64), "version": 1, "world": 1} | facts
    return ZoneVersion(operator_id=OURS, name=name, kind=kind, geometry={"type": "Polygon", "coordinates": [ring]}, **told)


def look(zones: Sequence[ZoneVersion], at: Fix, motion: Motion | None = None) -> Boundary | None:
    return boundary(World(zones, 1).monitor(1), OURS, AIRCRAFT, at, motion or Motion())


def test_the_nearest_boundary_with_its_distance_bearing_and_seconds() -> None:
    found = look(
        [zone(85.0, 500.0), zone(-900.0, -300.0, name="Far")], fix(), Motion(east_mps=10.0, north_mps=0.0, climb_mps=0.0)
    )
    assert found is not None and not found.inside
    assert found.zone.name == "Range"
    assert found.edge.distance_m == pytest.approx(85.0, rel=1e-3)
    assert found.edge.bearing_deg == pytest.approx(90.0, abs=0.1)
    assert found.seconds == pytest.approx(8.5, rel=1e-2)


def test_what_is_met_first_comes_before_what_is_nearer() -> None:
    flown_along = zone(-500.0, 500.0, name="Along", half_m=10.0)
    at = Fix(NOW_US, LON, LAT + 20.0 / LAT_M, 50.0, 0.0, HeightSource.TERRAIN_REPORT, 650.0, 50.0)
    found = look([flown_along, zone(60.0, 500.0, name="Ahead")], at, Motion(east_mps=10.0, north_mps=0.0, climb_mps=0.0))
    assert found is not None and (found.zone.name, round(found.seconds)) == ("Ahead", 6)


@pytest.mark.parametrize(
    ("other", "height_m"),
    [
        (zone(50.0, 500.0, aircraft_ids=(OTHER,)), 50.0),
        (zone(50.0, 500.0, valid_from_us=NOW_US + 1), 50.0),
        (zone(50.0, 500.0, kind=ZoneKind.INFORMATION), 50.0),
        (zone(50.0, 500.0, activation=Activation.BY_HAND), 50.0),
        (zone(50.0, 500.0, floor_m=100.0, floor_datum=Datum.AGL), 50.0),
        (zone(50.0, 500.0, ceiling_m=30.0, ceiling_datum=Datum.AGL), 50.0),
        (zone(30_000.0, 31_000.0), 50.0),
    ],
)
def test_what_asks_nothing_of_it_here_is_no_boundary(other: ZoneVersion, height_m: float) -> None:
    assert look([other], fix(height_m)) is None


def test_a_zone_above_counts_when_it_climbs_into_it() -> None:
    above = zone(-500.0, 500.0, floor_m=60.0, floor_datum=Datum.AGL)
    assert look([above], fix(50.0)) is None
    found = look([above], fix(50.0), Motion(east_mps=0.0, north_mps=0.0, climb_mps=2.0))
    assert found is not None and found.seconds == pytest.approx(5.0)


def test_with_an_unknown_height_a_zone_counts_whatever_its_floor() -> None:
    assert look([zone(50.0, 500.0, floor_m=100.0, floor_datum=Datum.AGL)], fix(math.nan)) is not None


def test_of_its_own_areas_the_one_that_holds_it_longest_and_outside_the_nearest() -> None:
    areas = [zone(-100.0, 50.0, ZoneKind.KEEP_IN, name="Block"), zone(-200.0, 300.0, ZoneKind.KEEP_IN, name="Corridor")]
    inside = look(areas, fix(), Motion(east_mps=30.0, north_mps=0.0))
    assert inside is not None and (inside.zone.name, inside.inside) == ("Corridor", True)
    assert inside.seconds == pytest.approx(10.0, abs=0.1) or inside.seconds == math.inf
    outside = look(areas, fix(east_m=340.0))
    assert outside is not None and (outside.zone.name, outside.inside) == ("Corridor", False)
    assert outside.edge.distance_m == pytest.approx(40.0, rel=1e-2)


def allowed(metres: float | None) -> FactVersion:
    fact = Authorisation(number="CASA.1", issuer="CASA", type="height", relaxes=(Relaxed("AU-101.085-HEIGHT", metres),))
    return FactVersion(operator_id=OURS, fact_id=UUID(int=9), version=1, world=1, fact=fact)


@pytest.mark.parametrize(
    ("zones", "facts", "told"),
    [
        ([], [], Limit(120.0, "AU-101.085-HEIGHT")),
        ([], [allowed(150.0)], Limit(150.0, "authorisation CASA.1")),
        ([], [allowed(None)], None),
        ([zone(-50.0, 50.0, ZoneKind.KEEP_IN, ceiling_m=100.0, name="Site")], [], Limit(100.0, "Site")),
        ([zone(-50.0, 50.0, ZoneKind.KEEP_IN, ceiling_m=200.0, name="Site")], [], Limit(120.0, "AU-101.085-HEIGHT")),
        ([zone(60.0, 90.0, ZoneKind.KEEP_IN, ceiling_m=100.0, name="Site")], [], Limit(120.0, "AU-101.085-HEIGHT")),
        (
            [
                zone(-50.0, 50.0, ZoneKind.KEEP_IN, ceiling_m=60.0),
                zone(-50.0, 51.0, ZoneKind.KEEP_IN, ceiling_m=80.0, name="High"),
            ],
            [],
            Limit(80.0, "High"),
        ),
    ],
)
def test_how_high_it_may_be(zones: list[ZoneVersion], facts: list[FactVersion], told: Limit | None) -> None:
    assert limit(World(zones, 1, facts).monitor(1), OURS, AIRCRAFT, fix()) == told
