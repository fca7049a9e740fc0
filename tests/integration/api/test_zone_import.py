"""Zones from a file through the door, and people who switch them."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.api.hand import Door
from tests.integration.geofence.test_import import zone


async def take_in(door: Door, text: str | bytes, collection: str | None = "south", **query: Any) -> httpx.Response:
    given = query if collection is None else {"collection": collection} | query
    return await door.http.post("/api/v1/zones/import", content=text, params=given, timeout=60)


async def in_force(door: Door) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = (await door.http.get("/api/v1/zones")).json()["features"]
    return [feature["properties"] for feature in features]


async def test_a_file_is_imported_once_and_the_next_edition_changes_what_differs(door: Door) -> None:
    dry = (await take_in(door, zone("R1") + zone("R2"), dry_run=True)).json()
    assert (len(dry["added"]), dry["dry_run"], await in_force(door)) == (2, True, [])
    told = (await take_in(door, zone("R1") + zone("R2"))).json()
    assert (told["format"], told["collection"], told["in_force"], told["unchanged"]) == ("OpenAir", "south", True, 0)
    assert [(one["name"], one["airspace_class"], one["version"]) for one in told["added"]] == [("R1", "R", 1), ("R2", "R", 1)]
    again = (await take_in(door, zone("R1") + zone("R2"))).json()
    assert (again["added"], again["changed"], again["ended"], again["unchanged"]) == ([], [], [], 2)
    text = zone("R1", ah="UNL") + zone("R9", body="DC 3\n")
    following = (await take_in(door, text)).json()
    assert [(one["name"], one["fields"]) for one in following["changed"]] == [("R1", ["ceiling_m", "ceiling_datum"])]
    assert [one["name"] for one in following["ended"]] == ["R2"]
    assert following["troubles"] == [
        {"where": "line 14 (R9)", "detail": "'DC 3': its centre (V X=) is missing", "lost": True}
    ]  # fmt: skip
    (left,) = await in_force(door)
    assert (left["name"], left["source"], left["rule"], left["version"]) == ("R1", "south/R R1", "AU-PRD", 2)


async def test_what_cannot_be_imported_is_told_by_field_and_changes_nothing(door: Door) -> None:
    await take_in(door, zone("R1"))
    asked: list[tuple[Any, str | None, dict[str, Any], str, str]] = [
        (b"", "south", {}, "body", "This zone file cannot be read: it is empty"),
        (b"hello", "south", {}, "body", "not recognised as any of ED-318, GeoJSON"),
        (b'{"fileType": "Plan"}', "south", {}, "body", "it has version None"),
        (zone("R1"), "south", {"kind": "keep_in"}, "kind", "A file of OpenAir says itself what its zones ask"),
        (zone("R1"), "south", {"kind": "forbidden"}, "kind", "keep_in"),
        (b"\xff\xfe\x00", "south", {}, "body", "not recognised"),
        (b"{", "south", {}, "body", "as JSON it cannot be read"),
        (zone("R1"), None, {}, "collection", "required"),
        (zone("R1"), "a/b", {}, "collection", "no name for a collection"),
        (zone("R1"), "south", {"dry_run": "perhaps"}, "dry_run", "boolean"),
        (zone("R1", body="DP nowhere\n"), "south", {}, "line 5 (R1)", "a position such as"),
        (b'{"type": "FeatureCollection", "features": [1]}', "south", {}, "feature 0", '"type": "Feature" is expected'),
    ]
    for body, collection, query, field, detail in asked:
        answer = await take_in(door, body, collection, **query)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), body
        (problem,) = answer.json()["errors"]
        assert problem["field"] == field, body
        assert detail in problem["detail"]
    assert (await take_in(door, b" " * (9 << 20))).status_code == 413
    assert [one["name"] for one in await in_force(door)] == ["R1"]


async def test_a_zone_is_switched_for_a_time_and_the_word_stays_over_the_next_import(door: Door) -> None:
    (added,) = (await take_in(door, zone("R1 [NOTAM]"))).json()["added"]
    path = f"/api/v1/zones/{added['zone_id']}"
    told = (await door.http.post(f"{path}/switch", json={"active": True, "until": "2199-01-01T00:00:00Z"})).json()
    assert (told["properties"]["version"], told["properties"]["activation"], told["in_force"]) == (2, "unknown", True)
    (switched,) = told["properties"]["switched"]
    assert (switched["active"], switched["to"]) == (True, "2199-01-01T00:00:00.000000Z")
    said = {"active": False, "from": "2026-07-01T13:00:00+10:00", "until": "2026-07-01T17:00:00+10:00"}
    told = (await door.http.post(f"{path}/switch", json=said)).json()
    assert told["properties"]["switched"][1] == {
        "from": "2026-07-01T03:00:00.000000Z", "to": "2026-07-01T07:00:00.000000Z", "active": False,
    }  # fmt: skip
    assert (await take_in(door, zone("R1 [NOTAM]"))).json()["unchanged"] == 1
    (now,) = await in_force(door)
    assert (now["version"], len(now["switched"])) == (3, 2)


async def test_a_wrong_switch_is_refused_by_field_and_an_ended_zone_is_not_switched(door: Door) -> None:
    (added,) = (await take_in(door, zone("R1"))).json()["added"]
    path, until = f"/api/v1/zones/{added['zone_id']}/switch", "2199-01-01T00:00:00Z"
    asked: list[tuple[Any, str]] = [
        ([], "body"),
        ({"until": until}, "active"),
        ({"active": "yes", "until": until}, "active"),
        ({"active": True}, "until"),
        ({"active": True, "until": None}, "until"),
        ({"active": True, "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"active": True, "until": "tomorrow"}, "until"),
        ({"active": True, "from": until, "until": until}, "until"),
        ({"active": True, "until": until, "to": until}, "to"),
    ]
    for said, field in asked:
        answer = await door.http.post(path, json=said)
        assert (answer.status_code, answer.json()["field"]) == (422, field), said
    good = {"active": False, "until": until}
    assert (await door.http.post(f"/api/v1/zones/{uuid4()}/switch", json=good)).status_code == 404
    assert (await door.http.post("/api/v1/zones/x/switch", json=good)).status_code == 422
    assert (await door.http.post(f"/api/v1/zones/{added['zone_id']}/end")).status_code == 200
    assert (await door.http.post(path, json=good)).status_code == 409


async def test_a_zone_that_a_person_replaces_stays_the_imports_own(door: Door) -> None:
    (added,) = (await take_in(door, zone("R1"))).json()["added"]
    (feature,) = (await door.http.get("/api/v1/zones")).json()["features"]
    feature["properties"] |= {"name": "R1 by hand", "source": "mine/of my own"}
    replaced = await door.http.put(f"/api/v1/zones/{added['zone_id']}", json=feature)
    assert (replaced.status_code, replaced.json()["properties"]["source"]) == (200, "south/R R1")
    told = (await take_in(door, zone("R1"))).json()
    assert [(one["name"], one["fields"]) for one in told["changed"]] == [("R1", ["name"])]


async def test_what_the_door_writes_can_be_imported_again(door: Door) -> None:
    await take_in(door, zone("R1 [NOTAM]", ah="FL125") + zone("Q1", ac="Q", body="V X=35:18:00 S 149:12:00 E\nDC 3\n"))
    written = (await door.http.get("/api/v1/zones")).content
    told = (await take_in(door, written, "copy")).json()
    assert (told["format"], len(told["added"]), told["troubles"]) == ("GeoJSON", 2, [])
    assert (await take_in(door, written, "copy")).json()["unchanged"] == 2


async def test_australia_comes_in_while_others_are_answered(door: Door, shared_data: Path) -> None:
    raw = (shared_data / "airspace/australia-2024-11-28.openair.txt").read_bytes()
    importing = asyncio.create_task(take_in(door, raw, "australia"))
    answered = 0
    while not importing.done():
        assert (await door.http.get("/api/v1/health")).status_code == 200
        answered += 1
    told = importing.result().json()
    assert (len(told["added"]), told["troubles"]) == (1_888, [])
    assert answered > 5
    assert (await take_in(door, raw, "australia", dry_run=True)).json()["unchanged"] == 1_888
