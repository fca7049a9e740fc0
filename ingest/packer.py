"""Samples into blocks: one for each partition, small when quiet, large when busy, and never more records than Kafka's readers
can take. Times are arguments (seconds of any steady clock); nothing here sends or waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from core import block
from core.block import Headers
from core.columns import SCHEMA_VERSION
from core.identity import partition_of
from core.records import Kind, Listened, block_headers, control_headers, encode
from core.sample import Sample
from core.topics import PARTITIONS

MAX_RECORDS_PER_S = 320  # each costs its readers a millisecond or more, whatever is in it
LEAST_WAIT_S, MOST_WAIT_S = 0.005, 0.050
_FULL = MAX_RECORDS_PER_S * MOST_WAIT_S  # what an idle packer may send at once


class Record(NamedTuple):
    """What becomes one Kafka record."""

    partition: int
    headers: Headers
    value: bytes
    samples: int  # 0: a control record

    @property
    def is_block(self) -> bool:
        return self.headers[0][1] == Kind.BLOCK.encode()

    @property
    def is_listened(self) -> bool:
        return self.headers[0][1] == Kind.LISTENED.encode()


@dataclass
class Allowance:
    """Records that may be sent, growing with time. Starts full."""

    per_s: float = MAX_RECORDS_PER_S
    full: float = _FULL
    left: float = _FULL
    at_s: float = 0.0

    def refill(self, now_s: float) -> float:
        self.left = min(self.full, self.left + max(0.0, now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return self.left

    def take(self) -> None:
        self.left -= 1


class Packer:
    def __init__(self) -> None:
        self._waiting: list[list[Sample]] = [[] for _ in range(PARTITIONS)]
        self._since_s: list[float] = [0.0] * PARTITIONS
        self._allowance = Allowance()

    def add(self, samples: Iterable[Sample], now_s: float) -> None:
        for sample in samples:
            partition = partition_of(sample.aircraft_id, PARTITIONS)
            waiting = self._waiting[partition]
            if not waiting:
                self._since_s[partition] = now_s
            waiting.append(sample)

    def wait_s(self, now_s: float) -> float:
        """How long a sample waits for others: 5 ms while the allowance is untouched, 50 ms as it runs out."""
        spent = 1.0 - self._allowance.refill(now_s) / _FULL
        return LEAST_WAIT_S + (MOST_WAIT_S - LEAST_WAIT_S) * min(1.0, max(0.0, spent))

    def due(self, now_s: float) -> list[Record]:
        """The full blocks; and when some sample has waited long enough everything that waits, the oldest first, as much as
        may be sent.

        Together, because a reader's fetch costs more than a record: it then brings many.
        """
        busy = sorted(self._busy(), key=self._since_s.__getitem__)
        all_go = any(now_s - self._since_s[partition] >= self.wait_s(now_s) - 1e-9 for partition in busy)
        least = 1 if all_go else block.MAX_SAMPLES
        records: list[Record] = []
        for partition in busy:
            while len(self._waiting[partition]) >= least and self._allowance.left >= 1.0:
                records.append(self._block(partition, now_s))
        return records

    def next_due_s(self, now_s: float) -> float | None:
        """When due() is worth calling again; None while nothing waits."""
        busy = self._busy()
        if not busy:
            return None
        wait_s = self.wait_s(now_s)
        due_s = min(now_s if len(self._waiting[p]) >= block.MAX_SAMPLES else self._since_s[p] + wait_s for p in busy)
        if self._allowance.left < 1.0:
            due_s = max(due_s, now_s + (1.0 - self._allowance.left) / MAX_RECORDS_PER_S)
        return due_s

    def flush(self, partition: int, now_s: float) -> list[Record]:
        """Everything that waits for a partition, whatever the allowance: what a Listened record must come behind."""
        self._allowance.refill(now_s)
        records: list[Record] = []
        while self._waiting[partition]:
            records.append(self._block(partition, now_s))
        return records

    def listened(self, partition: int, listened: Listened, now_s: float) -> list[Record]:
        """A Listened record, behind all samples of its partition."""
        records = self.flush(partition, now_s)
        self._allowance.take()
        return [*records, control_record(partition, listened)]

    def _busy(self) -> list[int]:
        return [partition for partition, waiting in enumerate(self._waiting) if waiting]

    def _block(self, partition: int, now_s: float) -> Record:
        samples = self._waiting[partition][: block.MAX_SAMPLES]
        self._waiting[partition] = self._waiting[partition][block.MAX_SAMPLES :]
        self._since_s[partition] = now_s
        self._allowance.take()
        return block_record(partition, samples)


def block_record(partition: int, samples: list[Sample]) -> Record:
    batch = block.from_samples(samples)
    headers = block_headers(SCHEMA_VERSION, batch.aircraft)
    return Record(partition, headers, batch.encode(), len(samples))


def control_record(partition: int, listened: Listened) -> Record:
    return Record(partition, control_headers(listened), encode(listened), 0)
