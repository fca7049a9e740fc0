"""Bad input for ingest, by the million: no crash, flat memory, every byte counted, and those already known served as before.

Everything is seeded: a failure names a run that anybody can run again.
"""

import gc
import os
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core import identity
from core.compiled import warm
from core.errors import WedgetailError
from core.identity import aircraft_id
from ingest.counts import Counts
from ingest.errors import NotMavlink
from ingest.fleet import Fleet
from ingest.importer import take_entries
from ingest.ledger import Ledger
from ingest.links import FILE_EPOCH, file_link, link_name
from ingest.listener import Chunk, Listener
from ingest.packer import Packer
from ingest.tlog import Entry, opened

OPERATOR = identity.operator_id("test")
T0 = 1_800_000_000_000_000
MILLION = 1_000_000
AT_ONCE = 1_000
_FLAT = 24 << 20  # bytes by which a process may grow once it is well on its way


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm()


def _frames() -> list[bytes]:
    """A pool of right frames: both versions, signed and not, needed and not, of aircraft and of others."""
    made = []
    for system in (*range(1, 21), 51, 254, 255):
        for component in (1, 154):
            for version in (1, 2, 3):
                sender = dialect.MAVLink(None, srcSystem=system, srcComponent=component)
                if version == 3:
                    sender.signing.secret_key = bytes(range(32))
                    sender.signing.sign_outgoing = True
                messages = (
                    sender.heartbeat_encode(2, 3, 129, 5, 4, 3),
                    sender.global_position_int_encode(1, -353_623_302, 1_491_657_510, 600_000, 9_000, 0, 0, 0, 0),
                    sender.gps_raw_int_encode(0, 3, 0, 0, 0, 90, 0, 0, 0, 9),
                    sender.attitude_encode(1, 0, 0, 0, 0, 0, 0),
                    sender.statustext_encode(6, b"\xfe\xfd\xfe frames within words \xfd"),
                )
                made += [bytes(message.pack(sender, force_mavlink1=version == 1)) for message in messages]
    return made


def _spoiled(pool: list[bytes], dice: random.Random) -> bytes:
    """One datagram: whole, glued, cut, flipped, shuffled or nonsense."""
    data = pool[int(dice.random() * len(pool))]
    kind = int(dice.random() * 10)
    if kind < 3:
        return data
    if kind == 3:
        return data + pool[int(dice.random() * len(pool))]
    if kind == 4:
        return data[: int(dice.random() * len(data))]
    if kind == 5:
        return data[int(dice.random() * len(data)) :]
    if kind == 6:
        return dice.randbytes(int(dice.random() * 300))
    spoiled = bytearray(data)
    if kind == 7:
        dice.shuffle(spoiled)
    else:
        for _ in range(kind - 7):
            spoiled[int(dice.random() * len(spoiled))] ^= 1 << int(dice.random() * 8)
    return bytes(spoiled)


class Ingest:
    """The way of a datagram from the socket's batch to Kafka's records, which are counted and thrown away."""

    def __init__(self, directory: Path) -> None:
        self.counts = Counts()
        self.listener = Listener(Fleet(OPERATOR, self.counts), "udp:14550", Ledger(directory / "udp.json"), T0)
        self.packer = Packer(records_per_s=1e9)
        self.batches = 0
        self.sent_bytes = self.packed = 0

    def take(self, chunks: list[Chunk]) -> int:
        """How many samples they made."""
        before = self.packed
        self.batches += 1
        self.sent_bytes += sum(len(chunk.data) for chunk in chunks)
        now_s = self.batches * 0.1
        self.packer.add(self.listener.take(chunks).samples, now_s)
        self.packed += sum(record.samples for record in self.packer.due(now_s))
        if self.batches % 100 == 0:
            self.listener.tidy(chunks[-1].time_us)
        return self.packed - before

    def settle(self) -> None:
        """All bytes that came are in frames or rejected, and all samples in records."""
        self.listener.close()
        assert self.counts.bytes == self.sent_bytes
        assert self.counts.adds_up()
        assert self.packed == self.counts.samples


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _flat(batches: Iterator[list[Chunk]], take: Callable[[list[Chunk]], object], number: int) -> None:
    """Takes all batches; memory must not grow any more once a fifth is through."""
    settled = 0
    for at, batch in enumerate(batches):
        take(batch)
        if at == number // 5:
            settled = _resident()
    assert _resident() - settled < _FLAT


