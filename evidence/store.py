"""A flight and an incident out of the database, all from one moment; and the record of the bundles that were made."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from alerts.store import read_row
from core.errors import WedgetailError
from core.records import AlertEvent, Gap, GapReason, decode
from core.units import to_us, utc
from evidence import columns
from evidence.flight import Aircraft, Alert, Flight, Incident, InForce, Step
from evidence.made import Made
from geofence import factstore
from geofence import store as zonestore
from geofence.versions import Version, deciding
from storage import history
from storage.history import NoSuchFlight
from storage.queries import load

Connection = AsyncConnection[tuple[Any, ...]]
_AT_A_TIME = 2_000  # rows fetched: more would hold up whoever shares the loop
_FOREVER_US = 1 << 61  # beyond it a stretch of geofence.versions has no end
_AFTER = timedelta(minutes=1)  # so long after its samples a flight may still be judged
V = TypeVar("V", bound=Version)


class NothingThen(WedgetailError):
    """Nothing of {flight} is in the database in that time."""


class EmptyWindow(WedgetailError):
    """The window ends before it begins."""


class TooMany(WedgetailError):
    """There are more than {most:,} samples: ask for a shorter time, or give the command `wedgetail export`."""


@asynccontextmanager
async def snapshot(conn: Connection) -> AsyncIterator[None]:
    """All from one moment, and nothing is written."""
    assert conn.info.transaction_status == TransactionStatus.IDLE
    async with conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


async def read_flight(
    conn: Connection,
    operator: tuple[UUID, str, str],
    name: str,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int | None = None,
) -> Flight:
    """A link, or an aircraft's id, in a window of event time, since <= t < until; left out: from the first, to the last.

    operator: id, title, time zone. most: more samples than these are refused. Within snapshot().
    Raises EmptyWindow, NoSuchFlight, NothingThen, TooMany.
    """
    if since is not None and until is not None and until <= since:
        raise EmptyWindow()
    operator_id, title, timezone = operator
    found = await history.find_flight(conn, name)
    given: dict[str, Any] = {"operator_id": operator_id, "aircraft_ids": list(found.aircraft_ids), "imported": found.imported}
    aircraft = [Aircraft(*row) for row in await _all(conn, "aircraft", given)]
    if not aircraft:
        raise NoSuchFlight(flight=name)
    ((first, last),) = await _all(conn, "span_of", given | {"since": since, "until": until})
    if first is None:
        raise NothingThen(flight=name)
    given |= {"since": since or first, "until": until or last + timedelta(microseconds=1)}
    raw = await _samples(conn, given, most)
    gaps = [
        Gap(operator, link, one, to_us(began), to_us(ended), count, GapReason(reason))
        for operator, link, one, began, ended, count, reason in await _all(conn, "gaps_within", given)
    ]
    return Flight(
        name, operator_id, title, timezone, tuple(aircraft), found.imported,
        to_us(given["since"]), to_us(given["until"]), raw, tuple(gaps),
    )  # fmt: skip


async def read_incident(conn: Connection, flight: Flight) -> Incident:
    """A flight with its alerts, what people did, and what was in force. Within snapshot()."""
    given: dict[str, Any] = {
        "operator_id": flight.operator_id, "aircraft_ids": [one.id for one in flight.aircraft], "imported": flight.imported,
        "since": utc(flight.from_us), "until": utc(flight.to_us),
    }  # fmt: skip
    alerts = await _alerts(conn, given)
    came = pc.min_max(flight.raw["append_time"]).as_py()
    ((first, last),) = await _all(conn, "worlds", {"first": came["min"], "last": came["max"]})
    said = [step.event for alert in alerts for step in alert.steps]
    first, last = min([first, *(event.world for event in said)]), max([last, *(event.world for event in said)])
    zones = await zonestore.versions(conn, flight.operator_id)
    facts = await factstore.versions(conn, flight.operator_id)
    engines = await _engines(conn, flight, came["min"], came["max"]) | {event.engine for event in said}
    return Incident(
        flight, tuple(alerts), tuple(in_force(zones, first, last, flight.from_us, flight.to_us)),
        tuple(in_force(facts, first, last, flight.from_us, flight.to_us)), (first, last), tuple(sorted(engines)),
    )  # fmt: skip


async def keep(conn: Connection, flight: Flight, made: Made, root_hash: str, report_hash: str) -> None:
    """Who made which bundle when. The caller commits."""
    await conn.execute(
        load("evidence")["add_bundle"],
        {
            "operator_id": flight.operator_id, "root_hash": root_hash, "report_hash": report_hash, "made_at": utc(made.at_us),
            "made_by": made.by, "flight": flight.name, "from": utc(flight.from_us), "to": utc(flight.to_us),
            "aircraft_ids": [one.id for one in flight.aircraft], "engine": made.engine,
        },
    )  # fmt: skip


def in_force(
    versions: Sequence[tuple[V, datetime]], first_world: int, last_world: int, from_us: int, to_us: int
) -> Iterable[InForce[V]]:
    """The versions that decided at some time of a window in any of the worlds first to last, by their ids. Pure."""
    recorded = {(version.key, version.version): recorded_at for version, recorded_at in versions}
    only = [version for version, _ in versions]
    worlds = {first_world, *(version.world for version in only if first_world < version.world <= last_world)}
    found: dict[tuple[UUID, int], InForce[V]] = {}
    for world in sorted(worlds):
        for version, start, end in deciding(only, world):
            if start < to_us and end > from_us:
                key = version.key, version.version
                held = found.get(key)
                begins = None if start < -_FOREVER_US else start
                ends = None if end > _FOREVER_US else end
                if held is not None:
                    begins = None if None in (begins, held.from_us) else min(begins or 0, held.from_us or 0)
                    ends = None if None in (ends, held.to_us) else max(ends or 0, held.to_us or 0)
                found[key] = InForce(version, recorded[key], begins, ends)
    return [found[key] for key in sorted(found, key=lambda key: (key[0].bytes, key[1]))]


async def _all(conn: Connection, query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    return await (await conn.execute(load("evidence")[query], given)).fetchall()


async def _samples(conn: Connection, given: dict[str, Any], most: int | None) -> pa.Table:
    """A piece at a time: rows of an hour of twenty aircraft are more than one wants to hold in Python."""
    schema = pa.schema(list(columns.RAW.items()))
    pieces: list[pa.RecordBatch] = []
    async with conn.cursor(name="evidence_samples") as cursor:
        await cursor.execute(load("evidence")["samples"], given)
        while rows := await cursor.fetchmany(_AT_A_TIME):
            arrays = [
                pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), columns.RAW.values(), strict=True)
            ]
            pieces.append(pa.record_batch(arrays, schema=schema))
            if most is not None and sum(map(len, pieces)) > most:
                raise TooMany(most=most)
    return pa.Table.from_batches(pieces, schema).combine_chunks()


async def _alerts(conn: Connection, given: dict[str, Any]) -> list[Alert]:
    steps: dict[UUID, list[Step]] = {}
    for body, published_at in await _all(conn, "alert_events", given):
        event = decode(AlertEvent, body.encode())
        steps.setdefault(event.alert_id, []).append(Step(event, to_us(published_at)))
    handled = defaultdict(list)
    for row in await _all(conn, "actions_on", {"alert_ids": list(steps)}):
        one = read_row(row)
        handled[one.alert_id].append(one)
    return [Alert(tuple(each), tuple(handled[alert_id])) for alert_id, each in steps.items()]


async def _engines(conn: Connection, flight: Flight, first: datetime, last: datetime) -> set[str]:
    """Which engines judged it, as the log of the stream says; nothing where its log is not kept any more."""
    ids, links = tuple(one.id for one in flight.aircraft), tuple(one.link for one in flight.aircraft)
    found: set[str] = set()
    try:
        stretches = await history.stretches(
            conn, history.Flight(flight.name, ids, links, flight.imported), first, last + _AFTER
        )
    except NoSuchFlight:
        return found
    for stretch in stretches:
        begin, engine = stretch.oldest, ""  # from where on its log is read, and which engine judged before that
        if flight.imported:
            engine = next((said for (said,) in await _all(conn, "last_engine_before", stretch.given)), "")
        else:
            states = await history.states(conn, stretch)
            begin, engine = next(((each.next, each.engine) for each in states if each.next <= stretch.first), (begin, engine))
        for offset, said in await history.engines(conn, stretch, begin):
            if offset > stretch.first:
                found.add(engine)
            engine = said
        found.add(engine)
    return found - {""}
