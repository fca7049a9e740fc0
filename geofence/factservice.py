"""Facts as people state them: put, end, import. What changes is a new version, and all of one transaction is one new world."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import AsyncConnection, Rollback

from core.errors import WedgetailError
from geofence import factjson, factstore, service
from geofence.facts import FactVersion, kind_of, subject
from geofence.factstore import Recorded
from geofence.fields import Problem
from geofence.service import Pool
from geofence.store import Connection, next_world


class UnknownFact(WedgetailError):
    """There is no fact {fact_id}."""


class Changes(NamedTuple):
    """What became of facts that were stated. unchanged: the last version said the same already."""

    added: list[Recorded]
    changed: list[Recorded]
    unchanged: list[Recorded]

    @property
    def all(self) -> list[Recorded]:
        return self.added + self.changed + self.unchanged


async def put(pool: Pool, operator_id: UUID, given: object) -> Changes:
    """States a fact: a new one, or a new version of the one of its kind and subject. Raises factjson.WrongFact."""
    fact = factjson.read(given, operator_id)
    async with pool.connection() as conn:
        return await put_all(conn, operator_id, [fact])


async def replace(pool: Pool, operator_id: UUID, fact_id: UUID, given: object) -> Changes:
    """As put, of a fact that is there. Raises factjson.WrongFact, UnknownFact."""
    fact = factjson.read(given, operator_id)
    async with pool.connection() as conn:
        known = (await _last(conn, operator_id, fact_id)).fact
        if fact.fact_id != fact_id:
            detail = f"{kind_of(known)} {subject(known)} is expected: a fact of another kind or subject is a fact of its own"
            raise factjson.WrongFact([Problem("kind", detail)])
        return await put_all(conn, operator_id, [fact])


async def put_all(
    conn: AsyncConnection[Any], operator_id: UUID, facts: Sequence[FactVersion], dry_run: bool = False
) -> Changes:
    """States all or none. Facts that nobody names stay as they are. dry_run: only says what would be."""
    changes = Changes([], [], [])
    async with conn.transaction(force_rollback=dry_run):
        world = await next_world(conn)  # the lock first: of two at once the second sees what the first made
        for fact in facts:
            known = await factstore.versions_of(conn, operator_id, fact.fact_id)
            if not known:
                changes.added.append(await _add(conn, fact, 1, world))
            elif _same(known[-1][0], fact):
                changes.unchanged.append(known[-1])
            else:
                changes.changed.append(await _add(conn, fact, known[-1][0].version + 1, world))
        if not changes.added and not changes.changed:
            raise Rollback  # no new world
    return changes


async def end(pool: Pool, operator_id: UUID, fact_id: UUID, at_us: int) -> Recorded:
    """From its time on nothing is stated. Raises UnknownFact, AlreadyEnded, EndsBeforeItBegins."""
    async with pool.connection() as conn, conn.transaction():
        world = await next_world(conn)
        last = await _last(conn, operator_id, fact_id)
        return await _add(conn, service.ending(last, at_us), last.version + 1, world)


async def at(pool: Pool, operator_id: UUID, time_us: int, coming: bool = False) -> list[Recorded]:
    """The versions in force at a time, as known now; with coming also the facts that will first hold later."""
    async with pool.connection() as conn:
        return service.chosen(await factstore.versions(conn, operator_id), time_us, coming)


async def versions(pool: Pool, operator_id: UUID, fact_id: UUID) -> list[Recorded]:
    """Every version, the first first. Raises UnknownFact."""
    async with pool.connection() as conn:
        found = await factstore.versions_of(conn, operator_id, fact_id)
    if not found:
        raise UnknownFact(fact_id=fact_id)
    return found


def _same(last: FactVersion, stated: FactVersion) -> bool:
    return last == msgspec.structs.replace(stated, version=last.version, world=last.world)


async def _last(conn: Connection, operator_id: UUID, fact_id: UUID) -> FactVersion:
    found = await factstore.versions_of(conn, operator_id, fact_id)
    if not found:
        raise UnknownFact(fact_id=fact_id)
    return found[-1][0]


async def _add(conn: Connection, fact: FactVersion, version: int, world: int) -> Recorded:
    stored = msgspec.structs.replace(fact, version=version, world=world)
    return stored, await factstore.add(conn, stored)
