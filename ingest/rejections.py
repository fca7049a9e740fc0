"""Rejected frames on their way to their topic: told one by one up to a rate, beyond it only counted."""

from core.records import Rejection, encode
from ingest.counts import Counts
from ingest.outbox import Outbox
from ingest.packer import Allowance, Record

MAX_PER_S = 1_000
BUDGET_BYTES = 8 << 20  # of its own, so that rubbish never pushes telemetry out of the buffer


class Rejections:
    def __init__(self, outbox: Outbox, counts: Counts) -> None:
        self._outbox = outbox
        self._counts = counts
        self._allowance = Allowance(per_s=MAX_PER_S, full=MAX_PER_S, left=MAX_PER_S)

    def tell(self, rejection: Rejection, now_s: float) -> None:
        if self._allowance.refill(now_s) < 1.0:
            self._counts.rejections_untold += 1
            return
        self._allowance.take(0)
        self._outbox.put(Record(0, [("kind", b"rejection")], encode(rejection), 0))


def untold(counts: Counts) -> None:
    """Counts a rejection that the buffer had to drop."""
    counts.rejections_untold += 1
