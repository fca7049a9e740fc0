"""The replay page: how long an hour of twenty aircraft at ten samples a second takes to open, database and browser included."""

import asyncio
import os
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from playwright.async_api import BrowserContext, async_playwright

from core.identity import aircraft_id, operator_id
from core.settings import Settings
from tests.benchmarks import system
from tests.benchmarks.figures import Figure, Report

_AIRCRAFT, _SECONDS, _HZ = 20, 3_600, 10
_GOAL_S = 2.0
_LINK = "udp:14550/127.0.0.1"
_BEGAN = datetime(2026, 7, 1, 3, tzinfo=UTC)
_DRAWN = """
new Promise((resolve) => new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) if (name === "replay drawn") resolve(startTime);
}).observe({ type: "mark", buffered: true }))
"""
_PATIENCE_S = 120
# In the order in which the recorder writes: second by second, in each by aircraft.
_FILL = """
INSERT INTO telemetry_live (
    operator_id, aircraft_id, link, system_id, epoch, seq, event_time, kind, vehicle_type, vehicle_time_ms, lon_e7, lat_e7,
    no_position, amsl_mm, amsl_source, takeoff_height_mm, takeoff_source, agl_mm, agl_source, agl_age_ms, velocity_north_cmps,
    velocity_east_cmps, velocity_down_cmps, heading_cdeg, fix_type, satellites, hdop_e2, fix_age_ms, battery_pct, battery_mv,
    battery_age_ms, mode, mode_age_ms, armed, airborne, ambiguous, partition, "offset", "row", late, append_time, frame_seq,
    ground_amsl_mm)
SELECT
    %(operator)s, (%(aircraft)s::uuid[])[craft], %(link)s, craft, 1, tick, began, 0, 2, tick * 100,
    1491000000 + (1e5 * sin(tick / 900.0 + craft))::int, -353000000 + (1e5 * cos(tick / 900.0 + craft))::int,
    0, 650000 + (4e4 * sin(tick / 700.0 + craft))::int, 1, 60000 + (4e4 * sin(tick / 700.0 + craft))::int, 1,
    75000 + (4e4 * sin(tick / 700.0 + craft))::int, 2, 100, (1000 * cos(tick / 300.0))::int, (1000 * sin(tick / 500.0))::int, 0,
    tick %% 36000, 3, 12, 90, 100, 95 - tick / 600, 15000, 200, 'AUTO', 300, true, true, false, craft %% 16, tick, 0, false,
    began, tick %% 256, 575000
FROM generate_series(0, %(seconds)s - 1) AS second
CROSS JOIN generate_series(1, %(crafts)s) AS craft
CROSS JOIN generate_series(0, %(hz)s - 1) AS part
CROSS JOIN LATERAL (SELECT (second * %(hz)s + part)::int AS tick) AS a
CROSS JOIN LATERAL (SELECT %(began)s::timestamptz + tick * interval '1 s' / %(hz)s AS began) AS b
ORDER BY second, craft, part
"""


@dataclass(frozen=True)
class _Opened:
    """Seconds since the navigation began. told: until the samples were asked for, and until they were there."""

    drawn_s: float
    told_s: tuple[float, float]


def replay_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. A round is one opening, whatever its length."""
    with system.running() as running:
        ids = _fill(running.settings)
        found = asyncio.run(_opened(running.settings, ids, rounds))
    for one in found:
        tell(
            f"replay: asked for samples at {one.told_s[0]:.2f} s, had them at {one.told_s[1]:.2f} s, drawn {one.drawn_s:.2f} s"
        )
    drawn = [one.drawn_s for one in found]
    name = f"replay of {_SECONDS // 3_600} h of {_AIRCRAFT} aircraft at {_HZ} Hz, opened"
    figure = Figure(name, "s", statistics.median(drawn), _GOAL_S, "the goal", 1.0, at_most=True)
    asked, there = (statistics.median(one.told_s[side] for one in found) for side in (0, 1))
    notes = f"""
`wedgetail up` with {_AIRCRAFT * _SECONDS * _HZ:,} samples in its database, written in the order of the recorder. Headless
Chromium on the same machine without a graphics card, its files of the page already in its cache. From the beginning of the
navigation to the frame in which charts, lane and lists show the whole hour: the median of {rounds} openings, after one that
does not count; lowest {min(drawn):.2f}, highest {max(drawn):.2f} s. The page asked for the samples after {asked:.2f} s and
had them after {there:.2f} s. More than 200,000 rows are thinned for the charts
(extremes, gaps and the moments of alerts stay; the page says so, and fetches every row around the cursor).
"""
    return Report("Replay", [figure], notes)


def _fill(settings: Settings) -> list[UUID]:
    operator = operator_id(settings.operator.name)
    ids = [aircraft_id(operator, _LINK, system_id) for system_id in range(1, _AIRCRAFT + 1)]
    with psycopg.connect(settings.database.url, autocommit=True) as conn:
        for system_id, one in enumerate(ids, 1):
            conn.execute(
                "INSERT INTO aircraft (operator_id, aircraft_id, link, system_id, name, first_seen, imported)"
                " VALUES (%s, %s, %s, %s, %s, %s, false)",
                [operator, one, _LINK, system_id, f"Survey {system_id}", _BEGAN],
            )
        given = {"operator": operator, "aircraft": ids, "link": _LINK, "began": _BEGAN}
        given |= {"seconds": _SECONDS, "crafts": _AIRCRAFT, "hz": _HZ}
        conn.execute(_FILL, given)
        conn.execute("VACUUM ANALYZE telemetry_live")
    return ids


async def _opened(settings: Settings, ids: list[UUID], rounds: int) -> list[_Opened]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise RuntimeError("no Chromium on this machine: CHROMIUM= names one")
    end = _BEGAN + timedelta(seconds=_SECONDS)
    times = f"from={_BEGAN:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}&at={_BEGAN:%Y-%m-%dT%H}:30:00Z"
    door = f"http://127.0.0.1:{settings.api.port}"
    address = f"{door}/replay?aircraft={','.join(map(str, ids))}&{times}#token={settings.api.token}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        found = [await asyncio.wait_for(_open(context, address), _PATIENCE_S) for _ in range(rounds + 1)]
        await browser.close()
    return found[1:]


async def _open(context: BrowserContext, address: str) -> _Opened:
    page = await context.new_page()
    await page.goto(address)
    drawn_ms: float = await page.evaluate(_DRAWN)
    asked_ms, there_ms = await page.evaluate(
        "performance.getEntriesByType('resource').filter(({name}) => name.includes('/replay/tracks'))"
        ".map(({startTime, responseEnd}) => [startTime, responseEnd])[0]"
    )
    await page.close()
    return _Opened(drawn_ms / 1_000, (asked_ms / 1_000, there_ms / 1_000))
