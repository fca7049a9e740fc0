"""axe finds nothing on the dispatcher's and the pilot's page in any of their states, by day and night, wide and narrow."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.acceptance.axe import faults
from tests.acceptance.test_connection import Place, browser, place
from tests.acceptance.test_page import PATIENCE_MS

__all__ = ["browser", "place"]  # fixtures of another module's

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Brings a page into its state; what must hold while it is looked at goes onto the stack.
State = Callable[[Page, Place, ExitStack], Awaitable[None]]


def _live(name: str, breach: bool) -> State:
    async def open_it(page: Page, place: Place, stack: ExitStack) -> None:
        place.kite.height_m = 132.0 if breach else 60.0
        await page.goto(place.addresses[name])
        await expect(page.locator('[data-live="true"]')).to_be_visible()
        if name == "dispatch":
            await expect(page.get_by_test_id(f"card-{place.own}")).to_have_count(1 if breach else 0)
            if page.viewport_size is not None and page.viewport_size["width"] > 900:
                await page.get_by_test_id(f"fleet-row-{place.own}").click()
        else:
            await expect(page.get_by_test_id("takeover")).to_have_count(1 if breach else 0)

    return open_it


def _lost(name: str) -> State:
    async def open_it(page: Page, place: Place, stack: ExitStack) -> None:
        await page.goto(place.addresses[name])
        await expect(page.locator('[data-live="true"]')).to_be_visible()
        stack.enter_context(place.line.held())
        await expect(page.get_by_test_id("banner-connection")).to_be_visible()

    return open_it


def _stopped(path: str, shows: str) -> State:
    """A page that does not start, because of its address."""

    async def open_it(page: Page, place: Place, stack: ExitStack) -> None:
        await page.goto(place.through(f"{place.house.url}/{path}"))
        await expect(page.get_by_test_id(shows)).to_be_visible()

    return open_it


def _outdated(name: str) -> State:
    async def open_it(page: Page, place: Place, stack: ExitStack) -> None:
        async def newer(socket: Any) -> None:
            server = socket.connect_to_server()
            server.on_message(lambda text: socket.send(text.replace('"protocol":1', '"protocol":2')))

        await page.route_web_socket("**/api/v1/live", newer)
        await page.goto(place.addresses[name])
        await expect(page.get_by_test_id("outdated")).to_be_visible()

    return open_it


STATES: dict[str, State] = {
    "dispatch": _live("dispatch", breach=False),
    "dispatch, breach": _live("dispatch", breach=True),
    "dispatch, lost": _lost("dispatch"),
    "dispatch, outdated": _outdated("dispatch"),
    "gate, no token": _stopped("", "gate"),
    "gate, wrong token": _stopped("#token=wrong", "gate"),
    "pilot": _live("pilot", breach=False),
    "pilot, breach": _live("pilot", breach=True),
    "pilot, lost": _lost("pilot"),
    "pilot, outdated": _outdated("pilot"),
    "pilot, no token": _stopped("pilot.html", "over"),
    "pilot, wrong token": _stopped("pilot.html#token=pilot.AA.AA", "over"),
}


@pytest.mark.parametrize("width", [400, 1440])
@pytest.mark.parametrize("state", STATES)
async def test_axe_finds_nothing(browser: Browser, place: Place, state: str, width: int) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    with ExitStack() as stack:
        await STATES[state](page, place, stack)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            if await page.locator("[data-live]").count() == 0:
                await page.reload()  # a page that has stopped looks no further than its beginning
            theme = "day" if scheme == "light" else "night"
            await expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert await faults(page) == [], theme
    await context.close()
