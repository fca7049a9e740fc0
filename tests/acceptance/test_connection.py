"""The line between a page and the door at its worst, for both pages at once: a real Chromium, a real door, real streams.

Each test ends with both pages live again on the same running system.
"""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from websockets.frames import Opcode

from tests.acceptance.line import Line, laid
from tests.acceptance.test_page import _FLAGS, DIST, PATIENCE_MS, House, Kite, stopped

pytestmark = pytest.mark.asyncio(loop_scope="module")

SYSTEM_ID = 220
FLOWN = 4  # aircraft, so that the dispatcher's frames are larger than the pilot's
SILENCE_S = 3.0
LATE_S = 4.0  # a loaded machine
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 5.0


class Window:
    """One of the pages, as far as the connection goes. root: the test id of what says data-live; greyed: what greys."""

    def __init__(self, name: str, page: Page, root: str, greyed: str) -> None:
        self.name, self.page, self.root, self.greyed = name, page, root, greyed
        self.at = page.get_by_test_id
        self.own = ""  # the id of the aircraft that both pages show

    async def is_live(self, live: bool = True, within_s: float = PATIENCE_MS / 1000) -> None:
        await expect(self.at(self.root)).to_have_attribute("data-live", str(live).lower(), timeout=within_s * 1000)
        banner = self.at("banner-connection")
        if live:
            await expect(banner).to_have_count(0)
        else:
            await expect(banner).to_contain_text("CONNECTION LOST")

    async def is_grey(self) -> bool:
        style: str = await self.page.locator(self.greyed).evaluate("found => getComputedStyle(found).filter")
        return "grayscale(1)" in style

    async def link_age_s(self) -> float:
        if self.name == "dispatch":
            return float(await self.at("age-link").get_attribute("data-seconds") or "inf")
        return _seconds(await self.at("link").inner_text())

    async def positions_age_s(self) -> float:
        if self.name == "dispatch":
            return float(await self.at("age-positions").get_attribute("data-seconds") or "inf")
        return _seconds(await self.at("age").inner_text())

    async def height_m(self) -> int:
        place: Locator = self.at("height") if self.name == "pilot" else self.at(f"fleet-row-{self.own}")
        found = re.search(r"(\d+)\s*m\s+AGL", await place.inner_text())
        assert found is not None
        return int(found[1])

    async def shows(self, height_m: float) -> None:
        await _until(self._is_at(height_m))

    def _is_at(self, height_m: float) -> Any:
        async def looks() -> bool:
            return await self.height_m() == height_m

        return looks

    async def says_alert(self, stands: bool) -> None:
        """Whether the alert of the aircraft is on the page."""
        if self.name == "dispatch":
            await expect(self.at(f"card-{self.own}")).to_have_count(1 if stands else 0)
        else:
            shown = self.page.locator('[data-testid="takeover"], [data-testid="standing"]')
            await expect(shown).to_have_count(1 if stands else 0)


def _seconds(said: str) -> float:
    """Of an age such as "0.4 s ago" or "1:05 ago"."""
    found = re.search(r"(?:(\d+):)?([\d.]+)", said)
    assert found is not None, said
    return int(found[1] or 0) * 60 + float(found[2])


async def _until(holds: Any) -> None:
    """What a page shows after a while; it changes with time itself, so there is no event to wait for."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await holds():
            await asyncio.sleep(0.05)


class Place:
    """Where all this happens: the system, the line to its door, and an aircraft in each page's view."""

    def __init__(self, house: House, line: Line, kite: Kite) -> None:
        self.house, self.line, self.kite = house, line, kite
        with house.door() as door:
            fleet = _fleet(door)
            self.own: str = next(one["id"] for one in fleet if one["system_id"] == SYSTEM_ID)
            link = door.post("pilot-links", json={"aircraft_id": self.own, "name": "Kim", "hours": 1}).json()
        self.addresses = {"dispatch": self.through(house.page), "pilot": self.through(link["url"])}

    def through(self, address: str) -> str:
        """The same address, by way of the line."""
        return urlunsplit(urlsplit(address)._replace(netloc=f"127.0.0.1:{self.line.port}"))

    def tries(self, window: Window) -> list[float]:
        return self.line.tried[window.name]


