"""A log through the door into history with a real worker and recorder, and out of it again: the same alerts, or what if."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from api.imports import FOLDER
from core.settings import Settings
from streams.recorder import Recorder
from streams.state import ENGINE
from streams.worker import Worker
from tests.integration.api.hand import Door, eventually, opened
from tests.integration.api.hand import aircraft as hand_aircraft
from tests.integration.api.test_rest import WHEN
from tests.integration.api.test_start import store_sample

T0 = 1_436_056_003_000_000  # 2015-07-05, a winter's day in Canberra
LON, LAT = 149.1657510, -35.3623302
PATIENCE_S = 120.0  # a loaded machine
OVER = ("done", "failed", "stopped")


def log_of(high_m: float = 132.0, seconds: int = 60) -> bytes:
    """A copter at 5 Hz: 20 s at 60 m above take-off, then high, then 60 m again, and landed."""
    voice = dialect.MAVLink(None, srcSystem=9, srcComponent=1)
    data = b""
    for step in range(seconds * 5):
        second = step // 5
        height_m = high_m if 20 <= second < 30 else 60.0
        landed = second >= seconds - 5
        said: list[Any] = [
            dialect.MAVLink_terrain_report_message(round(LAT * 1e7), round(LON * 1e7), 100, 590.0, height_m, 0, 0),
            voice.global_position_int_encode(
                step * 200, round(LAT * 1e7), round(LON * 1e7) + step, 650_000, round(height_m * 1000), 0, 0, 0, 0
            ),
        ]
        if step % 5 == 0:
            state = dialect.MAV_LANDED_STATE_ON_GROUND if landed else dialect.MAV_LANDED_STATE_IN_AIR
            said.append(dialect.MAVLink_heartbeat_message(2, 3, 0x41 if landed else 0xC1, 3, 4, 3))
            said.append(dialect.MAVLink_extended_sys_state_message(0, state))
        data += b"".join((T0 + step * 200_000).to_bytes(8, "big") + bytes(one.pack(voice)) for one in said)
    return data


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    worker, recorder = Worker(settings), asyncio.create_task(Recorder(settings).run())
    await worker.start()
    try:
        yield
    finally:
        await worker.stop()
        recorder.cancel()
        await asyncio.gather(recorder, return_exceptions=True)


@pytest.fixture
async def house(prepared: Settings) -> AsyncIterator[Door]:
    """Everything but ingest: an import needs none."""
    async with working(prepared), opened(prepared) as door:
        yield door


async def over(door: Door, what: str, job_id: str) -> dict[str, Any]:
    async def ended() -> dict[str, Any] | None:
        told: dict[str, Any] = (await door.http.get(f"/api/v1/{what}/{job_id}")).json()
        return told if told["state"] in OVER else None

    found: dict[str, Any] = await eventually(ended, PATIENCE_S)
    return found


async def send(door: Door, content: bytes, **asked: str) -> dict[str, Any]:
    """Uploads a log, and what came of it."""
    answer = await door.http.post("/api/v1/imports", params={"name": "flight.tlog"} | asked, content=content)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/imports/{answer.json()['id']}"
    return await over(door, "imports", answer.json()["id"])


async def uploading(door: Door, size: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The head of an upload; its body is still to come."""
    port = door.settings.api.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (
        "POST /api/v1/imports?name=x.tlog HTTP/1.1", f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {door.settings.api.token}", f"Content-Length: {size}", "", "",
    )  # fmt: skip
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
    return reader, writer


async def again(door: Door, **asked: Any) -> dict[str, Any]:
    answer = await door.http.post("/api/v1/reruns", json=asked)
    assert answer.status_code == 202, answer.text
    found = await over(door, "reruns", answer.json()["id"])
    assert found["state"] == "done", found
    result: dict[str, Any] = found["result"]
    return result


