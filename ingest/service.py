"""`wedgetail ingest`: its listeners, from their sockets to the live topic, until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Protocol

from core import kafka
from core.compiled import warm
from core.errors import WedgetailError
from core.identity import operator_id
from core.records import Gap, LinkListened, Listened
from core.settings import Settings
from core.topics import PARTITIONS, REJECTED, TELEMETRY
from ingest import tcp
from ingest.counts import Counts
from ingest.fleet import Fleet, Taken
from ingest.ledger import Ledger
from ingest.links import TCP_CALLED, tcp_source, udp_source
from ingest.listener import Listener
from ingest.losses import Losses
from ingest.outbox import Carrier, Outbox
from ingest.packer import Packer
from ingest.rejections import BUDGET_BYTES, Rejections, untold
from ingest.signing import read_keys
from ingest.tcp import Caller, Streams
from ingest.terrain import terrain_of
from ingest.udp import Heard, Receiver, clock_us
from ingest.watch import Room, Teller

log = logging.getLogger(__name__)

_LISTENED_S = 1.0
_TOLD_S = 10.0
_TIDY_S = 60.0
_DRAIN_S = 10.0


class Source(Protocol):
    """One listener, and up to when everything that had arrived for it has been taken."""

    listener: Listener
    listened_us: int


class Datagrams:
    """The UDP socket's listener."""

    def __init__(self, listener: Listener, receiver: Receiver, take: Callable[[Taken], None]) -> None:
        self.listener = listener
        self.listened_us = 0
        self._receiver = receiver
        self._take = take

    def heard(self, heard: Heard) -> None:
        """Takes a batch of the socket."""
        self._receiver.taken()
        if heard.datagrams:
            self._take(self.listener.take(heard.datagrams))
        self.listened_us = heard.listened_us


class Service:
    """What run() wires together: the sources' samples through the packer into the outbox, and each second their listening."""

    def __init__(self, packer: Packer, outbox: Outbox, rejections: Rejections) -> None:
        self._loop = asyncio.get_running_loop()
        self._packer = packer
        self._outbox = outbox
        self._rejections = rejections
        self._timer: asyncio.TimerHandle | None = None
        self._sources: list[Source] = []
        self._told_us: list[int] = []
        self._gaps: tuple[Gap, ...] = ()

    def add(self, source: Source) -> None:
        """From now on tells what has been listened to here."""
        self._sources.append(source)
        self._told_us.append(0)

    def take(self, taken: Taken) -> None:
        now_s = self._loop.time()
        self._packer.add(taken.samples, now_s)
        for rejection in taken.rejections:
            self._rejections.tell(rejection, now_s)
        self._pack()

    def tell_listened(self) -> None:
        """Hands on, behind its partition's samples, up to when each link with aircraft there has been listened to."""
        links: dict[int, tuple[LinkListened, ...]] = {}
        for number, source in enumerate(self._sources):
            if source.listened_us > self._told_us[number]:
                self._told_us[number] = source.listened_us
                for partition, own in source.listener.listened(source.listened_us).items():
                    links[partition] = links.get(partition, ()) + own
        told = {partition: Listened(there) for partition, there in links.items()}
        if self._gaps:  # of a whole listener: one partition tells of them
            told[0] = Listened(links.get(0, ()), self._gaps)
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
    """Listens until stopped, sends what it has and returns its counters. ready is set once the ports are bound.

    Raises SettingError for a bad key or a terrain folder that is not there, CannotListen, UnreadableFile for a broken ledger,
    TopicMismatch, BrokerUnreachable.
    """
    counts = Counts()
    prefix, given = settings.kafka.prefix, settings.ingest
    keys = read_keys(given.keys)
    await kafka.ensure_topics(settings.kafka.bootstrap, prefix)
    terrain = await asyncio.to_thread(terrain_of, settings)
    await asyncio.to_thread(warm)  # before the port is bound: what is compiled first time must not cost datagrams
    with ExitStack() as held:
        receiver = Receiver(given.host, given.port)
        held.callback(receiver.release)
        accepting = [(text, held.enter_context(tcp.bound(text))) for text in given.tcp_listen]
        carrier = Carrier(settings.kafka.bootstrap)
        operator = operator_id(settings.operator.name)
        fleet = Fleet(operator, counts, terrain)
        async with tasks_of_one() as tasks:
            losses = Losses(counts)
            outbox = Outbox(tasks, carrier, prefix + TELEMETRY.name, given.buffer_mb << 20, losses.add, losses.notice)
            refused = Outbox(tasks, carrier, prefix + REJECTED.name, BUDGET_BYTES, lambda record: untold(counts))
            service = Service(Packer(given.records_per_s), outbox, Rejections(refused, counts))

            def listener(source: str, streams: bool) -> Listener:
                ledger = Ledger(settings.data_dir / "ingest" / f"{source.replace(':', '-')}.json")
                return Listener(
                    fleet, source, ledger, clock_us(), streams=streams, keys=keys, accept_unsigned=given.accept_unsigned
                )

            datagrams = Datagrams(listener(udp_source(given.port), False), receiver, service.take)
            accepted = [
                (opened, Streams(listener(tcp_source(tcp.endpoint(text)[1]), True), counts, service.take))
                for text, opened in accepting
            ]
            called = [Streams(listener(TCP_CALLED, True), counts, service.take)] if given.tcp_connect else []
            streams = [*(one for _, one in accepted), *called]
            sources: list[Source] = [datagrams, *streams]
            for source in sources:
                service.add(source)
            listeners = [source.listener for source in sources]
            teller = Teller(counts, outbox)
            room = Room(operator, datagrams.listener.source, receiver, counts, service.missed)

            def each_second() -> None:
                for stream in streams:
                    stream.look()
                room.look()
                service.tell_listened()
                for one in listeners:
                    one.keep_new()
                teller.broker()

            def each_minute() -> None:
                for one in listeners:
                    one.tidy(clock_us())

            receiver.start(datagrams.heard)
            log.info("listening for MAVLink on UDP %s port %d", given.host, given.port)
            servers = [await tcp.accept(opened, one) for opened, one in accepted]
            if ready is not None:
                ready.set()
            chores = [
                tasks.create_task(every(_LISTENED_S, each_second)),
                tasks.create_task(every(_TIDY_S, each_minute)),
                tasks.create_task(every(_TOLD_S, teller.counters)),
                *(tasks.create_task(Caller(stream, remote).keep()) for stream in called for remote in given.tcp_connect),
            ]
            try:
                await stopped.wait()
            finally:
                for server in servers:
                    server.close()
                room.look()
                await receiver.stop()
                for stream in streams:
                    await stream.settle()
                service.tell_listened()
                for chore in chores:
                    chore.cancel()
                for stream in streams:
                    await stream.close()
                for one in listeners:
                    service.take(one.close())
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
