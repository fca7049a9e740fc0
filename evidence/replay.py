"""What a replay shows, out of the database: who flew, their samples, what was missing, what was in force when."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from core.records import Gap, GapReason
from core.units import to_us, utc
from evidence import tracks
from evidence.store import Connection
from evidence.tracks import Track
from geofence import factstore
from geofence import store as zonestore
from geofence.altitude import LIMIT_M, RULE
from geofence.facts import FactVersion
from geofence.index import touching
from geofence.known import Facts, Whose
from geofence.versions import Version, deciding
from geofence.zone import ZoneVersion
from storage.queries import load


class Asked(NamedTuple):
    """Aircraft of an operator in a stretch of event time, from_us <= t < to_us."""

    operator_id: UUID
    aircraft_ids: tuple[UUID, ...]
    from_us: int
    to_us: int

    @property
    def given(self) -> dict[str, Any]:
        return {
            "operator_id": self.operator_id, "aircraft_ids": list(self.aircraft_ids),
            "since": utc(self.from_us), "until": utc(self.to_us),
        }  # fmt: skip


class Flown(NamedTuple):
    """An aircraft that has samples, and when it was received first and last."""

    aircraft_id: UUID
    name: str | None
    link: str
    system_id: int
    imported: bool
    first: datetime
    last: datetime


class Then(NamedTuple):
    """A version of a zone, when it became known, and a time of the stretch in which it decided."""

    zone: ZoneVersion
    recorded_at: datetime
    from_us: int
    to_us: int


async def flown(
    conn: Connection,
    operator_id: UUID,
    aircraft_ids: Sequence[UUID] | None,
    begin_us: int | None,
    end_us: int | None,
    limit: int,
) -> list[Flown]:
    """Who has samples then, who was heard last first; one more than the limit if there are more."""
    given: dict[str, Any] = {
        "operator_id": operator_id, "aircraft_ids": None if aircraft_ids is None else list(aircraft_ids), "limit": limit + 1,
        "since": None if begin_us is None else utc(begin_us), "until": None if end_us is None else utc(end_us),
    }  # fmt: skip
    return [Flown(*row) for row in await _all(conn, "flown", given)]


async def unknown(conn: Connection, asked: Asked) -> UUID | None:
    """The first that the operator does not have."""
    known = {row[0] for row in await _all(conn, "known_aircraft", asked.given)}
    return next((one for one in asked.aircraft_ids if one not in known), None)


async def gaps(conn: Connection, asked: Asked, limit: int) -> list[Gap]:
    """Those that touch the stretch; one more than the limit if there are more."""
    found = await _all(conn, "gaps_of", asked.given | {"limit": limit + 1})
    return [
        Gap(operator, link, one, to_us(began), to_us(ended), count, GapReason(reason))
        for operator, link, one, began, ended, count, reason in found
    ]


async def alerts_between(conn: Connection, asked: Asked, limit: int) -> list[UUID]:
    """The alerts that stood at some time of the stretch; one more than the limit if there are more."""
    return [row[0] for row in await _all(conn, "alerts_between", asked.given | {"limit": limit + 1})]


async def read_tracks(conn: Connection, asked: Asked, points: int, most_gaps: int) -> list[Track]:
    """The samples of each aircraft, thinned to about so many points, in the order asked for; none where it has none."""
    packed = await _packed(conn, asked)
    missing = await gaps(conn, asked, most_gaps)
    links = {one: link for one, link, _ in await _all(conn, "known_aircraft", asked.given)}
    moments: dict[UUID, list[int]] = {}
    for one, at in await _all(conn, "alert_moments", asked.given):
        moments.setdefault(one, []).append(to_us(at))
    facts = await factstore.versions(conn, asked.operator_id)
    came = {one: time for one, time in await _all(conn, "came", asked.given)} if facts else {}

    def made() -> Iterator[Track]:
        for one in asked.aircraft_ids:
            if one not in packed:
                continue
            link = links[one]
            its = [gap for gap in missing if gap.aircraft_id == one or (gap.aircraft_id is None and _is_of(gap, link))]
            whole = tracks.unpack(one, packed.pop(one), its)
            thinned = tracks.thin(whole, points, moments.get(one, ()))
            yield tracks.limited(thinned, _limit_m(asked.operator_id, thinned, facts, came.get(one)))

    return await asyncio.to_thread(lambda: list(made()))


async def _packed(conn: Connection, asked: Asked) -> dict[UUID, bytes]:
    async with conn.cursor(binary=True) as cursor:
        await cursor.execute(load("replay")["packed_samples"], asked.given)
        return {aircraft_id: data for aircraft_id, data in await cursor.fetchall()}


def _is_of(gap: Gap, link: str) -> bool:
    return gap.link in (link, link.partition("/")[0])


def _limit_m(operator_id: UUID, track: Track, facts: Sequence[tuple[FactVersion, datetime]], came: datetime | None) -> Any:
    """Of the height rule, by the authorisations that were known when the broker took the last sample."""
    known = Facts([fact for fact, _ in facts], _world(facts, came))
    if not known.relaxes(operator_id, RULE):
        return LIMIT_M
    lon, lat = (
        np.where(track.columns["lon_e7"] == -(1 << 31), np.nan, track.columns[name] / 1e7) for name in ("lon_e7", "lat_e7")
    )
    whose = Whose([track.aircraft_id.bytes], np.zeros(len(track.time_us), np.int64))
    return np.fmax(known.allowed_at(operator_id, whose, RULE, lon, lat, track.time_us), LIMIT_M)


def _world(versions: Iterable[tuple[Version, datetime]], at: datetime | None) -> int:
    """The last world that was known at a time."""
    return max((one.world for one, recorded_at in versions if at is not None and recorded_at <= at), default=0)


async def zones_then(conn: Connection, asked: Asked, box: tuple[float, float, float, float] | None) -> list[Then]:
    """The zones in force at some time of the stretch, each version with the time in which it decided, as it was known then.

    What a live aircraft was judged by is what was known at that moment; an import, what was known when it was imported.
    """
    versions = await zonestore.versions(conn, asked.operator_id)
    imported = {row[0] for row in await _all(conn, "known_aircraft", asked.given) if row[2]}
    came = {one: time for one, time in await _all(conn, "came", asked.given)}

    def found() -> list[Then]:
        near = versions
        if box is not None and versions:
            # Every version of a zone that was ever there: an older one may be what decides.
            ids = {zone.zone_id for zone, _ in touching(versions, box)}
            near = [one for one in versions if one[0].zone_id in ids]
        spans = {
            (_world(near, came[one]), asked.from_us, asked.to_us) for one in asked.aircraft_ids if one in imported & came.keys()
        }
        if any(one not in imported for one in asked.aircraft_ids):
            spans |= set(_as_known(near, asked.from_us, asked.to_us))
        return known_then(near, sorted(spans))

    return await asyncio.to_thread(found)


def _as_known(versions: Sequence[tuple[Version, datetime]], from_us: int, to_us_: int) -> Iterator[tuple[int, int, int]]:
    """Which world was known from when to when."""
    began: dict[int, int] = {}
    for one, recorded_at in versions:
        began[one.world] = min(began.get(one.world, 1 << 62), to_us(recorded_at))
    turns = [(at, world) for world, at in sorted(began.items()) if from_us < at < to_us_]
    first = max((world for world, at in began.items() if at <= from_us), default=0)
    for (start, world), (end, _) in zip([(from_us, first), *turns], [*turns, (to_us_, 0)], strict=True):
        yield world, start, end


def known_then(versions: Sequence[tuple[ZoneVersion, datetime]], spans: Iterable[tuple[int, int, int]]) -> list[Then]:
    """The versions that decided in spans of (world, from_us, to_us), with the time of each; what adjoins is one. Pure."""
    recorded = {(zone.zone_id, zone.version): recorded_at for zone, recorded_at in versions}
    stretches: dict[tuple[UUID, int], tuple[ZoneVersion, list[tuple[int, int]]]] = {}
    for world, from_us, until_us in spans:
        for zone, start, end in deciding([one for one, _ in versions], world):
            if start < until_us and end > from_us:
                held = stretches.setdefault((zone.zone_id, zone.version), (zone, []))
                held[1].append((max(start, from_us), min(end, until_us)))
    return [
        Then(zone, recorded[key], start, end)
        for key, (zone, parts) in sorted(stretches.items(), key=lambda one: (one[0][0].bytes, one[0][1]))
        for start, end in _merged(parts)
    ]


def _merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


async def _all(conn: Connection, query: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return await (await conn.execute(load("replay")[query], given)).fetchall()
