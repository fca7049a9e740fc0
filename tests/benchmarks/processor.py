"""The processor: samples a second through the real worker with 1,000 zones in force, beside reading the same topic."""

import asyncio
import cProfile
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from core import block, records
from core.compiled import warm
from core.kafka import ensure_topics, producer
from core.records import Kind, Marker
from core.settings import Kafka, Settings
from core.topics import CHECKPOINT, PARTITIONS, TELEMETRY, WORLD
from geofence.world import World
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State
from streams.worker import Worker
from streams.worlds import COMPLETE_KEY, Complete, key_of
from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.traffic import AIRCRAFT, BY_NIGHT, ZONES, Traffic
from wedgetail.local.kafka import LocalKafka

_GOALS = {100: 0.15, 1_000: 0.2}  # rows in a block
_RECORDS_PER_S = {100: 1_600, 1_000: 800}  # about what is judged
_WARM_BLOCKS, _TIMED_BLOCKS = 10 * PARTITIONS, 20 * PARTITIONS
_LOOK_S = 0.005
_SHOWN = 14  # lines of the profile
_REFERENCE = "a bare aiokafka consumer of the same topic, and pyarrow's `ipc.open_stream(...).read_next_batch()` of each record"


@dataclass(frozen=True)
class Run:
    """One pass over a topic, start not counted. profile: (function, share of the time), most expensive first."""

    samples_per_s: float
    profile: Sequence[tuple[str, float]] = ()


def processor_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found."""
    traffic, figures, profiles = Traffic(), [], {}
    for rows, goal in _GOALS.items():
        with _topic(traffic, rows, round(seconds * _RECORDS_PER_S[rows])) as settings:
            _alone(_ours, settings, rows)  # the first of each is for warming up
            _alone(_bare, settings, rows)
            ours, bare = [], []
            for _ in range(rounds):
                ours.append(_alone(_ours, settings, rows).samples_per_s)
                bare.append(_alone(_bare, settings, rows).samples_per_s)
                tell(f"processor, blocks of {rows:,}: ours {ours[-1]:,.0f}/s, reference {bare[-1]:,.0f}/s")
            profiles[rows] = _alone(_ours, settings, rows, True).profile
        name = f"processor, {ZONES:,} zones, blocks of {rows:,}"
        figures.append(
            Figure(name, "samples/s", statistics.median(ours), statistics.median(bare), _REFERENCE, goal, at_most=False)
        )
    for rows in (1, *_GOALS):
        figures.append(Figure(f"advance alone, block of {rows:,}", "us", _advance_us(traffic, rows), None, "", None, True))
    return Report("Processor", figures, _notes(profiles))


def _notes(profiles: dict[int, Sequence[tuple[str, float]]]) -> str:
    tables = [
        f"Blocks of {rows:,}, share of the worker's time in the function itself:\n\n| function | share |\n|---|---|\n"
        + "\n".join(f"| `{name}` | {share:.1%} |" for name, share in profile)
        for rows, profile in profiles.items()
    ]
    told = f"""
{AIRCRAFT:,} aircraft at 5 Hz among {ZONES:,} zones: ninety in a hundred are clear of all, nine pass one at 10 to 50 m, one
flies into one and out again (`tests/benchmarks/traffic.py`). Their blocks, all different, stand on a topic of {PARTITIONS}
partitions on a real Kafka. Ours is the worker itself, Faust app, checkpoints, alerts and all, in a process of its own that
judges the topic from its start to its end; the time runs from when it has judged the first. Reference: {_REFERENCE}, in a
process of its own. Both run on uvloop and take turns; a figure is the median of the rounds.

"advance alone" is the engine without Kafka, Faust and decoding: median of {_TIMED_BLOCKS} blocks.
"""
    return "\n\n".join([told.strip(), *tables])


@contextmanager
def _topic(traffic: Traffic, rows: int, blocks: int) -> Iterator[Settings]:
    """A broker with zones, a marker in each partition, and the blocks."""
    with (
        tempfile.TemporaryDirectory(prefix="wedgetail-benchmark-") as directory,
        LocalKafka(Path(directory) / "kafka") as kafka,
    ):
        settings = Settings(data_dir=Path(directory), kafka=Kafka(bootstrap=kafka.bootstrap))
        asyncio.run(_fill(settings, traffic, rows, blocks))
        yield settings


async def _fill(settings: Settings, traffic: Traffic, rows: int, blocks: int) -> None:
    await ensure_topics(settings.kafka.bootstrap)
    out = producer(settings.kafka.bootstrap)
    await out.start()
    try:
        for zone in traffic.zones:
            await out.send(WORLD.name, records.encode(zone), key=key_of(zone))
        await out.send(WORLD.name, records.encode(BY_NIGHT), key=key_of(BY_NIGHT))
        await out.send(WORLD.name, records.encode(Complete(1)), key=COMPLETE_KEY)
        for partition in range(PARTITIONS):
            headers = records.control_headers(Marker(1))
            await out.send(TELEMETRY.name, records.encode(Marker(1)), partition=partition, headers=headers)
        start_us = time.time_ns() // 1_000 - traffic.span_us(rows, blocks)
        for partition, made in traffic.blocks(rows, blocks, start_us):
            headers = records.block_headers(block.SCHEMA_VERSION, list(made.aircraft))
            await out.send(TELEMETRY.name, made.encode(), partition=partition, headers=headers)
        await out.flush()
    finally:
        await out.stop()


def _alone(side: Callable[..., Any], settings: Settings, rows: int, *more: object) -> Run:
    """One pass in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        return executor.submit(_run, side, settings, rows, *more).result()


