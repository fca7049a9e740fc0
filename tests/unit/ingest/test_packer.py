"""Blocks by time and number; the clock is an argument."""

import numpy as np
import pytest

from core import block, identity
from core.records import Kind, LinkListened, Listened, decode
from core.topics import PARTITIONS
from ingest import following
from ingest.counts import Counts
from ingest.fleet import Fleet
from ingest.packer import MOST_WAIT_S, RECORDS_PER_S, SAMPLES_A_RECORD, Packer, Record
from ingest.samples import Samples

OPERATOR = identity.operator_id("test")


FLEET = Fleet(OPERATOR, Counts())


def _slot(partition: int) -> int:
    """An aircraft of this partition."""
    found = np.flatnonzero(FLEET.partitions[: len(FLEET.aircraft)] == partition)
    if len(found):
        return int(found[0])
    link = FLEET.link(f"udp:1/{len(FLEET.aircraft)}", 5)
    for system_id in range(1, 250):
        link.remember(system_id, 0)
    return _slot(partition)


def _samples(number: int, partition: int = 3, first: int = 0) -> Samples:
    rows = np.zeros((number, following.ROW), np.int64)
    rows[:, following.SLOT], rows[:, following.R_SEQ] = _slot(partition), range(first, first + number)
    return Samples(FLEET, rows)


def _seqs(records: list[Record]) -> list[int]:
    return [seq for record in records for seq in block.decode(record.value).values("seq").tolist()]


def test_a_lone_sample_goes_at_once_when_it_is_quiet() -> None:
    packer = Packer()
    packer.add(_samples(1), 100.0)
    assert packer.next_due_s(100.0) == 100.0
    (record,) = packer.due(100.0)
    assert (record.partition, record.samples, record.headers[0]) == (3, 1, ("kind", Kind.BLOCK.encode()))
    assert packer.next_due_s(100.1) is None


def test_a_thousand_samples_fill_a_record() -> None:
    packer = Packer()
    packer.add(_samples(2_500), 100.0)
    assert packer.next_due_s(100.0) == 100.0
    records = packer.due(100.0)
    assert [record.samples for record in records] == [1_000, 1_000, 500]
    assert _seqs(records) == list(range(2_500))


def _spend(packer: Packer) -> None:
    """All that it may send."""
    while packer.next_due_s(100.0) in (None, 100.0):
        packer.add(_samples(1), 100.0)
        packer.due(100.0)
    packer.flush(3, 100.0)


def test_what_waits_goes_together_when_there_may_be_a_record_for_each_partition() -> None:
    packer = Packer(320.0)
    _spend(packer)
    packer.add(_samples(1, 3), 100.0)
    packer.add(_samples(1, 4), 100.0)
    packer.add(_samples(1, 5), 100.0)
    assert packer.due(100.0) == []
    due_s = packer.next_due_s(100.0)
    assert due_s is not None and 100.0 + 2 / 320 < due_s < 100.0 + 5 / 320
    assert packer.due(due_s - 0.1 / 320) == []
    assert [record.partition for record in packer.due(due_s)] == [3, 4, 5]


def test_nothing_waits_longer_than_50_ms_whatever_is_owed() -> None:
    packer = Packer(320.0)
    packer.add(_samples(900), 100.0)
    packer.due(100.0)
    packer.add(_samples(1), 100.001)
    packer.add(_samples(1), 100.040)
    assert packer.due(100.050) == []
    assert packer.next_due_s(100.050) == pytest.approx(100.051)
    (record,) = packer.due(100.0511)
    assert record.samples == 2


@pytest.mark.parametrize("per_s", (1_000, 10_000, 30_000))
def test_the_more_samples_the_fewer_records(per_s: int) -> None:
    packer, sent, seconds = Packer(), 0, 4
    for number in range(per_s * seconds):
        now_s = 100.0 + number / per_s
        packer.add(_samples(1, number % PARTITIONS), now_s)
        sent += len(packer.due(now_s))
    fewest = PARTITIONS / MOST_WAIT_S
    allowed = min(per_s, max(fewest, RECORDS_PER_S - per_s / SAMPLES_A_RECORD)) * seconds
    assert 0.9 * allowed <= sent <= 1.1 * allowed + RECORDS_PER_S * MOST_WAIT_S


def test_a_full_block_waits_for_nobody() -> None:
    packer = Packer(320.0)
    _spend(packer)
    packer.add(_samples(1_001, 3), 100.0)
    packer.add(_samples(1, 4), 100.0)
    assert packer.next_due_s(100.0) == 100.0
    assert [(record.partition, record.samples) for record in packer.due(100.0)] == [(3, 1_000)]


def test_the_header_names_the_aircraft() -> None:
    packer = Packer()
    packer.add(_samples(3), 0.0)
    (record,) = packer.due(1.0)
    assert dict(record.headers) == {"kind": b"block", "schema": b"3", "aircraft": FLEET.aircraft[_slot(3)].aircraft_id.bytes}


def test_under_load_it_stays_below_its_records_a_second_and_waits_at_most_50_ms() -> None:
    packer = Packer()
    sent = 0
    oldest: dict[int, float] = {}
    longest_s = 0.0
    ticks = 4_000  # of a millisecond
    for tick in range(ticks):
        now_s = 100.0 + tick / 1_000
        for partition in range(PARTITIONS):
            packer.add(_samples(1, partition), now_s)
            oldest.setdefault(partition, now_s)
        for record in packer.due(now_s):
            longest_s = max(longest_s, now_s - oldest.pop(record.partition))
            sent += 1
    assert sent <= RECORDS_PER_S * ticks / 1_000
    assert longest_s <= MOST_WAIT_S + 0.001


def test_what_was_listened_comes_behind_the_samples_of_its_partition() -> None:
    packer = Packer()
    packer.add(_samples(2), 100.0)
    packer.add(_samples(2, partition=4), 100.0)
    said = Listened((LinkListened(OPERATOR, "udp:1/a", 5, 99),))
    records = packer.listened(3, said, 100.0)
    assert [(record.partition, record.is_block) for record in records] == [(3, True), (3, False)]
    assert decode(Listened, records[1].value) == said
    assert [record.partition for record in packer.due(101.0)] == [4]
