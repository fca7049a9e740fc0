"""The pilot's page on a phone, in a real Chromium on the whole running system: from dispatch's code to "I SEE IT"."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.acceptance.axe import faults
from tests.acceptance.test_page import PATIENCE_MS, Dispatch, House, Kite, dispatch, pid_of, stopped

__all__ = ["dispatch"]  # a fixture of the other page's

PHONE = {"width": 390, "height": 844}
SYSTEM_ID = 210
_KEPT = "async () => (await (await caches.open('wedgetail-files')).keys()).map(one => one.url)"
# Where a person wants to look at what a test saw: SCREENSHOTS=folder
_PICTURES = os.environ.get("SCREENSHOTS")


class Pilot:
    """The page as a pilot sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.at = page.get_by_test_id

    async def faults(self) -> list[str]:
        return await faults(self.page)

    async def picture(self, name: str) -> None:
        if _PICTURES:
            for scheme in ("light", "dark"):
                await self.page.emulate_media(color_scheme=scheme)
                await self.page.screenshot(path=Path(_PICTURES) / f"pilot-{name}-{'day' if scheme == 'light' else 'night'}.png")
            await self.page.emulate_media(color_scheme="light")


@pytest.fixture
async def browser(dispatch: Dispatch) -> Browser:
    browser = dispatch.page.context.browser
    assert browser is not None
    return browser


@pytest.fixture
async def pilot(browser: Browser) -> AsyncIterator[Pilot]:
    """A phone. What it throws fails the test."""
    errors: list[str] = []
    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="light")  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Pilot(page)
    await context.close()
    assert errors == []


async def link_by(dispatch: Dispatch, aircraft_id: str, name: str) -> str:
    """Made on dispatch's page, its code on the screen."""
    await dispatch.row(aircraft_id).click()
    await dispatch.at("pilot-name").fill(name)
    await dispatch.at("pilot-make").click()
    await expect(dispatch.at("pilot-code")).to_be_visible()
    address = await dispatch.at("pilot-copy").get_attribute("data-url")
    assert address is not None
    return address


async def test_from_the_code_to_i_see_it(house: House, dispatch: Dispatch, pilot: Pilot) -> None:
    with house.door() as door, Kite(house.settings.ingest.port, SYSTEM_ID, 149.4, -35.3).flying() as kite:
        await expect(dispatch.rows).to_have_count(1)
        own = door.get("aircraft").json()["aircraft"][0]["id"]
        square = [[149.402, -35.31], [149.412, -35.31], [149.412, -35.2], [149.402, -35.2], [149.402, -35.31]]
        zone = {
            "geometry": {"type": "Polygon", "coordinates": [square]},
            "properties": {"name": "Rifle range", "kind": "keep_out"},
        }
        assert door.post("zones", json={"type": "Feature"} | zone).status_code == 201

        address = await link_by(dispatch, own, "Kim")
        await expect(dispatch.at("pilot-link")).to_contain_text("Kim until")
        if _PICTURES:
            await dispatch.page.screenshot(path=Path(_PICTURES) / "pilot-link.png")
        await pilot.page.goto(address)
        await expect(pilot.at("pilot")).to_have_attribute("data-live", "true")
        assert "token" not in pilot.page.url
        await expect(pilot.at("height")).to_contain_text("60")
        await expect(pilot.at("height")).to_contain_text("m AGL")
        await expect(pilot.at("limit")).to_contain_text("limit 120 m AGL")
        await expect(pilot.at("boundary")).to_contain_text("Rifle range")
        await expect(pilot.at("pointer")).to_contain_text("90° true")
        await expect(pilot.at("level")).to_have_attribute("data-level", "clear")

        for name in ("sound", "vibration", "awake"):
            await expect(pilot.at(f"ready-{name}")).to_have_text("OFF")
        await expect(pilot.page.get_by_text("Keep this page open: a locked phone will not alert you.")).to_be_visible()
        assert await pilot.faults() == []
        await pilot.picture("clear")
        await pilot.at("arm").click()
        for name in ("sound", "vibration", "awake"):
            await expect(pilot.at(f"ready-{name}")).to_have_text(re.compile("^(ON|NOT AVAILABLE HERE)$"))

        kite.height_m = 132.0
        await expect(pilot.at("takeover")).to_contain_text("12 m above the 120 m limit")
        await expect(pilot.at("way")).to_have_text("DESCEND 12 m")
        assert await pilot.faults() == []
        await pilot.picture("breach")
        await pilot.at("see").click()
        await expect(pilot.at("takeover")).to_have_count(0)
        await expect(pilot.at("standing")).to_contain_text("pilot saw")
        await pilot.picture("seen")
        alert = next(one for one in door.get("alerts").json()["alerts"] if one["aircraft_id"] == own)
        assert (alert["state"], alert["pilot_saw"]["station"], alert["acknowledged"]) == ("unacknowledged", "Kim", None)
        await expect(dispatch.at(f"pilot-saw-{alert['id']}")).to_contain_text("pilot Kim saw")

        kept = await pilot.page.evaluate(
            "async () => (await (await caches.open('wedgetail-files')).keys()).map(one => one.url)"
        )
        assert all("/assets/" in one for one in kept)
        kite.height_m = 60.0
        await expect(pilot.at("standing")).to_have_count(0)


