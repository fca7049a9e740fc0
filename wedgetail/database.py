"""The database as a command meets it: of this operator, at this version, or a sentence that says what is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from core.identity import operator_id
from core.settings import Settings
from geofence.store import Connection
from storage.errors import DatabaseNotReady, DatabaseUnreachable, InstallationMismatch
from storage.migrate import where
from storage.pool import connect
from storage.queries import load

_STATEMENT_MS = 60_000


@asynccontextmanager
async def database(settings: Settings, name: str) -> AsyncIterator[Connection]:
    """A connection. Raises DatabaseUnreachable, InstallationMismatch, DatabaseNotReady."""
    url = settings.database.url
    try:
        conn = await connect(url, name=name, statement_timeout_ms=_STATEMENT_MS)
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
