"""The same hops from bare libraries and nothing else, each in a process of its own as ours are:

UDP socket -> aiokafka producer of JSON records -> Kafka -> aiokafka consumer -> `websockets` server.

What the socket gives in one go becomes one record for each partition, a list of positions: one when it is quiet, more when it
is busy. With a record for each position Python could not follow 10,000 a second, and would flatter us.

Everything that costs time without moving the bytes is left out: no checksum, no identity, no state of an aircraft, no
rules, no database, no token; the consumer hands on the JSON that the producer made.
"""

import asyncio
import json
import multiprocessing
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from websockets.asyncio.server import ServerConnection, broadcast, serve

from core.topics import PARTITIONS
from tests.benchmarks.sender import ADDRESS

TOPIC = "benchmark-reference"
_GLOBAL_POSITION_INT = 33
_HEADER_BYTES = 10  # of a MAVLink 2 frame
_POSITION = struct.Struct("<IiiiihhhH")
_NAMES = ("boot_ms", "lat_e7", "lon_e7", "amsl_mm", "height_mm", "north_cmps", "east_cmps", "down_cmps", "heading_cdeg")
_BUFFER = 16 << 20  # as ours asks for
_AT_ONCE = 1_000  # datagrams
_START_S = 60.0

Part = Callable[[str, Callable[[int], None], asyncio.Event], Awaitable[None]]


@dataclass(frozen=True)
class Reference:
    """udp_port takes MAVLink, url gives JSON. pids: its processes by name."""

    udp_port: int
    url: str
    pids: dict[str, int]


@contextmanager
def running(bootstrap: str) -> Iterator[Reference]:
    """Both processes, started and ready, on a topic of their own with as many partitions as ours."""
    asyncio.run(_create_topic(bootstrap))
    with _process(_serve, bootstrap) as (server, port), _process(_receive, bootstrap) as (receiver, udp_port):
        pids = {"reference: socket to Kafka": receiver, "reference: Kafka to WebSocket": server}
        yield Reference(udp_port, f"ws://{ADDRESS}:{port}", pids)


async def _receive(bootstrap: str, ready: Callable[[int], None], stopped: asyncio.Event) -> None:
    """The place of ingest."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        sock.bind((ADDRESS, 0))
        sock.setblocking(False)
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
            await producer.partitions_for(TOPIC)  # so that the first record does not wait for metadata
            ready(sock.getsockname()[1])

            async def forward() -> None:
                while True:
                    frames = [await loop.sock_recv(sock, 65_536)]
                    with suppress(BlockingIOError):
                        while len(frames) < _AT_ONCE:
                            frames.append(sock.recv(65_536))
                    positions = _positions(frames, time.time_ns() // 1_000)
                    for partition, together in positions.items():
                        await producer.send(TOPIC, json.dumps(together).encode(), partition=partition)

            await _until(stopped, forward())


def _positions(frames: list[bytes], time_us: int) -> dict[int, list[dict[str, int]]]:
    """The positions among some frames, by partition."""
    found: dict[int, list[dict[str, int]]] = {}
    for frame in frames:
        if int.from_bytes(frame[7:10], "little") == _GLOBAL_POSITION_INT:
            system_id = frame[5]
            payload = frame[_HEADER_BYTES : _HEADER_BYTES + frame[1]].ljust(_POSITION.size, b"\0")
            told = dict(zip(_NAMES, _POSITION.unpack(payload), strict=True))
            found.setdefault(system_id % PARTITIONS, []).append({"system_id": system_id, "time_us": time_us, **told})
    return found


async def _serve(bootstrap: str, ready: Callable[[int], None], stopped: asyncio.Event) -> None:
    """The place of the API."""
    partitions = [TopicPartition(TOPIC, at) for at in range(PARTITIONS)]
    async with (
        AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer,
        serve(_until_gone, ADDRESS, 0, compression=None) as server,
    ):
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        ready(server.sockets[0].getsockname()[1])

        async def forward() -> None:
            while True:
                batches = await consumer.getmany(timeout_ms=1_000)
                for records in batches.values():
                    for record in records:
                        broadcast(server.connections, record.value.decode())

        await _until(stopped, forward())


async def _until_gone(viewer: ServerConnection) -> None:
    await viewer.wait_closed()


async def _until(stopped: asyncio.Event, work: Awaitable[None]) -> None:
    """Works until stopped; what ends the work earlier is raised."""
    working, stopping = asyncio.ensure_future(work), asyncio.create_task(stopped.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        working.result()
    working.cancel()


@contextmanager
def _process(part: Part, bootstrap: str) -> Iterator[tuple[int, int]]:
    """Runs a part in a new process; gives its number and the port that it opened."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(part, bootstrap, theirs), name=f"reference{part.__name__}", daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_S):
            raise TimeoutError(f"{process.name} was not ready within {_START_S:g} s")
        assert process.pid is not None
        yield process.pid, ours.recv()
    finally:
        ours.close()
        process.join()


def _run(part: Part, bootstrap: str, control: "Connection[int, None]") -> None:
    async def main() -> None:
        stopped = asyncio.Event()
        # Its other end closes when nobody wants the part any more, or lives to want it.
        asyncio.get_running_loop().add_reader(control.fileno(), stopped.set)
        await part(bootstrap, control.send, stopped)

    asyncio.run(main())


async def _create_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"message.timestamp.type": "LogAppendTime"}  # as ours: the broker's stamp is one of the stages
        await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, topic_configs=config)])
    finally:
        await admin.close()
