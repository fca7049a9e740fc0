"""The whole chain at rising rates, with zones, recorder and viewers, until it falls behind.

A rate is carried if soon after the last datagram of a step every position is stored, every record judged, and the newest
positions were shown without delay. Here it is measured; chain_report.py beside it says what was found.
"""

import asyncio
import json
import multiprocessing
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
import psycopg
from websockets.asyncio.client import connect

from core.identity import operator_id
from core.settings import Settings
from geofence import geojson, store
from tests.benchmarks import processes, profile, system, viewer
from tests.benchmarks.profile import Spent
from tests.benchmarks.sender import AIRCRAFT_LAT_E7, Load, Order, Sender, sending
from tests.benchmarks.system import System
from tests.benchmarks.viewer import Viewer

AIRCRAFT, ZONES, VIEWERS, INTERVAL_MS = 1_000, 1_000, 10, 100
HERTZ = (1, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30)
STEP_S = 6.0
BEHIND_S = 3.0  # how long after the last datagram everything must be judged, stored and shown; a worker tells each second
_GIVE_UP_S = 20.0
_LAST_S = 1.0  # the end of a step, by which viewers are judged
_QUIET_RECORDS = 64  # partitions' own controls of a second or two, not yet told as judged
_ASK_S = 0.2


@dataclass(frozen=True)
class Step:
    """One rate. Seconds behind after its last datagram, None: not within the patience. shown_ms: p50, p99 of its last second.

    cores: by process. memory_mb: by process, resident and with what is shared divided."""

    samples_per_s: int
    judged_s: float | None
    stored_s: float | None
    stored: int
    sent: int
    shown_ms: tuple[float, float]
    cores: dict[str, float]
    memory_mb: dict[str, tuple[float, float]]

    @property
    def carried(self) -> bool:
        behind = [self.judged_s, self.stored_s, self.shown_ms[1] / 1_000]
        return self.stored == self.sent and all(one is not None and one <= BEHIND_S for one in behind)


@dataclass(frozen=True)
class Chain:
    """idle_mb: before the first step. spent: where the time goes at the highest rate that was carried."""

    steps: list[Step]
    idle_mb: dict[str, tuple[float, float]]
    spent: Spent

    @property
    def highest(self) -> Step | None:
        return max((step for step in self.steps if step.carried), key=lambda step: step.samples_per_s, default=None)


def measure(tell: Callable[[str], None]) -> Chain:
    tell(f"starting the whole system, {ZONES:,} zones, {VIEWERS} viewers")
    with system.running(sampled=True) as ours, sending() as sender:
        asyncio.run(_make_zones(ours.settings))
        with _watching(ours.settings, VIEWERS - 1) as watchers:
            return asyncio.run(_climb(ours, sender, ours.pids | {"viewers": watchers}, tell))


async def _climb(ours: System, sender: Sender, pids: dict[str, int], tell: Callable[[str], None]) -> Chain:
    async with viewer.of_ours(ours.settings, INTERVAL_MS) as watching:
        climb = _Climb(ours.settings, sender, pids, watching)
        idle_mb = {name: processes.memory_mb(pid) for name, pid in pids.items()}
        await climb.step(1)  # to warm up
        steps: list[Step] = []
        for hertz in HERTZ:
            step = await climb.step(hertz)
            if not step.carried:  # once more: another program may have had its turn
                step = await climb.step(hertz)
            steps.append(step)
            tell(f"  {step.samples_per_s:,} samples/s: {_words(step)}")
            if not step.carried:
                break
        carried = [hertz for hertz, step in zip(HERTZ, steps, strict=False) if step.carried]
        with profile.sampled(ours.samples) as spent:
            await climb.step(carried[-1] if carried else HERTZ[0])
        return Chain(steps, idle_mb, spent())


def _words(step: Step) -> str:
    behind = [("judged", step.judged_s), ("stored", step.stored_s)]
    told = [f"{name} after {'more than ' + str(_GIVE_UP_S) if one is None else f'{one:.1f}'} s" for name, one in behind]
    lost = f", {step.sent - step.stored:,} lost" if step.sent != step.stored else ""
    return f"{', '.join(told)}, shown after {step.shown_ms[1]:.0f} ms (p99){lost}: {'' if step.carried else 'not '}carried"


