"""Zones as people and files change them: make, replace, switch, end, import.

Each change is a new version and a new world, in one transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from psycopg import AsyncConnection, Rollback
from psycopg_pool import AsyncConnectionPool

from core.errors import WedgetailError
from geofence import geojson, store
from geofence.edition import Changes, compare
from geofence.formats.found import Found, Trouble
from geofence.moments import iso
from geofence.store import Recorded
from geofence.versions import V, in_force
from geofence.zone import Switch, ZoneKind, ZoneVersion

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


class UnknownZone(WedgetailError):
    """There is no zone {zone_id}."""


class AlreadyEnded(WedgetailError):
    """It has ended at {at}: make a new one."""


class NotSwitched(WedgetailError):
    """A keep-in zone is not switched: it holds for its aircraft from valid_from to valid_to."""


class NothingUnderstood(WedgetailError):
    """No zone was understood, so nothing is changed: {detail}"""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        first = "; ".join(f"{one.where}: {one.detail}" for one in troubles[:3])
        super().__init__(detail=(first or "it holds none") + (f"; and {len(troubles) - 3} more" if len(troubles) > 3 else ""))
        self.troubles = troubles


class EndsBeforeItBegins(WedgetailError):
    """It is valid from {valid_from}: it cannot end at {at}."""


async def create(pool: Pool, operator_id: UUID, feature: object) -> Recorded:
    """A new zone. Raises geojson.WrongZone."""
    zone = geojson.read(feature, operator_id, uuid4())
    async with pool.connection() as conn, conn.transaction():
        return await _add(conn, zone, 1, await store.next_world(conn))


async def replace(pool: Pool, operator_id: UUID, zone_id: UUID, feature: object) -> Recorded:
    """A new version in the place of the last. Raises geojson.WrongZone, UnknownZone, AlreadyEnded."""
    zone = geojson.read(feature, operator_id, zone_id)
    async with pool.connection() as conn, conn.transaction():
        world = await store.next_world(conn)  # the lock first: of two at once the second sees what the first made
        last = await _last(conn, operator_id, zone_id)
        if last.ended:
            raise AlreadyEnded(at=iso(last.valid_from_us))
        # Where a zone came from is no person's to say: the next import finds it by that.
        return await _add(conn, msgspec.structs.replace(zone, source=last.source), last.version + 1, world)


async def end(pool: Pool, operator_id: UUID, zone_id: UUID, at_us: int) -> Recorded:
    """From its time on the zone asks nothing. Raises UnknownZone, AlreadyEnded, EndsBeforeItBegins."""
    async with pool.connection() as conn, conn.transaction():
        world = await store.next_world(conn)
        last = await _last(conn, operator_id, zone_id)
        return await _add(conn, ending(last, at_us), last.version + 1, world)


async def switch(pool: Pool, operator_id: UUID, zone_id: UUID, said: Switch) -> Recorded:
    """A version that is also active, or not, for a time: the last word given decides.

    Raises UnknownZone, AlreadyEnded, NotSwitched.
    """
    async with pool.connection() as conn, conn.transaction():
        world = await store.next_world(conn)
        last = await _last(conn, operator_id, zone_id)
        if last.ended:
            raise AlreadyEnded(at=iso(last.valid_from_us))
        if last.kind is ZoneKind.KEEP_IN:
            raise NotSwitched
        switched = msgspec.structs.replace(last, switched=(*last.switched, said))
        return await _add(conn, switched, last.version + 1, world)


async def take_in(
    conn: store.Connection, operator_id: UUID, collection: str, found: Found, now_us: int, dry_run: bool = False
) -> tuple[Changes, int | None]:
    """Makes a collection what an edition of it says, in one transaction and one world; and that world's number.

    None: nothing was stored, because nothing differs or because it is a dry run, which is the same, taken back. Zones that the
    edition does not have any more end. Raises NothingUnderstood.
    """
    if not found.zones:
        raise NothingUnderstood(found.troubles)
    stored: int | None = None
    async with conn.transaction():
        world = await store.next_world(conn)  # the lock first: of two at once the second sees what the first made
        changes = compare(await store.of_collection(conn, operator_id, collection), found, now_us)
        if dry_run or not changes.versions:
            raise Rollback
        await store.add_all(conn, [msgspec.structs.replace(zone, world=world) for zone in changes.versions])
        stored = world
    return changes, stored


async def at(pool: Pool, operator_id: UUID, time_us: int, coming: bool = False) -> list[Recorded]:
    """The versions in force at a time, as known now; with coming also the zones that will first hold later."""
    async with pool.connection() as conn:
        known = await store.versions(conn, operator_id)
    return chosen(known, time_us, coming)


async def versions(pool: Pool, operator_id: UUID, zone_id: UUID) -> list[Recorded]:
    """Every version, the first first. Raises UnknownZone."""
    async with pool.connection() as conn:
        found = await store.versions_of(conn, operator_id, zone_id)
    if not found:
        raise UnknownZone(zone_id=zone_id)
    return found


def chosen(known: Sequence[tuple[V, datetime]], time_us: int, coming: bool = False) -> list[tuple[V, datetime]]:
    """Of all versions in the order in which they became known, those in force; with coming also what will first hold later."""
    recorded = {(one.key, one.version): when for one, when in known}
    world = max((one.world for one, _ in known), default=0)
    found = in_force((one for one, _ in known), world, time_us)
    if coming:
        holding = {one.key for one in found}
        last = {one.key: one for one, _ in known}  # the highest version comes last
        found += [v for v in last.values() if v.key not in holding and not v.ended and (v.valid_from_us or 0) > time_us]
    return [(one, recorded[one.key, one.version]) for one in found]


def ending(last: V, at_us: int) -> V:
    """A version that says nothing, valid from its time on. An ending still to come may be brought forward.

    Raises AlreadyEnded, EndsBeforeItBegins.
    """
    if last.ended and (last.valid_from_us or 0) <= at_us:
        raise AlreadyEnded(at=iso(last.valid_from_us))
    if not last.ended and last.valid_from_us is not None and at_us < last.valid_from_us:
        raise EndsBeforeItBegins(valid_from=iso(last.valid_from_us), at=iso(at_us))
    # every kind of version is a struct, which its common part cannot say
    return msgspec.structs.replace(last, ended=True, valid_from_us=at_us, valid_to_us=None)  # type: ignore[type-var]


async def _last(conn: store.Connection, operator_id: UUID, zone_id: UUID) -> ZoneVersion:
    found = await store.versions_of(conn, operator_id, zone_id)
    if not found:
        raise UnknownZone(zone_id=zone_id)
    return found[-1][0]


async def _add(conn: store.Connection, zone: ZoneVersion, version: int, world: int) -> Recorded:
    stored = msgspec.structs.replace(zone, version=version, world=world)
    return stored, await store.add(conn, stored)