async def test_a_log_is_imported_once_and_run_again_to_the_same_alerts_or_to_others_with_another_limit(house: Door) -> None:
    told = await send(house, log_of())
    assert told["state"] == "done", told
    found = told["result"]
    assert (found["samples"], found["stored"], found["added"], found["known_before"]) == (300, 300, 300, False)
    assert (found["from"], found["to"]) == ("2015-07-05T00:26:43.000000Z", "2015-07-05T00:27:42.800000Z")
    (aircraft,) = found["aircraft"]
    assert (aircraft["system_id"], aircraft["samples"], aircraft["alerts"]) == (9, 300, 1)
    assert found["frames"] == found["decoded"] + found["ignored"] + found["rejected"]
    assert told["progress"]["stage"] == "storing" and told["progress"]["bytes_read"] == found["bytes"]

    second = (await send(house, log_of()))["result"]
    assert (second["added"], second["known_before"], second["stored"]) == (0, True, 300)
    assert not list((house.settings.data_dir / FOLDER).iterdir())

    own = [aircraft["aircraft_id"]]
    same = await again(house, aircraft_ids=own)
    assert same["same"] and same["engines_then"] == [ENGINE] == [same["engine_now"]] and same["reasons"] == []
    (pair,) = same["alerts"]
    assert pair["differs"] == [] and pair["then"] == pair["now"]
    assert (pair["now"]["rule"], pair["now"]["level"], pair["now"]["beyond_m"]) == ("AU-101.085-HEIGHT", "breach", 12.0)
    assert pair["now"]["start"] == "2015-07-05T00:27:03.000000Z" and pair["now"]["end"] == "2015-07-05T00:27:23.000000Z"

    lower = await again(house, aircraft_ids=own, what_if={"height_limit_m": 90})
    assert (lower["what_if"], lower["same"], lower["differing"]) == (True, False, 1)
    assert lower["alerts"][0]["differs"] == ["how far"] and lower["differing_rules"] == ["AU-101.085-HEIGHT"]
    assert [lower["alerts"][0][side]["beyond_m"] for side in ("then", "now")] == [12.0, 42.0]
    lowest = await again(house, aircraft_ids=own, what_if={"height_limit_m": 50})
    assert "its beginning" in lowest["alerts"][0]["differs"]
    higher = await again(house, aircraft_ids=own, what_if={"height_limit_m": 200})
    assert [(one["differs"], one["now"]) for one in higher["alerts"]] == [(["only then"], None)]

    ring = [[LON - 0.01, LAT - 0.01], [LON + 0.01, LAT - 0.01], [LON + 0.01, LAT + 0.01], [LON - 0.01, LAT + 0.01]]
    shut = {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {"name": "Shut", "kind": "keep_out", "floor_m": 100, "floor_datum": "AGL"},
    }  # fmt: skip
    zoned = await again(house, aircraft_ids=own, what_if={"zones": shut})
    assert [one["now"]["zone_name"] for one in zoned["alerts"] if one["differs"] == ["only now"]] == ["Shut"]
    assert zoned["alerts_then"] == 1 and zoned["alerts_now"] == 2
    assert (await again(house, aircraft_ids=own))["same"], "nothing of a what-if is stored"


