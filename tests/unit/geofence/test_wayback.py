"""The way back that is told: a course that enters another prohibited zone is none."""

from typing import Any
from uuid import UUID

import pytest

from geofence import words
from geofence.distance import Nearest
from geofence.vertical import Fix
from geofence.wayback import passable
from geofence.world import World
from geofence.zone import Datum, ZoneKind, ZoneVersion
from tests.unit.geofence.test_surroundings import AIRCRAFT, OTHER, OURS, fix, zone

OWN = UUID(int=77)
EAST = "FLY 090° true, 85 m"


def told(*zones: ZoneVersion, way: str = EAST, at: Fix | None = None) -> str:
    return passable(World(zones, 1).monitor(1), OURS, AIRCRAFT, at or fix(), way, OWN)


def between(**facts: Any) -> ZoneVersion:
    return zone(30.0, 60.0, name="Rifle range", **facts)


def test_a_way_across_another_prohibited_zone_is_none_and_says_which() -> None:
    assert told(between()) == "no direct way back: Rifle range lies between"
    assert told(between(), way=f"{EAST}; DESCEND 4 m") == "no direct way back: Rifle range lies between; DESCEND 4 m"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (zone(100.0, 200.0), "behind the end of the way"),
        (zone(-200.0, -20.0), "behind the aircraft"),
        (between(zone_id=OWN), "the zone that it is about"),
        (zone(-20.0, 60.0), "one that it is in, which has a way back of its own"),
        (between(kind=ZoneKind.KEEP_IN), "no prohibited zone"),
        (between(kind=ZoneKind.INFORMATION), "no prohibited zone"),
        (between(aircraft_ids=(OTHER,)), "meant for others"),
        (between(ended=True, valid_from_us=0), "over"),
        (between(floor_m=100.0, floor_datum=Datum.AGL), "above it"),
    ],
)
def test_the_way_stays(other: ZoneVersion, why: str) -> None:
    assert told(other) == EAST, why


def test_up_and_down_ask_no_zone() -> None:
    assert told(between(), way="DESCEND 12 m") == "DESCEND 12 m"


@pytest.mark.parametrize("metres", [60.0, 9_999.0, 12_345.0])
def test_it_reads_what_the_rules_write(metres: float) -> None:
    assert told(between(), way=words.fly(Nearest(metres, 90.0))) == "no direct way back: Rifle range lies between"
