"""What is missing goes into the database with the rows around it: each gap once, whoever writes."""

from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection

from core.records import Gap, GapReason, LinkListened, Listened, control_headers, encode
from core.units import utc
from streams.flush import Fenced, Recording
from streams.logged import UNREADABLE, Logged, telemetry_entry
from tests.integration.streams.test_recorder_flush import LINK, OPERATOR, T0, blocks, conn, load, rows, sample

__all__ = ["conn"]
S = 1_000_000


def said(offset: int, *gaps: Gap, epoch: int = 5, up_to_us: int = T0) -> Logged:
    body = Listened((LinkListened(OPERATOR, LINK, epoch, up_to_us),), gaps)
    return telemetry_entry(offset, up_to_us, dict(control_headers(body)), encode(body))


async def test_a_gap_is_written_with_the_flush_that_shows_it_and_never_by_an_old_owner(conn: AsyncConnection[Any]) -> None:
    before, after = sample(1, frame_seq=3), sample(1, epoch=T0 + 9 * S, at_us=T0 + 10 * S, frame_seq=40)
    old = Recording("c")
    held_by_old = await load(conn, old)
    new = Recording("c")
    part = await load(conn, new)
    await new.store(conn, [(part, [*blocks([before]), said(1, up_to_us=T0 + S)])])
    part = await load(conn, Recording("c"))
    counts = await new.store(conn, [(part, blocks([after], first=2))])
    assert counts.gaps == 1
    with pytest.raises(Fenced):
        await old.store(conn, [(held_by_old, [*blocks([before]), said(1, up_to_us=T0 + S), *blocks([after], first=2)])])
    assert await rows(
        conn, 'SELECT operator_id, link, aircraft_id, began, ended, count, reason, imported, partition, "offset" FROM link_gap'
    ) == [(OPERATOR, LINK, after.aircraft_id, utc(T0 + S), utc(T0 + 9 * S), None, "not_listening", False, 0, 2)]


async def test_what_ingest_tells_is_stored_as_it_is_told_and_once(conn: AsyncConnection[Any]) -> None:
    told = [
        Gap(OPERATOR, LINK, UUID(int=7), T0, T0 + 5 * S, 1_200, GapReason.DROPPED),
        Gap(OPERATOR, "udp:14550", None, T0, T0 + S, 31, GapReason.NO_ROOM),
    ]
    recording = Recording("c")
    part = await load(conn, recording)
    await recording.store(conn, [(part, [said(0, *told), said(1, *told, up_to_us=T0 + S)])])
    stored = "SELECT link, aircraft_id, began, ended, count, reason FROM link_gap ORDER BY reason"
    assert await rows(conn, stored) == [
        (LINK, UUID(int=7), utc(T0), utc(T0 + 5 * S), 1_200, "dropped"),
        ("udp:14550", None, utc(T0), utc(T0 + S), 31, "no_room"),
    ]


@pytest.mark.parametrize("times", [(5, 1), (-1, 1), (0, 10**18)])
def test_a_gap_whose_times_cannot_be_is_marked_and_not_stored(times: tuple[int, int]) -> None:
    entry = said(0, Gap(OPERATOR, LINK, None, *times, None, GapReason.DROPPED))
    assert (entry.kind, "times" in (entry.body or "")) == (UNREADABLE, True)