async def test_another_engine_is_named_where_the_alerts_differ_for_it(house: Door) -> None:
    found = (await send(house, log_of()))["result"]
    with psycopg.connect(house.settings.database.url, autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")  # as another program would have written them
        conn.execute("UPDATE alert_event SET body = replace(body, %s, %s)", [f'"engine":"{ENGINE}"', '"engine":"1"'])
        conn.execute("UPDATE stream_log_import SET body = '{\"version\":\"1\"}' WHERE kind = 'engine'")
    other = await again(house, aircraft_ids=[found["aircraft"][0]["aircraft_id"]])
    assert not other["same"] and other["differing"] == 0, "told the same, but the number is another"
    assert (other["engines_then"], other["engine_now"]) == (["1"], ENGINE)
    assert any("engine 1" in one for one in other["reasons"]) and any("only its words" in one for one in other["reasons"])


async def test_what_is_no_log_is_a_sentence_that_names_it_and_nothing_is_left(house: Door) -> None:
    for content, kind, words in (
        (b"", "urn:wedgetail:not-mavlink", "flight.tlog holds no MAVLink: the file is empty"),
        (b"\xff\xd8 a photograph" * 5_000, "urn:wedgetail:not-mavlink", "flight.tlog holds no MAVLink"),
        (b"\xa3\x95" + b"\0" * 500, "urn:wedgetail:not-mavlink", "dataflash log"),
        (b"".join(log_of()[at + 8 : at + 30] for at in (0,)) + b"\0", "urn:wedgetail:not-mavlink", "flight.tlog"),
    ):
        told = await send(house, content)
        assert (told["state"], told["problem"]["type"], told["result"]) == ("failed", kind, None), told
        assert words in told["problem"]["detail"] and FOLDER not in told["problem"]["detail"]
    damaged = bytearray(log_of())
    damaged[4_000:4_400] = b"\x55" * 400
    told = await send(house, bytes(damaged))
    found = told["result"]
    assert found["rejected"] == sum(found["rejected_for"].values()) > 0 and 290 < found["samples"] < 300
    assert not list((house.settings.data_dir / FOLDER).iterdir())


async def test_an_upload_that_breaks_off_leaves_nothing_and_begins_nothing(house: Door) -> None:
    folder = house.settings.data_dir / FOLDER
    _, writer = await uploading(house, 1_000_000)
    writer.write(log_of()[:50_000])
    await writer.drain()

    async def kept() -> list[Path]:
        return list(folder.iterdir()) if folder.is_dir() else []

    await eventually(kept)
    writer.transport.abort()

    async def gone() -> bool:
        return not await kept()

    await eventually(gone)
    assert (await house.http.get("/api/v1/imports")).json()["imports"] == []


async def test_what_is_wrong_with_what_is_asked_is_told_by_field(house: Door) -> None:
    (aircraft,) = (await send(house, log_of(seconds=20)))["result"]["aircraft"]
    own = aircraft["aircraft_id"]
    zone = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "properties": {"name": "x"}}
    cases: list[tuple[dict[str, Any], int, str | None]] = [
        ({}, 422, "aircraft_ids"),
        ({"aircraft_ids": []}, 422, "aircraft_ids"),
        ({"aircraft_ids": ["VH-1"]}, 422, "aircraft_ids[0]"),
        ({"aircraft_ids": [str(uuid4()) for _ in range(21)]}, 422, "aircraft_ids"),
        ({"aircraft_ids": [str(uuid4())]}, 404, None),
        ({"aircraft_ids": [own], "from": "yesterday"}, 422, "from"),
        ({"aircraft_ids": [own], "from": "2015-07-05T01:00:00Z", "to": "2015-07-05T00:00:00Z"}, 422, "to"),
        ({"aircraft_ids": [own], "what_if": {}}, 422, "what_if.zones"),
        ({"aircraft_ids": [own], "what_if": {"instead": True}}, 422, "what_if.zones"),
        ({"aircraft_ids": [own], "what_if": {"instead": "yes", "without": ["x"]}}, 422, "what_if.instead"),
        ({"aircraft_ids": [own], "what_if": {"height_limit_m": -1}}, 422, "what_if.height_limit_m"),
        ({"aircraft_ids": [own], "what_if": {"zones": zone}}, 422, "what_if.zones.geometry.coordinates[0]"),
        ({"aircraft_ids": [own], "what_if": {"zones": {"type": "FeatureCollection", "features": [zone]}}}, 422,
         "what_if.zones.features[0].geometry.coordinates[0]"),
        ({"aircraft_ids": [own], "what_if": {"zones": []}}, 422, "what_if.zones.type"),
        ({"aircraft_ids": [own], "colour": 1}, 422, "colour"),
    ]  # fmt: skip
    for asked, status, field in cases:
        answer = await house.http.post("/api/v1/reruns", json=asked)
        assert (answer.status_code, answer.json().get("field")) == (status, field), (asked, answer.text)
    store_sample(house.settings, 5, event_time=WHEN)
    store_sample(house.settings, 5, event_time=WHEN + timedelta(hours=25), seq=2, row=1)
    live = str(hand_aircraft(5))
    for asked, status, field in (
        ({"aircraft_ids": [live]}, 422, "to"),
        ({"aircraft_ids": [live, own]}, 422, "to"),
        ({"aircraft_ids": [live], "from": "2026-07-01T01:00:00Z", "to": "2026-07-02T03:00:00Z"}, 422, "to"),
        ({"aircraft_ids": [live], "from": "2025-07-01T03:00:00Z", "to": "2025-07-01T04:00:00Z"}, 404, None),
        ({"aircraft_ids": [live], "from": "2026-07-01T02:00:00Z", "to": "2026-07-01T04:00:00Z"}, 202, None),
    ):
        answer = await house.http.post("/api/v1/reruns", json=asked)
        assert (answer.status_code, answer.json().get("field")) == (status, field), (asked, answer.text)
    gone = await over(house, "reruns", answer.json()["id"])
    assert gone["state"] == "failed" and "is in the database" in gone["problem"]["detail"], "the sample is, its log is not"

    answer = await house.http.post("/api/v1/reruns", json={"aircraft_ids": [own], "what_if": {"without": ["Nowhere"]}})
    failed = await over(house, "reruns", answer.json()["id"])
    assert failed["problem"]["detail"] == "There was no zone Nowhere (a name or an id); there were: none"

    assert (await house.http.get(f"/api/v1/reruns/{uuid4()}")).status_code == 404
    assert (await house.http.get("/api/v1/imports/x")).json()["field"] == "import_id"
    assert (await house.http.post("/api/v1/imports", content=b"x")).json()["field"] == "name"
    wrong = await house.http.post("/api/v1/imports", params={"name": "x", "start": "2015-07-05T00:00:00"}, content=b"x")
    assert wrong.json()["field"] == "start"
    most = (await house.http.get("/api/v1/imports")).json()["most_bytes"]
    reader, writer = await uploading(house, most + 1)
    assert (await reader.readline()).split()[1] == b"413", "before anything of it is sent"
    writer.close()


