"""Fact versions in the database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from core.units import to_us, utc
from geofence.facts import Fact, FactVersion
from geofence.store import Connection
from storage.queries import load

Recorded = tuple[FactVersion, datetime]  # with when it was recorded


async def add(conn: Connection, version: FactVersion) -> datetime:
    columns: dict[str, Any] = {name: getattr(version, name) for name in ("operator_id", "fact_id", "version", "world", "ended")}
    columns["fact"] = Jsonb(msgspec.to_builtins(version.fact))
    for name, time_us in (("valid_from", version.valid_from_us), ("valid_to", version.valid_to_us)):
        columns[name] = None if time_us is None else utc(time_us)
    row = await (await conn.execute(load("geofence")["add_fact_version"], columns)).fetchone()
    assert row is not None
    recorded_at: datetime = row[0]
    return recorded_at


async def versions_of(conn: Connection, operator_id: UUID, fact_id: UUID) -> list[Recorded]:
    """Of one fact, the first version first; empty: nobody has stated it."""
    cursor = await conn.execute(load("geofence")["fact_versions_of"], {"operator_id": operator_id, "fact_id": fact_id})
    return [_read(row) for row in await cursor.fetchall()]


async def versions(conn: Connection, operator_id: UUID) -> list[Recorded]:
    """Of all facts of an operator, in the order in which they became known."""
    cursor = await conn.execute(load("geofence")["fact_versions"], {"operator_id": operator_id})
    return [_read(row) for row in await cursor.fetchall()]


async def versions_between(conn: Connection, above: int, up_to: int) -> list[FactVersion]:
    """What became known after one world and up to another, of every operator."""
    cursor = await conn.execute(load("geofence")["fact_versions_between"], {"above": above, "up_to": up_to})
    return [_read(row)[0] for row in await cursor.fetchall()]


def _read(row: tuple[Any, ...]) -> Recorded:
    operator_id, fact_id, version, world, fact, valid_from, valid_to, ended, recorded_at = row
    read = FactVersion(
        operator_id=operator_id, fact_id=fact_id, version=version, world=world, fact=msgspec.convert(fact, Fact),
        valid_from_us=None if valid_from is None else to_us(valid_from),
        valid_to_us=None if valid_to is None else to_us(valid_to), ended=ended,
    )  # fmt: skip
    return read, recorded_at
