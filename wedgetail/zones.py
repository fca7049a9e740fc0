"""`wedgetail zones ...`: against the database itself; a running API tells the stream in a second."""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from rich.console import Console

from core.errors import WedgetailError
from core.identity import operator_id
from core.settings import Settings
from geofence import aerodromes, factstore, service, store
from geofence.edition import Changes
from geofence.facts import TowerHours
from geofence.formats import limits, meaning, registry
from geofence.formats.aerodromes import read_folder
from geofence.formats.found import Found
from geofence.formats.writers import writer_of
from geofence.times import Timetable
from geofence.zone import ZoneKind, ZoneVersion
from wedgetail.database import database

_NAME = "wedgetail zones"
_AERODROMES = "aerodromes"
_MANY = 5  # troubles of one kind: more become one line


class FileNotWritten(WedgetailError):
    """{file} cannot be written: {detail}"""


async def take_in(settings: Settings, file: Path, collection: str | None, kind: str | None, dry_run: bool) -> None:
    """Imports a file of zones, and prints what changed and what was not understood.

    Raises what registry.read does, NothingUnderstood, and those of database().
    """
    operator = operator_id(settings.operator.name)
    collection = registry.collection_of(file.name) if collection is None else collection
    meanings = meaning.table(settings.airspace.classes)
    format, found = registry.read(file.read_bytes(), operator, collection, meanings, None if kind is None else ZoneKind(kind))
    async with database(settings, _NAME) as conn:
        await _store(conn, operator, collection, found, f"{file.name}: {format}", dry_run)


async def take_in_aerodromes(settings: Settings, folder: Path, uncontrolled: bool, dry_run: bool) -> None:
    """Builds the zones around the aerodromes of a folder, with the tower hours that are stated. Raises NotAerodromes,
    NothingUnderstood, and those of database()."""
    operator = operator_id(settings.operator.name)
    register = read_folder(folder)
    async with database(settings, _NAME) as conn:
        hours = await _tower_hours(conn, operator)
        found = aerodromes.build(register, operator, _AERODROMES, hours, uncontrolled=uncontrolled)
        await _store(conn, operator, _AERODROMES, found, f"{folder.name}: {len(register.aerodromes):,} aerodromes", dry_run)


async def write(settings: Settings, file: Path, collection: str | None) -> None:
    """Writes the zones in force now. Raises UnknownSuffix, NotWritten, FileNotWritten, and those of database()."""
    writer = writer_of(file)
    async with database(settings, _NAME) as conn:
        zones = [zone for zone in await _in_force(conn, operator_id(settings.operator.name))
                 if collection is None or zone.collection == collection]  # fmt: skip
    data = writer.write(zones)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise FileNotWritten(file=file, detail=error.strerror or str(error)) from error
    _console().print(f"{file}: {len(zones):,} zones")


async def show(settings: Settings) -> None:
    """Prints the zones in force, as they are known now: class, name, kind, limits, activation, source."""
    async with database(settings, _NAME) as conn:
        zones = await _in_force(conn, operator_id(settings.operator.name))
    console = _console()
    for zone in sorted(zones, key=lambda zone: (zone.airspace_class or "", zone.name)):
        console.print(f"{zone.airspace_class or '-':<4} {_described(zone)}, {zone.activation}, {zone.source or 'drawn here'}")
    console.print(f"{len(zones):,} zones in force")


async def _store(conn: store.Connection, operator: UUID, collection: str, found: Found, read: str, dry_run: bool) -> None:
    changes, _ = await service.take_in(conn, operator, collection, found, _now_us(), dry_run)
    console = _console()
    console.print(f"{read}, collection {collection}")
    for line in (*_changes(changes, dry_run), *_troubles(found)):
        console.print(line)
    counted = (
        f"{len(changes.added):,} added, {len(changes.changed):,} changed, {len(changes.ended):,} ended, "
        f"{changes.unchanged:,} unchanged"
    )
    console.print(f"dry run, nothing is stored: {counted}" if dry_run else counted)


async def _in_force(conn: store.Connection, operator: UUID) -> list[ZoneVersion]:
    return [zone for zone, _ in service.chosen(await store.versions(conn, operator), _now_us())]


async def _tower_hours(conn: store.Connection, operator: UUID) -> dict[str, Timetable]:
    facts = [version.fact for version, _ in service.chosen(await factstore.versions(conn, operator), _now_us())]
    return {fact.aerodrome: fact.timetable for fact in facts if isinstance(fact, TowerHours)}


def _changes(changes: Changes, dry_run: bool) -> Iterator[str]:
    """Of a first import nobody reads two thousand lines: what is added is listed by a dry run only."""
    if dry_run:
        yield from (f"added    {_described(zone)}" for zone in changes.added)
    yield from (f"changed  {_described(one.zone)} ({', '.join(one.fields)})" for one in changes.changed)
    yield from (f"ended    {_described(zone)}" for zone in changes.ended)
    yield from (f"kept     {_described(zone)}: the file names it, and it cannot be read there" for zone in changes.kept)


def _troubles(found: Found) -> Iterator[str]:
    """Where one thing is said of many, it is said once, and of which."""
    alike: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for where, detail, lost in found.troubles:
        alike[lost, detail].append(where)
    for where, detail, lost in found.troubles:
        word, places = "left out" if lost else "noted   ", alike[lost, detail]
        if len(places) <= _MANY:
            yield f"{word} {where}: {detail}"
        elif where == places[0]:
            yield f"{word} {len(places):,} times: {detail}: {', '.join(places)}"


def _described(zone: ZoneVersion) -> str:
    return f"{zone.name}: {zone.kind.replace('_', '-')}, {limits.words(zone)}"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, markup=False)  # names have brackets of their own


def _now_us() -> int:
    return time.time_ns() // 1_000