def _fleet(door: Any) -> list[dict[str, Any]]:
    end = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < end:
        fleet: list[dict[str, Any]] = door.get("aircraft").json()["aircraft"]
        if len(fleet) == FLOWN:
            return fleet
        time.sleep(0.1)  # REST tells no news
    raise AssertionError("the aircraft did not appear")


@pytest.fixture(scope="module")
def place(house_of_module: House) -> Iterator[Place]:
    port = house_of_module.settings.ingest.port
    with contextlib.ExitStack() as stack:
        kites = [stack.enter_context(Kite(port, SYSTEM_ID + at, 149.4 + at / 100, -35.3).flying()) for at in range(FLOWN)]
        line = stack.enter_context(laid(house_of_module.settings.api.port))
        yield Place(house_of_module, line, kites[0])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    if not (DIST / "index.html").is_file():
        pytest.skip("left out: the page is not built (make setup builds it)")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def opened(browser: Browser, place: Place, clock_off_s: float | None = None) -> AsyncIterator[list[Window]]:
    """Both pages, live, and afterwards live again. clock_off_s: how wrong their computer's clock is. What they throw fails."""
    place.kite.height_m = 60.0
    errors: list[str] = []
    windows = []
    for name, root, greyed in (("dispatch", "page", ".panes"), ("pilot", "pilot", "main")):
        context = await browser.new_context(user_agent=name, viewport={"width": 1024, "height": 720})
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if clock_off_s is not None:
            await page.clock.install(time=datetime.now(UTC) + timedelta(seconds=clock_off_s))
        await page.goto(place.addresses[name])
        windows.append(Window(name, page, root, greyed))
        windows[-1].own = place.own
    try:
        for window in windows:
            await window.is_live()
            await window.shows(60)
        yield windows
        for window in windows:
            await window.is_live()
            assert not await window.is_grey()
        assert errors == []
    finally:
        for window in windows:
            await window.page.context.close()


async def test_cut_and_back_the_pages_come_slower_each_time_and_the_new_snapshot_replaces_everything(
    browser: Browser, place: Place
) -> None:
    async with opened(browser, place) as windows:
        place.kite.height_m = 132.0
        for window in windows:
            await window.says_alert(True)
        cut_at = time.monotonic()
        with place.house.door() as door, place.line.cut():
            for window in windows:
                await window.is_live(False)
                assert await window.is_grey()
                await window.says_alert(True)
            [alert] = [one for one in door.get("alerts").json()["alerts"] if one["aircraft_id"] == place.own]
            said = {"request_id": "0b9c2f3e-52a4-4a3e-9a55-0c4f2f6f1f10", "n": alert["n"], "station": "Desk 2"}
            assert door.post(f"alerts/{alert['id']}/acknowledge", json=said).status_code == 200
            place.kite.height_m = 60.0
            await _until(_ended(door, alert["id"]))
            for window in windows:
                await window.says_alert(True)  # it cannot know
        for window in windows:
            await window.is_live()
            await window.says_alert(False)
            await window.shows(60)
            _backed_off([tried for tried in place.tries(window) if tried > cut_at])


def _ended(door: Any, alert_id: str) -> Any:
    async def looks() -> bool:
        return bool(door.get(f"alerts/{alert_id}").json()["alert"]["state"] == "cleared")

    return looks


def _backed_off(tried: list[float]) -> None:
    """The waits between attempts, of which each is refused at once."""
    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert len(waits) >= 4, waits
    for attempt, wait in enumerate(waits, start=1):
        longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**attempt)
        assert longest / 2 - 0.05 < wait < longest + LATE_S, (attempt, waits)


