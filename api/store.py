"""What the door reads from the database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection, IsolationLevel

from alerts.handling import Acknowledgement, State
from alerts.store import read_row
from api.aircraft import NO_POSITION, measured
from api.alert import Case
from api.shapes import Gap, TrackPoint
from core import block
from core.block import Block
from core.columns import NAMES
from core.records import AlertEvent, GapReason, decode
from core.sample import Sample
from core.units import to_us, utc
from geofence.moments import iso
from storage.queries import load

Connection = AsyncConnection[tuple[Any, ...]]
MAX_GAPS = 1_000
COUNTED: dict[GapReason, Literal["samples", "datagrams", "frames"]] = {
    GapReason.DROPPED: "samples", GapReason.NO_ROOM: "datagrams",
    GapReason.NOT_LISTENING: "frames", GapReason.NOTHING_CAME: "frames",
}  # fmt: skip
_DAY_US = 24 * 3600 * 1_000_000


@dataclass(frozen=True)
class Start:
    """Everything the picture begins with, as of one moment, and the positions in the stream that belong to it."""

    cases: list[Case]
    early: list[Acknowledgement]  # of alerts that the recorder has not stored yet
    samples: Block
    names: dict[UUID, str]
    positions: dict[tuple[str, int], int]  # (topic id, partition) -> next offset


async def read_start(conn: Connection, operator_id: UUID, cluster: str, now_us: int) -> Start:
    """In one REPEATABLE READ transaction: what is read here and what is consumed from positions on meet without a seam."""
    await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    async with conn.transaction():
        queries = load("api")
        cursor = await conn.execute(queries["standing_alerts"], {"operator_id": operator_id})
        found = await _cases(conn, await cursor.fetchall())
        cursor = await conn.execute(queries["early_handling"], {"operator_id": operator_id})
        early = [read_row(row) for row in await cursor.fetchall()]
        samples = await latest_samples(conn, operator_id, utc(now_us - _DAY_US))
        cursor = await conn.execute(queries["recorder_positions"], {"cluster": cluster})
        positions = {(topic_id, partition): next for topic_id, partition, next in await cursor.fetchall()}
        known = await names(conn, operator_id)
    await conn.set_isolation_level(None)
    return Start(found, early, samples, known, positions)


async def names(conn: Connection, operator_id: UUID) -> dict[UUID, str]:
    """The register's names."""
    cursor = await conn.execute(load("api")["names"], {"operator_id": operator_id})
    return {aircraft: name for aircraft, name in await cursor.fetchall()}


async def latest_samples(
    conn: Connection, operator_id: UUID, since: datetime, imported: bool = False, aircraft_id: UUID | None = None
) -> Block:
    """Of each aircraft heard since then its last sample, last position message and last position, as a block."""
    cursor = await conn.execute(
        load("api")["latest_samples"],
        {"operator_id": operator_id, "since": since, "imported": imported, "aircraft_id": aircraft_id},
    )
    when = NAMES.index("event_time_us")
    samples = []
    for row in await cursor.fetchall():
        values = list(row)
        values[when] = to_us(values[when])
        samples.append(Sample(*values))
    return block.from_samples(samples)


async def positions(conn: Connection, cluster: str) -> dict[tuple[str, int], int]:
    """How far the recorder has come, by topic id and partition."""
    cursor = await conn.execute(load("api")["recorder_positions"], {"cluster": cluster})
    return {(topic_id, partition): next for topic_id, partition, next in await cursor.fetchall()}


async def find_cases(
    conn: Connection, operator_id: UUID, states: Sequence[State], imported: bool, aircraft_id: UUID | None, limit: int
) -> list[Case]:
    """Alerts in these states, the newest first; one more than the limit if there are more."""
    cursor = await conn.execute(
        load("api")["find_alerts"],
        {
            "operator_id": operator_id, "states": [state.value for state in states], "imported": imported,
            "aircraft_id": aircraft_id, "limit": limit + 1,
        },
    )  # fmt: skip
    ids = [row[0] for row in await cursor.fetchall()]
    found = {case.last.alert_id: case for case in await cases(conn, operator_id, ids)}
    return [found[one] for one in ids if one in found]


