"""A log into history, as `wedgetail import` does it; and what is there when it is done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from api.aside.messages import ImportAsked
from core.errors import WedgetailError
from core.settings import Settings
from core.units import to_us, utc
from geofence.moments import iso
from ingest import tlog
from ingest.importer import Moved, import_file
from ingest.links import file_link
from ingest.summary import Summary
from storage.pool import connect
from storage.queries import load

_STATEMENT_MS = 60_000
_NAME = "wedgetail import"


async def run(asked: ImportAsked, tell: Callable[[object, bool], None]) -> dict[str, Any]:
    """Raises as ingest.importer.import_file does, with the log's own name; psycopg.OperationalError."""
    settings, file = Settings.model_validate(asked.settings), Path(asked.file)
    start = None if asked.start_us is None else utc(asked.start_us)
    try:
        with tlog.opened(file, asked.start_us) as log:
            link = file_link(log.sha256)
        before = sum(one["samples"] for one in await _stored(settings, link))

        def told(now: Moved) -> None:
            tell(_progress(now), now.settling)

        summary = await import_file(settings, file, start, told)
    except WedgetailError as error:
        raise type(error)(**(error.facts | ({"file": asked.name} if "file" in error.facts else {}))) from error
    stored = await _stored(settings, link)
    return _result(asked.name, summary, before, stored)


def _progress(now: Moved) -> dict[str, Any]:
    return {
        "stage": "storing" if now.settling else "reading", "bytes_read": now.bytes_read, "bytes": now.bytes,
        "samples": now.samples, "rejected": now.rejected, "waits_for": now.waits or None,
    }  # fmt: skip


def _result(name: str, summary: Summary, before: int, stored: list[dict[str, Any]]) -> dict[str, Any]:
    counts, after = summary.counts, sum(one["samples"] for one in stored)
    heard = [one for one in stored if one["samples"]]
    return {
        "name": name, "link": summary.link, "bytes": counts.bytes, "frames": counts.frames,
        "decoded": counts.decoded.total(), "ignored": counts.ignored.total(), "rejected": counts.rejected.total(),
        "rejected_for": dict(counts.rejected.most_common()), "samples": counts.samples, "with_position": counts.usable,
        "stored": after, "added": after - before, "known_before": before > 0 and after == before,
        "from": min((one["from"] for one in heard), default=None), "to": max((one["to"] for one in heard), default=None),
        "aircraft": heard,
    }  # fmt: skip


async def _stored(settings: Settings, link: str) -> list[dict[str, Any]]:
    """Of each aircraft of the link what the database has."""
    async with await connect(settings.database.url, name=_NAME, statement_timeout_ms=_STATEMENT_MS) as conn:
        found: AsyncConnection[tuple[Any, ...]] = conn
        rows = await (await found.execute(load("api")["imported_flight"], {"link": link})).fetchall()
    return [
        {
            "aircraft_id": str(aircraft_id), "system_id": system_id, "samples": samples, "alerts": alerts,
            "from": None if first is None else iso(to_us(first)), "to": None if last is None else iso(to_us(last)),
        }
        for aircraft_id, system_id, samples, first, last, alerts in rows
    ]  # fmt: skip
