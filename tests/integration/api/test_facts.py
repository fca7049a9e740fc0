"""A fact that somebody states: stored, published with its world, known to a worker, and to a re-run from the database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core import records
from core.settings import Settings
from core.topics import TELEMETRY, TELEMETRY_IMPORT, WORLD
from geofence.facts import AircraftFact, FactVersion
from geofence.known import Facts
from geofence.world import World
from storage.pool import connect
from streams.rerun import stored_world
from streams.worlds import WorldFollower
from tests.integration.api.hand import OPERATOR, Door, aircraft, now_us
from tests.integration.api.test_world import ALL, everything, feature, markers
from wedgetail.door import ensure_demo_authorisation

ONE, TWO = aircraft(1), aircraft(2)
NOW = datetime.now(UTC)
AREA = {"type": "Polygon", "coordinates": [[[149, -35], [149.1, -35], [149.1, -35.1], [149, -35.1], [149, -35]]]}


def weight(grams: float = 200, who: UUID = ONE, **more: Any) -> dict[str, Any]:
    return {"kind": "aircraft", "aircraft_id": str(who), "weight_g": grams} | more


def night(**more: Any) -> dict[str, Any]:
    return {
        "kind": "authorisation", "number": "CASA.1/26", "issuer": "CASA", "type": "night", "area": AREA,
        "relaxes": [{"rule": "AU-DAY"}, {"rule": "AU-101.085-HEIGHT", "to": 250}],
        "valid_from": (NOW - timedelta(days=1)).isoformat(), "valid_to": (NOW + timedelta(days=365)).isoformat(),
    } | more  # fmt: skip


TOWER = {
    "kind": "tower", "aerodrome": "YSCB",
    "timetable": {"timezone": "Australia/Sydney", "spans": [{"start": "06:00", "end": "22:00", "days": [0, 1, 2, 3, 4]}]},
}  # fmt: skip
EVERYBODY = {"kind": "operator", "link_lost_s": 10, "battery_warn_pct": 40}
PRESSURE = {"kind": "pressure", "name": "Canberra", "qnh_hpa": 1018.2, "area": AREA}


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[WorldFollower]:
    """What a worker knows of the world."""
    follower = WorldFollower(settings.kafka.bootstrap, settings.kafka.prefix + WORLD.name)
    await follower.start()
    try:
        yield follower
    finally:
        await follower.stop()


async def test_a_fact_is_in_force_everywhere_when_the_answer_is_201(door: Door) -> None:
    assert (await door.http.post("/api/v1/zones", json=feature())).status_code == 201
    answer = await door.http.post("/api/v1/facts", json=weight())
    told = answer.json()
    assert (answer.status_code, told["in_force"], told["version"], told["world"]) == (201, True, 1, 2)
    assert told["assumed"] == ["the pilot's station is at the take-off point (assumed)"]
    found = await everything(door.settings, WORLD, TELEMETRY, TELEMETRY_IMPORT)
    _, _, version, complete = found[WORLD.name]
    assert version.key == f"fact:{told['fact_id']}:1".encode()
    fact = records.decode(FactVersion, version.value)
    assert (str(fact.fact_id), fact.fact) == (told["fact_id"], AircraftFact(aircraft_id=ONE, weight_g=200.0))
    assert complete.value == b'{"world":2}'
    assert all(worlds[-1] == 2 for worlds in markers(found).values()) and set(markers(found)) == set(ALL)


async def test_stating_a_fact_again_changes_nothing_and_each_change_is_a_version(door: Door) -> None:
    async def state(given: dict[str, Any]) -> tuple[int, int, int]:
        answer = await door.http.post("/api/v1/facts", json=given)
        return answer.status_code, answer.json()["version"], answer.json()["world"]

    assert await state(night()) == (201, 1, 1)
    assert await state(night()) == (200, 1, 1)
    assert await state(night(type="bvlos")) == (200, 2, 2)
    listed = (await door.http.get("/api/v1/facts")).json()
    (fact,) = listed["facts"]
    assert listed["assumed"][0] == "over 250 g (assumed)"
    place = f"/api/v1/facts/{fact['fact_id']}"
    assert (await door.http.put(place, json=fact)).json()["version"] == 2  # what GET gives, PUT takes
    assert (await door.http.put(place, json=night())).json()["version"] == 3
    ended = await door.http.post(f"{place}/end")
    assert (ended.status_code, ended.json()["ended"]) == (200, True)
    assert (await door.http.get("/api/v1/facts")).json()["facts"] == []
    assert (await door.http.post(f"{place}/end")).status_code == 409
    assert await state(night()) == (200, 5, 5)  # it begins again
    kept = (await door.http.get(f"{place}/versions")).json()["facts"]
    assert [(one["version"], one["ended"]) for one in kept] == [(1, False), (2, False), (3, False), (4, True), (5, False)]


async def test_facts_are_told_as_they_are_in_force_at_a_time(door: Door) -> None:
    for given in (
        weight(200, valid_to="2020-01-01T00:00:00Z"),
        weight(900, TWO, valid_from="2100-01-01T00:00:00Z"),
    ):
        assert (await door.http.post("/api/v1/facts", json=given)).status_code == 201

    async def weights(**query: Any) -> list[float]:
        return [one["weight_g"] for one in (await door.http.get("/api/v1/facts", params=query)).json()["facts"]]

    assert await weights() == []
    assert await weights(coming=True) == [900]
    assert await weights(at="2019-07-05T10:00:00+10:00") == [200]
    assert await weights(at="2101-01-01T00:00:00Z") == [900]


def said_of(facts: Facts) -> list[Any]:
    """What rules may ask."""
    time_us = now_us()
    return [
        facts.aircraft(OPERATOR, ONE, time_us), facts.aircraft(OPERATOR, TWO, time_us),
        [(one.fact, one.version, one.holds_at(149.05, -35.05)) for one in facts.authorisations(OPERATOR, ONE, time_us)],
        facts.tower(OPERATOR, "YSCB", time_us), [one.fact for one in facts.pressures(OPERATOR, time_us)],
        [facts.limits.at(OPERATOR, who, time_us).link_lost_s for who in (ONE, TWO)],
    ]  # fmt: skip


async def test_a_worker_and_a_rerun_know_the_same_facts_in_each_world(door: Door) -> None:
    for given in (weight(200), night(), TOWER, PRESSURE, weight(900), weight(5_000, TWO, link_lost_s=20), EVERYBODY):
        assert (await door.http.post("/api/v1/facts", json=given)).status_code in (200, 201)
    async with following(door.settings) as follower, asyncio.timeout(30):
        await follower.until(7)
    async with await connect(door.settings.database.url, name="test") as conn:
        stored: World = await stored_world(conn)
    for world in range(8):
        assert said_of(follower.world.facts(world)) == said_of(stored.facts(world)), world
    first, last = (said_of(stored.facts(world)) for world in (1, 7))
    assert first == [AircraftFact(aircraft_id=ONE, weight_g=200.0), None, [], None, [], [None, None]]
    assert (last[0].weight_g, last[1].weight_g, len(last[2]), last[2][0][2], last[3].aerodrome) == (900, 5_000, 1, True, "YSCB")
    assert (last[4][0].qnh_hpa, last[5]) == (1018.2, [10, 20])


async def test_facts_stated_at_once_get_worlds_of_their_own_and_one_of_equals_wins(door: Door) -> None:
    answers = await asyncio.gather(*(door.http.post("/api/v1/facts", json=weight(500)) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert {answer.json()["version"] for answer in answers} == {1}


async def test_the_demos_fleet_may_fly_by_night_and_a_restart_changes_nothing(door: Door) -> None:
    async def ensure(listener_port: int, count: int) -> bool:
        port, token = door.settings.api.port, door.settings.api.token
        return await ensure_demo_authorisation(port, token, OPERATOR, listener_port, count)

    assert [await ensure(14550, 3), await ensure(14550, 3), await ensure(14550, 2)] == [True, False, False]
    assert [await ensure(14551, 3), await ensure(14551, 4)] == [True, True], "others' ids, and one more"
    (fact,) = (await door.http.get("/api/v1/facts")).json()["facts"]
    assert (fact["number"], fact["type"], len(fact["aircraft_ids"]), fact["version"]) == ("DEMO-NIGHT", "night", 4, 3)
    almost_over = fact | {"valid_to": (NOW + timedelta(days=20)).isoformat()}
    await door.http.put(f"/api/v1/facts/{fact['fact_id']}", json=almost_over)
    assert [await ensure(14551, 4), await ensure(14551, 4)] == [True, False]


async def test_versions_are_only_ever_added(door: Door) -> None:
    await door.http.post("/api/v1/facts", json=weight())
    with psycopg.connect(door.settings.database.url, autocommit=True) as conn:
        for change in ("UPDATE fact_version SET version = 9", "DELETE FROM fact_version"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                conn.execute(change)


BODIES: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "body"),
    ("half of it", json.dumps(night()).encode()[:-20], "body"),
    ("a name twice", json.dumps(night()).encode().replace(b'"issuer"', b'"number"'), "body"),
    ("NaN", json.dumps(weight(float("nan"))).encode(), "body"),
    ("a list", b"[]", "kind"),
    ("another kind", b'{"kind": "weather"}', "kind"),
    ("an hour of silence", b'{"kind": "operator", "link_lost_s": 3600}', "link_lost_s"),
    ("an unknown rule", json.dumps(night(relaxes=[{"rule": "AU-NIGHT"}])).encode(), "relaxes[0].rule"),
    ("an open window", json.dumps(night(valid_to=None)).encode(), "valid_to"),
    ("an open area", json.dumps(night(area={"type": "Polygon", "coordinates": [[[1, 2]]]})).encode(), "area.coordinates[0]"),
    ("half a surrogate pair in a name", b'{"kind": "pressure", "name": "a", "qnh_hpa": 1000, "\\ud800": 1}', "\\ud800"),
    ("half a surrogate pair in a value", b'{"kind": "\\ud800"}', "kind"),
    ("a million points", json.dumps(night(area={"type": "Polygon", "coordinates": [[[0, 0]] * 500_000]})).encode(),
     "area.coordinates"),
]  # fmt: skip


async def test_what_is_no_fact_is_refused_with_field_and_reason_and_changes_nothing(door: Door) -> None:
    for name, body, field in BODIES:
        answer = await door.http.post("/api/v1/facts", content=body)
        told = answer.json()
        assert (answer.status_code, told["field"], bool(told["detail"])) == (422, field, True), (name, told)
    none = UUID(int=1)
    for method, path, status, field in (
        ("GET", "?at=now", 422, "at"), ("GET", f"/{none}/versions", 404, None), ("GET", "/x/versions", 422, "fact_id"),
        ("PUT", f"/{none}", 404, None), ("POST", f"/{none}/end", 404, None), ("POST", "/x/end", 422, "fact_id"),
    ):  # fmt: skip
        answer = await door.http.request(method, f"/api/v1/facts{path}", json=night() if method == "PUT" else None)
        assert (answer.status_code, answer.json().get("field")) == (status, field), path
    assert (await door.http.get("/api/v1/facts")).json()["facts"] == []
    known = (await door.http.post("/api/v1/facts", json=weight())).json()
    other = await door.http.put(f"/api/v1/facts/{known['fact_id']}", json=weight(900, TWO))
    assert (other.status_code, other.json()["field"]) == (422, "kind")
    assert f"aircraft {ONE} is expected" in other.json()["detail"]