async def cases(conn: Connection, operator_id: UUID, ids: Iterable[UUID]) -> list[Case]:
    """These alerts, as far as the database knows them."""
    cursor = await conn.execute(load("api")["events_of"], {"operator_id": operator_id, "alert_ids": list(ids)})
    return await _cases(conn, await cursor.fetchall())


async def track(
    conn: Connection, operator_id: UUID, aircraft_id: UUID, since: datetime | None, until: datetime | None, limit: int
) -> list[TrackPoint]:
    """Stored samples in the order of event time; one more than the limit if there are more."""
    cursor = await conn.execute(
        load("api")["track"],
        {"operator_id": operator_id, "aircraft_id": aircraft_id, "since": since, "until": until, "limit": limit + 1},
    )
    assert cursor.description is not None
    columns = [column.name for column in cursor.description]
    return [_point(dict(zip(columns, row, strict=True))) for row in await cursor.fetchall()]


async def gaps(
    conn: Connection,
    operator_id: UUID,
    aircraft_id: UUID | None,
    link: str | None,
    begin_us: int | None,
    end_us: int | None,
    limit: int = MAX_GAPS,
) -> list[Gap]:
    """The gaps that touch this time, in the order of their beginning; one more than the limit if there are more."""
    given: dict[str, Any] = {
        "operator_id": operator_id, "aircraft_id": aircraft_id, "link": link, "limit": limit + 1,
        "since": None if begin_us is None else utc(begin_us), "until": None if end_us is None else utc(end_us),
    }  # fmt: skip
    cursor = await conn.execute(load("api")["gaps"], given)
    return [_gap(*row) for row in await cursor.fetchall()]


async def knows_aircraft(conn: Connection, operator_id: UUID, aircraft_id: UUID) -> bool:
    cursor = await conn.execute(load("api")["knows_aircraft"], {"operator_id": operator_id, "aircraft_id": aircraft_id})
    return await cursor.fetchone() is not None


async def parts(conn: Connection) -> list[dict[str, Any]]:
    """What each part said about itself last, with the age of its word."""
    cursor = await conn.execute(load("health")["part_health"])
    return [
        {"part": part, "worker": worker, "at": iso(to_us(at)), "age_s": round(age_s, 3), "detail": detail}
        for part, worker, at, age_s, detail in await cursor.fetchall()
    ]


async def _cases(conn: Connection, rows: list[tuple[Any, ...]]) -> list[Case]:
    """From rows of body, published_at, imported, in the order of alert and n; and each alert's handling."""
    found: dict[UUID, Case] = {}
    for body, published_at, imported in rows:
        event = decode(AlertEvent, body.encode())
        found.setdefault(event.alert_id, Case([], imported)).add(event, to_us(published_at))
    cursor = await conn.execute(load("api")["handling_of"], {"alert_ids": list(found)})
    handled: dict[UUID, list[Acknowledgement]] = defaultdict(list)
    for row in await cursor.fetchall():
        one = read_row(row)
        handled[one.alert_id].append(one)
    for alert_id, case in found.items():
        case.handling = handled[alert_id]
    return list(found.values())


def _gap(
    link: str, aircraft_id: UUID | None, began: datetime, ended: datetime, count: int | None, reason: Any, imported: bool
) -> Gap:
    return {
        "aircraft_id": None if aircraft_id is None else str(aircraft_id),
        "link": link,
        "from": iso(to_us(began)) or "",
        "to": iso(to_us(ended)) or "",
        "count": count,
        "counted": COUNTED[GapReason(reason)],
        "reason": reason,
        "imported": imported,
    }


def _point(values: dict[str, Any]) -> TrackPoint:
    return {
        "event_time": iso(to_us(values["event_time"])) or "",
        "lon": None if values["lon_e7"] is None else values["lon_e7"] / 1e7,
        "lat": None if values["lat_e7"] is None else values["lat_e7"] / 1e7,
        "no_position": NO_POSITION.get(values["no_position"]),
        **measured(values),
        "battery_pct": values["battery_pct"],
        "mode": values["mode"],
        "armed": values["armed"],
        "airborne": values["airborne"],
        "late": values["late"],
    }
