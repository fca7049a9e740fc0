"""`wedgetail ingest`: one UDP listener, from its socket to the live topic, until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID

from core import kafka
from core.compiled import warm
from core.errors import WedgetailError
from core.identity import operator_id
from core.records import Gap, GapReason, Listened
from core.settings import Settings
from core.topics import PARTITIONS, REJECTED, TELEMETRY
from ingest.counts import Counts
from ingest.fleet import Fleet, Taken
from ingest.ledger import Ledger
from ingest.links import udp_source
from ingest.listener import Listener
from ingest.losses import Losses
from ingest.outbox import Carrier, Outbox
from ingest.packer import Packer
from ingest.rejections import BUDGET_BYTES, Rejections, untold
from ingest.udp import Heard, Receiver, clock_us

log = logging.getLogger(__name__)

_LISTENED_S = 1.0
_TOLD_S = 10.0
_TIDY_S = 60.0
_DRAIN_S = 10.0
_STUCK_S = 5.0


class Service:
    """What run() wires together: the listener's samples through the packer into the outbox, and each second its listening."""

    def __init__(self, listener: Listener, packer: Packer, outbox: Outbox, rejections: Rejections) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._packer = packer
        self._outbox = outbox
        self._rejections = rejections
        self._timer: asyncio.TimerHandle | None = None
        self._listened_us: int | None = None
        self._told_us = 0
        self._gaps: tuple[Gap, ...] = ()

    def heard(self, heard: Heard) -> None:
        """Takes a batch of the socket."""
        if heard.datagrams:
            self.take(self._listener.take(heard.datagrams))
        self._listened_us = heard.listened_us

    def take(self, taken: Taken) -> None:
        now_s = self._loop.time()
        self._packer.add(taken.samples, now_s)
        for rejection in taken.rejections:
            self._rejections.tell(rejection, now_s)
        self._pack()

    def tell_listened(self) -> None:
        """Hands on, behind its partition's samples, up to when each link with aircraft there has been listened to."""
        if self._listened_us is None or self._listened_us <= self._told_us:
            return
        self._told_us = self._listened_us
        told = {partition: Listened(links) for partition, links in self._listener.listened(self._listened_us).items()}
        if self._gaps:  # of a whole listener: one partition tells of them
            told[0] = Listened(told[0].links if 0 in told else (), self._gaps)
            self._gaps = ()
        for partition, listened in told.items():
            for record in self._packer.listened(partition, listened, self._loop.time()):
                self._outbox.put(record)

    def missed(self, gap: Gap) -> None:
        """Takes what never came as far as the listener; told with the next word of listening."""
        self._gaps = (*self._gaps, gap)

    def finish(self) -> None:
        """Hands on what still waits."""
        if self._timer is not None:
            self._timer.cancel()
        for partition in range(PARTITIONS):
            for record in self._packer.flush(partition, self._loop.time()):
                self._outbox.put(record)

    def _pack(self) -> None:
        now_s = self._loop.time()
        for record in self._packer.due(now_s):
            self._outbox.put(record)
        due_s = self._packer.next_due_s(now_s)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due_s is None else self._loop.call_at(due_s, self._pack)


async def run(settings: Settings) -> None:
    """Listens until SIGINT or SIGTERM, then sends what it has. Raises as listen() does."""
    with until_signal() as stopped:
        counts = await listen(settings, stopped)
    log.info("stopped: %s", counts.line())


async def listen(settings: Settings, stopped: asyncio.Event, ready: asyncio.Event | None = None) -> Counts:
    """Listens until stopped, sends what it has and returns its counters. ready is set once the port is bound.

    Raises CannotListen, UnreadableFile for a broken ledger, TopicMismatch, BrokerUnreachable.
    """
    counts = Counts()
    prefix, port = settings.kafka.prefix, settings.ingest.port
    await kafka.ensure_topics(settings.kafka.bootstrap, prefix)
    await asyncio.to_thread(warm)  # before the port is bound: what is compiled first time must not cost datagrams
    receiver = Receiver(settings.ingest.host, port)
    ledger = Ledger(settings.data_dir / "ingest" / f"udp-{port}.json")
    operator = operator_id(settings.operator.name)
    listener = Listener(Fleet(operator, counts), udp_source(port), ledger, clock_us())
    carrier = Carrier(settings.kafka.bootstrap)
    async with tasks_of_one() as tasks:
        budget = settings.ingest.buffer_mb << 20
        losses = Losses(counts)
        outbox = Outbox(tasks, carrier, prefix + TELEMETRY.name, budget, losses.add, losses.notice)
        refused = Outbox(tasks, carrier, prefix + REJECTED.name, BUDGET_BYTES, lambda record: untold(counts))
        service = Service(listener, Packer(), outbox, Rejections(refused, counts))

        def take(heard: Heard) -> None:
            receiver.taken()
            service.heard(heard)

        teller = _Teller(counts, outbox)
        room = _Room(operator, listener.source, receiver, counts, service.missed)
        receiver.start(take)
        log.info("listening for MAVLink on UDP %s port %d", settings.ingest.host, port)
        if ready is not None:
            ready.set()
        chores = [
            tasks.create_task(every(_LISTENED_S, room.look)),
            tasks.create_task(every(_LISTENED_S, service.tell_listened)),
            tasks.create_task(every(_LISTENED_S, listener.keep_new)),
            tasks.create_task(every(_TIDY_S, lambda: listener.tidy(clock_us()))),
            tasks.create_task(every(_TOLD_S, teller.counters)),
            tasks.create_task(every(_LISTENED_S, teller.broker)),
        ]
        try:
            await stopped.wait()
        finally:
            for chore in chores:
                chore.cancel()
            room.look()
            await receiver.stop()
            service.take(listener.close())
            service.tell_listened()
            service.finish()
            await outbox.drain(_DRAIN_S)
            await refused.drain(_DRAIN_S)
            await outbox.close()
            await refused.close()
            await carrier.close()
    return counts


@asynccontextmanager
async def tasks_of_one() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose failure, when it is one of ours that a person can mend, comes out as itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1 and isinstance(group.exceptions[0], WedgetailError):
            raise group.exceptions[0] from group
        raise


class _Teller:
    """Says what a person must know: the counters when they have changed; a broker that is away, once, and when it is back."""

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


class _Room:
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


async def every(period_s: float, do: Callable[[], None]) -> None:
    """Does it each period, on the beat."""
    loop = asyncio.get_running_loop()
    beat_s = loop.time()
    while True:
        beat_s = max(beat_s + period_s, loop.time())
        await asyncio.sleep(beat_s - loop.time())
        do()


@contextmanager
def until_signal() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, while inside."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