def _run(side: Callable[..., Any], settings: Settings, rows: int, *more: object) -> Run:
    found: Run = uvloop.run(side(settings, rows, *more))
    return found


async def _ours(settings: Settings, rows: int, profiled: bool = False) -> Run:
    await _forget(settings)
    ends = await _ends(settings)
    warm()
    worker, profile = Worker(settings), cProfile.Profile()

    def judged() -> int:
        """Blocks; the first record of each partition is its marker."""
        held = worker.judging.partitions.items()
        return sum(max(0, min(at.next, ends[tp.partition]) - 1) for tp, at in held if at.live and tp.partition in ends)

    await worker.start()
    try:
        wanted = sum(ends.values()) - len(ends)
        while not (first := judged()):
            await asyncio.sleep(_LOOK_S)
        began = time.perf_counter()
        if profiled:
            profile.enable()
        while judged() < wanted:
            await asyncio.sleep(_LOOK_S)
        took = time.perf_counter() - began
        profile.disable()
    finally:
        await worker.stop()
    return Run((wanted - first) * rows / took, _shares(profile) if profiled else ())


async def _bare(settings: Settings, rows: int) -> Run:
    partitions = [TopicPartition(TELEMETRY.name, at) for at in range(PARTITIONS)]
    began, samples, ends = 0.0, 0, await _ends(settings)
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions)
        left = {tp for tp in partitions if tp.partition in ends}
        while left:
            for tp, found in (await consumer.getmany(*left, timeout_ms=1_000)).items():
                if not began:
                    began, samples = time.perf_counter(), -len(found) * rows  # what came with the start
                for record in found:
                    if dict(record.headers)["kind"] == Kind.BLOCK.encode():
                        samples += pa.ipc.open_stream(record.value).read_next_batch().num_rows
                if found[-1].offset >= ends[tp.partition] - 1:
                    left.discard(tp)
    return Run(samples / (time.perf_counter() - began))


async def _ends(settings: Settings) -> dict[int, int]:
    """The blocks' ends: what a worker appends behind them does not count."""
    kept = settings.data_dir / "ends"
    if not kept.exists():
        async with AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap) as consumer:
            found = await consumer.end_offsets([TopicPartition(TELEMETRY.name, at) for at in range(PARTITIONS)])
        kept.write_text("\n".join(str(found[TopicPartition(TELEMETRY.name, at)]) for at in range(PARTITIONS)))
    return dict(enumerate(map(int, kept.read_text().split())))


async def _forget(settings: Settings) -> None:
    """What an earlier worker left: its checkpoints, and how far its group was."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap)
    await admin.start()
    try:
        everything = RecordsToDelete(before_offset=-1)
        await admin.delete_records({TopicPartition(CHECKPOINT.name, at): everything for at in range(PARTITIONS)})
        groups = [group[0] for group in await admin.list_consumer_groups()]
    finally:
        await admin.close()
    for group in groups:
        async with AIOKafkaConsumer(
            bootstrap_servers=settings.kafka.bootstrap, group_id=group, enable_auto_commit=False
        ) as consumer:
            partitions = [TopicPartition(TELEMETRY.name, at) for at in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.commit(dict.fromkeys(partitions, 0))


def _shares(profile: cProfile.Profile) -> list[tuple[str, float]]:
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(facts[2] for facts in stats.values())
    dearest = sorted(stats.items(), key=lambda item: -item[1][2])[:_SHOWN]
    return [(f"{Path(file).stem}.{name}" if line else name, facts[2] / total) for (file, line, name), facts in dearest]


def _advance_us(traffic: Traffic, rows: int) -> float:
    """The median cost of a block that is already decoded, each with its partition's own state."""
    world, states, took = World(traffic.zones, 1, [BY_NIGHT]), [State.empty() for _ in range(PARTITIONS)], []
    world.monitor(1)
    start_us = time.time_ns() // 1_000
    for number, (partition, made) in enumerate(traffic.blocks(rows, _WARM_BLOCKS + _TIMED_BLOCKS, start_us)):
        states[partition].world = 1
        entry = Entry(partition, number, start_us + (1 << 40), True, block.decode(made.encode()))
        began = time.perf_counter()
        advance(states[partition], entry, world)
        took.append(time.perf_counter() - began)
    return statistics.median(took[_WARM_BLOCKS:]) * 1e6
