"""A pilot's link on a real door: what it opens, what it does not, and when it is over."""

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.pilot_links import PilotLinks, key_of
from api.pilot_token import PilotLink
from core.errors import SettingError
from core.settings import Api, Settings
from tests.integration.api.hand import OPERATOR, Door, Stream, Viewer, aircraft, event, eventually, opened, sample
from tests.integration.api.test_acknowledge import acknowledge, store_event
from tests.integration.api.test_world import feature
from wedgetail.local.kafka import free_port

OWN, OTHER = 1, 2


async def link_of(door: Door, system_id: int = OWN, hours: float = 1.0, name: str = "Kim") -> dict[str, Any]:
    """Made as dispatch makes it, once the door has heard of the aircraft."""
    body = {"aircraft_id": str(aircraft(system_id)), "name": name, "hours": hours}

    async def made() -> httpx.Response | None:
        answer = await door.http.post("/api/v1/pilot-links", json=body)
        return None if answer.status_code == 404 else answer

    answer: httpx.Response = await eventually(made)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def token_of(link: dict[str, Any]) -> str:
    address = urlsplit(link["url"])
    assert address.query == ""
    return address.fragment.removeprefix("token=")


def client_of(door: Door, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=door.http.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


@asynccontextmanager
async def watching(door: Door, token: str) -> AsyncIterator[Viewer]:
    async with connect(f"ws://127.0.0.1:{door.settings.api.port}/api/v1/live") as connection:
        viewer = Viewer(connection)
        await viewer.say(type="authenticate", token=token)
        yield viewer


async def until_closed(viewer: Viewer) -> tuple[int, str]:
    try:
        while True:
            await viewer.hear()
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return closed.rcvd.code, closed.rcvd.reason


@pytest.fixture
async def flown(door: Door, stream: Stream) -> Door:
    await stream.samples(sample(OWN), sample(OTHER))
    await stream.judged()
    return door


OPENED = {
    ("get", "/api/v1/pilot"): 200,
    ("get", "/api/v1/pilot/zones"): 200,
    ("post", "/api/v1/pilot/alerts/{alert_id}/saw"): 422,
}
FOR_EVERYBODY = {("get", "/api/v1/health"): 200, ("get", "/api/v1/ready"): 200}


async def test_a_pilots_token_opens_what_was_made_for_it_and_nothing_else(flown: Door) -> None:
    paths = (await flown.http.get("/api/v1/openapi.json")).json()["paths"]
    routes = [(method, path) for path, operations in paths.items() for method in operations]
    assert {*OPENED, *FOR_EVERYBODY} < {*routes}
    async with client_of(flown, token_of(await link_of(flown))) as pilot:
        for method, path in routes:
            names = ("aircraft_id", "alert_id", "zone_id", "fact_id", "link_id")
            known = {"{aircraft_id}": str(aircraft(OWN)), "{alert_id}": str(event(OWN).alert_id)}
            address = path
            for name in names:
                address = address.replace(f"{{{name}}}", known.get(f"{{{name}}}", str(uuid4())))
            answer = await pilot.request(method.upper(), address, json=None if method == "get" else {})
            expected = {**OPENED, **FOR_EVERYBODY}.get((method, path), 403)
            assert answer.status_code == expected, (method, path, answer.text)


@pytest.mark.parametrize("token", ["guess", "pilot.AA.AA", "a-token-for-tests"])
async def test_the_pilots_routes_open_to_no_other_token(flown: Door, token: str) -> None:
    async with client_of(flown, token) as stranger:
        answer = await stranger.get("/api/v1/pilot")
    assert answer.status_code == (403 if token == flown.settings.api.token else 401)


async def test_a_pilot_sees_one_aircraft_its_alerts_and_what_is_around_it(flown: Door, stream: Stream) -> None:
    square = [[149.101, -35.2995], [149.102, -35.2995], [149.102, -35.3005], [149.101, -35.3005], [149.101, -35.2995]]
    range_ = feature(name="Range", kind="keep_out") | {"geometry": {"type": "Polygon", "coordinates": [square]}}
    assert (await flown.http.post("/api/v1/zones", json=range_)).status_code == 201
    elsewhere = feature(name="Elsewhere") | {"geometry": {"type": "Point", "coordinates": [10.0, 50.0]}}
    elsewhere["properties"] |= {"radius_m": 100}
    assert (await flown.http.post("/api/v1/zones", json=elsewhere)).status_code == 201
    await stream.alert(event(OWN))
    await stream.alert(event(OTHER))
    async with client_of(flown, token_of(await link_of(flown))) as pilot:

        async def alerts() -> list[Any]:
            told: list[Any] = (await pilot.get("/api/v1/pilot")).json()["alerts"]
            return told

        assert [one["aircraft_id"] for one in await eventually(alerts)] == [str(aircraft(OWN))]
        told = (await pilot.get("/api/v1/pilot")).json()
        zones = (await pilot.get("/api/v1/pilot/zones")).json()["features"]
    assert (told["name"], told["aircraft"]["id"]) == ("Kim", str(aircraft(OWN)))
    near = told["around"]["boundary"]
    assert (near["zone_name"], near["inside"], near["seconds"]) == ("Range", False, None)
    assert near["distance_m"] == pytest.approx(91.1, abs=0.3)
    assert near["bearing_deg"] == pytest.approx(90.0, abs=0.1)
    assert told["around"]["limit"] == {"m": 120.0, "datum": "AGL", "by": "AU-101.085-HEIGHT"}
    assert [one["properties"]["name"] for one in zones] == ["Range"]


async def test_live_a_pilot_sees_one_aircraft_whatever_it_asks_for(flown: Door, stream: Stream) -> None:
    async with watching(flown, token_of(await link_of(flown))) as viewer:
        hello = await viewer.hear()
        assert (hello["type"], hello["protocol"], hello["pilot"]["name"]) == ("hello", 1, "Kim")
        assert hello["pilot"]["aircraft_id"] == str(aircraft(OWN))
        snapshot = await viewer.subscribe()
        assert [one["id"] for one in snapshot["aircraft"]] == [str(aircraft(OWN))]
        around = (await viewer.until("around"))["around"]
        assert (around["problem"], around["boundary"]) == (None, None)
        for asked in ([str(aircraft(OTHER))], [str(aircraft(OWN)), str(aircraft(OTHER))], []):
            await viewer.say(type="subscribe", id="more", aircraft=asked)
            assert (await viewer.until("error"))["code"] == "forbidden"
        await stream.alert(event(OTHER))
        await stream.samples(sample(OTHER))
        await stream.alert(event(OWN))
        seen: set[str] = set()
        while True:
            told = await viewer.hear()
            seen |= {one["id"] for one in told.get("aircraft", [])}
            if told["type"] == "alert":
                assert told["alert"]["aircraft_id"] == str(aircraft(OWN))
                break
        assert seen <= {str(aircraft(OWN))}


async def test_what_the_pilot_saw_is_recorded_and_acknowledges_nothing(flown: Door, stream: Stream) -> None:
    await stream.alert(event(OWN))
    store_event(flown.settings.database.url, event(OWN))
    store_event(flown.settings.database.url, event(OTHER))
    alert_id, request_id = event(OWN).alert_id, str(uuid4())
    async with client_of(flown, token_of(await link_of(flown))) as pilot, flown.viewer() as dispatch:
        await dispatch.subscribe()

        async def saw(alert: UUID, **body: Any) -> httpx.Response:
            return await pilot.post(f"/api/v1/pilot/alerts/{alert}/saw", json={"request_id": request_id, "n": 1} | body)

        first = await saw(alert_id)
        assert first.status_code == 200
        assert first.json()["station"] == "Kim"
        assert (await saw(alert_id)).text == first.text
        pushed = (await dispatch.until("alert", lambda told: told["alert"]["pilot_saw"] is not None))["alert"]
        assert (pushed["state"], pushed["acknowledged"], pushed["pilot_saw"]["station"]) == ("unacknowledged", None, "Kim")
        assert (await saw(event(OTHER).alert_id)).status_code == 404
        assert (await saw(alert_id, request_id=str(uuid4()), n=2)).status_code == 422
        assert (await saw(alert_id, station="north")).json()["field"] == "station"
        assert (await acknowledge(flown, alert_id, 1)).status_code == 200
        assert (await saw(alert_id, request_id=str(uuid4()))).status_code == 200
    history = (await flown.http.get(f"/api/v1/alerts/{alert_id}")).json()
    assert [one["action"] for one in history["handling"]] == ["pilot_saw", "acknowledged", "pilot_saw"]


async def test_a_door_that_opens_again_knows_what_the_pilot_saw_and_its_links(flown: Door, stream: Stream) -> None:
    await stream.alert(event(OWN))
    store_event(flown.settings.database.url, event(OWN))
    link = await link_of(flown)
    async with client_of(flown, token_of(link)) as pilot:
        body = {"request_id": str(uuid4()), "n": 1}
        assert (await pilot.post(f"/api/v1/pilot/alerts/{event(OWN).alert_id}/saw", json=body)).status_code == 200
    port = free_port()
    again = flown.settings.model_copy(update={"api": flown.settings.api.model_copy(update={"port": port})})
    async with opened(again) as other, client_of(other, token_of(link)) as pilot:

        async def view() -> dict[str, Any] | None:
            answer = await pilot.get("/api/v1/pilot")
            return answer.json() if answer.status_code == 200 else None

        told = await eventually(view)
    assert told["alerts"][0]["pilot_saw"]["station"] == "Kim"


async def test_a_link_ends_when_dispatch_says_so_for_who_looks_through_it_too(flown: Door) -> None:
    link, other = await link_of(flown), await link_of(flown, name="Lee")
    listed = (await flown.http.get("/api/v1/pilot-links", params={"aircraft_id": str(aircraft(OWN))})).json()["links"]
    assert listed == [link, other]
    async with watching(flown, token_of(link)) as viewer, client_of(flown, token_of(link)) as pilot:
        await viewer.subscribe()
        assert (await flown.http.delete(f"/api/v1/pilot-links/{link['link_id']}")).json()["ended"] is True
        refused = await pilot.get("/api/v1/pilot")
        assert (refused.status_code, refused.json()["type"]) == (401, "urn:wedgetail:link-over")
        assert (await until_closed(viewer))[0] == 4401
    async with watching(flown, token_of(link)) as viewer:
        assert await until_closed(viewer) == (4401, "This pilot link was ended by dispatch: ask dispatch for a new one.")
    async with client_of(flown, token_of(other)) as pilot:
        assert (await pilot.get("/api/v1/pilot")).status_code == 200
    assert (await flown.http.get("/api/v1/pilot-links")).json()["links"] == [other]
    assert (await flown.http.delete(f"/api/v1/pilot-links/{uuid4()}")).status_code == 404


async def test_a_link_expires_by_itself_for_who_looks_through_it_too(flown: Door) -> None:
    link = await link_of(flown, hours=2 / 3600)
    async with watching(flown, token_of(link)) as viewer, client_of(flown, token_of(link)) as pilot:
        code, _ = await until_closed(viewer)
        assert code == 4401
        refused = await pilot.get("/api/v1/pilot")
    assert (refused.status_code, "expired at" in refused.json()["detail"]) == (401, True)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"aircraft_id": str(uuid4())}, 404, None),
        ({"aircraft_id": "VH-1"}, 422, "aircraft_id"),
        ({"name": ""}, 422, "name"),
        ({"name": "\u0000"}, 422, "name"),
        ({"name": "  "}, 422, "name"),
        ({"name": "x" * 41}, 422, "name"),
        ({"hours": 0}, 422, "hours"),
        ({"hours": 24.1}, 422, "hours"),
        ({"hours": "4"}, 422, "hours"),
        ({"token": "mine"}, 422, "token"),
    ],
)
async def test_a_wrong_wish_for_a_link_names_its_field(
    flown: Door, change: dict[str, Any], status: int, field: str | None
) -> None:
    await link_of(flown)
    body = {"aircraft_id": str(aircraft(OWN)), "name": "Kim", "hours": 1} | change
    answer = await flown.http.post("/api/v1/pilot-links", json=body)
    assert (answer.status_code, answer.json().get("field")) == (status, field)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of this test's own, for 127.0.0.1."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("left out: no openssl on this machine")
    return certificate, key


