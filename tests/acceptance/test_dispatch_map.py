"""What a dispatcher does with the map, in a real Chromium on the whole running system: temporary zones, layers, following."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.test_page import DIST, Dispatch, House, Kite, dispatch

__all__ = ["dispatch"]  # a fixture of the other test of this page

AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"
NEAR, FAR = 220, 221
# Where a person wants to look at what a test saw: SCREENSHOTS=folder
_PICTURES = os.environ.get("SCREENSHOTS")


async def faults(dispatch: Dispatch) -> list[str]:
    """What axe finds on the page as it stands. It is evaluated: the page's own policy lets no such script in."""
    await dispatch.page.evaluate(AXE.read_text())
    found: dict[str, Any] = await dispatch.page.evaluate("() => axe.run()")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


async def picture(dispatch: Dispatch, name: str) -> None:
    if _PICTURES:
        await dispatch.page.screenshot(path=Path(_PICTURES) / f"dispatch-{name}.png")


@pytest.fixture
def kites(house: House) -> Iterator[tuple[Kite, Kite]]:
    """Two aircraft a kilometre apart, flying slowly north."""
    with ExitStack() as both:
        yield (
            both.enter_context(Kite(house.settings.ingest.port, NEAR, 149.4, -35.3).flying()),
            both.enter_context(Kite(house.settings.ingest.port, FAR, 149.411, -35.3).flying()),
        )


async def ids(house: House, dispatch: Dispatch) -> dict[int, str]:
    """Of both aircraft, once the page has them: system to id."""
    await expect(dispatch.rows).to_have_count(2)
    await expect(dispatch.at("map")).to_have_attribute("data-ready", "true")
    with house.door() as door:
        return {one["system_id"]: one["id"] for one in door.get("aircraft").json()["aircraft"]}


async def press_map(dispatch: Dispatch, right: float, below: float) -> None:
    """So many pixels beside the middle of the map."""
    box = await dispatch.page.locator(".map-canvas").bounding_box()
    assert box is not None
    await dispatch.page.mouse.click(box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + below)


async def test_a_zone_that_is_clicked_alarms_who_is_inside_and_is_ended_and_put_back_at_one_press(
    house: House, dispatch: Dispatch, kites: tuple[Kite, Kite]
) -> None:
    own = await ids(house, dispatch)
    assert await faults(dispatch) == []
    await dispatch.row(own[NEAR]).click()
    await dispatch.page.get_by_role("button", name="Show on the map").click()
    await dispatch.at("map-draw").click()
    for right, below in ((-60, -80), (60, -80), (60, 80), (-60, 80)):
        await press_map(dispatch, right, below)
    await expect(dispatch.at("zone-corners")).to_have_value(re.compile(r"(-35\.\d+ 149\.\d+\n){3}-35\.\d+ 149\.\d+"))
    await expect(dispatch.at("zone-inside")).to_contain_text(
        f"1 aircraft inside; in breach as soon as it holds: System {NEAR}."
    )
    assert await faults(dispatch) == []
    await picture(dispatch, "drawing")

    await dispatch.at("zone-publish").click()
    await expect(dispatch.at("zone-ends")).to_be_focused()
    await expect(dispatch.at("zone-ends-said")).to_contain_text("When does it end?")
    await dispatch.at("zone-ceiling").fill("120")
    await expect(dispatch.at("zone-ceiling-said")).to_contain_text("measured from")
    await dispatch.at("zone-ceiling-datum").select_option("AGL")
    await dispatch.at("zone-ends-30").click()
    await dispatch.at("zone-name").fill("Bushfire")
    await dispatch.at("zone-publish").click()
    await expect(dispatch.at("notice")).to_contain_text("Bushfire is in force until")
    card = dispatch.card(own[NEAR])
    await expect(card).to_contain_text("inside keep-out Bushfire (version 1)")
    await expect(card).to_contain_text("BREACH")
    await expect(card).to_contain_text("FLY ")
    await expect(dispatch.row(own[FAR])).to_have_attribute("data-level", "clear")
    assert await faults(dispatch) == []
    await picture(dispatch, "alarm")

    await dispatch.at("notice-action").click()
    await expect(dispatch.at("notice")).to_contain_text("Bushfire has ended.")
    await expect(card).to_contain_text("CLEARED, NOT SEEN")
    await expect(card).to_contain_text("the zone has ended")
    await dispatch.at("notice-action").click()
    await expect(dispatch.at("notice")).to_contain_text("Bushfire is in force until")
    await expect(dispatch.row(own[NEAR])).to_have_attribute("data-level", "breach")
    with house.door() as door:
        [zone] = door.get("zones").json()["features"]
        assert (zone["properties"]["ceiling_m"], zone["properties"]["ceiling_datum"]) == (120, "AGL")
    await dispatch.at("zones").locator("summary").click()
    await dispatch.at(f"zone-end-{zone['id']}").click()
    await expect(dispatch.at("notice")).to_contain_text("Bushfire has ended.")
    await expect(dispatch.row(own[NEAR])).to_have_attribute("data-level", "clear")


