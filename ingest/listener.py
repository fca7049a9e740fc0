"""All links of one listener: a batch of chunks in, samples and rejections out.

take() is the boundary that a compiled decoder can move behind: what it knows of bytes and messages, nobody else knows. A
listener is told by its source's name (udp:14550, tcp:5760, tcp) how its links are called, and whether its chunks are pieces
of streams: then the transport says when a connection opens and when it closes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from core.identity import partition_of
from core.records import LinkListened, Rejection
from core.sample import Sample
from core.topics import PARTITIONS
from ingest.counts import Counts
from ingest.ledger import Ledger
from ingest.links import Link, link_name
from ingest.mavlink import Frame, Reason, Rejected, read_frame, scan

MAX_UNREGISTERED = 1_000
MAX_LINKS = 10_000
MAX_TAILS = 1_000
FORGET_US = 86_400_000_000  # stream.md: state leaves after 24 h of silence
_STRANGER_US = 60_000_000
_TAIL_US = 1_000_000  # in a datagram of its own a frame's second half comes at once or never


class Chunk(NamedTuple):
    """A datagram, or a piece of a stream. Address and port name the sender, or the connection."""

    time_us: int  # when it was received
    address: str
    port: int
    data: bytes


@dataclass
class Taken:
    samples: list[Sample] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def add(self, outcome: Sample | Rejection | None) -> None:
        if isinstance(outcome, Sample):
            self.samples.append(outcome)
        elif outcome is not None:
            self.rejections.append(outcome)


class _Tail(NamedTuple):
    time_us: int
    data: bytes


class Listener:
    def __init__(
        self,
        operator_id: UUID,
        source: str,
        ledger: Ledger,
        clock_us: int,
        counts: Counts,
        max_aircraft: int = MAX_UNREGISTERED,
        streams: bool = False,
    ) -> None:
        """A listener that starts at this time, and listens on to the aircraft that its ledger remembers.

        streams: its chunks are pieces of connections that opened() and closed() tell of; who has none is not listened to.
        """
        self._operator_id = operator_id
        self.source = source
        self._streams = streams
        self._open: dict[str, set[int]] = {}  # address: ports of its open connections
        self._ledger = ledger
        self._counts = counts
        self._max_aircraft = max_aircraft
        self._epoch = ledger.next_epoch(clock_us)
        self._links: dict[str, Link] = {}
        self._tails: dict[tuple[str, int], _Tail] = {}
        self._aircraft: set[UUID] = set()
        self._there: list[dict[str, int]] = [{} for _ in range(PARTITIONS)]  # link: number of its aircraft there
        self._partitions: dict[UUID, tuple[int, str]] = {}
        for name, systems in ledger.links.items():
            link = self._new_link(name)
            for system_id, heard_us in systems.items():
                if heard_us >= clock_us - FORGET_US:
                    link.remember(system_id, heard_us)
        self._changed = False

    def opened(self, address: str, port: int, clock_us: int) -> None:
        """A stream begins. When nobody was connected under this address, nobody listened: its count begins anew."""
        ports = self._open.setdefault(address, set())
        link = self._links.get(link_name(self.source, address))
        if link is not None and link.served and not ports:
            link.begin(self._ledger.next_epoch(clock_us))
        ports.add(port)

    def closed(self, address: str, port: int) -> Taken:
        """A stream has ended: the rest of its last frame will not come."""
        ports = self._open.get(address, set())
        ports.discard(port)
        if not ports:
            self._open.pop(address, None)
        taken = Taken()
        tail = self._tails.pop((address, port), None)
        if tail is not None:
            taken.add(self._links[link_name(self.source, address)].reject(Reason.TRUNCATED, tail.data, tail.time_us))
        return taken

    def take(self, batch: Sequence[Chunk]) -> Taken:
        """Everything in these chunks, in their order."""
        taken = Taken()
        for chunk in batch:
            name = link_name(self.source, chunk.address)
            link = self._links.get(name)
            if link is None:
                if len(self._links) >= MAX_LINKS:
                    stranger = Link(self._operator_id, name, self._epoch, self._counts)
                    taken.add(stranger.reject(Reason.TOO_MANY_LINKS, chunk.data, chunk.time_us))
                    continue
                if self._streams:  # listened to since it connected, and not since we began
                    self._epoch = self._ledger.next_epoch(chunk.time_us)
                link = self._new_link(name)
                link.heard_us = chunk.time_us
            self._take_one(link, chunk, taken)
        return taken

    def _take_one(self, link: Link, chunk: Chunk, taken: Taken) -> None:
        """A stream is cut where it pleases, and bridges cut one into datagrams: a frame that ends in the sender's next chunk
        is joined."""
        time_us, address, port, data = chunk
        tail = self._tails.pop((address, port), None) if self._tails else None
        if tail is not None:
            late = time_us - tail.time_us > _TAIL_US
            if data and not self._streams and (late or isinstance(read_frame(data, 0), Frame)):
                taken.add(link.reject(Reason.TRUNCATED, tail.data, tail.time_us))
            else:
                data = tail.data + data
        for item in scan(data):
            if _is_cut(item, data) and len(self._tails) < MAX_TAILS:
                self._tails[address, port] = _Tail(time_us, data[item.start :])
                return
            taken.add(link.take(item, data, time_us, port))

    def close(self) -> Taken:
        """What is left when nothing more comes."""
        taken = Taken()
        for (address, _), tail in self._tails.items():
            taken.add(self._links[link_name(self.source, address)].reject(Reason.TRUNCATED, tail.data, tail.time_us))
        self._tails.clear()
        self.keep()
        return taken

    def listened(self, up_to_us: int) -> dict[int, tuple[LinkListened, ...]]:
        """For each partition with aircraft, its links that are listened to, all up to this time."""
        there = [self._listened_to(names) for names in self._there]
        return {
            partition: tuple(LinkListened(self._operator_id, name, self._links[name].epoch, up_to_us) for name in sorted(names))
            for partition, names in enumerate(there)
            if names
        }

    def _listened_to(self, names: Collection[str]) -> Collection[str]:
        """Silence is proven only while somebody could be heard: a stream without a connection is not listened to."""
        if not self._streams:
            return names
        connected = {link_name(self.source, address) for address in self._open}
        return connected.intersection(names)

    def tidy(self, clock_us: int) -> None:
        """Now and then: forgets aircraft silent for a day, and addresses that never brought one after a minute."""
        before_us = clock_us - FORGET_US
        new_epoch = False
        for name, link in list(self._links.items()):
            for aircraft_id in link.forget(before_us):
                self._gone(aircraft_id)
            forgotten_us = before_us if link.served else clock_us - _STRANGER_US
            if not link.heard() and link.heard_us < forgotten_us and not self._is_open(name):
                del self._links[name]
                new_epoch = new_epoch or link.served
        if new_epoch:  # should such a link come back, its count begins again
            self._epoch = self._ledger.next_epoch(clock_us)
        self.keep()

    def _is_open(self, name: str) -> bool:
        return name.removeprefix(f"{self.source}/") in self._open

    def keep_new(self) -> None:
        """Each second: writes down an aircraft that was not there before, so that a kill does not make us forget it."""
        if self._changed:
            self.keep()

    def keep(self) -> None:
        """Writes down who is listened to."""
        heard = {name: link.heard() for name, link in self._links.items()}
        self._ledger.keep({name: systems for name, systems in heard.items() if systems})
        self._changed = False

    def _new_link(self, name: str) -> Link:
        link = Link(self._operator_id, name, self._epoch, self._counts, self._admit, self._arrived)
        self._links[name] = link
        return link

    def _admit(self, aircraft_id: UUID) -> bool:
        # There is no register of airframes yet: every aircraft is unregistered.
        if aircraft_id not in self._aircraft and len(self._aircraft) >= self._max_aircraft:
            return False
        self._aircraft.add(aircraft_id)
        return True

    def _arrived(self, link: Link, system_id: int, aircraft_id: UUID) -> None:
        partition = partition_of(aircraft_id, PARTITIONS)
        self._partitions[aircraft_id] = (partition, link.name)
        self._there[partition][link.name] = self._there[partition].get(link.name, 0) + 1
        self._changed = True

    def _gone(self, aircraft_id: UUID) -> None:
        self._aircraft.discard(aircraft_id)
        self._changed = True
        if aircraft_id in self._partitions:
            partition, name = self._partitions.pop(aircraft_id)
            self._there[partition][name] -= 1
            if not self._there[partition][name]:
                del self._there[partition][name]


def _is_cut(item: Frame | Rejected, data: bytes) -> bool:
    return isinstance(item, Rejected) and item.reason is Reason.TRUNCATED and item.end == len(data)