async def test_a_cut_connection_is_said_before_anything_else_and_a_link_that_ended_stops_the_page(
    house: House, dispatch: Dispatch, pilot: Pilot
) -> None:
    with house.door() as door, Kite(house.settings.ingest.port, SYSTEM_ID, 149.4, -35.3).flying():
        await expect(dispatch.rows).to_have_count(1)
        own = door.get("aircraft").json()["aircraft"][0]["id"]
        await pilot.page.goto(await link_by(dispatch, own, "Lee"))
        await expect(pilot.at("pilot")).to_have_attribute("data-live", "true")
        with stopped(pid_of(house, "api")):
            await expect(pilot.at("banner-connection")).to_contain_text("CONNECTION LOST", timeout=15_000)
            await expect(pilot.at("pilot")).to_have_attribute("data-live", "false")
            top = await pilot.at("banner-connection").bounding_box()
            assert top is not None and top["y"] == 0
            await pilot.picture("lost")
        await expect(pilot.at("pilot")).to_have_attribute("data-live", "true")
        await expect(pilot.at("banner-connection")).to_have_count(0)
        await dispatch.at("pilot-end").click()
        await expect(pilot.at("over")).to_contain_text("Ask dispatch for a link")


async def test_another_protocol_stops_the_page_with_reload(house: House, dispatch: Dispatch, pilot: Pilot) -> None:
    with house.door() as door, Kite(house.settings.ingest.port, SYSTEM_ID, 149.4, -35.3).flying():
        await expect(dispatch.rows).to_have_count(1)
        own = door.get("aircraft").json()["aircraft"][0]["id"]
        address = await link_by(dispatch, own, "Kim")

        async def newer(socket: Any) -> None:
            server = socket.connect_to_server()
            server.on_message(lambda text: socket.send(text.replace('"protocol":1', '"protocol":2')))

        await pilot.page.route_web_socket("**/api/v1/live", newer)
        await pilot.page.goto(address)
        await expect(pilot.at("outdated")).to_contain_text("RELOAD")


async def test_without_its_token_the_page_sends_to_dispatch(house: House, dispatch: Dispatch, pilot: Pilot) -> None:
    await pilot.page.goto(f"{house.url}/pilot.html")
    await expect(pilot.at("over")).to_contain_text("lacks its token")
    await pilot.page.goto(f"{house.url}/pilot.html#token=pilot.AA.AA")
    await expect(pilot.at("over")).to_contain_text("Ask dispatch for a link")
    assert await pilot.faults() == []
