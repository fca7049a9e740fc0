"""A flight read back from the database is what the stream carried."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from core import block
from core.block import Block
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id
from core.records import Control, LinkListened, Listened, Marker, Tick, block_headers, control_headers, encode
from core.sample import Sample
from storage import history
from storage.history import NoSuchFlight, StoredRecord
from storage.migrate import RECORDED_TOPICS, register_topics
from storage.pool import connect
from streams.flush import Recording
from streams.logged import Logged, telemetry_entry

OPERATOR, LINK, OTHER = UUID(int=1), "file:" + "a" * 64, "file:" + "b" * 64
IDS = {name: str(UUID(int=n + 10)) for n, name in enumerate(RECORDED_TOPICS)}
T0 = 1_436_056_003_000_001
TOPIC = "telemetry-import"


def sample(seq: int, link: str = LINK, system: int = 1, **values: Any) -> Sample:
    return Sample(OPERATOR, aircraft_id(OPERATOR, link, system), link, system, 0, seq, T0 + seq * 333_333, **values)


def batch_of(*samples: Sample) -> Block:
    return block.from_samples(samples)


def listened(link: str, up_to: int, closed: bool = False) -> Listened:
    return Listened((LinkListened(OPERATOR, link, 0, T0 + up_to, closed),))


def entries(said: Sequence[Block | Control], first: int = 0) -> list[Logged]:
    made = []
    for offset, each in enumerate(said, first):
        if isinstance(each, Block):
            made.append(telemetry_entry(offset, T0 + offset * 1_000, dict(block_headers(SCHEMA_VERSION, [])), each.encode()))
        else:
            made.append(telemetry_entry(offset, T0 + offset * 1_000, dict(control_headers(each)), encode(each)))
    return made


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    with psycopg.connect(database_url) as sync:
        register_topics(sync, "c", IDS, 4)
    connection = await connect(database_url, name="test")
    async with connection:
        yield connection


async def record(
    conn: AsyncConnection[Any], said: Sequence[Block | Control], partition: int = 0, ids: dict[str, str] = IDS
) -> None:
    recording = Recording("c")
    part = (await recording.load(conn, [(TOPIC, ids[TOPIC], partition)]))[TOPIC, partition]
    await recording.store(conn, [(part, entries(said, part.next))])


async def read_flight(conn: AsyncConnection[Any], link: str) -> list[StoredRecord]:
    """All records of an import, as a re-run takes them."""
    async with conn.transaction():
        flight = await history.find_flight(conn, link)
        found: list[StoredRecord] = []
        for stretch in await history.stretches(conn, flight):
            found += await history.last_marker_before(conn, stretch)
            found += [each async for each in history.read_records(conn, flight, stretch, stretch.first)]
    return [each for each in found if each.kind != "block" or each.batch is not None]


def told(records: Sequence[StoredRecord]) -> list[tuple[int, int, str]]:
    return [(each.partition, each.offset, each.kind) for each in records]


async def test_blocks_come_back_equal_with_what_was_said_between_them(conn: AsyncConnection[Any]) -> None:
    full = batch_of(
        sample(1, vehicle_type=2, vehicle_time_ms=1234, lon_e7=1_491_657_510, lat_e7=-353_623_302, amsl_mm=-589_000,
               amsl_source=1, takeoff_height_mm=-1_800, takeoff_source=1, agl_mm=13_300, agl_source=5, agl_age_ms=0,
               velocity_north_cmps=-32_768, velocity_east_cmps=32_767, velocity_down_cmps=0, heading_cdeg=35_999,
               fix_type=3, satellites=255, hdop_e2=65_535,
               fix_age_ms=1, battery_pct=0, battery_mv=65_535, battery_age_ms=5, mode="AUTO", mode_age_ms=7, armed=True,
               airborne=False, ambiguous=True, ground_amsl_mm=-12_345),
        sample(2, kind=1, no_position=2, mode="LAND", ground_amsl_mm=590_000),
        sample(3, mode="AUTO"),
    )  # fmt: skip
    said: list[Block | Control] = [
        Marker(1), Marker(2), listened(OTHER, 5), full, Tick(), batch_of(sample(1, OTHER)), Marker(3), listened(LINK, 9),
        batch_of(sample(5)), listened(OTHER, 9, closed=True), listened(LINK, 11, closed=True), Marker(4),
        batch_of(sample(2, OTHER)),
    ]  # fmt: skip
    await record(conn, said)
    records = await read_flight(conn, LINK)
    assert told(records) == [
        (0, 1, "marker"), (0, 3, "block"), (0, 4, "tick"), (0, 6, "marker"), (0, 7, "listened"), (0, 8, "block"),
        (0, 9, "listened"), (0, 10, "listened"),
    ]  # fmt: skip
    assert all(each.topic == TOPIC and each.append_time_us == T0 + each.offset * 1_000 for each in records)
    for each in records:
        sent = said[each.offset]
        if isinstance(sent, Block):
            assert each.batch is not None and each.batch == sent
            assert each.batch.encode() == sent.encode()
        else:
            assert each.body == encode(sent)


async def test_rows_that_were_duplicates_and_links_of_others_stay_away(conn: AsyncConnection[Any]) -> None:
    await record(conn, [
        batch_of(sample(1), sample(1, OTHER), sample(2)), batch_of(sample(2), sample(3)), batch_of(sample(1), sample(3)),
        listened(LINK, 1, closed=True), batch_of(sample(1), sample(2), sample(3)), listened(LINK, 1, closed=True),
    ])  # fmt: skip
    records = await read_flight(conn, LINK)
    assert told(records) == [(0, 0, "block"), (0, 1, "block"), (0, 3, "listened")]
    assert [each.batch.values("seq").tolist() for each in records if each.batch is not None] == [[1, 2], [3]]


async def test_a_flight_on_several_partitions_comes_by_partition(conn: AsyncConnection[Any]) -> None:
    await record(conn, [Marker(1), batch_of(sample(2, system=2)), listened(LINK, 5, closed=True)], partition=3)
    await record(conn, [batch_of(sample(1)), listened(LINK, 4)], partition=1)
    assert told(await read_flight(conn, LINK)) == [
        (1, 0, "block"), (1, 1, "listened"), (3, 0, "marker"), (3, 1, "block"), (3, 2, "listened"),
    ]  # fmt: skip


async def test_a_flight_whose_second_half_came_after_the_topic_was_made_anew_is_whole(
    conn: AsyncConnection[Any], database_url: str
) -> None:
    first, second = batch_of(sample(1), sample(2)), batch_of(sample(3))
    await record(conn, [first, Marker(2)])
    anew = {name: str(UUID(int=n + 50)) for n, name in enumerate(RECORDED_TOPICS)}
    with psycopg.connect(database_url) as sync:
        register_topics(sync, "c", anew, 4)
    recording = Recording("c")
    part = (await recording.load(conn, [(TOPIC, anew[TOPIC], 0)]))[TOPIC, 0]
    later = entries([first, second, listened(LINK, 9, closed=True)])
    counts = await recording.store(conn, [(part, [replace(each, append_time_us=T0 + 10_000_000) for each in later])])
    assert counts.duplicates == 2
    records = await read_flight(conn, LINK)
    assert [(each.kind, each.offset) for each in records] == [("block", 0), ("block", 1), ("listened", 2)]
    assert records[0].batch == first
    assert records[1].batch == second


async def test_a_link_that_nobody_knows_is_an_error_and_no_empty_list(conn: AsyncConnection[Any]) -> None:
    with pytest.raises(NoSuchFlight, match="Nothing of file:nobody"):
        await read_flight(conn, "file:nobody")


_OPTIONAL = {
    "vehicle_type": st.integers(0, 255), "vehicle_time_ms": st.integers(-(1 << 63), (1 << 63) - 1),
    "lon_e7": st.integers(-(1 << 31), (1 << 31) - 1), "amsl_mm": st.integers(-(1 << 31), (1 << 31) - 1),
    "velocity_down_cmps": st.integers(-(1 << 15), (1 << 15) - 1), "heading_cdeg": st.integers(0, 65_535),
    "battery_pct": st.integers(0, 255), "mode": st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8),
    "armed": st.booleans(), "airborne": st.booleans(),
}  # fmt: skip
_VALUES = st.lists(st.fixed_dictionaries({name: st.none() | each for name, each in _OPTIONAL.items()}), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(_VALUES, min_size=1, max_size=4))
async def test_any_blocks_come_back_equal(conn: AsyncConnection[Any], groups: list[list[dict[str, Any]]]) -> None:
    link, seq = f"file:{uuid4()}", 0  # another one each time: what was stored once is not stored again
    said: list[Block | Control] = []
    for group in groups:
        said.append(batch_of(*(sample(seq := seq + 1, link, **values) for values in group)))
    await record(conn, said)
    assert [each.batch for each in await read_flight(conn, link)] == said
