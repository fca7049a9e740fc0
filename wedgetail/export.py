"""`wedgetail export FLIGHT`, `wedgetail verify BUNDLE`: what was recorded, as a file; and is a bundle as it was made."""

import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console

from core.errors import WedgetailError
from core.identity import operator_id
from core.settings import Settings
from evidence import bundle, store
from evidence.formats import FORMATS
from evidence.made import Made
from evidence.verify import verify
from ingest import tlog
from ingest.links import file_link
from streams.state import ENGINE
from wedgetail.database import database

BUNDLE = "bundle"
WORDS = (*FORMATS, BUNDLE)
_NAME = "wedgetail export"


class FileNotWritten(WedgetailError):
    """{file} cannot be written: {detail}"""


class FileThere(WedgetailError):
    """{file} is there already: choose another name, a bundle never replaces one."""


class NobodyNamed(WedgetailError):
    """A bundle says who made it: --by NAME is missing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """flight: a log's path, a link, or an aircraft's id. since, until: event time."""

    flight: str
    format: str
    file: Path
    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None


async def run(settings: Settings, asked: Asked) -> None:
    """Writes a flight, or a bundle of it, and says what it wrote.

    Raises NobodyNamed, FileThere, FileNotWritten, and those of store.read_flight() and database().
    """
    by = (asked.by or "").strip()
    if asked.format == BUNDLE:
        if not by or not by.isprintable():
            raise NobodyNamed()
        if asked.file.exists():
            raise FileThere(file=asked.file)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    operator = operator_id(settings.operator.name), settings.operator.title, settings.operator.timezone
    async with database(settings, _NAME) as conn:
        async with store.snapshot(conn):
            flight = await store.read_flight(conn, operator, _link(asked.flight), asked.since, asked.until)
            incident = await store.read_incident(conn, flight) if asked.format == BUNDLE else None
        counted = f"{len(flight.samples):,} samples, {len(flight.gaps):,} gaps"
        if incident is None:
            _write(asked.file, FORMATS[asked.format].write(flight))
            console.print(f"{asked.file}: {counted}")
            return
        made = Made(time.time_ns() // 1_000, by, _program(), ENGINE)
        whole = bundle.make(incident, made)
        async with conn.transaction():
            await store.keep(conn, flight, made, whole.root_hash, whole.report_hash)
            _write(asked.file, whole.data)  # not kept unless it is written
    console.print(f"{asked.file}: {counted}, {len(incident.alerts):,} alerts, {len(incident.actions):,} actions")
    console.print(f"root hash {whole.root_hash}, kept in the database")


def check(file: Path) -> bool:
    """Prints what became of a bundle. True: nothing changed. Raises NoBundle."""
    found = verify(file)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for word, names in (("changed", found.changed), ("missing", found.missing), ("added  ", found.added)):
        for name in names:
            console.print(f"{word} {name!r}" if not name.isprintable() else f"{word} {name}")
    if not found.unchanged:
        console.print(f"{file}: NOT as it was made")
        return False
    made = f"made {found.made.get('at')} by {found.made.get('by')} (as claimed)"
    console.print(f"{file}: {found.files} files, {made}")
    console.print("unchanged since made, compare the root hash with the one that the operator keeps:")
    console.print(f"root hash {found.root_hash}")
    console.print(f"report    {found.report_hash}")
    return True


def _link(name: str) -> str:
    """Of a log its link; every other name is one already."""
    if Path(name).is_file():
        with tlog.opened(Path(name)) as log:
            return file_link(log.sha256)
    return name


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise FileNotWritten(file=file, detail=error.strerror or str(error)) from error


def _program() -> str:
    try:
        return version("wedgetail")
    except PackageNotFoundError:
        return "not installed"
