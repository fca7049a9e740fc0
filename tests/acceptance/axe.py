"""What axe finds on a page as it stands."""

from typing import Any

from playwright.async_api import Page

from tests.acceptance.test_page import DIST

AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"


async def faults(page: Page) -> list[str]:
    """Each violation with the element that has it. axe is evaluated: the page's own policy lets no such script in."""
    await page.evaluate(AXE.read_text())
    found: dict[str, Any] = await page.evaluate("() => axe.run()")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
