"""A recorded log dropped on the replay page, on the whole running system: imported, flown again, and what if."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.acceptance.conftest import House
from tests.acceptance.test_flights import FENCE, KEEP_IN, publish
from tests.acceptance.test_page import _FLAGS, DIST, PATIENCE_MS, Kite

AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (400, 1000, 1440)
# Where a person wants to look at what a test saw: SCREENSHOTS=folder
_PICTURES = os.environ.get("SCREENSHOTS")
_DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const kind of ['dragover', 'drop'])
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
}"""
# Every stage that an import said, in its order, and how far the bar was.
_WATCH = """
window.stages = [];
window.shares = [];
new MutationObserver(() => {
  for (const said of document.querySelectorAll('[data-testid="import-stage"]'))
    if (window.stages.at(-1) !== said.textContent) window.stages.push(said.textContent);
  for (const bar of document.querySelectorAll('[data-testid="import-progress"]'))
    if (bar.hasAttribute('value')) window.shares.push(bar.position);
}).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
"""


class Officer:
    """The page as a safety officer sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.at = page.get_by_test_id

    async def drop(self, name: str, content: bytes) -> None:
        await self.page.evaluate(_DROP, [name, base64.b64encode(content).decode()])

    async def faults(self) -> list[str]:
        """What axe finds on the page as it stands. It is evaluated: the page's own policy lets no such script in."""
        await self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = await self.page.evaluate("() => axe.run()")
        return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]

    async def pictures(self, name: str) -> None:
        if not _PICTURES:
            return
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": 900})
            for theme in ("day", "night"):
                await self.at("theme").select_option(theme)
                await self.page.screenshot(path=Path(_PICTURES) / f"again-{name}-{width}-{theme}.png", full_page=True)
        await self.page.set_viewport_size({"width": 1440, "height": 900})
        await self.at("theme").select_option("day")


@pytest.fixture
async def officer(house: House, chromium: str) -> AsyncIterator[Officer]:
    """The replay page with nothing chosen. What it throws fails the test."""
    if not (DIST / "replay.html").is_file():
        pytest.skip("left out: the page is not built (make setup builds it)")
    expect.set_options(timeout=PATIENCE_MS)
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.add_init_script(_WATCH)
        await page.goto(f"{house.url}/replay.html#token={house.settings.api.token}")
        await expect(page.get_by_test_id("drop")).to_be_visible()
        yield Officer(page)
        await browser.close()
    assert errors == []


