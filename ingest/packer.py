"""Samples into blocks, one for each partition: at once when quiet, large when busy, and never more than Kafka's readers can
take. Times are arguments (seconds of any steady clock); nothing here sends or waits."""

from dataclasses import dataclass
from typing import NamedTuple

from core import block
from core.block import Block, Headers
from core.columns import SCHEMA_VERSION
from core.records import Kind, Listened, block_headers, control_headers, encode
from core.topics import PARTITIONS
from ingest.samples import Samples, Waiting

RECORDS_PER_S = 1_800  # each costs its readers half a millisecond, whatever is in it
SAMPLES_A_RECORD = 12  # cost their readers as much as a record more: so the more samples, the fewer records
MOST_WAIT_S = 0.050
_HARDLY = 1e-6  # of a record: what rounding leaves of next_due_s()


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
    """Records that may be sent, growing with time. Starts full; what was spent beyond it is owed, up to as much again."""

    per_s: float
    full: float
    left: float
    at_s: float = 0.0

    def refill(self, now_s: float) -> float:
        self.left = min(self.full, self.left + max(0.0, now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return self.left

    def take(self, samples: int) -> None:
        """One record with so many samples."""
        self.left = max(-self.full, self.left - 1 - samples / SAMPLES_A_RECORD)


class Packer:
    def __init__(self, records_per_s: float = RECORDS_PER_S) -> None:
        self._waiting = Waiting()
        self._since_s = 0.0  # when the first of those that wait came
        full = max(float(PARTITIONS), records_per_s * MOST_WAIT_S)
        self._allowance = Allowance(records_per_s, full, full)

    def add(self, samples: Samples, now_s: float) -> None:
        if not self._waiting.busy():
            self._since_s = now_s
        self._waiting.add(samples)
        self._allowance.refill(now_s)

    def due(self, now_s: float) -> list[Record]:
        """The full blocks; and everything that waits, as soon as there may be a record for each of its partitions, or it has
        waited for MOST_WAIT_S.

        Together, because a reader's fetch costs more than a record: it then brings many.
        """
        left = self._allowance.refill(now_s) + _HARDLY
        if left < self._waiting.busy() and now_s < self._since_s + MOST_WAIT_S:
            return [self._block(partition) for partition in self._waiting.full(block.MAX_SAMPLES)]
        return [
            self._record(partition, samples[at : at + block.MAX_SAMPLES])
            for partition, samples in self._waiting.take_all()
            for at in range(0, len(samples), block.MAX_SAMPLES)
        ]

    def next_due_s(self, now_s: float) -> float | None:
        """When due() is worth calling again; None while nothing waits."""
        busy = self._waiting.busy()
        if not busy:
            return None
        if self._waiting.full(block.MAX_SAMPLES):
            return now_s
        allowed_s = now_s + max(0.0, busy - self._allowance.refill(now_s)) / self._allowance.per_s
        return min(allowed_s, max(now_s, self._since_s + MOST_WAIT_S))

    def flush(self, partition: int, now_s: float) -> list[Record]:
        """Everything that waits for a partition, whatever the allowance: what a Listened record must come behind."""
        self._allowance.refill(now_s)
        records: list[Record] = []
        while self._waiting.number(partition):
            records.append(self._block(partition))
        return records

    def listened(self, partition: int, listened: Listened, now_s: float) -> list[Record]:
        """A Listened record, behind all samples of its partition."""
        records = self.flush(partition, now_s)
        self._allowance.take(0)
        return [*records, control_record(partition, listened)]

    def _block(self, partition: int) -> Record:
        return self._record(partition, self._waiting.take(partition, block.MAX_SAMPLES))

    def _record(self, partition: int, samples: Samples) -> Record:
        self._allowance.take(len(samples))
        return block_record(partition, samples.block())


def block_record(partition: int, samples: Block) -> Record:
    return Record(partition, block_headers(SCHEMA_VERSION, samples.aircraft), samples.encode(), len(samples))


def control_record(partition: int, listened: Listened) -> Record:
    return Record(partition, control_headers(listened), encode(listened), 0)
