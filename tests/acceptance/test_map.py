"""The map in a real Chromium on the whole running system: with WebGL and without, online and offline."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.acceptance.conftest import House
from tests.acceptance.test_page import _FLAGS, DIST, PATIENCE_MS, Dispatch, Kite

_NO_WEBGL = ("--disable-webgl", "--disable-webgl2", "--disable-3d-apis")
_LON, _LAT = 149.4, -35.3
_BREACH, _SELECTED = (168, 42, 0), (10, 91, 184)  # tokens.css, by day
# Where on the overlay a colour is, in CSS pixels of the page; null: nowhere. Of the middle part only, or of all.
_FIND = """
([red, green, blue, middle]) => {
  const canvas = document.querySelector('canvas.map-overlay');
  const box = canvas.getBoundingClientRect();
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const near = (x, y) => Math.abs(x - width / 2) < 40 && Math.abs(y - height / 2) < 40;
  for (let at = 0; at < data.length; at += 4) {
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    if (data[at + 3] < 60 || (middle && !near(x, y))) continue;
    const away = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
    if (away < 24) return [box.left + x * box.width / width, box.top + y * box.height / height];
  }
  return null;
}
"""


class Map(Dispatch):
    async def find(self, colour: tuple[int, int, int], middle: bool) -> tuple[float, float] | None:
        found: list[float] | None = await self.page.evaluate(_FIND, [*colour, middle])
        return None if found is None else (found[0], found[1])

    async def until_found(self, colour: tuple[int, int, int], middle: bool) -> tuple[float, float]:
        """Where a colour is on the map, as soon as it is."""
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while (found := await self.find(colour, middle)) is None:
                await self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return found

    async def middle(self) -> tuple[float, float]:
        box = await self.at("map").bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


Open = Callable[..., Awaitable[Map]]


@pytest.fixture
async def open_map(chromium: str) -> AsyncIterator[Open]:
    """Opens a house's page, its map ready; what it throws fails the test."""
    if not (DIST / "index.html").is_file():
        pytest.skip("left out: the page is not built (make setup builds it)")
    expect.set_options(timeout=PATIENCE_MS)
    errors: list[str] = []
    async with async_playwright() as playwright:

        async def opened(house: House, webgl: bool = True) -> Map:
            browser = await playwright.chromium.launch(executable_path=chromium, args=[*_FLAGS, *(() if webgl else _NO_WEBGL)])
            page: Page = await browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme="light")
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(house.page)
            found = Map(page)
            await expect(found.at("map")).to_have_attribute("data-ready", "true")
            return found

        yield opened
    assert errors == []


@asynccontextmanager
async def flying(house: House, found: Map, system_id: int, lon: float) -> AsyncIterator[tuple[Kite, str]]:
    """A kite, and its aircraft's id, as soon as the page lists it."""
    with Kite(house.settings.ingest.port, system_id, lon, _LAT).flying() as kite:
        row = found.page.locator('[data-testid^="fleet-row-"]').filter(has_text=f"System {system_id}")
        await expect(row).to_have_count(1)
        name = await row.get_attribute("data-testid")
        assert name is not None
        yield kite, name.removeprefix("fleet-row-")


@pytest.mark.parametrize("webgl", [True, False], ids=["with WebGL", "without WebGL"])
async def test_an_aircraft_is_seen_on_the_map_and_chosen_by_pressing_it(house: House, open_map: Open, webgl: bool) -> None:
    found = await open_map(house, webgl)
    await expect(found.at("map-notice")).to_have_count(0 if webgl else 1)
    if not webgl:
        await expect(found.at("map-notice")).to_contain_text("no WebGL")
    async with flying(house, found, 200, _LON) as (_, own):
        await found.row(own).click()  # chosen in the list: the map goes there
        await expect(found.row(own)).to_have_attribute("aria-expanded", "true")
        await found.until_found(_SELECTED, middle=True)
        await found.row(own).click()
        await expect(found.row(own)).to_have_attribute("aria-expanded", "false")
        await found.page.mouse.click(*await found.middle())
        await expect(found.row(own)).to_have_attribute("aria-expanded", "true")
        x, y = await found.middle()
        await found.page.mouse.click(x + 100, y - 100)  # beside it
        await expect(found.row(own)).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("webgl", [True, False], ids=["with WebGL", "without WebGL"])