def _damaged(whole: bytes, dice: random.Random) -> bytes:
    """A log as disks and radios leave it: cut, with holes, overwritten, doubled, in another order."""
    log = bytearray(whole)
    for _ in range(dice.randrange(1, 6)):
        kind, at = dice.randrange(7), dice.randrange(len(log) + 1)
        length = dice.randrange(1, 2_000)
        if kind == 0:
            del log[at:]
        elif kind == 1:
            del log[:at]
        elif kind == 2:
            del log[at : at + length]
        elif kind == 3:
            log[at:at] = dice.randbytes(length)
        elif kind == 4:
            log[at : at + length] = bytes(len(log[at : at + length]))
        elif kind == 5:
            log[at:at] = log[at : at + length]
        elif log:
            for _ in range(length // 10):
                log[dice.randrange(len(log))] ^= 1 << dice.randrange(8)
        if not log:
            return b""
    return bytes(log)


def test_a_thousand_damaged_logs_are_read_to_the_last_byte_or_refused_with_a_reason(tmp_path: Path) -> None:
    dice, pool = random.Random(6), _frames()
    stamped = b"".join((T0 + n * 50_000).to_bytes(8, "big") + pool[n % len(pool)] for n in range(400))
    refused: dict[str, int] = {}
    file = tmp_path / "damaged.tlog"
    sizes: list[int] = []
    for number in range(1_000):
        data = _damaged(stamped, dice)
        file.write_bytes(data)
        try:
            counts, entries = _read(file)
        except WedgetailError as error:
            assert isinstance(error, NotMavlink) and str(file) in str(error)
            refused[str(error)] = refused.get(str(error), 0) + 1
        else:
            assert (counts.bytes, counts.adds_up()) == (len(data), True)
            assert sum(entry.item.end - entry.item.start for entry in entries) == len(data), "each byte once"
            assert all(one.item.end == other.item.start for one, other in pairwise(entries))
        if number % 25 == 0:
            sizes.append(_resident())
    # The least of several: a log that is held just now, and what the allocator keeps of it, are no growth.
    assert min(sizes[-10:]) - min(sizes[10:20]) < _FLAT
    assert sum(refused.values()) < 500, refused


def _read(file: Path) -> tuple[Counts, list[Entry]]:
    """As the importer reads a file."""
    counts = Counts()
    seen: list[UUID] = []
    with opened(file, T0) as log:
        link = Fleet(OPERATOR, counts).link(
            file_link(log.sha256), FILE_EPOCH, arrived=lambda link, system, who: seen.append(who)
        )
        entries = list(log.entries())
        taken = take_entries(link, log, entries)
        assert len(taken.samples) == counts.samples and len(seen) <= 23
    return counts, entries


def test_a_million_spoiled_datagrams_are_counted_to_the_byte_in_flat_memory(tmp_path: Path) -> None:
    dice, pool, ingest = random.Random(4), _frames(), Ingest(tmp_path)
    number = MILLION // AT_ONCE

    def batches() -> Iterator[list[Chunk]]:
        for batch in range(number):
            time_us = T0 + batch * 100_000
            yield [Chunk(time_us + n, f"10.0.0.{n % 40}", 1 + n % 3, _spoiled(pool, dice)) for n in range(AT_ONCE)]

    _flat(batches(), ingest.take, number)
    ingest.settle()
    assert ingest.counts.frames > MILLION * 0.8
    assert set(ingest.counts.rejected) >= {"bad checksum", "bytes that are no frame", "truncated", "unknown message"}
    assert ingest.counts.usable > MILLION * 0.02


def test_among_a_million_frames_of_strangers_those_who_are_known_are_served_as_before(tmp_path: Path) -> None:
    dice, ingest = random.Random(5), Ingest(tmp_path)
    number = MILLION // AT_ONCE
    strangers = [_position(system) for system in range(1, 251)]
    known = [Chunk(T0, "10.0.0.1", 7, strangers[system]) for system in range(20)]
    served = {aircraft_id(OPERATOR, link_name("udp:14550", "10.0.0.1"), system) for system in range(1, 21)}
    assert ingest.take(known) == len(known)

    def batches() -> Iterator[list[Chunk]]:
        for batch in range(number):
            time_us = T0 + batch * 100_000
            crowd = [
                Chunk(time_us, f"{10 + who % 7}.{who >> 16 & 255}.{who >> 8 & 255}.{who & 255}", 1, strangers[who % 250])
                for who in (int(dice.random() * (1 << 24)) for _ in range(AT_ONCE - len(known)))
            ]
            for at, one in enumerate(known):  # in the middle of the crowd
                crowd.insert(at * 40, one._replace(time_us=time_us))
            yield crowd

    made: list[int] = []
    _flat(batches(), lambda batch: made.append(ingest.take(batch)), number)
    assert min(made) >= len(known), "each batch, whatever the crowd, has the samples of all who are known"
    assert served <= ingest.listener._aircraft and len(ingest.listener._aircraft) == 1_000
    assert ingest.counts.rejected["too many unregistered aircraft"] > 0
    assert ingest.counts.rejected["too many links"] > 0
    ingest.settle()


def _position(system: int) -> bytes:
    sender = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
    return bytes(sender.global_position_int_encode(1, -353_623_302, 1_491_657_510, 600_000, 9_000, 0, 0, 0, 0).pack(sender))
