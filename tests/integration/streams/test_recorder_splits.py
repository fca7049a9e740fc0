"""However samples are packed into blocks, and blocks into flushes, the same rows are stored."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from core import block
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id
from core.records import block_headers
from core.sample import Sample
from storage.migrate import RECORDED_TOPICS, register_topics
from storage.pool import connect
from streams.flush import Recording
from streams.logged import telemetry_entry

OPERATOR = UUID(int=1)
T0 = 1_780_000_000_000_000
HEADERS = dict(block_headers(SCHEMA_VERSION, []))
STORED = """SELECT aircraft_id, link, epoch, seq, event_time, lon_e7, mode, armed, frame_seq, late, append_time
    FROM telemetry_live ORDER BY aircraft_id, event_time, "offset", "row" """


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    with psycopg.connect(database_url) as sync:
        register_topics(sync, "c", {name: name for name in RECORDED_TOPICS}, 1)
    connection = await connect(database_url, name="test")
    async with connection:
        yield connection


# Frames that come again, out of order, late, ahead of the broker's time, of two systems on one link.
_SAMPLES = st.lists(
    st.builds(
        lambda system, epoch, seq, at_us, lon_e7, mode, armed: Sample(
            OPERATOR, aircraft_id(OPERATOR, "udp:1/x", system), "udp:1/x", system, epoch, seq, T0 + at_us, lon_e7=lon_e7,
            mode=mode, armed=armed, frame_seq=seq % 256,
        ),
        st.integers(1, 3), st.integers(5, 6), st.integers(0, 40), st.integers(0, 7_000_000) | st.integers(0, 3),
        st.none() | st.integers(-(1 << 31), (1 << 31) - 1), st.sampled_from([None, "AUTO", "LAND"]),
        st.sampled_from([None, True, False]),
    ),
    min_size=1, max_size=40,
)  # fmt: skip
_CUTS = st.sets(st.integers(1, 39))


async def stored(conn: AsyncConnection[Any], samples: list[Sample], cuts: set[int], flushes: set[int]) -> list[Any]:
    """The rows after these samples came in blocks that end at the cuts, and in flushes that end at some of them."""
    await conn.execute("TRUNCATE telemetry_live, stream_log_live, recorder_screen, aircraft")
    await conn.execute("UPDATE recorder_offset SET next = 0")
    recording = Recording("c")
    part = (await recording.load(conn, [("telemetry", "telemetry", 0)]))["telemetry", 0]
    ends = [*sorted(cut for cut in cuts if cut < len(samples)), len(samples)]
    held = []
    for offset, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
        held.append(telemetry_entry(offset, T0, HEADERS, block.from_samples(samples[begin:end]).encode()))
        if end in flushes or end == len(samples):
            await recording.store(conn, [(part, held)])
            held = []
    return await (await conn.execute(STORED.encode())).fetchall()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(samples=_SAMPLES, cuts=_CUTS, flushes=_CUTS)
async def test_any_split_of_blocks_and_of_flushes_stores_the_same_rows(
    conn: AsyncConnection[Any], samples: list[Sample], cuts: set[int], flushes: set[int]
) -> None:
    whole = await stored(conn, samples, set(), set())
    assert whole, "the first of a link is always new"
    assert await stored(conn, samples, cuts, flushes) == whole
