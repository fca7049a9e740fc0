"""While the broker is away: kept in order, nothing doubled, beyond the budget the oldest dropped and told, and the budget is
what the process really takes. With a Kafka of its own, which is frozen, killed and brought back."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from core import block
from core.kafka import ensure_topics
from core.records import Gap, LinkListened, Listened, decode
from core.sample import Sample
from core.topics import TELEMETRY
from ingest.counts import Counts
from ingest.losses import Losses
from ingest.outbox import Carrier, Outbox
from ingest.packer import block_record, control_record
from streams.screen import Screen, screen
from wedgetail.local.kafka import LocalKafka

OPERATOR, LINK, T0 = UUID(int=1), "udp:1/a", 1_800_000_000_000_000
PARTITIONS = (0, 5, 11)
AN_HOUR_S = 3_600.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalKafka]:
    with LocalKafka(tmp_path / "kafka") as server:
        yield server


class Sender:
    """Blocks of ten samples, each block followed by its word of listening, round robin over some partitions."""

    def __init__(self, outbox: Outbox, counts: Counts) -> None:
        self.outbox, self.counts = outbox, counts
        self.sent = dict.fromkeys(PARTITIONS, 0)

    def send(self, blocks: int) -> None:
        for number in range(blocks):
            partition = PARTITIONS[number % len(PARTITIONS)]
            first = self.sent[partition]
            self.sent[partition] += 10
            seqs = range(first + 1, first + 11)
            samples = [Sample(OPERATOR, UUID(int=partition), LINK, 1, 5, seq, T0 + seq, mode="AUTO") for seq in seqs]
            self.outbox.put(block_record(partition, block.from_samples(samples)))
            self.outbox.put(control_record(partition, Listened((LinkListened(OPERATOR, LINK, 5, T0 + seqs[-1]),))))

    def cost(self, blocks: int) -> int:
        """What so many blocks take in memory, by the outbox's own account."""
        before = self.outbox.held_bytes
        self.send(blocks)
        return self.outbox.held_bytes - before


@asynccontextmanager
async def sending(broker: LocalKafka, budget: int) -> AsyncIterator[Sender]:
    await ensure_topics(broker.bootstrap)
    counts = Counts()
    carrier, losses = Carrier(broker.bootstrap), Losses(counts)
    async with asyncio.TaskGroup() as tasks:
        outbox = Outbox(tasks, carrier, TELEMETRY.name, budget, losses.add, losses.notice)
        yield Sender(outbox, counts)
        await outbox.close()
        await carrier.close()


@dataclass
class Found:
    """One partition. seqs: of its samples as they stand, and once duplicates are left out as every reader does."""

    seqs: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    gaps: list[tuple[int, Gap]] = field(default_factory=list)  # with how many samples stood before it
    up_to: list[int] = field(default_factory=list)


async def read(broker: LocalKafka) -> dict[int, Found]:
    found = {partition: Found() for partition in PARTITIONS}
    screens = {partition: Screen() for partition in PARTITIONS}
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        tps = [TopicPartition(TELEMETRY.name, partition) for partition in PARTITIONS]
        consumer.assign(tps)
        for tp, end in (await consumer.end_offsets(tps)).items():
            one = found[tp.partition]
            while await consumer.position(tp) < end:
                record = await consumer.getone(tp)
                if dict(record.headers)["kind"] == b"block":
                    batch = block.decode(record.value)
                    one.seqs += batch.values("seq").tolist()
                    verdicts = screen(screens[tp.partition], batch, record.timestamp * 1_000, True)
                    one.kept += batch.values("seq")[verdicts.keep].tolist()
                else:
                    said = decode(Listened, record.value)
                    one.gaps += [(len(one.seqs), gap) for gap in said.gaps]
                    one.up_to += [link.up_to_us - T0 for link in said.links]
    finally:
        await consumer.stop()
    return found


def _whole(found: dict[int, Found], sent: dict[int, int]) -> None:
    for partition, one in found.items():
        assert one.kept == list(range(1, sent[partition] + 1))
        assert one.gaps == []
        assert one.up_to == sorted(one.up_to) and one.up_to[-1] == sent[partition]


async def test_a_frozen_broker_gets_everything_in_order_and_once_when_it_thaws(broker: LocalKafka) -> None:
    async with sending(broker, 64 << 20) as sender:
        sender.send(30)
        assert await sender.outbox.drain(AN_HOUR_S)
        assert broker.process.pid is not None
        os.kill(broker.process.pid, signal.SIGSTOP)
        try:
            for _ in range(20):
                sender.send(30)
                await asyncio.sleep(0.05)
            assert sender.outbox.stuck_s(asyncio.get_running_loop().time()) > 0
        finally:
            os.kill(broker.process.pid, signal.SIGCONT)
        assert await sender.outbox.drain(AN_HOUR_S)
        assert (sender.outbox.held_bytes, sender.counts.dropped_samples) == (0, 0)
    found = await read(broker)
    _whole(found, sender.sent)
    assert all(one.seqs == one.kept for one in found.values()), "not even a duplicate on the topic"