async def test_an_import_without_a_worker_says_for_whom_it_waits_and_can_be_stopped(door: Door) -> None:
    answer = await door.http.post("/api/v1/imports", params={"name": "flight.tlog"}, content=log_of())
    job = answer.json()["id"]

    async def waits() -> dict[str, Any] | None:
        told: dict[str, Any] = (await door.http.get(f"/api/v1/imports/{job}")).json()
        return told if (told["progress"] or {}).get("waits_for") else None

    told = await eventually(waits)
    assert told["state"] == "running" and "running?" in told["progress"]["waits_for"]
    stopped = (await door.http.delete(f"/api/v1/imports/{job}")).json()
    assert stopped["state"] == "stopped" and not list((door.settings.data_dir / FOLDER).iterdir())
    assert (await door.http.delete(f"/api/v1/imports/{job}")).json()["state"] == "stopped"

    # Two are imported at a time, eight wait, and no more.
    async def busy() -> bool:
        answer = await door.http.post("/api/v1/imports", params={"name": "flight.tlog"}, content=log_of())
        assert answer.status_code in (202, 429)
        return bool(answer.status_code == 429)

    await eventually(busy)
    told = (await door.http.get("/api/v1/imports")).json()["imports"]
    states = [one["state"] for one in told]
    assert (states.count("running"), states.count("waiting"), states.count("stopped")) == (2, 8, 1)
