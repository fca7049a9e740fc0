"""What a person must know of a running ingest: its counters, a broker that is away, a kernel without room."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from core.records import Gap, GapReason
from ingest.counts import Counts
from ingest.outbox import Outbox
from ingest.udp import Receiver, clock_us

log = logging.getLogger(__name__)

_STUCK_S = 5.0


class Teller:
    """Says the counters when they have changed; a broker that is away, once, and when it is back."""

    def __init__(self, counts: Counts, outbox: Outbox) -> None:
        self._counts = counts
        self._outbox = outbox
        self._last = ""
        self._away = False

    def counters(self) -> None:
        line = self._counts.line()
        if line != self._last:
            log.info("%s", line)
            self._last = line

    def broker(self) -> None:
        stuck_s = self._outbox.stuck_s(asyncio.get_running_loop().time())
        if not self._away and stuck_s > _STUCK_S:
            log.warning("Kafka has taken nothing for %.0f s: samples wait here", stuck_s)
            self._away = True
        elif self._away and stuck_s <= _STUCK_S:
            lost = self._counts.dropped_samples
            log.warning("Kafka is back: %s", f"{lost} samples have been dropped" if lost else "nothing was lost")
            self._away = False


class Room:
    """Watches whether the kernel had room for every datagram: what it dropped is a gap of the whole listener."""

    def __init__(self, operator: UUID, source: str, receiver: Receiver, counts: Counts, missed: Callable[[Gap], None]) -> None:
        self._operator = operator
        self._source = source
        self._receiver = receiver
        self._counts = counts
        self._missed = missed
        self._looked_us = clock_us()

    def look(self) -> None:
        now_us, drops = clock_us(), self._receiver.drops()
        fresh = drops - self._counts.kernel_drops
        if fresh > 0:
            self._missed(Gap(self._operator, self._source, None, self._looked_us, now_us, fresh, GapReason.NO_ROOM))
        self._counts.kernel_drops = drops
        self._looked_us = now_us
