"""Recorded flights as the replay page is told them, on a real PostgreSQL."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
import psycopg

from core.records import Condition
from core.settings import Settings
from core.units import utc
from tests import tracks
from tests.integration.api.hand import LINK, OPERATOR, Door, aircraft, event, now_us, opened
from tests.integration.api.test_acknowledge import acknowledge, store_event
from tests.integration.api.test_rest import store_gap
from tests.integration.api.test_start import store_sample

WHEN = datetime.fromisoformat("2026-07-01T03:00:00+00:00")
RANGE = {"from": "2026-07-01T03:00:00Z", "to": "2026-07-01T04:00:00Z"}


def when(second: float) -> Any:
    return utc(round((WHEN.timestamp() + second) * 1_000_000))


def store(settings: Settings, system_id: int, second: float, **facts: Any) -> None:
    told: dict[str, Any] = {"event_time": when(second), "append_time": when(second)} | {
        "agl_mm": round(second * 1_000),
        "agl_source": 2,
        "velocity_north_cmps": 300,
        "velocity_east_cmps": -400,
        "heading_cdeg": 27_000,
    }
    store_sample(settings, system_id, **told | facts)


async def test_who_flew_is_told_by_range_the_last_heard_first(prepared: Settings) -> None:
    for second in (0, 10, 5_000):
        store(prepared, 1, second)
    store(prepared, 2, 20)
    async with opened(prepared) as door:

        async def flown(**query: str) -> list[tuple[str, str, str]]:
            told = (await door.http.get("/api/v1/replay/aircraft", params=query)).json()
            return [(one["id"], one["first"][11:19], one["last"][11:19]) for one in told["aircraft"]]

        one, two = str(aircraft(1)), str(aircraft(2))
        assert await flown() == [(one, "03:00:00", "04:23:20"), (two, "03:00:20", "03:00:20")]
        assert await flown(**RANGE) == [(two, "03:00:20", "03:00:20"), (one, "03:00:00", "03:00:10")]
        assert await flown(**{"to": "2026-07-01T03:00:00Z"}) == []
        assert (await door.http.get("/api/v1/replay/aircraft?limit=1")).json()["truncated"] is True


async def test_samples_come_as_columns_with_gaps_limits_and_nothing_filled_in(prepared: Settings) -> None:
    for second in (0, 1, 2, 3, 60):
        facts: dict[str, Any] = {"lon_e7": None, "lat_e7": None, "no_position": 2, "battery_pct": None} if second == 1 else {}
        store(prepared, 1, second, **{"battery_pct": 80, "late": second == 2, **facts})
    store_gap(prepared, "udp:14550", None, 62, "no_room", 3)
    with psycopg.connect(prepared.database.url, autocommit=True) as conn:
        conn.execute("INSERT INTO link_gap VALUES (%s, %s, %s, %s, %s, 1, 'dropped', false, 't', 0, 0)",
                     (OPERATOR, LINK, aircraft(1), when(2.1), when(2.9)))  # fmt: skip
    store(prepared, 2, 30)
    async with opened(prepared) as door:
        answer = await door.http.get(
            "/api/v1/replay/tracks", params={"aircraft_id": [str(aircraft(1)), str(aircraft(2))], **RANGE}
        )
    assert answer.headers["content-type"] == "application/vnd.wedgetail.tracks"
    found = tracks.read(answer.content)
    stored, columns = found[str(aircraft(1))]
    assert stored == 5
    assert (columns["time_ms"] / 1e3 - WHEN.timestamp()).tolist() == [0, 1, 2, 3, 60]
    assert columns["lon_e7"].tolist() == [1_490_000_000, -(1 << 31), 1_490_000_000, 1_490_000_000, 1_490_000_000]
    assert columns["lat_e7"].tolist() == [-350_000_000, -(1 << 31), -350_000_000, -350_000_000, -350_000_000]
    np.testing.assert_array_equal(columns["height_m"], np.float32([0, 1, 2, 3, 60]))
    np.testing.assert_array_equal(columns["speed_mps"], np.float32([5] * 5))
    assert columns["heading_cdeg"].tolist() == [27_000] * 5
    assert columns["battery_pct"].tolist() == [80, 255, 80, 80, 80]
    assert columns["flags"].tolist() == [0, 0, 2, 1, 1]
    assert columns["limit_agl_m"].tolist() == [120] * 5
    assert found[str(aircraft(2))][0] == 1


async def test_an_authorisation_that_was_known_gives_its_limit_in_its_area_and_one_of_later_does_not(
    prepared: Settings,
) -> None:
    said = {
        "kind": "authorisation", "type": "above_400ft_uncontrolled", "number": "RA 1", "issuer": "CASA",
            "relaxes": [{"rule": "AU-101.085-HEIGHT", "to": 150}],
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z",
    }  # fmt: skip
    async with opened(prepared) as door:
        answer = await door.http.post("/api/v1/facts", json=said)
        assert answer.status_code in (201, 202), answer.text
        store(prepared, 1, 1, append_time=utc(now_us() + 1_000_000))
        store(prepared, 2, 1)
        query = {"aircraft_id": [str(aircraft(1)), str(aircraft(2))], **RANGE}
        found = tracks.read((await door.http.get("/api/v1/replay/tracks", params=query)).content)
    assert [found[str(aircraft(system))][1]["limit_agl_m"].tolist() for system in (1, 2)] == [[150], [120]]


async def test_more_than_asked_for_is_thinned_and_says_so(prepared: Settings) -> None:
    store(prepared, 1, 0)
    with psycopg.connect(prepared.database.url, autocommit=True) as conn:
        conn.execute("CREATE TEMP TABLE one AS SELECT * FROM telemetry_live")
        for second in range(1, 1_000):
            conn.execute("UPDATE one SET event_time = %s, agl_mm = %s", [when(second), 250_000 if second == 500 else 1_000])
            conn.execute("INSERT INTO telemetry_live SELECT * FROM one")
    query: dict[str, Any] = {"aircraft_id": str(aircraft(1)), **RANGE}
    async with opened(prepared) as door:
        [(stored, columns)] = tracks.read(
            (await door.http.get("/api/v1/replay/tracks", params={**query, "points": 100})).content
        ).values()
    assert stored == 1_000
    assert len(columns["time_ms"]) <= 110
    assert columns["height_m"].max() == 250


async def test_what_happened_is_told_with_each_event_its_handling_and_its_gaps(prepared: Settings) -> None:
    began_us = round(WHEN.timestamp() * 1_000_000)
    store(prepared, 1, 0)
    store_gap(prepared, LINK, 1, 10, "nothing_came", 7)
    store_gap(prepared, "udp:14551", None, 40, "no_room", 9)
    told = msgspec.structs.replace(event(1), start_us=began_us + 30_000_000, at_us=began_us + 31_000_000)
    cleared = msgspec.structs.replace(told, n=2, at_us=began_us + 90_000_000, condition=Condition.CLEARED)
    for one in (told, cleared):
        store_event(prepared.database.url, one)
    async with opened(prepared) as door:
        assert (await acknowledge(door, told.alert_id, 1, "Desk 1")).status_code == 200

        async def recorded(begin: str, end: str) -> dict[str, Any]:
            answer = await door.http.get("/api/v1/replay", params={"aircraft_id": str(aircraft(1)), "from": begin, "to": end})
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        during = await recorded("2026-07-01T03:01:00Z", "2026-07-01T03:01:10Z")
        before = await recorded("2026-07-01T03:00:00Z", "2026-07-01T03:00:30Z")
        after = await recorded("2026-07-01T03:02:00Z", "2026-07-01T03:03:00Z")
    [alert] = during["alerts"]
    assert [(one["n"], one["condition"]) for one in alert["events"]] == [(1, "raised"), (2, "cleared")]
    assert [(one["action"], one["station"]) for one in alert["handling"]] == [("acknowledged", "Desk 1")]
    assert (before["alerts"], after["alerts"]) == ([], [])
    [gap] = before["gaps"]
    assert (gap["reason"], gap["count"], gap["aircraft_id"]) == ("nothing_came", 7, str(aircraft(1)))
    assert [one["id"] for one in before["aircraft"]] == [str(aircraft(1))]
    assert (during["aircraft"], during["timezone"]) == ([], prepared.operator.timezone)


async def test_zones_are_those_that_were_known_and_valid_then(prepared: Settings) -> None:
    """A live aircraft's follow what became known; an import's are those of when it was imported."""
    square = [[[148.9, -35.1], [149.1, -35.1], [149.1, -34.9], [148.9, -34.9], [148.9, -35.1]]]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": square},
        "properties": {"name": "Then", "kind": "keep_out"},
    }
    async with opened(prepared) as door:
        zone = (await door.http.post("/api/v1/zones", json=feature)).json()
        replaced = {**feature, "properties": {**feature["properties"], "name": "Now"}}  # type: ignore[dict-item]
        assert (await door.http.put(f"/api/v1/zones/{zone['id']}", json=replaced)).status_code in (200, 202)
        with psycopg.connect(prepared.database.url, autocommit=True) as conn:
            known = [row[0] for row in conn.execute("SELECT recorded_at FROM zone_version ORDER BY version")]
        first_us, second_us = (round(at.timestamp() * 1_000_000) for at in known)
        store_sample(prepared, 1, event_time=utc(first_us))
        store_sample(prepared, 3, event_time=when(0), append_time=utc(second_us + 1_000_000))
        with psycopg.connect(prepared.database.url, autocommit=True) as conn:
            conn.execute("INSERT INTO telemetry_import SELECT * FROM telemetry_live WHERE aircraft_id = %s", [aircraft(3)])
            conn.execute("UPDATE aircraft SET imported = true WHERE aircraft_id = %s", [aircraft(3)])

        async def told(system: int, begin: Any, end: Any, **query: Any) -> list[tuple[str, str, str]]:
            asked = {"aircraft_id": str(aircraft(system)), "from": begin.isoformat(), "to": end.isoformat(), **query}
            answer = await door.http.get("/api/v1/replay/zones", params=asked)
            assert answer.status_code == 200, answer.text
            return [(one["zone"]["properties"]["name"], one["from"], one["to"]) for one in answer.json()["zones"]]

        begin, end = utc(first_us - 5_000_000), utc(second_us + 5_000_000)
        live = await told(1, begin, end)
        assert [name for name, _, _ in live] == ["Then", "Now"]
        assert live[0][2] == live[1][1]
        assert datetime.fromisoformat(live[0][1]) == utc(first_us)
        assert [name for name, _, _ in await told(3, when(0), when(60))] == ["Now"]
        assert await told(1, begin, end, bbox="10,10,11,11") == []
        assert await told(1, utc(first_us - 9_000_000), utc(first_us - 8_000_000)) == []


async def test_what_is_wrong_with_a_question_is_told_by_field(door: Door) -> None:
    one = uuid4()
    whole = f"aircraft_id={one}&from={RANGE['from']}&to={RANGE['to']}"
    asked: list[tuple[str, int, str | None]] = [
        (f"?{whole}", 404, None),
        (f"/tracks?{whole}", 404, None),
        (f"/zones?{whole}", 404, None),
        ("/aircraft?from=yesterday", 422, "from"),
        ("/tracks", 422, "aircraft_id"),
        (f"/tracks?aircraft_id=VH-1&from={RANGE['from']}&to={RANGE['to']}", 422, "aircraft_id"),
        (f"/tracks?aircraft_id={one}&from=2026-07-01T03:00:00Z&to=2026-07-01T03:00:00Z", 422, "to"),
        (f"/tracks?aircraft_id={one}&from=2026-07-01T03:00:00Z&to=2026-07-02T03:00:01Z", 422, "to"),
        (f"/tracks?{whole}&points=1", 422, "points"),
        (f"/zones?{whole}&bbox=1,2,3", 422, "bbox"),
        (f"?{whole}".replace("Z&to", "&to"), 422, "from"),
        ("/tracks?" + "&".join(f"aircraft_id={uuid4()}" for _ in range(101)) + f"&{whole}", 422, "aircraft_id"),
    ]
    for path, status, field in asked:
        answer = await door.http.get(f"/api/v1/replay{path}")
        assert (answer.status_code, answer.json().get("field")) == (status, field), (path, answer.text)