async def test_an_area_for_one_aircraft_is_typed_and_published_by_keyboard_alone(
    house: House, dispatch: Dispatch, kites: tuple[Kite, Kite]
) -> None:
    own = await ids(house, dispatch)
    keys = dispatch.page.keyboard
    await dispatch.row(own[FAR]).focus()
    await keys.press("Enter")
    await dispatch.at(f"area-{own[FAR]}").focus()
    await keys.press("Enter")
    await expect(dispatch.at("zone-kind-keep_in")).to_be_checked()
    await expect(dispatch.at("zone-whose")).to_have_value(own[FAR])
    await expect(dispatch.at("zone-corners")).to_be_focused()
    await keys.insert_text("-35.31 149.30\n35°18.6'S\nS35 16.8 E149 24.0\n-35.28 149.30")
    await expect(dispatch.at("zone-corners-said")).to_contain_text("Line 2: one of N or S and one of E or W is expected")
    await keys.press("Control+A")
    await keys.insert_text("-35.31 149.30\n35°18.6'S 149°24.0'E\nS35 16.8 E149 24.0\n-35.28 149.30")
    await expect(dispatch.at("zone-inside")).to_contain_text(
        f"0 aircraft inside, 1 outside; in breach as soon as it holds: System {FAR}."
    )
    await dispatch.at("zone-name").fill("Survey west")
    await dispatch.at("zone-ends-60").focus()
    await keys.press("Enter")
    await dispatch.at("zone-name").focus()
    await keys.press("Enter")
    await expect(dispatch.at("notice")).to_contain_text("Survey west is in force until")
    await expect(dispatch.at("notice-action")).to_be_focused()
    await expect(dispatch.card(own[FAR])).to_contain_text("outside keep-in Survey west")
    await expect(dispatch.card(own[NEAR])).to_have_count(0)  # it is bound to the other
    await expect(dispatch.at(f"areas-{own[FAR]}")).to_contain_text("Survey west")
    await expect(dispatch.at(f"areas-{own[FAR]}")).to_contain_text(f"for System {FAR}")
    await keys.press("Enter")
    await expect(dispatch.at("notice")).to_contain_text("Survey west has ended.")
    await expect(dispatch.row(own[FAR])).to_have_attribute("data-level", "clear")


async def test_what_the_server_refuses_stands_beside_its_field_and_what_was_put_aside_comes_back(
    house: House, dispatch: Dispatch, kites: tuple[Kite, Kite]
) -> None:
    await ids(house, dispatch)
    await dispatch.at("map-draw").click()
    await dispatch.at("zone-corners").fill("-35.30 149.40\n-35.31 149.41\n-35.30 149.41\n-35.31 149.40")
    await expect(dispatch.at("zone-corners-said")).to_contain_text("The line after corner 1 crosses the one after corner 3")
    await dispatch.at("zone-corners").fill("-89 149.40")
    await dispatch.at("zone-radius").fill("300")
    await dispatch.at("zone-ends-30").click()
    await dispatch.at("zone-publish").click()
    await expect(dispatch.at("zone-corners-said")).to_contain_text("a circle this near a pole")
    await expect(dispatch.at("zone-corners")).to_have_attribute("aria-invalid", "true")
    await dispatch.at("zone-cancel").click()
    await expect(dispatch.at("fleet")).to_be_visible()
    await dispatch.at("notice-action").click()
    await expect(dispatch.at("zone-radius")).to_have_value("300")


