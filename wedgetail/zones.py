"""`wedgetail zones import FILE` and `zones list`: against the database itself; a running API tells the stream in a second."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from rich.console import Console

from core.identity import operator_id
from core.settings import Settings
from geofence import service, store
from geofence.edition import Changes
from geofence.formats import limits, meaning, registry
from geofence.formats.found import Found
from geofence.zone import ZoneVersion, in_force
from storage.errors import DatabaseNotReady, DatabaseUnreachable, InstallationMismatch
from storage.migrate import where
from storage.pool import connect
from storage.queries import load

_NAME = "wedgetail zones"
_STATEMENT_MS = 60_000


async def take_in(settings: Settings, file: Path, collection: str | None, dry_run: bool) -> None:
    """Imports a file of zones, and prints what changed and what was not understood.

    Raises UnknownFormat, WrongCollection, NothingUnderstood, and those of _database.
    """
    operator = operator_id(settings.operator.name)
    collection = registry.collection_of(file.name) if collection is None else collection
    format, found = registry.read(file.read_bytes(), operator, collection, meaning.table(settings.airspace.classes))
    async with _database(settings) as conn:
        changes, _ = await service.take_in(conn, operator, collection, found, _now_us(), dry_run)
    console = _console()
    console.print(f"{file.name}: {format}, collection {collection}")
    for line in (*_changes(changes, dry_run), *_troubles(found)):
        console.print(line)
    counted = (
        f"{len(changes.added):,} added, {len(changes.changed):,} changed, {len(changes.ended):,} ended, "
        f"{changes.unchanged:,} unchanged"
    )
    console.print(f"dry run, nothing is stored: {counted}" if dry_run else counted)


async def show(settings: Settings) -> None:
    """Prints the zones in force, as they are known now: class, name, kind, limits, activation, source."""
    operator, now_us = operator_id(settings.operator.name), _now_us()
    async with _database(settings) as conn:
        known = [zone for zone, _ in await store.versions(conn, operator)]
    console = _console()
    zones = in_force(known, max((zone.world for zone in known), default=0), now_us)
    for zone in sorted(zones, key=lambda zone: (zone.airspace_class or "", zone.name)):
        console.print(f"{zone.airspace_class or '-':<4} {_described(zone)}, {zone.activation}, {zone.source or 'drawn here'}")
    console.print(f"{len(zones):,} zones in force")


def _changes(changes: Changes, dry_run: bool) -> Iterator[str]:
    """Of a first import nobody reads two thousand lines: what is added is listed by a dry run only."""
    if dry_run:
        yield from (f"added    {_described(zone)}" for zone in changes.added)
    yield from (f"changed  {_described(one.zone)} ({', '.join(one.fields)})" for one in changes.changed)
    yield from (f"ended    {_described(zone)}" for zone in changes.ended)
    yield from (f"kept     {_described(zone)}: the file names it, and it cannot be read there" for zone in changes.kept)


def _troubles(found: Found) -> Iterator[str]:
    for trouble in found.troubles:
        yield f"{'left out' if trouble.lost else 'noted   '} {trouble.where}: {trouble.detail}"


def _described(zone: ZoneVersion) -> str:
    return f"{zone.name}: {zone.kind.replace('_', '-')}, {limits.words(zone)}"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, markup=False)  # names have brackets of their own


def _now_us() -> int:
    return time.time_ns() // 1_000


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[store.Connection]:
    """A connection to the database of this operator's installation; what is wrong with it is told as a sentence."""
    url = settings.database.url
    try:
        conn = await connect(url, name=_NAME, statement_timeout_ms=_STATEMENT_MS)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:  # the second: no address at all
        raise DatabaseUnreachable(where=where(url), detail=" ".join(str(error).split())) from error
    async with conn:
        try:
            row = await (await conn.execute(load("migrate")["installation"])).fetchone()
            operator = operator_id(settings.operator.name)
            if row is not None and row[0] != operator:
                raise InstallationMismatch(what="operator", found=row[0], given=f"{operator} ({settings.operator.name})")
            yield conn
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise DatabaseNotReady(detail=str(error).splitlines()[0]) from error
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(where=where(url), detail=" ".join(str(error).split())) from error
