"""REST as a client sees it: who may ask, what is wrong with a question, tracks, the page."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from core.settings import Settings
from core.units import utc
from tests.integration.api.hand import LINK, OPERATOR, Door, Stream, aircraft, eventually, now_us, opened, sample
from tests.integration.api.test_start import store_sample

WHEN = datetime.fromisoformat("2026-07-01T03:00:00+00:00")


async def test_only_loopback_names_and_the_token_are_let_in(door: Door) -> None:
    async def status(**headers: str) -> int:
        return (await door.http.get("/api/v1/aircraft", headers=headers)).status_code

    port = door.settings.api.port
    assert await status() == 200
    assert await status(Host=f"localhost:{port}", Origin=f"http://localhost:{port}") == 200
    assert await status(Authorization="Bearer guess") == 401
    assert await status(Authorization=f"Basic {door.settings.api.token}") == 401
    assert await status(Host="wedgetail.example") == 403  # a name rebound to 127.0.0.1
    assert await status(Host="127.0.0.1.example") == 403
    assert await status(Origin="https://wedgetail.example") == 403
    assert await status(Origin="null") == 403
    async with httpx.AsyncClient(base_url=door.http.base_url) as stranger:
        refused = await stranger.get("/api/v1/aircraft")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        for path in ("/api/v1/zones", "/api/v1/facts", "/api/v1/alerts", f"/api/v1/aircraft/{uuid4()}/track"):
            assert (await stranger.get(path)).status_code == 401
        assert (await stranger.post("/api/v1/zones", json={})).status_code == 401
        for path in ("/api/v1/health", "/api/v1/ready", "/api/v1/openapi.json"):
            assert (await stranger.get(path)).status_code == 200
        preflight = await stranger.options("/api/v1/zones", headers={"Origin": f"http://localhost:{port}"})
        assert "access-control-allow-origin" not in preflight.headers


async def test_what_is_wrong_with_a_question_is_told_by_field_and_is_never_a_500(door: Door) -> None:
    one = uuid4()
    asked: list[tuple[str, int, str | None]] = [
        ("/aircraft/VH-1", 422, "aircraft_id"),
        (f"/aircraft/{one}", 404, None),
        (f"/aircraft/{one}/track", 404, None),
        (f"/aircraft/{one}/track?from=yesterday", 422, "from"),
        (f"/aircraft/{one}/track?from=2026-07-01T03:00:00", 422, "from"),
        (f"/aircraft/{one}/track?to=9999-12-31T23:59:59-12:00", 422, "to"),
        (f"/aircraft/{one}/track?limit=0", 422, "limit"),
        ("/gaps?aircraft_id=VH-1", 422, "aircraft_id"),
        ("/gaps?link=%00", 422, "link"),
        ("/gaps?from=2026-07-01", 422, "from"),
        ("/gaps?limit=1001", 422, "limit"),
        (f"/aircraft/{one}/track?limit=99999999999999999999999", 422, "limit"),
        ("/alerts?state=loud", 422, "state"),
        ("/alerts?aircraft_id=%00", 422, "aircraft_id"),
        ("/alerts/x", 422, "alert_id"),
        (f"/alerts/{one}", 404, None),
        ("/zones?at=now", 422, "at"),
        (f"/zones/{one}/versions", 404, None),
        ("/facts?at=now", 422, "at"),
        ("/nothing", 404, None),
    ]
    for path, status, field in asked:
        answer = await door.http.get(f"/api/v1{path}")
        assert answer.headers["content-type"] == "application/problem+json", path
        assert (answer.status_code, answer.json().get("field")) == (status, field), path
        assert answer.json()["status"] == status
    sent: list[tuple[str, bytes, int, str | None]] = [
        ("/zones", b"", 422, "body"),
        ("/zones", b"{", 422, "body"),
        ("/zones", b"\xff", 422, "body"),
        ("/zones", b"[" * 100_000, 422, "body"),
        ("/zones", b"[]", 422, "type"),
        ("/zones", b'{"type":"Feature"}', 422, "properties"),
        (f"/zones/{one}/end", b"[]", 422, "body"),
        (f"/zones/{one}/end", b'{"when":1}', 422, "when"),
        (f"/zones/{one}/end", b'{"at":"2026-07-01T03:00:00"}', 422, "at"),
        (f"/zones/{one}/end", b"", 404, None),
        ("/zones/x/end", b"", 422, "zone_id"),
        ("/zones", b" " * (9 << 20), 413, None),
    ]
    for path, body, status, field in sent:
        answer = await door.http.post(f"/api/v1{path}", content=body)
        assert (answer.status_code, answer.json().get("field")) == (status, field), (path, body[:20])
    assert (await door.http.delete("/api/v1/zones")).status_code == 405


async def test_latest_states_are_those_of_the_stream(door: Door, stream: Stream) -> None:
    await stream.samples(sample(1, battery_pct=81, mode="AUTO"), sample(2))

    async def both() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = (await door.http.get("/api/v1/aircraft")).json()["aircraft"]
        return told if len(told) == 2 else []

    found = {one["id"]: one for one in await eventually(both)}
    one = (await door.http.get(f"/api/v1/aircraft/{aircraft(1)}")).json()
    assert one == found[str(aircraft(1))]
    assert (one["battery_pct"], one["mode"], one["armed"], one["ended"]) == (81, "AUTO", True, False)


async def test_a_track_is_what_was_stored_with_its_gaps_and_its_limit(prepared: Settings) -> None:
    for second in (0, 1, 2, 60, 61):
        facts: dict[str, Any] = {"lon_e7": None, "lat_e7": None, "no_position": 2} if second == 1 else {}
        when = utc(round(WHEN.timestamp() + second) * 1_000_000)
        store_sample(prepared, 1, event_time=when, takeoff_height_mm=second * 1_000, velocity_north_cmps=300,
                     velocity_east_cmps=400, late=second == 2, **facts)  # fmt: skip
    async with opened(prepared) as door:

        async def track(**query: Any) -> dict[str, Any]:
            told: dict[str, Any] = (await door.http.get(f"/api/v1/aircraft/{aircraft(1)}/track", params=query)).json()
            return told

        whole = await track()
        part = await track(**{"from": "2026-07-01T13:00:01+10:00", "to": "2026-07-01T03:01:01Z"})
        first = await track(limit=2)
        none = await track(**{"from": "2027-01-01T00:00:00Z"})
    assert [one["takeoff_height_m"] for one in whole["points"]] == [0, 1, 2, 60, 61]
    assert (whole["from"], whole["to"], whole["truncated"]) == (None, None, False)
    assert [one["no_position"] for one in whole["points"]] == [None, "zero", None, None, None]
    assert [one["late"] for one in whole["points"]] == [False, False, True, False, False]
    assert (whole["points"][0]["event_time"], whole["points"][0]["speed_mps"]) == ("2026-07-01T03:00:00.000000Z", 5.0)
    assert [one["takeoff_height_m"] for one in part["points"]] == [1, 2, 60]
    assert (len(first["points"]), first["truncated"]) == (2, True)
    assert (none["points"], none["from"]) == ([], "2027-01-01T00:00:00.000000Z")


def store_gap(settings: Settings, link: str, system_id: int | None, began_s: float, reason: str, count: int | None) -> None:
    who = None if system_id is None else aircraft(system_id)
    began_us = round((WHEN.timestamp() + began_s) * 1_000_000)
    with psycopg.connect(settings.database.url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO link_gap VALUES (%s, %s, %s, %s, %s, %s, %s, false, 't', 0, 0)",
            (OPERATOR, link, who, utc(began_us), utc(began_us + 5_000_000), count, reason),
        )


async def test_gaps_are_told_by_aircraft_link_and_time_and_with_the_track(prepared: Settings) -> None:
    store_sample(prepared, 1, event_time=WHEN)
    store_gap(prepared, LINK, 1, 10, "nothing_came", 7)
    store_gap(prepared, LINK, 2, 20, "dropped", 40)
    store_gap(prepared, "udp:14550", None, 30, "no_room", 3)
    store_gap(prepared, "udp:14551", None, 40, "no_room", 9)
    store_gap(prepared, LINK, 1, 50, "not_listening", None)
    async with opened(prepared) as door:

        async def found(**query: Any) -> list[dict[str, Any]]:
            told: list[dict[str, Any]] = (await door.http.get("/api/v1/gaps", params=query)).json()["gaps"]
            return told

        every, own = await found(), await found(aircraft_id=str(aircraft(1)))
        of_link, later = await found(link=LINK), await found(**{"from": "2026-07-01T03:00:26Z", "to": "2026-07-01T03:00:40Z"})
        track = (await door.http.get(f"/api/v1/aircraft/{aircraft(1)}/track")).json()
        cut = (await door.http.get("/api/v1/gaps?limit=2")).json()
    assert [(one["reason"], one["count"], one["counted"]) for one in every] == [
        ("nothing_came", 7, "frames"), ("dropped", 40, "samples"), ("no_room", 3, "datagrams"),
        ("no_room", 9, "datagrams"), ("not_listening", None, "frames"),
    ]  # fmt: skip
    assert every[0] == {
        "aircraft_id": str(aircraft(1)), "link": LINK, "from": "2026-07-01T03:00:10.000000Z",
        "to": "2026-07-01T03:00:15.000000Z", "count": 7, "counted": "frames", "reason": "nothing_came", "imported": False,
    }  # fmt: skip
    assert own == track["gaps"] == [every[0], every[2], every[4]], "its own, and what its listener lost of anybody"
    assert of_link == [every[0], every[1], every[2], every[4]]
    assert later == [every[2]]
    assert (cut["gaps"], cut["truncated"]) == (every[:2], True)


async def test_imported_flights_are_listed_apart(prepared: Settings) -> None:
    store_sample(prepared, 3, event_time=WHEN, armed=False, airborne=False)
    with psycopg.connect(prepared.database.url, autocommit=True) as conn:
        conn.execute("INSERT INTO telemetry_import SELECT * FROM telemetry_live")
        conn.execute("DELETE FROM telemetry_live")
        conn.execute("UPDATE aircraft SET imported = true")
    async with opened(prepared) as door:
        assert (await door.http.get("/api/v1/aircraft")).json()["aircraft"] == []
        [told] = (await door.http.get("/api/v1/aircraft?imported=true")).json()["aircraft"]
        assert (told["id"], told["ended"], told["name"]) == (str(aircraft(3)), True, "Survey 3")
        assert (await door.http.get(f"/api/v1/aircraft/{aircraft(3)}")).json() == told


async def test_the_database_away_is_503_and_the_live_picture_stays(door: Door, stream: Stream) -> None:
    await stream.samples(sample(1))

    async def seen() -> Any:
        return (await door.http.get("/api/v1/aircraft")).json()["aircraft"]

    await eventually(seen)
    name = door.settings.database.url.rsplit("/", 1)[-1].split("?")[0]
    elsewhere = door.settings.database.url.replace(name, "postgres")
    with psycopg.connect(elsewhere, autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            answer = await door.http.get("/api/v1/zones")
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.headers["retry-after"] == "1"
            assert len(await seen()) == 1
            health = (await door.http.get("/api/v1/health")).json()
            assert (health["database"]["reachable"], health["kafka"]["reachable"]) == (False, True)
            assert health["status"] == "degraded"
        finally:
            conn.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())

    async def back() -> bool:
        return (await door.http.get("/api/v1/zones")).status_code == 200

    await eventually(back)


async def test_everything_carries_the_headers_that_forbid_the_rest(door: Door) -> None:
    for path in ("/", "/api/v1/health", "/api/v1/nothing"):
        headers = (await door.http.get(path)).headers
        assert "worker-src 'self' blob:" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert (await door.http.get("/api/v1/health")).headers["cache-control"] == "no-store"
    assert "text/html" in (await door.http.get("/")).headers["content-type"]


async def test_openapi_names_every_answer(door: Door) -> None:
    schema = (await door.http.get("/api/v1/openapi.json")).json()
    assert {"/api/v1/aircraft", "/api/v1/zones", "/api/v1/alerts/{alert_id}/acknowledge"} <= set(schema["paths"])
    assert {"Aircraft", "Alert", "ZoneFeature", "Problem", "Track"} <= set(schema["components"]["schemas"])
    assert schema["paths"]["/api/v1/aircraft"]["get"]["security"] == [{"token": []}]
    assert "security" not in schema["paths"]["/api/v1/health"]["get"]


async def test_a_door_closes_cleanly_with_viewers_and_requests_under_way(prepared: Settings) -> None:
    async with opened(prepared) as door, door.viewer() as viewer:
        await viewer.subscribe()
    before = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    assert not [task for task in before if task.get_name() in {"feed", "tick", "world", "listen", "server"}]
    assert now_us() > 0
