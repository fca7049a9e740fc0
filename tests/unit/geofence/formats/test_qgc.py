"""QGroundControl's fences: inclusions are keep-in areas, exclusions keep-out, and everything else is told."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from geofence.formats import qgc
from geofence.formats.content import Content
from geofence.formats.document import Unreadable
from geofence.formats.found import Found
from geofence.zone import ZoneKind

OPERATOR = UUID(int=1)
CORNERS = [[-35.36, 149.16], [-35.36, 149.17], [-35.37, 149.17], [-35.37, 149.16]]
POLYGON = {"inclusion": True, "polygon": CORNERS, "version": 1}
CIRCLE = {"circle": {"center": [-35.36, 149.16], "radius": 250.5}, "inclusion": False, "version": 1}


def plan(polygons: Any = (), circles: Any = (), **members: Any) -> bytes:
    fence = {"polygons": polygons, "circles": circles, "version": 2}
    whole = {"fileType": "Plan", "geoFence": fence, "groundStation": "QGroundControl", "version": 1} | members
    return json.dumps(whole).encode()


def read(data: bytes) -> Found:
    return qgc.read(Content(data).json, OPERATOR, "fence")


def test_the_real_plan_has_an_inclusion_and_an_exclusion(shared_data: Path) -> None:
    found = read((shared_data / "fences" / "qgroundcontrol-inclusion-exclusion.plan").read_bytes())
    assert found.troubles == []
    assert [zone.kind for zone in found.zones] == [ZoneKind.KEEP_IN, ZoneKind.KEEP_OUT]
    lon, lat = found.zones[0].geometry["coordinates"][0][0]
    assert (lon, lat) == (-77.49735908548331, 38.7507608625056)


def test_a_fence_has_no_heights_whatever_the_mission_flies_at() -> None:
    (zone,) = read(plan([POLYGON], mission={"plannedHomePosition": [-35.36, 149.16, 30], "version": 2})).zones
    assert (zone.floor_m, zone.ceiling_m, zone.name) == (None, None, "Fence: inclusion polygon 1")


def test_a_circle() -> None:
    (zone,) = read(plan([], [CIRCLE])).zones
    assert (zone.kind, zone.radius_m) == (ZoneKind.KEEP_OUT, 250.5)
    assert zone.geometry == {"type": "Point", "coordinates": [149.16, -35.36]}


TROUBLES: list[tuple[str, bytes, str, str]] = [
    ("no fence", plan(), "geoFence", "has no fence"),
    ("no geoFence at all", plan(geoFence=None), "geoFence", "the plan has none"),
    ("polygons of another kind", plan("x"), "geoFence.polygons", "a list"),
    ("no object", plan([5]), "polygon 1", "version None"),
    ("a later polygon", plan([POLYGON | {"version": 2}]), "polygon 1", "version 2"),
    ("no inclusion", plan([POLYGON | {"inclusion": "yes"}]), "polygon 1", "neither true nor false"),
    ("no corners", plan([POLYGON | {"polygon": []}]), "polygon 1", "4 positions"),
    ("corners of another kind", plan([POLYGON | {"polygon": [1, 2, 3]}]), "polygon 1", "a position is"),
    ("longitude first", plan([POLYGON | {"polygon": [c[::-1] for c in CORNERS]}]), "polygon 1", "latitude 149.16"),
    ("NaN", plan([POLYGON | {"polygon": [[float("nan"), 1], *CORNERS]}]), "polygon 1", "not a finite"),
    ("no radius", plan([], [CIRCLE | {"circle": {"center": [0, 0]}}]), "circle 1", "needs its radius"),
    ("no circle", plan([], [CIRCLE | {"circle": 7}]), "circle 1", "a position is"),
]


@pytest.mark.parametrize(("data", "where", "why"), [case[1:] for case in TROUBLES], ids=[case[0] for case in TROUBLES])
def test_what_is_no_fence_is_told(data: bytes, where: str, why: str) -> None:
    found = read(data)
    assert found.zones == []
    assert found.troubles[0].where == where
    assert why in found.troubles[0].detail


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", '"fileType": "Plan"'),
        (b"QGC WPL 110", '"fileType": "Plan"'),
        (plan(version=2), "version 2; this program reads version 1"),
        (plan(geoFence={"version": 1, "polygon": []}), "geoFence has version 1"),
    ],
)
def test_what_is_no_plan_is_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=f"^This QGroundControl plan file cannot be read: .*{why}"):
        read(data)