async def test_other_machines_are_answered_over_tls_and_this_one_as_before(
    prepared: Settings, stream: Stream, certificate: tuple[Path, Path]
) -> None:
    port = free_port()
    given = prepared.api.model_dump() | {"listen": f"0.0.0.0:{port}", "tls_cert": certificate[0], "tls_key": certificate[1]}
    settings = prepared.model_copy(update={"api": Api.model_validate(given)})
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    address = f"https://127.0.0.1:{port}"
    token = {"Authorization": f"Bearer {settings.api.token}"}
    await stream.samples(sample(OWN))
    async with opened(settings) as door, httpx.AsyncClient(base_url=address, headers=token, verify=trusted) as secure:
        body = {"aircraft_id": str(aircraft(OWN)), "name": "Kim", "hours": 1}
        assert (await door.http.post("/api/v1/pilot-links", json=body)).json()["type"] == "urn:wedgetail:no-address"
        link = (await secure.post("/api/v1/pilot-links", json=body)).json()
        assert link["url"].startswith(f"{address}/pilot.html#token=pilot.")
        assert (await secure.get("/api/v1/pilot", headers={"Host": "evil.example"})).status_code == 403
        headers = {"Authorization": f"Bearer {token_of(link)}", "Origin": address}
        assert (await secure.get("/api/v1/pilot", headers=headers)).status_code == 200
        async with connect(f"wss://127.0.0.1:{port}/api/v1/live", ssl=trusted) as connection:
            await connection.send(json.dumps({"type": "authenticate", "token": token_of(link)}))
            assert json.loads(await connection.recv())["type"] == "hello"
        with pytest.raises(httpx.TransportError):
            async with httpx.AsyncClient() as plain:
                await plain.get(f"http://127.0.0.1:{port}/api/v1/health")


async def test_what_is_no_certificate_is_refused_before_anything_opens(prepared: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("not a certificate")
    for certificate, words in ((wrong, "no PEM certificate"), (tmp_path / "none.pem", "cannot be read")):
        api = Api.model_validate(
            prepared.api.model_dump() | {"listen": "127.0.0.1", "tls_cert": certificate, "tls_key": certificate}
        )
        with pytest.raises(SettingError, match=words):
            async with asyncio.timeout(30), opened(prepared.model_copy(update={"api": api})):
                pass


async def test_a_token_of_another_operator_or_another_installation_opens_nothing(flown: Door) -> None:
    own = PilotLink(uuid4(), aircraft(OWN), "Kim", 2_000_000_000_000_000)
    key = key_of(flown.settings.data_dir)
    for operator, by, status in ((OPERATOR, key, 200), (uuid4(), key, 401), (OPERATOR, b"x" * 32, 401)):
        async with client_of(flown, PilotLinks(operator, by).token(own)) as pilot:
            assert (await pilot.get("/api/v1/pilot")).status_code == status
    assert (flown.settings.data_dir / "pilot-links.key").stat().st_mode & 0o777 == 0o600