async def test_a_breach_out_of_sight_has_a_marker_at_the_edge_that_leads_to_it(
    house: House, open_map: Open, webgl: bool
) -> None:
    found = await open_map(house, webgl)
    async with flying(house, found, 201, _LON) as (kite, breaching), flying(house, found, 202, _LON + 0.5) as (_, other):
        await found.row(other).click()
        await found.until_found(_SELECTED, middle=True)
        assert await found.find(_BREACH, middle=False) is None
        kite.height_m = 132.0
        await expect(found.card(breaching)).to_contain_text("BREACH")
        x, y = await found.until_found(_BREACH, middle=False)
        box = await found.at("map").bounding_box()
        assert box is not None
        assert x - box["x"] < 60, "it stands to the west, where the breach is"
        await found.page.mouse.click(x + 5, y + 5)
        await expect(found.row(breaching)).to_have_attribute("aria-expanded", "true")
        await found.until_found(_BREACH, middle=True)


async def test_the_plain_map_is_moved_by_keyboard(house: House, open_map: Open) -> None:
    found = await open_map(house, webgl=False)
    async with flying(house, found, 203, _LON) as (_, own):
        await found.row(own).click()
        await found.until_found(_SELECTED, middle=True)
        await found.page.get_by_role("region", name="Map of the aircraft and zones").focus()
        await found.page.keyboard.press("ArrowRight")
        await found.until_found(_SELECTED, middle=False)
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while await found.find(_SELECTED, middle=True) is not None:
                await found.page.evaluate("() => new Promise(requestAnimationFrame)")
        await found.page.keyboard.press("ArrowLeft")
        await found.until_found(_SELECTED, middle=True)


@contextmanager
def maps() -> Iterator[ThreadingHTTPServer]:
    """Somebody's online map: a style that is one colour."""

    class Style(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ground = {"id": "ground", "type": "background", "paint": {"background-color": "#ffffff"}}
            body = json.dumps({"version": 8, "sources": {}, "layers": [ground]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Style) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def online_map(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A map that the settings of the house name; asked for before the house."""
    with maps() as server:
        monkeypatch.setenv("WEDGETAIL_MAP__STYLE", f"http://127.0.0.1:{server.server_address[1]}/style.json")
        yield server


@pytest.fixture
def unreachable_map(monkeypatch: pytest.MonkeyPatch) -> None:
    with maps() as server:
        port = server.server_address[1]
    monkeypatch.setenv("WEDGETAIL_MAP__STYLE", f"http://127.0.0.1:{port}/style.json")


async def test_an_online_map_of_the_settings_takes_the_place_of_the_offline_one(
    online_map: ThreadingHTTPServer, house: House, open_map: Open
) -> None:
    found = await open_map(house)
    # MapLibre leaves the words of credits that it hides where they were.
    await expect(found.at("map")).not_to_contain_text("Natural Earth", use_inner_text=True)
    await expect(found.at("map-notice")).to_have_count(0)
    with house.door() as door:
        policy = door.get("health").headers["content-security-policy"]
    assert f"connect-src 'self' ws://127.0.0.1:* ws://localhost:* http://127.0.0.1:{online_map.server_address[1]};" in policy


async def test_an_online_map_that_cannot_be_reached_leaves_the_offline_one_and_a_notice(
    unreachable_map: None, house: House, open_map: Open
) -> None:
    found = await open_map(house)
    await expect(found.at("map-notice")).to_contain_text("cannot be used: no connection. The offline map is shown")
    await expect(found.at("map")).to_contain_text("Natural Earth")