async def test_half_open_is_lost_after_three_seconds_and_ages_go_on(browser: Browser, place: Place) -> None:
    async with opened(browser, place) as windows:
        with place.line.held():
            began = time.monotonic()
            for window in windows:
                await window.is_live(False, within_s=10)
                assert await window.link_age_s() >= SILENCE_S
                assert await window.is_grey()
            # A message may have come in a quarter of a second before, and the second page is looked at after the first.
            assert SILENCE_S - 0.3 < time.monotonic() - began < SILENCE_S + 2 * LATE_S
            await expect(windows[0].at("queue-empty")).to_contain_text("empty does not mean safe")
            for window in windows:
                link, positions = await window.link_age_s(), await window.positions_age_s()
                await _until(_older(window, link + 1, positions + 1))
        for window in windows:
            await window.is_live()


def _older(window: Window, link_s: float, positions_s: float) -> Any:
    async def looks() -> bool:
        return await window.link_age_s() >= link_s and await window.positions_age_s() >= positions_s

    return looks


async def test_slow_the_pages_show_the_latest_and_never_claim_more(browser: Browser, place: Place) -> None:
    async with opened(browser, place) as windows:
        flown: dict[int, float] = {}  # when the aircraft left each height, upwards
        lags: dict[str, list[float]] = {window.name: [] for window in windows}
        for height in range(55, 60):  # a page that has only just opened was busy when it measured the server's clock
            place.kite.height_m = float(height)
            for window in windows:
                await window.shows(height)
        with place.line.slowed(8_000):
            began, height = time.monotonic(), 60
            while height < 90:
                claimed = [(await window.positions_age_s(), time.monotonic()) for window in windows]
                await asyncio.sleep(0.4)  # the flight's pace, in which what the header tells stands in the lists too
                for window, (claimed_s, at) in zip(windows, claimed, strict=True):
                    shown = await window.height_m()
                    lag_s = at - flown.get(shown, at)
                    assert claimed_s > lag_s - 1.0, (window.name, claimed_s, lag_s)
                    lags[window.name].append(lag_s)
                height += 1
                flown[height - 1] = time.monotonic()
                place.kite.height_m = float(height)
            assert time.monotonic() - began > 10
        for window in windows:
            assert max(lags[window.name]) < 6.0, lags  # of what was sent alone, seconds more would wait with each second
            await window.is_live()
            await window.shows(90)


_PURPLE = {"type": "changes", "server_time": "soon", "rules": {}, "subscription": "main", "aircraft": [{"id": 5}], "gone": []}
# What is said, as which kind of frame, and what the page says of it.
_NONSENSE: list[tuple[bytes, Opcode, str]] = [
    (b'{"type":"changes","aircraft":[', Opcode.TEXT, "no JSON"),
    (json.dumps(_PURPLE).encode(), Opcode.TEXT, 'changes.server_time: "soon"'),
    (b"[1,2,3]", Opcode.TEXT, "a message without a type"),
    (b"\x00\x01\x02", Opcode.BINARY, "a message that is no text"),
]
_HUGE = b'{"type":"snapshot","x":"' + b"y" * (17 << 20) + b'"}'


async def test_fed_nonsense_the_pages_say_so_and_come_back(browser: Browser, place: Place) -> None:
    async with opened(browser, place) as windows:
        known = {window.name: len(place.tries(window)) for window in windows}
        place.line.say(b'{"type":"weather","wind":[{}]}')
        place.kite.height_m = 61.0
        for window in windows:
            await window.shows(61)
            assert len(place.tries(window)) == known[window.name]  # a newer server may say more

        for count, (said, opcode, words) in enumerate(_NONSENSE, start=1):
            place.line.say(said, opcode)
            for window in windows:
                await expect(window.at("unreadable")).to_contain_text(words)
                await window.is_live()
                assert len(place.tries(window)) == known[window.name] + count

        # One so large that it may be given up for silence before it is whole; and no frame at all: the browser hangs up.
        for count, spoil in enumerate((lambda: place.line.say(_HUGE), lambda: place.line.spoil(b"\xff\xff\xff\xff")), start=1):
            spoil()
            place.kite.height_m = 61.0 + count
            for window in windows:
                await _until(_tried(place, window, known[window.name] + len(_NONSENSE) + count))
                await window.is_live()
                await window.shows(61.0 + count)


