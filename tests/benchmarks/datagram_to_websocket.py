"""From just before a datagram is sent to the arrival of the frame that shows its position, beside the same hops bare.

Here it is measured; report.py beside it says what was found.
"""

import asyncio
import statistics
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.topics import TELEMETRY
from tests.benchmarks import processes, reference, stages, system, viewer
from tests.benchmarks.reference import Reference
from tests.benchmarks.sender import Load, Order, Sender, sending
from tests.benchmarks.stages import Passed
from tests.benchmarks.system import System
from tests.benchmarks.viewer import Viewer

LOADS = (Load(25, 5), Load(200, 5), Load(1_000, 10))
INTERVAL_MS = 100  # of the frames that are reported beside those sent at once
HELD_ROUNDS = 2
LEAD_S = 1.0  # of each round, not counted
WARM_S = 2.0  # of each side before its first round
OTHERS = "everything else on the machine"
_QUIET_S = 1.0  # when nothing came for so long, nothing more comes


@dataclass
class Round:
    """One side under one load for some seconds. sent_ns: monotonic, in the order of numbers from first on.

    wall_ns: what a monotonic time lacks to be one since 1970. cores: how many each process used.
    """

    first: int
    lead: int  # positions at its beginning that do not count
    sent_ns: "array[int]"
    wall_ns: int
    cores: dict[str, float]

    @property
    def counted(self) -> range:
        """The numbers of the positions that count."""
        return range(self.first + self.lead, self.first + len(self.sent_ns))

    def sent(self, number: int) -> int:
        return self.sent_ns[number - self.first]


@dataclass
class Side:
    """Ours or the reference under one load: where its datagrams go, its viewer, its rounds."""

    name: str
    port: int
    load: Load
    viewer: Viewer
    rounds: list[Round] = field(default_factory=list)

    def latencies_ms(self, one: Round) -> list[float]:
        """Of each position of a round that was shown."""
        first_ns = self.viewer.first_ns
        return [(first_ns[number] - one.sent(number)) / 1e6 for number in one.counted if number in first_ns]

    def percentiles_ms(self, percent: float) -> list[float]:
        """Of each round."""
        return [float(np.percentile(self.latencies_ms(one), percent)) for one in self.rounds]

    def percentile_ms(self, percent: float) -> float:
        """The median of the rounds'."""
        return statistics.median(self.percentiles_ms(percent))

    @property
    def sent(self) -> int:
        return sum(len(one.counted) for one in self.rounds)

    @property
    def never_shown(self) -> int:
        return self.sent - sum(len(self.latencies_ms(one)) for one in self.rounds)


@dataclass
class Turns:
    """Rounds of sides, in turn. Numbers of positions are unique over the run."""

    sender: Sender
    pids: dict[str, int]
    seconds: float
    tell: Callable[[str], None]
    next_position: int = 1

    async def take(self, rounds: int, *sides: Side) -> None:
        """A round of each to warm up, then one of each in turn. Raises RuntimeError when nothing arrives."""
        for side in sides:
            await self._one(side, WARM_S)
        for number in range(rounds):
            for side in sides:
                one = await self._one(side, LEAD_S + self.seconds)
                told = side.latencies_ms(one)
                if not told:
                    raise RuntimeError(f"{side.name}: none of {len(one.counted)} positions reached the viewer")
                side.rounds.append(one)
                p50, p99 = np.percentile(told, (50, 99))
                shown = f"{len(told):,} of {len(one.counted):,} shown"
                self.tell(f"  {side.name}, round {number + 1}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {shown}")

    async def _one(self, side: Side, seconds: float) -> Round:
        order = Order(side.port, side.load, seconds, self.next_position)
        self.next_position += order.positions
        wall_ns = time.time_ns() - time.monotonic_ns()
        before, began_s = self._cpu_s(), time.monotonic()
        sent_ns = await asyncio.to_thread(self.sender.send, order)
        after, took_s = self._cpu_s(), time.monotonic() - began_s
        cores = {name: (after[name] - before[name]) / took_s for name in after}
        await _settled(side.viewer, range(order.first + order.positions - side.load.aircraft, order.first + order.positions))
        return Round(order.first, round(side.load.samples_per_s * LEAD_S), sent_ns, wall_ns, cores)

    def _cpu_s(self) -> dict[str, float]:
        told = {name: processes.cpu_s(pid) for name, pid in self.pids.items()}
        told |= {"sender": processes.cpu_s(self.sender.pid), "client": time.process_time()}
        return told | {OTHERS: processes.busy_s() - sum(told.values())}


async def _settled(watching: Viewer, last: range) -> None:
    """Until the last position of each aircraft is there, or nothing more comes: it was overtaken and is never shown."""
    watching.read()
    while any(number not in watching.first_ns for number in last):
        await asyncio.sleep(_QUIET_S)  # nobody tells that nothing more comes
        if not watching.read():
            return


@dataclass
class Found:
    """All sides under one load. held: ours, a frame each INTERVAL_MS."""

    ours: Side
    bare: Side
    held: Side


@dataclass
class Measured:
    """ours, bare: by a position's number, where its record was when."""

    found: list[Found]
    ours: dict[int, Passed]
    bare: dict[int, Passed]


def measure(rounds: int, seconds: float, tell: Callable[[str], None]) -> Measured:
    """Starts both sides and measures them in turn."""
    tell("starting the whole system, and the bare hops on its Kafka")
    with system.running() as ours, reference.running(ours.settings.kafka.bootstrap) as bare, sending() as sender:
        return asyncio.run(_measured(ours, bare, Turns(sender, ours.pids | bare.pids, seconds, tell), rounds))


async def _measured(ours: System, bare: Reference, turns: Turns, rounds: int) -> Measured:
    settings, found = ours.settings, []
    for load in LOADS:
        turns.tell(f"{load}, no frame held back:")
        async with viewer.of_ours(settings, 0) as watching, viewer.of_reference(bare.url) as beside:
            mine, theirs = Side("ours", settings.ingest.port, load, watching), Side("reference", bare.udp_port, load, beside)
            await turns.take(rounds, mine, theirs)
        turns.tell(f"{load}, a frame each {INTERVAL_MS} ms:")
        async with viewer.of_ours(settings, INTERVAL_MS) as watching:
            held = Side("ours", settings.ingest.port, load, watching)
            await turns.take(min(rounds, HELD_ROUNDS), held)
        for side in (mine, theirs, held):
            side.viewer.read()
        found.append(Found(mine, theirs, held))
    turns.tell("reading back where the time went")
    bootstrap = settings.kafka.bootstrap
    return Measured(
        found,
        await stages.passed(bootstrap, settings.kafka.prefix + TELEMETRY.name, stages.of_block),
        await stages.passed(bootstrap, reference.TOPIC, stages.of_json),
    )
