"""While no broker answers: records wait in order, and beyond the buffer the oldest go."""

import asyncio
import socket
from collections.abc import Iterator
from uuid import UUID

import pytest

from core import block
from core.records import LinkListened, Listened
from core.sample import Sample
from ingest.outbox import Carrier, Outbox, size_of
from ingest.packer import Record, block_record, control_record


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a broker that is not there: bound, so that nobody else takes it, and not listening."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def _block(partition: int, seq: int) -> Record:
    return block_record(partition, block.from_samples([Sample(UUID(int=1), UUID(int=2), "udp:1/a", 1, 5, seq, seq)]))


def _listened(partition: int) -> Record:
    return control_record(partition, Listened((LinkListened(UUID(int=1), "udp:1/a", 5, 9),)))


async def test_beyond_the_buffer_the_oldest_go_with_the_listening_that_followed_them(nobody: str) -> None:
    dropped: list[Record] = []
    records = [_block(3, 1), _listened(3), _block(4, 2), _listened(3), _block(3, 3), _listened(3), _block(3, 4)]
    sizes = [size_of(record) for record in records]
    async with asyncio.TaskGroup() as tasks:
        outbox = Outbox(tasks, Carrier(nobody), "telemetry", sum(sizes) - sizes[0] - 1, dropped.append)
        for record in records:
            outbox.put(record)
        # The first block, and of its partition what said that nothing else came until the next block.
        assert dropped == [records[0], records[1], records[3]]
        assert outbox.held_bytes == sum(sizes) - sizes[0] - sizes[1] - sizes[3]
        assert not await outbox.drain(0.01)
        await outbox.close()
    assert len(dropped) == len(records), "what is never sent is counted as dropped"


async def test_what_is_under_way_is_not_dropped(nobody: str) -> None:
    dropped: list[Record] = []
    first, second, third = _block(3, 1), _block(3, 2), _block(3, 3)
    async with asyncio.TaskGroup() as tasks:
        outbox = Outbox(tasks, Carrier(nobody), "telemetry", 1, dropped.append)
        outbox.put(first)
        assert dropped == [first], "a buffer too small for one record holds none"
        roomy = Outbox(tasks, Carrier(nobody), "telemetry", len(first.value) * 3 // 2, dropped.append)
        roomy.put(first)
        await asyncio.sleep(0.05)  # its task has taken it
        roomy.put(second)
        roomy.put(third)
        assert dropped == [first, second, third]
        await outbox.close()
        await roomy.close()
