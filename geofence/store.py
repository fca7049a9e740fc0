"""Zone versions in the database, and the number of the world."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection, AsyncCursor
from psycopg.types.json import Jsonb

from core.units import to_us, utc
from geofence.zone import ZoneVersion
from storage.queries import load

Connection = AsyncConnection[tuple[Any, ...]]
_AT_A_TIME = 100  # zones
Recorded = tuple[ZoneVersion, datetime]  # with when it was recorded


async def next_world(conn: Connection) -> int:
    """The number of the world that this transaction makes; others wait until it is over."""
    row = await (await conn.execute(load("geofence")["next_world"])).fetchone()
    assert row is not None
    number: int = row[0]
    return number


async def world_number(conn: Connection) -> int:
    row = await (await conn.execute(load("geofence")["world_number"])).fetchone()
    return 0 if row is None else int(row[0])


async def add(conn: Connection, zone: ZoneVersion) -> datetime:
    row = await (await conn.execute(load("geofence")["add_version"], _columns(zone))).fetchone()
    assert row is not None
    recorded_at: datetime = row[0]
    return recorded_at


async def add_all(conn: Connection, zones: Sequence[ZoneVersion]) -> None:
    """Many, without waiting for each; whoever shares the loop has a turn between."""
    async with conn.cursor() as cursor:
        for start in range(0, len(zones), _AT_A_TIME):
            columns = [_columns(zone) for zone in zones[start : start + _AT_A_TIME]]
            await cursor.executemany(load("geofence")["add_version"], columns)
            await asyncio.sleep(0)


async def of_collection(conn: Connection, operator_id: UUID, collection: str) -> list[ZoneVersion]:
    """The last version of each zone that was imported under this name, ended ones too."""
    given = {"operator_id": operator_id, "prefix": f"{collection}/"}
    cursor = await conn.execute(load("geofence")["last_of_collection"], given)
    return [zone for zone, _ in await _all(cursor)]


async def versions_of(conn: Connection, operator_id: UUID, zone_id: UUID) -> list[Recorded]:
    """Of one zone, the first version first; empty: there is no such zone."""
    cursor = await conn.execute(load("geofence")["versions_of"], {"operator_id": operator_id, "zone_id": zone_id})
    return await _all(cursor)


async def versions(conn: Connection, operator_id: UUID) -> list[Recorded]:
    """Of all zones of an operator, in the order in which they became known."""
    cursor = await conn.execute(load("geofence")["versions"], {"operator_id": operator_id})
    return await _all(cursor)


async def versions_between(conn: Connection, above: int, up_to: int) -> list[ZoneVersion]:
    """What became known after one world and up to another, of every operator."""
    cursor = await conn.execute(load("geofence")["versions_between"], {"above": above, "up_to": up_to})
    return [zone for zone, _ in await _all(cursor)]


async def _all(cursor: AsyncCursor[tuple[Any, ...]]) -> list[Recorded]:
    """Read a part at a time: a whole country's outlines are half a second of JSON, in which nobody else would be served."""
    found: list[Recorded] = []
    while rows := await cursor.fetchmany(_AT_A_TIME):
        found += map(_read, rows)
        await asyncio.sleep(0)
    return found


def _columns(zone: ZoneVersion) -> dict[str, Any]:
    columns: dict[str, Any] = msgspec.to_builtins(zone, builtin_types=(UUID,))
    for name in ("geometry", "timetable", "switched"):
        columns[name] = None if columns[name] is None else Jsonb(columns[name])
    for name in ("valid_from", "valid_to"):
        time_us = columns.pop(f"{name}_us")
        columns[name] = None if time_us is None else utc(time_us)
    for name in ("aircraft_ids", "remarks", "weights"):
        columns[name] = None if columns[name] is None else list(columns[name])
    return columns


def _read(row: tuple[Any, ...]) -> Recorded:
    """The columns of the query, which are ZoneVersion's fields in their order with times as datetimes, then recorded_at."""
    facts = dict(zip(ZoneVersion.__struct_fields__, row[:-1], strict=True))
    for name in ("valid_from_us", "valid_to_us"):
        facts[name] = None if facts[name] is None else to_us(facts[name])
    return msgspec.convert(facts, ZoneVersion), row[-1]
