"""Blocks by time and number; the clock is an argument."""

from uuid import UUID

import pytest

from core import block, identity
from core.identity import partition_of
from core.records import Kind, LinkListened, Listened, decode
from core.sample import Sample
from core.topics import PARTITIONS
from ingest.packer import LEAST_WAIT_S, MAX_RECORDS_PER_S, MOST_WAIT_S, Packer, Record

OPERATOR = identity.operator_id("test")


def _aircraft_of(partition: int) -> UUID:
    return next(a for n in range(1_000) if partition_of(a := UUID(int=n), PARTITIONS) == partition)


def _samples(number: int, partition: int = 3, first: int = 0) -> list[Sample]:
    return [Sample(OPERATOR, _aircraft_of(partition), "udp:1/a", 1, 5, first + n, n) for n in range(number)]


def _seqs(records: list[Record]) -> list[int]:
    return [seq for record in records for seq in block.decode(record.value).values("seq").tolist()]


def test_a_sample_waits_five_milliseconds_when_it_is_quiet() -> None:
    packer = Packer()
    packer.add(_samples(1), 100.0)
    assert packer.next_due_s(100.0) == pytest.approx(100.0 + LEAST_WAIT_S)
    assert packer.due(100.0 + LEAST_WAIT_S / 2) == []
    (record,) = packer.due(100.0 + LEAST_WAIT_S)
    assert (record.partition, record.samples, record.headers[0]) == (3, 1, ("kind", Kind.BLOCK.encode()))
    assert packer.next_due_s(100.1) is None


def test_a_thousand_samples_do_not_wait() -> None:
    packer = Packer()
    packer.add(_samples(2_500), 100.0)
    assert packer.next_due_s(100.0) == 100.0
    records = packer.due(100.0)
    assert [record.samples for record in records] == [1_000, 1_000]
    assert _seqs(records + packer.due(100.1)) == list(range(2_500))


def test_what_waits_goes_together_so_that_a_fetch_brings_many() -> None:
    packer = Packer()
    packer.add(_samples(1, 3), 100.0)
    packer.add(_samples(1, 4), 100.004)
    assert [record.partition for record in packer.due(100.0 + LEAST_WAIT_S)] == [3, 4]


def test_the_header_names_the_aircraft() -> None:
    packer = Packer()
    packer.add(_samples(3), 0.0)
    (record,) = packer.due(1.0)
    assert dict(record.headers) == {"kind": b"block", "schema": b"2", "aircraft": _aircraft_of(3).bytes}


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
    assert sent <= MAX_RECORDS_PER_S * ticks / 1_000 + MAX_RECORDS_PER_S * MOST_WAIT_S
    assert longest_s <= MOST_WAIT_S + 0.001


def test_the_wait_grows_as_the_allowance_is_spent_and_shrinks_when_it_is_quiet_again() -> None:
    packer = Packer()
    waits = []
    for _ in range(3):
        waits.append(packer.wait_s(100.0))
        packer.add(_samples(5_000), 100.0)
        packer.due(100.0)
    assert waits[0] == LEAST_WAIT_S
    assert waits[0] < waits[1] < waits[2] <= MOST_WAIT_S
    assert packer.wait_s(101.0) == LEAST_WAIT_S


def test_what_was_listened_comes_behind_the_samples_of_its_partition() -> None:
    packer = Packer()
    packer.add(_samples(2), 100.0)
    packer.add(_samples(2, partition=4), 100.0)
    said = Listened((LinkListened(OPERATOR, "udp:1/a", 5, 99),))
    records = packer.listened(3, said, 100.0)
    assert [(record.partition, record.is_block) for record in records] == [(3, True), (3, False)]
    assert decode(Listened, records[1].value) == said
    assert [record.partition for record in packer.due(101.0)] == [4]
