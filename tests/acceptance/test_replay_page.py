"""The safety officer's page in a real Chromium, on the whole running system with a real flight: an alert and its replay."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Request, async_playwright, expect

from core.units import to_us
from tests.acceptance.conftest import House
from tests.acceptance.test_flights import KEEP_IN, link_of, publish
from tests.acceptance.test_page import _FLAGS, DIST, PATIENCE_MS, Kite

AXE = Path(__file__).parents[2] / "dashboards" / "web" / "node_modules" / "axe-core" / "axe.min.js"


class Officer:
    """The replay page as a safety officer sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    async def loaded(self) -> None:
        await expect(self.at("remarks")).to_have_attribute("data-loaded", "true")
        await expect(self.at("chart-height")).to_have_attribute("data-drawn", "true")
        await expect(self.at("lane")).to_be_visible()

    async def cursor(self) -> datetime:
        """Where it is now."""
        said = await self.at("replay").get_attribute("data-at")
        return datetime.fromtimestamp(int(said or 0) / 1_000, UTC)

    async def stands_at(self, when: datetime) -> None:
        """To the millisecond: that is how a page counts."""
        await expect(self.at("replay")).to_have_attribute("data-at", str(to_us(when) // 1_000))

    async def address_says(self, name: str, value: re.Pattern[str]) -> None:
        """Now, or as soon as it is written down."""
        await expect(self.page).to_have_url(re.compile(rf"[?&]{name}={value.pattern}"))

    async def faults(self) -> list[Any]:
        """What axe finds."""
        await self.page.evaluate(AXE.read_text())
        found: list[Any] = await self.page.evaluate(
            "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes.map((node) => node.html)]))"
        )
        return found


@pytest.fixture
async def context(house: House, chromium: str) -> AsyncIterator[BrowserContext]:
    """A browser. Whatever its pages ask of another host, or throw, fails the test."""
    if not (DIST / "replay.html").is_file():
        pytest.skip("left out: the page is not built (make setup builds it)")
    expect.set_options(timeout=PATIENCE_MS)
    strangers: list[str] = []
    errors: list[str] = []

    def asked(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("blob", "data") and address.netloc != urlsplit(house.url).netloc:
            strangers.append(request.url)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", asked)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context
        await browser.close()
    assert strangers == []
    assert errors == []


async def opened(context: BrowserContext, house: House, query: str) -> Officer:
    """The page at an address, in a tab that has the token."""
    page = await context.new_page()
    await page.goto(f"{house.url}/replay{query}#token={house.settings.api.token}")
    officer = Officer(page)
    await officer.loaded()
    return officer


async def test_a_flight_is_replayed_stepped_through_jumped_in_and_opened_again_by_its_address(
    house: House, context: BrowserContext, shared_data: Path
) -> None:
    copter = shared_data / "logs" / "copter-canberra.tlog"
    publish(house, KEEP_IN)
    await asyncio.to_thread(house.command, "import", str(copter))
    with house.door() as door:
        flown = door.get("replay/aircraft").json()["aircraft"]
        [one] = [each for each in flown if each["link"] == link_of(copter)]
        own = one["id"]
        query = {"aircraft_id": own, "from": one["first"], "to": "2015-07-05T00:45:00Z"}
        alerts = door.get("replay", params=query).json()["alerts"]

    page = await context.new_page()
    officer = Officer(page)
    await page.goto(f"{house.url}/replay#token={house.settings.api.token}")
    await expect(officer.at("choose")).to_contain_text("IMPORTED")
    assert await officer.faults() == []
    await officer.at(f"choice-{own}").check()
    await officer.at("open").click()
    await officer.loaded()
    assert "token" not in page.url and own in page.url
    await expect(officer.at("remarks")).to_contain_text("2,842 samples, every one drawn")
    await expect(officer.at("lane")).to_have_attribute("data-alerts", str(len(alerts)))
    await expect(officer.at("map")).to_have_attribute("data-zones", "1")
    assert await officer.faults() == []

    # By keyboard: to the first alert, a second on, ten back, play and pause.
    first = datetime.fromisoformat(alerts[0]["alert"]["start"])
    await page.keyboard.press("Home")
    await page.keyboard.press("]")
    await officer.stands_at(first)
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowLeft")
    await officer.stands_at(first - timedelta(seconds=9))
    await officer.at("speed").select_option("16")
    await page.keyboard.press("Tab")  # out of the list, whose keys are its own
    await officer.at("replay").click(position={"x": 5, "y": 5})
    await page.keyboard.press(" ")
    await expect(officer.at("replay")).to_have_attribute("data-playing", "true")
    await expect(officer.at(f"alert-{alerts[0]['alert']['id']}")).to_have_attribute("aria-current", "time")
    await page.keyboard.press(" ")
    await expect(officer.at("replay")).to_have_attribute("data-playing", "false")
    assert await officer.cursor() > first

    # By pointer: an alert of the list, a step, another datum, a part of the time.
    last = alerts[-1]["alert"]
    await officer.at(f"alert-{last['id']}").click()
    await officer.stands_at(datetime.fromisoformat(last["start"]))
    await officer.at("step-back").click()
    await expect(officer.at(f"value-battery-{own}")).to_contain_text("%")
    await officer.at("height-datum").select_option("amsl")
    await expect(officer.at(f"value-height-{own}")).to_contain_text("AMSL")
    await officer.at("zoom-in").click()
    await officer.address_says("shown", re.compile("2015"))

    # What the address says opens the same again, elsewhere.
    at = await officer.cursor()
    await officer.address_says("at", re.compile(re.escape(at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))))
    copy = await opened(context, house, "?" + urlsplit(page.url).query)
    await copy.stands_at(at)
    await expect(copy.at("speed")).to_have_value("16")
    await expect(copy.at("height-datum")).to_have_value("amsl")
    await expect(copy.at("zoom-out")).to_be_enabled()

    # What is shown, as a file.
    async with page.expect_download() as download:
        await officer.at("export").click()
    assert "event_time_utc" in (await (await download.value).path()).read_text().splitlines()[0]


async def test_an_alert_on_the_dispatchers_page_opens_its_replay_paused_30_s_before_with_its_gap(
    house: House, context: BrowserContext
) -> None:
    dispatch = await context.new_page()
    await dispatch.goto(house.page)
    with house.door() as door, Kite(house.settings.ingest.port, 210, 149.4, -35.3).flying() as kite:
        card = dispatch.locator('[data-testid^="card-"]').filter(has_text="System 210")
        await expect(dispatch.get_by_test_id("fleet")).to_contain_text("System 210")
        # Silent for seven seconds in the air: a gap, and an alert that it ends.
        kite.silent.set()
        await expect(card).to_contain_text("LOST LINK")
        kite.silent.clear()
        kite.height_m = 132.0
        await expect(card).to_contain_text("BREACH")
        await expect(card).to_contain_text("12 m above the 120 m limit")
        alert = next(one for one in door.get("alerts").json()["alerts"] if one["rule"] == "AU-101.085-HEIGHT")
        await house_has(house, "SELECT 1 FROM link_gap")
        await house_has(house, "SELECT 1 FROM alert_event WHERE rule = 'AU-101.085-HEIGHT'")
        async with context.expect_page() as popup:
            await card.focus()
            await dispatch.keyboard.press("r")
        officer = Officer(await popup.value)
        await officer.loaded()
    start = datetime.fromisoformat(alert["start"])
    assert (await officer.cursor()).timestamp() == pytest.approx(start.timestamp() - 30, abs=0.001)
    await expect(officer.at("replay")).to_have_attribute("data-playing", "false")
    await expect(officer.at("lane")).to_have_attribute("data-gaps", "1")
    await expect(officer.at("gaps")).to_contain_text("1 telemetry gap")
    query = parse_qs(urlsplit(officer.page.url).query)
    assert query["aircraft"] == [alert["aircraft_id"]] and "token" not in officer.page.url
    assert await officer.faults() == []


async def house_has(house: House, query: str) -> None:
    """Waits until the recorder has written what is asked for."""
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while True:
            with house.database() as database:
                if database.execute(query.encode()).fetchone() is not None:
                    return
            await asyncio.sleep(0.1)  # another process's progress: there is nothing to await but it
