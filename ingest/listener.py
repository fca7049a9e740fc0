"""All links of one listener: a batch of chunks in, samples and rejections out.

take() is the boundary that a compiled decoder can move behind: what it knows of bytes and messages, nobody else knows. A
listener is told by its source's name (udp:14550, tcp:5760, tcp) how its links are called, and whether its chunks are pieces
of streams: then the transport says when a connection opens and when it closes.
"""

import zlib
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from core.identity import partition_of
from core.records import LinkListened, Rejection
from core.topics import PARTITIONS
from ingest import following
from ingest.fleet import Fleet, Piece, Taken
from ingest.ledger import Ledger
from ingest.links import Link, link_name
from ingest.mavlink import Frame, Reason, read_frame
from ingest.reading import Ints
from ingest.signing import Key, Signing

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


class _Tail(NamedTuple):
    time_us: int
    data: bytes


class Listener:
    def __init__(
        self,
        fleet: Fleet,
        source: str,
        ledger: Ledger,
        clock_us: int,
        max_aircraft: int = MAX_UNREGISTERED,
        streams: bool = False,
        keys: tuple[Key, ...] = (),
        accept_unsigned: bool = False,
    ) -> None:
        """A listener that starts at this time, and listens on to the aircraft that its ledger remembers.

        streams: its chunks are pieces of connections that opened() and closed() tell of; who has none is not listened to.
        keys: frames must be signed with one of them, unless accept_unsigned, and belong to the link of their key.
        """
        self._fleet = fleet
        self.source = source
        self._streams = streams
        self._open: dict[str, set[int]] = {}  # address: ports of its open connections
        self._signing = Signing(keys, accept_unsigned, ledger.signed, ledger.keep_signed) if keys else None
        self._through: dict[str, set[str]] = {}  # link of a key: names of the open links through which it was heard
        self._ledger = ledger
        self._max_aircraft = max_aircraft
        self._epoch = ledger.next_epoch(clock_us)
        self._links: dict[str, Link] = {}
        self._of_address: dict[str, Link] = {}
        self._tails: dict[tuple[str, int], _Tail] = {}
        self._given_up: list[Rejection] = []  # to be told with what is taken next
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
            for through in self._through.values():
                through.discard(link_name(self.source, address))
        taken = self._fleet.taken()
        self._give_up((address, port), taken.rejections)
        return taken

    def take(self, batch: Sequence[Chunk]) -> Taken:
        """Everything in these chunks, in their order.

        A stream is cut where it pleases, and bridges cut one into datagrams: a frame that ends in the sender's next chunk is
        joined. So what is taken at once ends with a chunk that ends within a frame, and before one whose sender owes a half.
        """
        taken = self._fleet.taken()
        taken.rejections, self._given_up = self._given_up, []
        at, most = 0, len(batch)
        while at < len(batch):
            if self._tails and (batch[at].address, batch[at].port) in self._tails:
                pieces = self._pieces([self._joined(batch[at], taken)])
            else:
                pieces = self._pieces(batch[at : self._free_of_tails(batch, at, min(at + most, len(batch)))])
            if not pieces:
                time_us, address, _, data = batch[at]
                name = link_name(self.source, address)
                taken.rejections.append(self._fleet.reject(name, Reason.TOO_MANY_LINKS, data, time_us))
                at += 1
                continue
            half = self._fleet.take(pieces, taken, len(self._tails) < MAX_TAILS, self._examine if self._signing else None)
            if half is None:
                at, most = at + len(pieces), 2 * most
            else:
                at, most = at + half.piece + 1, 1  # while half frames come, little is looked at twice
                sender = batch[at - 1]
                self._tails[sender.address, sender.port] = _Tail(sender.time_us, half.data)
        return taken

    def _free_of_tails(self, batch: Sequence[Chunk], at: int, end: int) -> int:
        """Up to where nobody owes the rest of a frame."""
        if self._tails:
            for number in range(at, end):
                if (batch[number].address, batch[number].port) in self._tails:
                    return number
        return end

    def _joined(self, chunk: Chunk, taken: Taken) -> Chunk:
        """A chunk behind its sender's half frame; alone when it is no more than a chunk of its own."""
        sender = chunk.address, chunk.port
        late = chunk.time_us - self._tails[sender].time_us > _TAIL_US
        if chunk.data and not self._streams and (late or isinstance(read_frame(chunk.data, 0), Frame)):
            self._give_up(sender, taken.rejections)
            return chunk
        return chunk._replace(data=self._tails.pop(sender).data + chunk.data)

    def _pieces(self, chunks: Sequence[Chunk]) -> list[Piece]:
        """These chunks with their links, up to one that may have none."""
        pieces = []
        for time_us, address, port, data in chunks:
            link = self._of_address.get(address) or self._first_heard(address, time_us)
            if link is None:
                break
            # Under a key whoever has it may speak, from any address.
            sender = zlib.crc32(address.encode()) << 16 | port if self._signing else port
            pieces.append(Piece(link, time_us, sender, data))
        return pieces

    def _examine(self, table: Ints, data: bytes, units: Ints) -> None:
        assert self._signing is not None
        self._signing.examine(table, data, units, self._link_of_key)

    def _link_of_key(self, number: int, key: str, time_us: int) -> int:
        """The number of a key's link, heard through the link of an address."""
        self._fleet.links[number, following.HEARD_US] = time_us
        name = link_name(self.source, f"key:{key}")
        link = self._links.get(name)
        through = self._through.setdefault(name, set()) if self._streams else None
        if link is None:
            if through is not None:  # listened to since it was first heard, and not since we began
                self._epoch = self._ledger.next_epoch(time_us)
            link = self._new_link(name)
        elif through is not None and not through and link.served:
            link.begin(self._ledger.next_epoch(time_us))
        if through is not None:
            through.add(self._fleet.name(number))
        return link.number

    def _first_heard(self, address: str, time_us: int) -> Link | None:
        name = link_name(self.source, address)
        link = self._links.get(name)
        if link is None:
            if len(self._links) >= MAX_LINKS:
                return None
            if self._streams:  # listened to since it connected, and not since we began
                self._epoch = self._ledger.next_epoch(time_us)
            link = self._new_link(name)
            link.heard_us = time_us
        self._of_address[address] = link
        return link

    def _give_up(self, sender: tuple[str, int], rejections: list[Rejection]) -> None:
        """The rest of a half frame will not come."""
        tail = self._tails.pop(sender, None)
        if tail is not None:
            link = self._links[link_name(self.source, sender[0])]
            rejections.append(link.reject(Reason.TRUNCATED, tail.data, tail.time_us))

    def close(self) -> Taken:
        """What is left when nothing more comes."""
        taken = self._fleet.taken()
        taken.rejections, self._given_up = self._given_up, []
        for sender in list(self._tails):
            self._give_up(sender, taken.rejections)
        if self._signing is not None:
            self._signing.close()
        self.keep()
        return taken

    def listened(self, up_to_us: int) -> dict[int, tuple[LinkListened, ...]]:
        """For each partition with aircraft, its links that are listened to, all up to this time."""
        operator_id = self._fleet.operator_id
        there = [self._listened_to(names) for names in self._there]
        return {
            partition: tuple(LinkListened(operator_id, name, self._links[name].epoch, up_to_us) for name in sorted(names))
            for partition, names in enumerate(there)
            if names
        }

    def _listened_to(self, names: Collection[str]) -> Collection[str]:
        """Silence is proven only while somebody could be heard: a stream without a connection is not listened to."""
        if not self._streams:
            return names
        connected = {link_name(self.source, address) for address in self._open}
        connected |= {name for name, through in self._through.items() if through}
        return connected.intersection(names)

    def tidy(self, clock_us: int) -> None:
        """Now and then: forgets half frames, aircraft silent for a day, and after a minute addresses that never brought one."""
        if not self._streams:
            for sender, tail in list(self._tails.items()):
                if clock_us - tail.time_us > _TAIL_US:
                    self._give_up(sender, self._given_up)
        before_us = clock_us - FORGET_US
        new_epoch = False
        for name, link in list(self._links.items()):
            for aircraft_id in link.forget(before_us, clock_us):
                self._gone(aircraft_id)
            forgotten_us = before_us if link.served else clock_us - _STRANGER_US
            if not link.heard() and link.heard_us < forgotten_us and not self._is_open(name):
                for aircraft_id in link.close(clock_us):
                    self._gone(aircraft_id)
                del self._links[name]
                self._of_address.pop(name.removeprefix(f"{self.source}/"), None)
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
        link = self._links[name] = self._fleet.link(name, self._epoch, self._admit, self._arrived)
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