async def test_the_map_stays_with_an_aircraft_until_it_is_moved_by_hand(
    house: House, dispatch: Dispatch, kites: tuple[Kite, Kite]
) -> None:
    own = await ids(house, dispatch)
    await dispatch.row(own[NEAR]).click()
    await dispatch.at(f"follow-{own[NEAR]}").click()
    await expect(dispatch.at("map")).to_have_attribute("data-followed", own[NEAR])
    await expect(dispatch.at("unfollow")).to_contain_text(f"Following System {NEAR}")
    await dispatch.page.get_by_role("button", name="Zoom in").click()
    await expect(dispatch.at("map")).to_have_attribute("data-followed", own[NEAR])
    box = await dispatch.page.locator(".map-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await dispatch.page.mouse.move(x + 60, y + 120)
    await dispatch.page.mouse.down()
    await dispatch.page.mouse.move(x - 100, y + 20, steps=8)
    await dispatch.page.mouse.up()
    await expect(dispatch.at("map")).to_have_attribute("data-followed", "")
    await dispatch.at(f"follow-{own[NEAR]}").click()
    await dispatch.at("unfollow").click()
    await expect(dispatch.at("map")).to_have_attribute("data-followed", "")


async def test_layers_are_kept_and_neither_they_nor_a_filter_hide_what_nobody_has_acknowledged(
    house: House, dispatch: Dispatch, kites: tuple[Kite, Kite]
) -> None:
    own = await ids(house, dispatch)
    ring = [[149.39, -35.31], [149.404, -35.31], [149.404, -35.2], [149.39, -35.2], [149.39, -35.31]]
    quiet = [[[lon + 0.05, lat] for lon, lat in ring]]
    with house.door() as door:
        for name, rings in (("Range", [ring]), ("Quiet", quiet)):
            zone = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": rings}}
            assert door.post("zones", json=zone | {"properties": {"name": name, "kind": "keep_out"}}).status_code == 201
    card = dispatch.card(own[NEAR])
    await expect(card).to_contain_text("inside keep-out Range")
    await expect(dispatch.at("count-breach")).to_contain_text("1 breach")

    await dispatch.at("map-layers").click()
    assert await faults(dispatch) == []
    await dispatch.at("layer-keep_out/").uncheck()
    await dispatch.at("layer-trails").uncheck()
    await dispatch.page.keyboard.press("Escape")
    await expect(dispatch.at("map-layers")).to_be_focused()
    await expect(dispatch.at("hidden-layers")).to_have_text("1 zones hidden")  # the other one alarms
    await dispatch.page.reload()
    await expect(dispatch.at("hidden-layers")).to_have_text("1 zones hidden")

    await dispatch.at("count-warning").click()  # nobody is warned: the filter would leave nobody
    await expect(dispatch.rows).to_have_count(1)
    await expect(dispatch.row(own[NEAR])).to_be_visible()
    await expect(dispatch.at("count-breach")).to_contain_text("1 breach")
    await expect(dispatch.at("count-flying")).to_contain_text("2 flying")
    await dispatch.at("search").fill("nobody")
    await expect(dispatch.row(own[NEAR])).to_be_visible()
    await expect(card).to_be_visible()
    await dispatch.at("filter-clear").click()
    await dispatch.at("count-breach").click()
    await expect(dispatch.rows).to_have_count(1)


@pytest.mark.parametrize(("width", "height"), [(800, 1000), (400, 800), (720, 450)])
async def test_axe_finds_nothing_in_the_narrow_forms_of_the_page(
    house: House, dispatch: Dispatch, width: int, height: int
) -> None:
    with Kite(house.settings.ingest.port, NEAR, 149.4, -35.3).flying() as kite:
        kite.height_m = 132.0
        await dispatch.page.set_viewport_size({"width": width, "height": height})
        await expect(dispatch.page.locator('[data-testid^="card-"]')).to_have_count(1)
        assert await faults(dispatch) == []
        if width < 500:
            for tab in ("fleet", "alerts"):
                await dispatch.at(f"tab-{tab}").click()
                assert await faults(dispatch) == []
            await dispatch.at("tab-map").click()
        else:
            await expect(dispatch.at("queue-handle")).to_contain_text("1 unacknowledged")
            await dispatch.at("queue-handle").click()
            await expect(dispatch.page.locator('[data-testid^="card-"]')).to_be_visible()
            assert await faults(dispatch) == []
            await dispatch.at("queue-handle").click()
        await dispatch.at("map-draw").click()
        if width < 500:
            assert await faults(dispatch) == []
            await dispatch.page.get_by_role("button", name="Its form").click()
        await expect(dispatch.at("zone-form")).to_be_visible()
        assert await faults(dispatch) == []
        wide = await dispatch.page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width
        await dispatch.at("zone-cancel").click()
        await expect(dispatch.at("notice")).to_contain_text("not published")
