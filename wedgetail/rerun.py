"""`wedgetail rerun FLIGHT`: a flight through the same engine again, from the database alone; or with other zones: a what-if."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from rich.console import Console

from core import records
from core.errors import WedgetailError
from core.identity import operator_id
from core.records import AlertEvent
from core.settings import Settings
from core.units import utc
from geofence import geojson
from geofence.altitude import LIMIT_M
from geofence.zone import ZoneVersion
from ingest import tlog
from ingest.links import file_link
from storage.pool import connect
from streams.rerun import rerun, what_if
from streams.whatif import Alert, Other, Pair, ended_us, read_zones, worst


class WrongZoneFile(WedgetailError):
    """{file} is no file of zones: {detail}"""


@dataclass(frozen=True, slots=True)
class Asked:
    """flight: a log's path, a link, or an aircraft's id. A what-if if any zones or limits are named."""

    flight: str
    since: datetime | None = None
    until: datetime | None = None
    instead: Path | None = None
    add: Path | None = None
    without: tuple[str, ...] = ()
    height_limit_m: float | None = None

    @property
    def what_if(self) -> bool:
        return bool(self.instead or self.add or self.without) or self.height_limit_m is not None


async def run(settings: Settings, asked: Asked) -> bool:
    """Prints what came and whether it is what is stored, or what differs with other zones. True when nothing differs."""
    name = asked.flight
    if Path(name).is_file():
        with tlog.opened(Path(name)) as log:
            name = file_link(log.sha256)
    console = Console(highlight=False, soft_wrap=True)
    async with await connect(settings.database.url, name="wedgetail rerun", statement_timeout_ms=600_000) as conn:
        if asked.what_if:
            return await _what_if(console, conn, settings, asked, name)
        return await _again(console, conn, asked, name)


async def _again(console: Console, conn: AsyncConnection[Any], asked: Asked, name: str) -> bool:
    again = await rerun(conn, name, asked.since, asked.until)
    stored, came = set(again.before), set(again.again)
    for body in again.again:
        _line(console, "same" if body in stored else "NEW ", records.decode(AlertEvent, body))
    for body in again.before:
        if body not in came:
            _line(console, "GONE", records.decode(AlertEvent, body))
    for boundary in again.boundaries:
        console.print(f"note: {boundary}")
    differing = len(stored ^ came)
    otherwise = f"NOT the same ({differing} differ)" if differing else "NOT the same (another order)"
    verdict = "byte for byte the same" if again.same else otherwise
    console.print(f"{asked.flight}: {len(again.before)} alert events stored, {len(again.again)} now: {verdict}")
    return again.same


async def _what_if(console: Console, conn: AsyncConnection[Any], settings: Settings, asked: Asked, name: str) -> bool:
    operator = operator_id(settings.operator.name)
    given = tuple(zone for file in (asked.instead, asked.add) if file is not None for zone in zones_of(file, operator))
    limit_m = LIMIT_M if asked.height_limit_m is None else asked.height_limit_m
    other = Other(given, asked.instead is not None, asked.without, limit_m)
    found = await what_if(conn, name, other, asked.since, asked.until)
    than = "other zones or limits than those of that time"
    console.print(f"WHAT IF: judged now with {than}. Nothing of this happened, nothing is stored.")
    for difference in found.differences:
        _difference(console, difference)
    for boundary in found.boundaries:
        console.print(f"note: {boundary}")
    then, now = (len({event.alert_id for event in side}) for side in (found.then, found.now))
    count = len(found.differences)
    console.print(f"{asked.flight}: {then} alerts with the zones of then, {now} with these: {count or 'none'} differ")
    return not count


def zones_of(file: Path, operator: UUID) -> tuple[ZoneVersion, ...]:
    """The zones of a GeoJSON file. Raises WrongZoneFile."""
    try:
        return read_zones(json.loads(file.read_text("utf-8-sig")), operator)
    except (OSError, ValueError, geojson.WrongZone) as error:
        raise WrongZoneFile(file=file, detail=str(error)) from error


def _difference(console: Console, found: Pair) -> None:
    if found.then is None or found.now is None:
        alert = found.then or found.now
        assert alert is not None
        console.print(f"{'ONLY THEN' if found.now is None else 'ONLY NOW '}  {_words(alert)}")
        return
    console.print(f"CHANGED    then {_words(found.then)}")
    console.print(f"           now  {_words(found.now)}")


def _words(alert: Alert) -> str:
    told, ended = worst(alert), ended_us(alert)
    end = "open" if ended is None else f"{utc(ended):%H:%M:%S}"
    return f"{utc(alert[0].start_us):%Y-%m-%d %H:%M:%S} to {end} UTC  {told.rule} {told.level}  {told.what}"


def _line(console: Console, mark: str, event: AlertEvent) -> None:
    console.print(f"{mark}  {utc(event.at_us):%Y-%m-%d %H:%M:%S} UTC  {event.condition} {event.level}  {event.what}")
