"""A flight and its incident out of a real database, and the record of bundles."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection

from core import block
from core.block import Block
from core.columns import SCHEMA_VERSION
from core.identity import partition_of
from core.records import Engine, Gap, GapReason, LinkListened, Listened, Marker, block_headers, control_headers, encode
from core.sample import Sample
from core.topics import PARTITIONS
from core.units import utc
from evidence import bundle, store
from evidence.bundle import MANIFEST
from evidence.flight import Alert, Incident
from geofence import factstore
from geofence import store as zonestore
from storage.history import NoSuchFlight
from storage.migrate import RECORDED_TOPICS, register_topics
from storage.pool import connect
from streams.flush import Recording
from streams.logged import Logged, telemetry_entry
from tests.unit.evidence import record
from tests.unit.evidence.record import ONE, TWO, at
from tests.unit.evidence.test_bundle import unpacked
from tests.unit.streams.flight import LINK, OPERATOR, T0, S

IDS = {name: str(UUID(int=n + 10)) for n, name in enumerate(RECORDED_TOPICS)}
WHO = (OPERATOR, "Test & Sons", "Australia/Sydney")
TOPIC = "telemetry"


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    with psycopg.connect(database_url) as sync:
        register_topics(sync, "c", IDS, PARTITIONS)
    async with await connect(database_url, name="test") as connection:
        yield connection


def entries(said: Sequence[Block | Marker | Engine | Listened]) -> list[Logged]:
    made = []
    for offset, each in enumerate(said):
        is_block = isinstance(each, Block)
        headers = block_headers(SCHEMA_VERSION, []) if isinstance(each, Block) else control_headers(each)
        body = each.encode() if isinstance(each, Block) else encode(each)
        made.append(telemetry_entry(offset, T0 + offset * S + (500_000 if is_block else 0), dict(headers), body))
    return made


async def fly(conn: AsyncConnection[Any]) -> None:
    """The flight of tests.unit.evidence.record, a block each ten samples."""
    mine = [at(second) for second in range(10)] + [at(s) for s in range(16, 30)]
    other = [at(second, system=2, lat=-35.301, agl_m=None, takeoff_m=None) for second in range(20)]
    samples: list[Sample] = sorted(mine + other, key=lambda sample: sample.seq)  # as they come on a link
    blocks = [block.from_samples(samples[first : first + 10]) for first in range(0, len(samples), 10)]
    gap = Gap(OPERATOR, LINK, ONE.id, T0 + 9 * S, T0 + 16 * S, 11, GapReason.DROPPED)
    said = [Marker(1), Engine("2"), *blocks, Listened((LinkListened(OPERATOR, LINK, T0, T0 + 30 * S),), (gap,))]
    recording = Recording("c")
    number = partition_of(ONE.id, PARTITIONS)
    part = (await recording.load(conn, [(TOPIC, IDS[TOPIC], number)]))[TOPIC, number]
    await recording.store(conn, [(part, entries(said))])


async def tell(conn: AsyncConnection[Any], alert: Alert, imported: bool = False) -> None:
    for offset, (event, published_us) in enumerate(alert.steps):
        await conn.execute(
            "INSERT INTO alert_event VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [event.operator_id, event.alert_id, event.n, imported, event.aircraft_id, event.rule, event.zone_id, event.level,
             event.condition, utc(event.start_us), utc(event.at_us), encode(event).decode(), utc(published_us), 0, offset],
        )  # fmt: skip
    for one in alert.handling:
        await conn.execute(
            "INSERT INTO alert_handling (operator_id, alert_id, request_id, n, action, station, at, answer)"
            " VALUES (%s, %s, %s, %s, 'acknowledged', %s, %s, '{}')",
            [one.operator_id, one.alert_id, one.request_id, one.n, one.station, utc(one.at_us)],
        )


async def state(conn: AsyncConnection[Any]) -> None:
    """A zone and a fact, both in the worlds of the alert."""
    await zonestore.add(conn, record.zone().version)
    await factstore.add(conn, record.fact().version)


async def read(conn: AsyncConnection[Any], name: str = LINK, **window: Any) -> Incident:
    async with store.snapshot(conn):
        return await store.read_incident(conn, await store.read_flight(conn, WHO, name, **window))


async def test_a_flight_comes_with_its_gaps_alerts_actions_and_what_was_in_force(conn: AsyncConnection[Any]) -> None:
    await fly(conn)
    await tell(conn, record.alert())
    await state(conn)
    found = await read(conn)
    flight = found.flight
    assert [(one.id, one.link, one.system_id) for one in flight.aircraft] == [
        (one.id, LINK, one.system_id) for one in (ONE, TWO)
    ]
    assert (flight.from_us, flight.to_us, flight.imported) == (T0, T0 + 29 * S + 1, False)
    assert len(flight.samples) == 44
    assert [(gap.aircraft_id, gap.from_us, gap.count, gap.reason) for gap in flight.gaps] == [
        (ONE.id, T0 + 9 * S, 11, GapReason.DROPPED)
    ]
    assert [len(stretch.rows) for stretch in flight.stretches if stretch.aircraft.id == ONE.id] == [10, 14]
    (alert,) = found.alerts
    assert alert == record.alert()
    assert found.engines == ("2", "3"), "that of the log, and that of the alert"
    assert [one.version.name for one in found.zones] == ["Field 中"]
    assert [one.version.fact for one in found.facts] == [record.fact().version.fact]


@pytest.mark.parametrize(
    "window, samples, alerts",
    [
        ((0, 10), 20, 0),
        ((10, 15), 5, 0),
        ((0, 21), 35, 0),
        ((0, 22), 36, 1),
        ((25, 26), 1, 1),
    ],
)
async def test_a_window_holds_what_came_and_what_stood_in_it(
    conn: AsyncConnection[Any], window: tuple[int, int], samples: int, alerts: int
) -> None:
    await fly(conn)
    await tell(conn, record.alert())
    begin, end = (utc(T0 + second * S) for second in window)
    found = await read(conn, since=begin, until=end)
    assert (len(found.flight.samples), len(found.alerts)) == (samples, alerts)


async def test_one_aircraft_of_a_link_is_asked_for_by_its_id(conn: AsyncConnection[Any]) -> None:
    await fly(conn)
    await tell(conn, record.alert())
    found = await read(conn, str(TWO.id))
    assert ([one.id for one in found.flight.aircraft], len(found.flight.samples), found.alerts) == ([TWO.id], 20, ())
    assert found.flight.gaps == ()


async def test_what_cannot_be_read_is_said(conn: AsyncConnection[Any]) -> None:
    with pytest.raises(NoSuchFlight):
        await read(conn)
    await fly(conn)
    with pytest.raises(store.NothingThen):
        await read(conn, since=utc(T0 + 100 * S))
    with pytest.raises(store.EmptyWindow):
        await read(conn, since=utc(T0 + S), until=utc(T0 + S))
    with pytest.raises(store.TooMany, match="more than 10 samples"):
        await read(conn, most=10)


async def test_the_same_database_gives_the_same_bundle_and_its_root_hash_is_kept_for_good(conn: AsyncConnection[Any]) -> None:
    await fly(conn)
    await tell(conn, record.alert())
    await state(conn)
    incident = await read(conn)
    made = bundle.make(incident, record.MADE)
    again = bundle.make(await read(conn), record.MADE)
    assert again.data == made.data
    async with conn.transaction():
        await store.keep(conn, incident.flight, record.MADE, made.root_hash, made.report_hash)
    row = await (await conn.execute("SELECT * FROM bundle")).fetchone()
    assert row == (
        OPERATOR, made.root_hash, made.report_hash, utc(record.MADE.at_us), "A. Officer", LINK, utc(T0),
        utc(T0 + 29 * S + 1), [ONE.id, TWO.id], "3",
    )  # fmt: skip
    assert bundle.sha256(unpacked(made.data)[MANIFEST]) == made.root_hash
    for change in ("UPDATE bundle SET made_by = 'somebody'", "DELETE FROM bundle"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="only ever added to"):
            await conn.execute(change)
