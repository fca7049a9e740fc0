"""`wedgetail rerun FILE`: an imported flight through the same engine again, from the database alone."""

from pathlib import Path

from rich.console import Console

from core import records
from core.records import AlertEvent
from core.settings import Settings
from core.units import utc
from ingest import tlog
from ingest.links import file_link
from storage.pool import connect
from streams.rerun import rerun


async def run(settings: Settings, file: Path) -> bool:
    """Prints each alert event and whether it is the one that is stored. True when all are the same, byte for byte."""
    with tlog.opened(file) as log:
        link = file_link(log.sha256)
    async with await connect(settings.database.url, name="wedgetail rerun", statement_timeout_ms=60_000) as conn:
        again = await rerun(conn, link)
    console = Console(highlight=False)
    stored = set(again.before)
    for body in again.again:
        event = records.decode(AlertEvent, body)
        mark = "same" if body in stored else "NEW "
        console.print(f"{mark}  {utc(event.at_us):%Y-%m-%d %H:%M:%S} UTC  {event.condition} {event.level}  {event.what}")
    gone = len(stored - set(again.again))
    verdict = "byte for byte the same" if again.same else f"NOT the same ({gone} stored events did not come again)"
    console.print(f"{file.name}: {len(again.before)} alert events stored, {len(again.again)} now: {verdict}")
    return again.same
