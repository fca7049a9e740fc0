"""Zones through the door in other formats, as files, and only those that somebody looks at."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.hand import Door
from tests.integration.api.test_zone_import import take_in
from tests.integration.geofence.test_files import KML
from tests.integration.geofence.test_import import zone

TYPES = {
    "geojson": "application/geo+json",
    "ed318": "application/geo+json",
    "kml": "application/vnd.google-earth.kml+xml",
}


async def names(door: Door, **asked: Any) -> list[str]:
    answer = await door.http.get("/api/v1/zones", params=asked)
    assert answer.status_code == 200, answer.text
    return sorted(one["properties"]["name"] for one in answer.json()["features"])


async def test_whoever_imports_says_what_drawn_areas_ask(door: Door) -> None:
    told = (await take_in(door, KML, "paddock")).json()
    assert (told["format"], [one["lost"] for one in told["troubles"]]) == ("KML", [False])
    told = (await take_in(door, KML, "paddock", kind="keep_in")).json()
    assert ([one["fields"] for one in told["changed"]], told["troubles"]) == ([["kind"]], [])


@pytest.mark.parametrize("format", TYPES)
async def test_a_file_of_the_zones_in_force_comes_back_the_same(door: Door, format: str) -> None:
    await take_in(door, zone("R1 [NOTAM]", ah="FL125") + zone("Q1", ac="Q"))
    await take_in(door, KML, "paddock", kind="keep_in")
    asked = {"format": format, "collection": "south"}
    written = await door.http.get("/api/v1/zones/export", params=asked)
    assert (written.status_code, written.headers["content-type"].split(";")[0]) == (200, TYPES[format])
    assert written.headers["content-disposition"].startswith('attachment; filename="south.')
    told = (await take_in(door, written.content, "copy")).json()
    assert (len(told["added"]), told["troubles"]) == (2, [])
    whole = await door.http.get("/api/v1/zones/export", params={"format": format})
    assert len((await take_in(door, whole.content, "whole")).json()["added"]) == 5


async def test_a_file_that_cannot_be_written_is_refused_by_field(door: Door) -> None:
    for asked, field in [
        ({}, "format"),
        ({"format": "dxf"}, "format"),
        ({"format": "kml", "collection": "A/B"}, "collection"),
    ]:
        answer = await door.http.get("/api/v1/zones/export", params=asked)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_only_the_zones_that_are_looked_at(door: Door) -> None:
    east = "V X=10:00:00 S 179:59:00 E\nDC 3\n"
    await take_in(door, zone("R1") + zone("Q1", ac="Q") + zone("R2 EAST", body=east))
    assert await names(door) == ["Q1", "R1", "R2 EAST"]
    assert await names(door, kind="keep_out") == ["R1", "R2 EAST"]
    assert await names(door, kind=["keep_out", "information"], bbox="148,-36,149.05,-35.05") == ["Q1", "R1"]
    assert await names(door, bbox="149.2,-36,150,-35") == []
    assert await names(door, bbox="-180,-11,-179.99,-9") == ["R2 EAST"]
    assert await names(door, bbox="179,-11,-179,-9", coming=True) == ["R2 EAST"]
    for asked, field in [
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,3,nan"}, "bbox"),
        ({"bbox": "1,2,3,x"}, "bbox"),
        ({"bbox": "1,3,2,2"}, "bbox"),
        ({"bbox": "190,2,191,3"}, "bbox"),
        ({"kind": "forbidden"}, "kind.0"),
    ]:
        answer = await door.http.get("/api/v1/zones", params=asked)
        assert (answer.status_code, answer.json()["field"]) == (422, field), asked


async def test_a_keep_in_zone_is_not_switched(door: Door) -> None:
    (added,) = (await take_in(door, KML, "paddock", kind="keep_in")).json()["added"]
    said = {"active": False, "until": "2199-01-01T00:00:00Z"}
    answer = await door.http.post(f"/api/v1/zones/{added['zone_id']}/switch", json=said)
    assert (answer.status_code, answer.json()["title"]) == (409, "Not switched")


async def test_a_countrys_airspace_is_asked_for_by_its_part(door: Door, shared_data: Path) -> None:
    raw = (shared_data / "airspace/australia-2024-11-28.openair.txt").read_bytes()
    await take_in(door, raw, "australia")
    near = await door.http.get("/api/v1/zones", params={"bbox": "148.6,-35.8,149.7,-34.9", "coming": True})
    whole = await door.http.get("/api/v1/zones", params={"coming": True})
    assert "CANBERRA CONTROL ZONE (C) [SEE AIP]" in {one["properties"]["name"] for one in near.json()["features"]}
    assert len(near.content) < len(whole.content) / 10
