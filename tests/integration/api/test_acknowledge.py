"""Acknowledging, from two sides at once, with the database near and away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from core import records
from core.records import AlertEvent, Condition
from core.units import utc
from tests.integration.api.hand import Door, Stream, Viewer, event, opened


@pytest.fixture
async def viewer(door: Door) -> AsyncIterator[Viewer]:
    async with door.viewer() as viewer:
        await viewer.subscribe()
        yield viewer


async def raised(viewer: Viewer, stream: Stream, *events: AlertEvent) -> UUID:
    """The events, when the door has told them."""
    for one in events:
        await stream.alert(one)
        await viewer.until("alert", lambda told, n=one.n: told["alert"]["n"] == n)  # type: ignore[misc]
    return events[0].alert_id


async def acknowledge(
    door: Door, alert_id: UUID, n: int, station: str = "north", request_id: UUID | None = None
) -> httpx.Response:
    body = {"request_id": str(request_id or uuid4()), "n": n, "station": station}
    return await door.http.post(f"/api/v1/alerts/{alert_id}/acknowledge", json=body)


def store_event(url: str, one: AlertEvent, imported: bool = False) -> None:
    """As the recorder writes it."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            """INSERT INTO alert_event (operator_id, alert_id, n, imported, aircraft_id, rule, zone_id, level, condition,
               start, at, body, published_at, partition, "offset")
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now(), %s, 0)""",
            [
                one.operator_id, one.alert_id, one.n, imported, one.aircraft_id, one.rule, one.zone_id, one.level.value,
                one.condition.value, utc(one.start_us), utc(one.at_us), records.encode(one).decode(), one.partition,
            ],
        )  # fmt: skip


async def test_an_alert_on_the_stream_is_acknowledged_before_the_database_knows_it(
    door: Door, stream: Stream, viewer: Viewer
) -> None:
    alert_id = await raised(viewer, stream, event(1))
    request_id = uuid4()
    answer = await acknowledge(door, alert_id, 1, "Centre, desk 1", request_id)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["alert_id"], told["request_id"]) == (str(alert_id), str(request_id))
    assert (told["n"], told["station"]) == (1, "Centre, desk 1")
    pushed = (await viewer.until("alert"))["alert"]
    assert (pushed["state"], pushed["acknowledged"]["station"]) == ("acknowledged", "Centre, desk 1")


async def test_the_same_request_gets_the_same_answer_and_counts_once(door: Door, stream: Stream, viewer: Viewer) -> None:
    alert_id = await raised(viewer, stream, event(1))
    request_id = uuid4()
    answers = await asyncio.gather(*(acknowledge(door, alert_id, 1, request_id=request_id) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    history = (await door.http.get(f"/api/v1/alerts/{alert_id}")).json()
    assert len(history["handling"]) == 1


async def test_of_two_at_once_one_is_told_who_was_first(door: Door, stream: Stream, viewer: Viewer) -> None:
    alert_id = await raised(viewer, stream, event(1))
    answers = await asyncio.gather(*(acknowledge(door, alert_id, 1, station) for station in ("north", "south")))
    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (200, 409)
    told = second.json()
    assert told["first"] == {"n": 1, "station": first.json()["station"], "at": first.json()["at"]}
    assert first.json()["station"] in told["detail"]
    assert second.headers["content-type"] == "application/problem+json"


async def test_what_grew_worse_since_is_unacknowledged_again(door: Door, stream: Stream, viewer: Viewer) -> None:
    alert_id = await raised(viewer, stream, event(1))
    assert (await acknowledge(door, alert_id, 1)).status_code == 200
    await stream.alert(event(1, n=2))
    told = (await viewer.until("alert", lambda told: told["alert"]["n"] == 2))["alert"]
    assert (told["state"], told["acknowledged"]["n"]) == ("unacknowledged", 1)
    assert (await acknowledge(door, alert_id, 2, "south")).status_code == 200
    await viewer.until("alert", lambda told: told["alert"]["state"] == "acknowledged" and told["alert"]["n"] == 2)


async def test_a_cleared_alert_that_is_acknowledged_is_closed_and_leaves_the_snapshot(
    door: Door, stream: Stream, viewer: Viewer
) -> None:
    alert_id = await raised(viewer, stream, event(1), event(1, n=2, condition=Condition.CLEARED))
    listed = (await door.http.get("/api/v1/alerts?state=unacknowledged")).json()["alerts"]
    assert [one["state"] for one in listed] == ["cleared_unacknowledged"]
    assert (await acknowledge(door, alert_id, 2)).status_code == 200
    assert (await viewer.until("alert"))["alert"]["state"] == "cleared"
    assert (await viewer.subscribe())["alerts"] == []
    assert [one["state"] for one in (await door.http.get("/api/v1/alerts?state=closed")).json()["alerts"]] == ["cleared"]


async def test_wrong_requests_are_refused_naming_the_field(door: Door, stream: Stream, viewer: Viewer) -> None:
    alert_id = await raised(viewer, stream, event(1))
    assert (await acknowledge(door, uuid4(), 1)).status_code == 404
    assert (await acknowledge(door, alert_id, 2)).status_code == 422  # has not happened
    right: dict[str, Any] = {"request_id": str(uuid4()), "n": 1, "station": "north"}
    wrong: list[tuple[Any, str]] = [
        ("nothing", "body"), ([], "body"), ({}, "request_id"), (right | {"n": 0}, "n"), (right | {"n": "1"}, "n"),
        (right | {"n": 10**30}, "n"), (right | {"station": ""}, "station"), (right | {"station": " "}, "station"),
        (right | {"station": "a\0b"}, "station"), (right | {"station": "a" * 101}, "station"),
        (right | {"request_id": "1"}, "request_id"), (right | {"note": "x"}, "note"),
    ]  # fmt: skip
    for body, field in wrong:
        answer = await door.http.post(f"/api/v1/alerts/{alert_id}/acknowledge", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body
    reused = uuid4()
    assert (await acknowledge(door, alert_id, 1, request_id=reused)).status_code == 200
    await raised(viewer, stream, event(2))
    assert (await acknowledge(door, event(2).alert_id, 1, request_id=reused)).status_code == 409


async def test_while_it_cannot_be_made_durable_it_is_503_and_later_the_same_request_counts_once(
    door: Door, stream: Stream, viewer: Viewer
) -> None:
    alert_id = await raised(viewer, stream, event(1))
    request_id = uuid4()
    with psycopg.connect(door.settings.database.url) as blocker:
        blocker.execute("LOCK TABLE alert_handling IN EXCLUSIVE MODE")
        asked = asyncio.create_task(acknowledge(door, alert_id, 1, request_id=request_id))
        with psycopg.connect(door.settings.database.url, autocommit=True) as conn:
            ended = False
            while not ended:  # the connection is cut in the middle, as by a database that dies
                cursor = conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'wedgetail-api' AND wait_event_type = 'Lock'"
                )
                ended = bool(cursor.fetchall())
                await asyncio.sleep(0.01)
        answer = await asked
        assert answer.status_code == 503
        assert "same request id" in answer.json()["detail"]
    listed = (await door.http.get("/api/v1/alerts")).json()["alerts"]
    assert [one["state"] for one in listed] == ["unacknowledged"]
    assert (await acknowledge(door, alert_id, 1, request_id=request_id)).status_code == 200
    assert (await viewer.until("alert"))["alert"]["state"] == "acknowledged"


async def test_an_acknowledgement_at_another_door_is_pushed_here_too(door: Door, stream: Stream, viewer: Viewer) -> None:
    alert_id = await raised(viewer, stream, event(1))
    port = door.settings.api.model_copy(update={"port": door.settings.ingest.port})
    async with opened(door.settings.model_copy(update={"api": port})) as other:
        async with other.viewer() as there:
            while not (await there.subscribe())["alerts"]:
                await there.hear()
        assert (await acknowledge(other, alert_id, 1, "other door")).status_code == 200
        told = (await viewer.until("alert"))["alert"]
    assert (told["state"], told["acknowledged"]["station"]) == ("acknowledged", "other door")


async def test_imported_alerts_are_listed_and_never_pushed(prepared: Any, stream: Stream) -> None:
    imported = event(7, what="long ago")
    store_event(prepared.database.url, imported, imported=True)
    async with opened(prepared) as door, door.viewer() as viewer:
        assert (await viewer.subscribe())["alerts"] == []
        assert (await door.http.get("/api/v1/alerts?state=all")).json()["alerts"] == []
        [told] = (await door.http.get("/api/v1/alerts?state=all&imported=true")).json()["alerts"]
        assert (told["id"], told["imported"], told["state"]) == (str(imported.alert_id), True, "unacknowledged")
        assert (await acknowledge(door, imported.alert_id, 1)).status_code == 200
        [told] = (await door.http.get("/api/v1/alerts?state=open&imported=true")).json()["alerts"]
        assert told["state"] == "acknowledged"


async def test_an_acknowledgement_that_the_database_does_not_answer_is_refused_before_the_page_gives_up(
    door: Door, stream: Stream, viewer: Viewer
) -> None:
    alert_id = await raised(viewer, stream, event(1))
    request_id = uuid4()
    with psycopg.connect(door.settings.database.url) as held:
        held.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 0))", [alert_id])  # as if it were frozen
        answer = await acknowledge(door, alert_id, 1, request_id=request_id)
        assert (answer.status_code, answer.json()["title"]) == (503, "Not durable")
        assert "no answer within 4 s" in answer.json()["detail"]
    assert (await acknowledge(door, alert_id, 1, request_id=request_id)).status_code == 200