async def test_beyond_the_budget_the_oldest_are_dropped_and_told_where_they_are_missing(broker: LocalKafka) -> None:
    async with sending(broker, 64 << 20) as probe:
        budget = probe.cost(90)
        assert await probe.outbox.drain(AN_HOUR_S)
    async with sending(broker, budget) as sender:
        sender.sent = dict(probe.sent)
        sender.send(30)
        assert await sender.outbox.drain(AN_HOUR_S)
        assert broker.process.pid is not None
        os.kill(broker.process.pid, signal.SIGSTOP)
        try:
            for _ in range(15):
                sender.send(30)
                assert sender.outbox.held_bytes <= budget
                await asyncio.sleep(0.02)
        finally:
            os.kill(broker.process.pid, signal.SIGCONT)
        assert await sender.outbox.drain(AN_HOUR_S)
        sender.send(3)
        assert await sender.outbox.drain(AN_HOUR_S)
    found = await read(broker)
    assert sender.counts.dropped_samples > 0
    missing_in_all = 0
    for partition, one in found.items():
        assert one.seqs == one.kept == sorted(one.kept), "in order, nothing doubled"
        missing = set(range(1, sender.sent[partition] + 1)) - set(one.kept)
        missing_in_all += len(missing)
        assert sum(gap.count or 0 for _, gap in one.gaps) == len(missing)
        for before, gap in one.gaps:
            inside = {seq for seq in missing if gap.from_us <= T0 + seq <= gap.to_us}
            assert len(inside) == gap.count, "the gap spans what is missing, and nothing else"
            assert one.seqs[before - 1] < gap.from_us - T0 and one.seqs[before] > gap.to_us - T0, "told in its place"
            assert not {up_to for up_to in one.up_to if gap.from_us - T0 <= up_to < gap.to_us - T0}
    assert missing_in_all == sender.counts.dropped_samples


async def test_a_killed_broker_that_comes_back_gets_everything_in_order_and_once(broker: LocalKafka) -> None:
    async with sending(broker, 64 << 20) as sender:
        sender.send(60)  # some of it under way when the power goes
        await asyncio.sleep(0.01)
        broker.process.kill()
        for _ in range(10):
            sender.send(30)
            await asyncio.sleep(0.05)
        broker.spawn()
        await asyncio.to_thread(broker.wait)
        assert await sender.outbox.drain(AN_HOUR_S)
        sender.send(3)
        assert await sender.outbox.drain(AN_HOUR_S)
        assert sender.counts.dropped_samples == 0
    _whole(await read(broker), sender.sent)


_GROWTH = """
import asyncio, sys
from tests.integration.ingest.test_buffer import growth
print(asyncio.run(growth(int(sys.argv[1]), int(sys.argv[2]))))
"""


async def growth(budget: int, samples: int) -> float:
    """How much a process grows whose outbox is filled four times over, as a share of the outbox's budget."""
    counts = Counts()
    losses = Losses(counts)
    carrier = Carrier("127.0.0.1:1")  # nobody is there
    async with asyncio.TaskGroup() as tasks:
        warm = Outbox(tasks, carrier, "warm", 1 << 20, losses.add, losses.notice)
        await _fill(warm, 4 << 20, samples)  # what is made once is not counted
        before = _resident()
        outbox = Outbox(tasks, carrier, "full", budget, losses.add, losses.notice)
        await _fill(outbox, 4 * budget, samples)
        assert 0.9 * budget < outbox.held_bytes <= budget and counts.dropped_samples > 0
        grown = _resident() - before
        await warm.close()
        await outbox.close()
    return grown / budget


async def _fill(outbox: Outbox, value_bytes: int, samples: int) -> None:
    """Puts records of so many bytes of values; now and then the loop turns, as it does between two reads of a socket."""
    seq = put = 0
    while put < value_bytes:
        rows = [Sample(OPERATOR, UUID(int=1 + n % 5), LINK, 1, 5, seq + n, T0 + seq + n) for n in range(samples)]
        record = block_record(seq // samples % 16, block.from_samples(rows))
        seq, put = seq + samples, put + len(record.value)
        outbox.put(record)
        if seq // samples % 64 == 0:
            await asyncio.sleep(0)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize("samples", [1, 200])
def test_the_process_grows_by_its_budget_and_not_beyond(samples: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _GROWTH, str(24 << 20), str(samples)], capture_output=True, text=True, check=True
    )
    assert 0.6 < float(done.stdout) < 1.25