def _renderers() -> list[int]:
    """The processes in which the pages of our own browser run."""
    ours, found = {os.getpid()}, []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda one: int(one.name)):
        with contextlib.suppress(OSError):  # one that ended meanwhile
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in ours:
                ours.add(int(folder.name))
                if b"--type=renderer" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
    return found


def _tried(place: Place, window: Window, times: int) -> Any:
    async def looks() -> bool:
        return len(place.tries(window)) >= times

    return looks


async def test_a_page_that_was_frozen_takes_nothing_that_waited_for_news(browser: Browser, place: Place) -> None:
    async with opened(browser, place) as windows:
        known = {window.name: len(place.tries(window)) for window in windows}
        with contextlib.ExitStack() as stack:
            for pid in _renderers():
                stack.enter_context(stopped(pid))
            place.kite.height_m = 63.0
            await asyncio.sleep(SILENCE_S + 1)  # how long it is frozen is what is tested
        for window in windows:
            await _until(_tried(place, window, known[window.name] + 1))
            await window.is_live()
            await window.shows(63)


async def test_a_page_asleep_for_a_minute_knows_it_at_once_and_comes_back(browser: Browser, place: Place) -> None:
    async with opened(browser, place, clock_off_s=0) as windows:
        with place.line.held():  # nobody keeps a connection for one who sleeps
            for window in windows:
                await window.page.clock.fast_forward("01:00")  # the lid of a laptop
                await window.is_live(False, within_s=2)
                assert await window.link_age_s() >= 60
                assert await window.positions_age_s() >= 60
                assert await window.is_grey()
        for window in windows:
            await window.is_live()
            await _until(_fresh(window))

        # Other machines stop the monotonic clock for a sleep: only the wall clock tells.
        known = {window.name: len(place.tries(window)) for window in windows}
        for window in windows:
            now: float = await window.page.evaluate("Date.now()")
            await window.page.clock.set_system_time(now / 1000 + 60)
            await _until(_tried(place, window, known[window.name] + 1))
            await window.is_live()
            await _until(_fresh(window))


async def test_with_the_computers_clock_90_s_wrong_every_age_is_right(browser: Browser, place: Place) -> None:
    for off_s in (90, -90):
        async with opened(browser, place, clock_off_s=off_s) as windows:
            for window in windows:
                assert abs(await window.page.evaluate("Date.now()") / 1000 - time.time() - off_s) < 30
                await _until(_fresh(window))
                shown = re.search(r"(\d\d):(\d\d):(\d\d) UTC", await window.at("time").inner_text())
                assert shown is not None
                told = int(shown[1]) * 3600 + int(shown[2]) * 60 + int(shown[3])
                now = datetime.now(UTC)
                behind = (now.hour * 3600 + now.minute * 60 + now.second - told) % 86_400
                assert behind <= 3, behind
            with place.line.held():
                for window in windows:
                    await window.is_live(False, within_s=10)
                    assert SILENCE_S <= await window.link_age_s() < SILENCE_S + 2 * LATE_S + 1
                    assert SILENCE_S - 1 <= await window.positions_age_s() < SILENCE_S + 2 * LATE_S + 1


def _fresh(window: Window) -> Any:
    async def looks() -> bool:
        return await window.link_age_s() < 1.5 and await window.positions_age_s() < 1.5

    return looks