async def test_a_dropped_log_is_imported_with_progress_flown_again_the_same_and_what_if_differs(
    house: House, officer: Officer, shared_data: Path, tmp_path: Path
) -> None:
    log = shared_data / "logs" / "copter-canberra.tlog"
    publish(house, KEEP_IN)
    await officer.drop(log.name, log.read_bytes())
    done = officer.at("import-done")
    await expect(done).to_contain_text("2,842 samples of 1 aircraft, 2015-07-05")
    await expect(done).to_contain_text("76,792 frames")
    await expect(done).to_have_attribute("data-known", "false")
    stages = await officer.page.evaluate("() => window.stages")
    assert [one for one in stages if one in ("Sending", "Reading", "Judging and storing")] == [
        "Sending", "Reading", "Judging and storing",
    ], stages  # fmt: skip
    shares = await officer.page.evaluate("() => window.shares")
    assert any(0 < share < 1 for share in shares), "the bar moved"

    # Nothing was open: the flight is.
    await expect(officer.at("remarks")).to_have_attribute("data-samples", "2842")
    with house.door() as door:
        stored = door.get("alerts", params={"state": "all", "imported": "true"}).json()["alerts"]
    assert len(stored) >= 5
    await expect(done).to_contain_text(f"{len(stored)} alerts")

    await officer.at("again-run").click()
    result = officer.at("again-result")
    await expect(result).to_have_attribute("data-same", "true")
    await expect(result).to_contain_text("THE SAME, byte for byte.")
    await expect(result).to_contain_text(f"{len(stored)} alerts then, {len(stored)} now")
    await expect(officer.at("again-lanes")).to_have_attribute("data-differing", "0")
    assert await officer.faults() == []
    await officer.pictures("same")

    await officer.page.get_by_text("What if…").click()
    await officer.at("whatif-limit").fill("5")
    await officer.at("whatif-ask").click()
    higher = officer.at("pair").filter(has_text="AU-101.085-HEIGHT")
    await expect(higher.first).to_contain_text("only what if")
    await expect(result).to_have_attribute("data-same", "false")
    assert int(await officer.at("again-lanes").get_attribute("data-differing") or 0) >= 1
    assert await officer.faults() == []
    await officer.pictures("limit")

    await officer.at("whatif-limit").fill("")
    await officer.at("whatif-zone").fill("149.16\n149.17")
    await officer.at("whatif-ask").click()
    await expect(officer.at("whatif-problem")).to_contain_text("Corner 1 is not a longitude and a latitude")
    await officer.at("whatif-zone").fill("149.15 -35.36\n149.16 -35.37\n149.15 -35.37\n149.16 -35.36")
    await officer.at("whatif-ask").click()
    await expect(officer.at("whatif-problem")).to_contain_text("what_if.zones.geometry")
    assert await officer.faults() == []
    await officer.at("whatif-zone").fill("\n".join(f"{lon}, {lat}" for lon, lat in FENCE))
    await officer.at("whatif-name").fill("Closed field")
    await officer.at("whatif-floor").fill("20")
    await officer.at("whatif-ask").click()
    await expect(officer.at("pair").filter(has_text="Closed field").first).to_contain_text("only what if")
    await officer.pictures("zone")
    with house.door() as door:
        assert door.get("alerts", params={"state": "all", "imported": "true"}).json()["alerts"] == stored, "nothing is stored"

    await officer.at("drop-file").set_input_files(log)
    await expect(done.last).to_contain_text("It was here already: nothing has changed.")
    photograph = tmp_path / "photograph.jpg"
    photograph.write_bytes(b"\xff\xd8 a photograph" * 1_000)
    await officer.at("drop-file").set_input_files(photograph)
    await expect(officer.at("import-problem")).to_contain_text("photograph.jpg holds no MAVLink")
    assert await officer.faults() == []
    await officer.pictures("drop")
    for entry in range(3):
        await expect(officer.at("import")).to_have_count(3 - entry)
        await officer.at("import-end").first.click()
    await expect(officer.at("import")).to_have_count(0)


async def test_a_log_is_chosen_and_flown_again_by_keyboard_alone(house: House, officer: Officer, shared_data: Path) -> None:
    async with officer.page.expect_file_chooser() as chosen:
        await officer.at("drop-choose").focus()
        await officer.page.keyboard.press("Enter")
    await (await chosen.value).set_files(shared_data / "logs" / "rov-portangeles.tlog")
    await expect(officer.at("import-done")).to_contain_text("Imported.")
    await officer.at("again-run").focus()
    await officer.page.keyboard.press("Enter")
    await expect(officer.at("again-result")).to_have_attribute("data-same", "true")


async def test_a_live_flight_runs_again_to_the_same_and_a_lower_limit_would_have_told_it_sooner(
    house: House, officer: Officer
) -> None:
    began = datetime.now(UTC)
    with house.door() as door, Kite(house.settings.ingest.port, 77, 149.4, -35.3).flying() as kite:
        kite.height_m = 100.0

        def standing() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = door.get("alerts", params={"state": "open"}).json()["alerts"]
            return [one for one in found if one["rule"] == "AU-101.085-HEIGHT"]

        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not door.get("aircraft").json()["aircraft"]:
                await asyncio.sleep(0.1)  # another process's progress: there is nothing to await
            kite.height_m = 132.0
            while not (alerts := standing()):
                await asyncio.sleep(0.1)
            kite.height_m = 100.0
            while standing():
                await asyncio.sleep(0.1)
    span = "&".join(f"{name}={at:%Y-%m-%dT%H:%M:%S}Z" for name, at in (("from", began), ("to", datetime.now(UTC))))
    await officer.page.goto(f"{house.url}/replay?aircraft={alerts[0]['aircraft_id']}&{span}#token={house.settings.api.token}")
    await officer.at("again-run").click()
    result = officer.at("again-result")
    await expect(result).to_have_attribute("data-same", "true")
    await expect(officer.at("pair").filter(has_text="AU-101.085-HEIGHT")).to_have_count(1)
    await officer.page.get_by_text("What if…").click()
    await officer.at("whatif-limit").fill("90")
    await officer.at("whatif-ask").click()
    changed = officer.at("pair").filter(has_text="AU-101.085-HEIGHT")
    await expect(changed).to_contain_text("differs in its beginning")
    await expect(changed).to_contain_text("42.0 m")
