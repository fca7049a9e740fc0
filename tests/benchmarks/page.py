"""The dispatcher's page with very many moving aircraft, in a headless Chromium without a GPU."""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, async_playwright

from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.pagefeed import BREACH, WARNING

_NUMBERS = (1_000, 5_000, 10_000)
_RATE = 5.0  # positions a second of each aircraft
_SETTLE_S = 4.0
_STILL_MS, _INPUT_MS, _BLOCKED_MS = 33.0, 100.0, 200.0
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_WATCH = """
window.measured = { frames: [], tasks: [], events: [], at: null };
const step = (now) => {
  const { frames, at } = window.measured;
  if (at !== null) frames.push(now - at);
  window.measured.at = now;
  requestAnimationFrame(step);
};
requestAnimationFrame(step);
new PerformanceObserver((list) => window.measured.tasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask" });
new PerformanceObserver((list) => {
  for (const { interactionId, duration } of list.getEntries()) {
    if (interactionId > 0) window.measured.events.push([interactionId, duration]);
  }
}).observe({ type: "event", durationThreshold: 16 });
"""
_BEGIN = "() => { Object.assign(window.measured, { frames: [], tasks: [], events: [], at: null }); }"


@dataclass
class Measured:
    """In milliseconds. events: of each input that was longer than a frame the longest of its parts."""

    number: int
    still: list[float]
    moving: list[float]
    inputs: int
    events: list[float]
    tasks: list[float]

    def frame(self, percent: int) -> float:
        return _percentile(self.still, percent)

    @property
    def input_ms(self) -> float:
        """The 95th percentile; inputs that the browser does not report took less than 16 ms."""
        return _percentile(self.events + [16.0] * max(0, self.inputs - len(self.events)), 95)


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else float("nan")


@contextmanager
def _feed(number: int) -> Iterator[str]:
    """The address of a page about so many aircraft."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.pagefeed", str(number), str(_RATE)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/#token=none"
    finally:
        process.terminate()
        process.wait()


async def _measure(number: int, seconds: float, tell: Callable[[str], None]) -> Measured:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with _feed(number) as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(60_000)
            await page.add_init_script(_WATCH)
            await page.goto(address)
            await page.locator('[data-testid="map"][data-ready="true"]').wait_for()
            await page.wait_for_timeout(_SETTLE_S * 1000)
            still = await _watched(page, seconds, _nothing)
            moving = await _watched(page, seconds, _pan)
            used = await _watched(page, seconds, _use)
            await browser.close()
    longest: dict[int, float] = {}
    for interaction, duration in used["events"]:
        longest[interaction] = max(duration, longest.get(interaction, 0.0))
    found = Measured(
        number, still["frames"], moving["frames"], used["done"], list(longest.values()), still["tasks"] + used["tasks"]
    )
    tell(
        f"page, {number:,} aircraft: a frame {found.frame(50):.1f} ms p50, {found.frame(95):.1f} ms p95; "
        f"input to paint {found.input_ms:.0f} ms p95 of {found.inputs}; longest task {max(found.tasks, default=0):.0f} ms"
    )
    return found


async def _watched(page: Page, seconds: float, act: Callable[[Page, float], Any]) -> dict[str, Any]:
    await page.evaluate(_BEGIN)
    done: int = await act(page, seconds)
    found: dict[str, Any] = await page.evaluate("() => window.measured")
    return found | {"done": done}


async def _nothing(page: Page, seconds: float) -> int:
    await page.wait_for_timeout(seconds * 1000)
    return 0


async def _pan(page: Page, seconds: float) -> int:
    """Drags the map about."""
    box = await page.get_by_test_id("map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    end = asyncio.get_running_loop().time() + seconds
    turn = 0
    while asyncio.get_running_loop().time() < end:
        turn += 1
        await page.mouse.move(x + 80 * (turn % 2), y + 3 * (turn % 20), steps=10)
    await page.mouse.up()
    return 0


async def _use(page: Page, seconds: float) -> int:
    """What a dispatcher does: types into the search, presses on the map, goes through the list. One input after the other."""
    box = await page.get_by_test_id("map").bounding_box()
    assert box is not None
    end = asyncio.get_running_loop().time() + seconds
    done = 0
    while asyncio.get_running_loop().time() < end:
        await page.mouse.click(
            box["x"] + box["width"] * (0.3 + done % 7 / 20), box["y"] + box["height"] * (0.3 + done % 5 / 15)
        )
        await page.get_by_test_id("search").focus()
        for key in ("7", "7", "Backspace", "Backspace"):
            await page.keyboard.press(key)
            await page.wait_for_timeout(50)
        done += 5
        await page.wait_for_timeout(150)
    return done


def page_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found: one round of each number, as long as all rounds together."""
    found = [asyncio.run(_measure(number, rounds * seconds, tell)) for number in _NUMBERS]
    return Report(
        "The page with many aircraft", [figure for one in found for figure in _figures(one)], _notes(found, rounds * seconds)
    )


def _figures(one: Measured) -> list[Figure]:
    name = f"page, {one.number:,} aircraft moving at {_RATE:g} Hz"
    held = one.number == _NUMBERS[0]
    longest = max(one.tasks, default=0.0)

    def figure(what: str, ours: float, limit: float, goal: bool) -> Figure:
        return Figure(
            f"{name}, {what}", "ms", ours, limit if goal else None, "the limit itself", 1.0 if goal else None, at_most=True
        )

    return [
        figure("map still: a frame, p50", one.frame(50), _STILL_MS, False),
        figure("map still: a frame, p95", one.frame(95), _STILL_MS, True),
        figure("map still: the longest frame", max(one.still, default=float("nan")), _STILL_MS, False),
        figure("map dragged: a frame, p95", _percentile(one.moving, 95), _STILL_MS, False),
        figure("input to paint, p95", one.input_ms, _INPUT_MS, held),
        figure("longest task", longest, _BLOCKED_MS, held),
    ]


def _notes(found: Sequence[Measured], seconds: float) -> str:
    return f"""
The page as it is built, in a headless Chromium of 1,440 by 900 pixels without a GPU (software WebGL), fed over its real
WebSocket by a process that speaks docs/live.md: N aircraft within a degree, each with {_RATE:g} positions a second, a message
with those that moved as often as the page asks for (each 100 ms up to 1,500 aircraft, else less often), or as soon as the page
has taken the one before; one in {BREACH} in breach and one in {WARNING} warned, all unacknowledged. Browser and feed share the
machine.

A frame is the time between two callbacks of requestAnimationFrame, over {seconds:g} s: whatever holds the page up is in it, and
nothing is shorter than the screen's 16.7 ms. "Dragged" is the same while the map is pulled about. Input to paint is what the
browser's own Event Timing says (from the event to the next paint, in steps of 8 ms; what it does not report took under 16 ms),
of presses on the map and keys in the search: {", ".join(f"{one.inputs}" for one in found)} of them. The longest task is that of
the Long Tasks API over the parts with the map still and with inputs. The reference is the limit itself.
"""
