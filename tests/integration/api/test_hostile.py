"""The door and those who mean it harm, or know no better: each is refused with field and reason, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.integration.api.hand import Door, Stream, aircraft, sample

SQUARE = [[149.0, -35.4], [149.1, -35.4], [149.1, -35.3], [149.0, -35.3], [149.0, -35.4]]
PLACES = "geometry.coordinates"


def feature(geometry: object = None, **properties: Any) -> dict[str, Any]:
    """A zone that is right, but for what is given."""
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    facts = {"name": "Field", "kind": "keep_out", **properties}
    return {"type": "Feature", "geometry": geometry or polygon, "properties": facts}


def rings(*given: object) -> dict[str, Any]:
    return feature({"type": "Polygon", "coordinates": list(given)})


def text(zone: object) -> bytes:
    return json.dumps(zone).encode()


BODIES: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "body"),
    ("half of it", text(feature())[:-20], "body"),
    ("two of them", text(feature()) * 2, "body"),
    ("a form", b"name=Field&kind=keep_out", "body"),
    ("broken UTF-8", text(feature()).replace(b"Field", b"Fi\xff\xfed"), "body"),
    ("a name twice", text(feature()).replace(b'"name"', b'"kind"'), "body"),
    ("NaN", text(feature(floor_m=float("nan"))), "body"),
    ("infinity", text(feature(floor_m=float("inf"))), "body"),
    ("a number beyond all", text(feature()).replace(b"149.1", b"1e999"), f"{PLACES}[0][1]"),
    ("nested too deep", b'{"type":' * 50_000, "body"),
    ("lists too deep", text(feature()).replace(b"[[[", b"[" * 50_000), "body"),
    ("a text", b'"Feature"', "type"),
    ("many at once", text({"type": "FeatureCollection", "features": [feature()] * 10_000}), "type"),
    ("a collection in a collection", text(feature({"type": "GeometryCollection", "geometries": []})), "geometry.type"),
    ("a geometry alone", text(feature()["geometry"]), "type"),
    ("unclosed", text(rings(SQUARE[:-1])), f"{PLACES}[0]"),
    ("a bow-tie", text(rings([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]])), PLACES),
    ("too few points", text(rings([[0, 0], [1, 1], [0, 0]])), f"{PLACES}[0]"),
    ("the same point", text(rings([[0, 0]] * 5)), PLACES),
    ("latitude first", text(rings([[lat, lon] for lon, lat in SQUARE])), f"{PLACES}[0][0]"),
    ("with heights", text(rings([[*place, 100] for place in SQUARE])), f"{PLACES}[0][0]"),
    ("the world in four corners", text(rings([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]])), f"{PLACES}[0]"),
    ("a million points", text(rings([[0, 0]] * 1_000_000)), PLACES),
    ("a circle without end", text(feature({"type": "Point", "coordinates": [149, -35]}, radius_m=1e9)), "properties.radius_m"),
    ("another datum", text(feature(ceiling_m=100, ceiling_datum="QNH")), "properties.ceiling_datum"),
    ("no datum", text(feature(ceiling_m=100)), "properties.ceiling_datum"),
    ("a time without a zone", text(feature(valid_from="2026-07-01T00:00:00")), "properties.valid_from"),
    ("the year 10000", text(feature(valid_to="10000-01-01T00:00:00Z")), "properties.valid_to"),
    ("over before it begins", text(feature(valid_from="2026-07-02T00:00:00Z", valid_to="2026-07-01T00:00:00Z")),
     "properties.valid_to"),
    ("a property that nobody knows", text(feature(celing_m=100)), "properties.celing_m"),
    ("a surrogate for a name", b'{"type":"Feature","geometry":null,"properties":{"name":"\\ud800"}}', "geometry.type"),
]  # fmt: skip


async def test_what_is_no_zone_is_refused_with_field_and_reason_and_changes_nothing(door: Door) -> None:
    for name, body, field in BODIES:
        answer = await door.http.post("/api/v1/zones", content=body)
        assert answer.status_code == 422, (name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        told = answer.json()
        assert (told["field"], bool(told["detail"])) == (field, True), (name, told)
    assert (await door.http.get("/api/v1/zones")).json()["features"] == []


async def test_awkward_zones_that_mean_something_are_taken_as_they_are(door: Door) -> None:
    edge = [[lon, -90] for lon in range(-180, 181, 90)] + [[lon, 90] for lon in range(180, -181, -90)]
    both = [[[[179, 0], [180, 0], [180, 1], [179, 0]]], [[[-180, 0], [-179, 0], [-180, 1], [-180, 0]]]]
    taken = [
        rings(SQUARE[::-1]),  # wound the other way: RFC 7946 asks readers to take it
        rings([*edge, edge[0]]),
        feature({"type": "MultiPolygon", "coordinates": both}),
        feature({"type": "Point", "coordinates": [179.99, -17]}, radius_m=5_000),
    ]
    for zone in taken:
        answer = await door.http.post("/api/v1/zones", json=zone)
        assert answer.status_code in (201, 202), answer.text
        assert answer.json()["geometry"] == zone["geometry"]
    assert len((await door.http.get("/api/v1/zones")).json()["features"]) == len(taken)


async def test_a_body_without_end_is_cut_off(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield b" " * (64 << 10)  # 50 MB in all

    answer = await door.http.post("/api/v1/zones", content=endless())
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


@pytest.mark.parametrize("said", [b"", b"GET /api", b"GET /api/v1/zones HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
async def test_requests_that_never_end_keep_nobody_else_waiting(door: Door, said: bytes) -> None:
    opened = [await asyncio.open_connection("127.0.0.1", door.settings.api.port) for _ in range(200)]
    for _, writer in opened:
        writer.write(said)
    length = f"Content-Length: 100\r\nAuthorization: Bearer {door.settings.api.token}\r\n\r\n"
    reader, half = await asyncio.open_connection("127.0.0.1", door.settings.api.port)
    half.write(f"POST /api/v1/zones HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}".encode() + b'{"type":')
    await half.drain()
    assert (await door.http.get("/api/v1/zones")).status_code == 200
    for _, writer in opened:
        writer.transport.abort()
    half.write_eof()
    assert b" 500 " not in await reader.read()
    half.close()
    assert (await door.http.get("/api/v1/zones")).json()["features"] == []


@asynccontextmanager
async def stranger(door: Door, authenticated: bool = True) -> AsyncIterator[Any]:
    async with connect(f"ws://127.0.0.1:{door.settings.api.port}/api/v1/live", max_size=None) as socket:
        if authenticated:
            await socket.send(json.dumps({"type": "authenticate", "token": door.settings.api.token}))
            assert json.loads(await socket.recv())["type"] == "hello"
        yield socket


async def closing(socket: Any) -> tuple[int | None, list[dict[str, Any]]]:
    """With what code the door closes, and the errors it told before."""
    errors = []
    try:
        async with asyncio.timeout(30):
            while True:
                told = json.loads(await socket.recv())
                if told["type"] == "error":
                    errors.append(told)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None, errors


SAID: list[tuple[str, str | bytes, str, str | None]] = [
    ("no JSON", "hello", "not_json", None),
    ("binary", b"\x00\xff\xfe", "not_json", None),
    ("nothing", "", "not_json", None),
    ("a list", "[]", "invalid", None),
    ("no type", "{}", "invalid", "type"),
    ("another version's words", '{"type":"subscribe_v2"}', "invalid", "type"),
    ("lists too deep", '{"x":' + "[" * 20_000 + "]" * 20_000 + ',"type":"subscribe"}', "not_json", None),
    ("a box of text", '{"type":"subscribe","bbox":["a",1,2,3]}', "invalid", "bbox[0]"),
    ("a box beyond the world", '{"type":"subscribe","bbox":[-181,0,1,1]}', "invalid", "bbox"),
    ("a box upside down", '{"type":"subscribe","bbox":[0,1,1,0]}', "invalid", "bbox"),
    ("an aircraft by name", '{"type":"subscribe","aircraft":["VH-1"]}', "invalid", "aircraft[0]"),
    ("an interval of years", '{"type":"subscribe","interval_ms":99999999999999999999}', "invalid", "interval_ms"),
    ("an id without end", json.dumps({"type": "subscribe", "id": "x" * 5_000}), "invalid", "id"),
    ("an end of nothing", '{"type":"unsubscribe","id":"nobody"}', "unknown_subscription", "id"),
    ("a second token", '{"type":"authenticate","token":"x"}', "authenticated", "type"),
]


async def test_nonsense_on_the_socket_is_answered_with_its_code_and_field(door: Door) -> None:
    for name, said, code, field in SAID:
        async with stranger(door) as socket:
            await socket.send(said)
            told = json.loads(await socket.recv())
            while told["type"] != "error":
                told = json.loads(await socket.recv())
            assert (told["code"], told["field"]) == (code, field), (name, told)
            assert told["detail"], name


async def test_a_thousand_subscriptions_end_the_connection(door: Door) -> None:
    async with stranger(door) as socket:
        for number in range(1_000):
            try:
                await socket.send(json.dumps({"type": "subscribe", "id": str(number)}))
            except ConnectionClosed:
                break
        code, errors = await closing(socket)
    assert code == 1008
    assert {one["code"] for one in errors} <= {"too_many"}


async def test_a_message_without_end_ends_the_connection(door: Door) -> None:
    async with stranger(door) as socket:
        with suppress(ConnectionClosed):
            await socket.send(json.dumps({"type": "subscribe", "id": "x" * (16 << 20)}))
        code, _ = await closing(socket)
    assert code in (1009, None)  # None: it was gone before all of the message was sent


@pytest.mark.parametrize("first", [None, "{}", '{"type":"authenticate"}', '{"type":"authenticate","token":"guess"}', b"\xff"])
async def test_without_the_token_the_door_closes_by_itself(door: Door, first: str | bytes | None) -> None:
    async with stranger(door, authenticated=False) as socket:
        if first is not None:
            await socket.send(first)
        code, _ = await closing(socket)
    assert code == 4401


async def test_viewers_that_vanish_are_not_missed_by_others(door: Door, stream: Stream) -> None:
    for _ in range(20):
        async with stranger(door) as socket:
            await socket.send('{"type":"subscribe","interval_ms":0}')
            socket.transport.abort()
    async with door.viewer() as viewer:
        await viewer.subscribe()
        await stream.samples(sample(7))
        told = await viewer.until("changes")
    assert [one["id"] for one in told["aircraft"]] == [str(aircraft(7))]