class _Climb:
    """Steps one after the other. Numbers of positions are unique over all."""

    def __init__(self, settings: Settings, sender: Sender, pids: dict[str, int], watching: Viewer) -> None:
        self._settings, self._sender, self._pids, self._watching = settings, sender, pids, watching
        self._next = 1

    async def step(self, hertz: int) -> Step:
        order = Order(self._settings.ingest.port, Load(AIRCRAFT, hertz), STEP_S, self._next)
        self._next += order.positions
        before, began_s = self._cpu_s(), time.monotonic()
        sent_ns = await asyncio.to_thread(self._sender.send, order)
        ended_s = time.monotonic()
        after, memory_mb = self._cpu_s(), {name: processes.memory_mb(pid) for name, pid in self._pids.items()}
        cores = {name: (after[name] - before[name]) / (ended_s - began_s) for name in after}
        judged_s, stored_s = await asyncio.gather(
            asyncio.to_thread(_within, ended_s, lambda: _all_judged(self._settings)),
            asyncio.to_thread(_within, ended_s, lambda: _stored(self._settings, order) == order.positions),
        )
        stored = await asyncio.to_thread(_stored, self._settings, order)
        return Step(
            order.load.samples_per_s, judged_s, stored_s, stored, order.positions,
            self._shown_ms(order, list(sent_ns)), cores, memory_mb,
        )  # fmt: skip

    def _shown_ms(self, order: Order, sent_ns: list[int]) -> tuple[float, float]:
        self._watching.read()
        first_ns, last = self._watching.first_ns, order.positions - round(order.load.samples_per_s * _LAST_S)
        took = [
            (first_ns[order.first + at] - sent_ns[at]) / 1e6
            for at in range(last, order.positions)
            if order.first + at in first_ns
        ]
        p50, p99 = np.percentile(took or [np.inf], (50, 99))
        return float(p50), float(p99)

    def _cpu_s(self) -> dict[str, float]:
        told = {name: processes.cpu_s(pid) for name, pid in self._pids.items()}
        told |= {"sender": processes.cpu_s(self._sender.pid), "client": time.process_time()}
        return told | {"everything else on the machine": processes.busy_s() - sum(told.values())}


def _within(began_s: float, done: Callable[[], bool]) -> float | None:
    """Seconds until it is done. Neither worker nor recorder tells us when it is: they are asked."""
    while not done():
        if time.monotonic() - began_s > _GIVE_UP_S:
            return None
        time.sleep(_ASK_S)
    return time.monotonic() - began_s


def _all_judged(settings: Settings) -> bool:
    behind = [one["lag_records"] for one in _health(settings)["judged"]]
    return None not in behind and sum(behind) <= _QUIET_RECORDS


def _health(settings: Settings) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{settings.api.port}/api/v1/health") as answer:
        return json.load(answer)


def _stored(settings: Settings, order: Order) -> int:
    """How many of an order's positions are in the database."""
    first = AIRCRAFT_LAT_E7 + order.first
    with psycopg.connect(settings.database.url) as conn:
        row = conn.execute(
            "SELECT count(*) FROM telemetry_live WHERE lat_e7 >= %s AND lat_e7 < %s", (first, first + order.positions)
        ).fetchone()
    assert row is not None
    count: int = row[0]
    return count


async def _make_zones(settings: Settings) -> None:
    """Circles of 200 m around the fleet, whose floor is above it: each is looked at, none is broken. In force when it ends."""
    async with await psycopg.AsyncConnection.connect(settings.database.url) as conn, conn.transaction():
        world = await store.next_world(conn)
        for number in range(ZONES):
            where = [149.05 + 0.006 * (number % 40), -35.47 + 0.008 * (number // 40)]
            feature = {
                "type": "Feature", "geometry": {"type": "Point", "coordinates": where},
                "properties": {
                    "name": f"zone {number}", "kind": "keep_out", "radius_m": 200, "floor_m": 150, "floor_datum": "AGL",
                },
            }  # fmt: skip
            zone = geojson.read(feature, operator_id(settings.operator.name), uuid4())
            await store.add(conn, msgspec.structs.replace(zone, version=1, world=world))
    while (await asyncio.to_thread(_health, settings))["world"]["in_force"] != world:
        await asyncio.sleep(_ASK_S)  # it is published each second


@contextmanager
def _watching(settings: Settings, number: int) -> Iterator[int]:
    """Viewers of everything in a process of its own, a frame each INTERVAL_MS; gives its number."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_watch, args=(settings, number, theirs), name="viewers", daemon=True)
    process.start()
    theirs.close()
    try:
        ours.recv()
        assert process.pid is not None
        yield process.pid
    finally:
        ours.close()
        process.join()


def _watch(settings: Settings, number: int, control: "Connection[bool, None]") -> None:
    async def one(ready: asyncio.Barrier) -> None:
        async with connect(f"ws://127.0.0.1:{settings.api.port}/api/v1/live", compression=None, max_size=None) as socket:
            await socket.send(json.dumps({"type": "authenticate", "token": settings.api.token}))
            await socket.send(json.dumps({"type": "subscribe", "interval_ms": INTERVAL_MS}))
            await ready.wait()
            while True:
                await socket.recv(decode=False)

    async def main() -> None:
        stopped, ready = asyncio.Event(), asyncio.Barrier(number + 1)
        asyncio.get_running_loop().add_reader(control.fileno(), stopped.set)
        tasks = [asyncio.create_task(one(ready)) for _ in range(number)]
        await ready.wait()
        control.send(True)
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    asyncio.run(main())
