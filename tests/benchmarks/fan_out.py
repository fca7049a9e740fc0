"""One change to 500 viewers, beside bare asyncio that writes the same bytes to as many sockets."""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from tests.benchmarks.fan_out_sides import AIRCRAFT, SIDES, Order, Serving, Told, serving
from tests.benchmarks.fan_out_viewers import Seen, Watching, watching
from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.report import table

VIEWERS = 500
HERTZ = 10
_RATE_GOAL, _P99_GOAL = 0.45, 3.0
_WARM_S = 1.0
_REFERENCE = (
    "an asyncio.Protocol in a process of its own that has the message ready but for its time, frames it once and writes it to "
    "all sockets that have room"
)


@dataclass
class _Measured:
    """One server with its viewers, and what its rounds gave."""

    server: Serving
    viewers: Watching
    paced: list[tuple[Told, Seen]] = field(default_factory=list)
    flat_out: list[tuple[Told, Seen]] = field(default_factory=list)

    def take(self, order: Order) -> tuple[Told, Seen]:
        with self.viewers.counting():
            told = self.server.do(order)
        return told, self.viewers.seen()

    def p99_ms(self) -> float:
        return statistics.median(float(np.percentile(seen.latencies_ms, 99)) for _, seen in self.paced)

    def p50_ms(self) -> float:
        return statistics.median(float(np.percentile(seen.latencies_ms, 50)) for _, seen in self.paced)

    def per_s(self) -> float:
        return statistics.median(seen.per_s for _, seen in self.flat_out)


def fan_out_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. Raises RuntimeError when a viewer was not told of each change at its pace."""
    tell(f"fan-out: {VIEWERS} viewers of ours, and as many of the reference")
    with ExitStack() as stack:
        sides = []
        for name in SIDES:
            server = stack.enter_context(serving(name))
            sides.append(_Measured(server, stack.enter_context(watching(server.port, VIEWERS))))
        for side in sides:
            side.take(Order(_WARM_S, HERTZ))
            side.take(Order(_WARM_S, None))
        for at in range(rounds):
            for side in sides if at % 2 else sides[::-1]:
                side.paced.append(side.take(Order(seconds, HERTZ)))
                side.flat_out.append(side.take(Order(seconds, None)))
            tell("; ".join(f"{side.server.name}: {_words(side)}" for side in sides))
    ours, bare = sides
    name = f"fan-out to {VIEWERS} viewers"
    return Report(
        "Fan-out",
        [
            Figure(f"{name}, as fast as they take it", "messages/s", ours.per_s(), bare.per_s(), _REFERENCE, _RATE_GOAL, False),
            Figure(f"{name}, {HERTZ} Hz, p99", "ms", ours.p99_ms(), bare.p99_ms(), _REFERENCE, _P99_GOAL, True),
            Figure(f"{name}, {HERTZ} Hz, p50", "ms", ours.p50_ms(), bare.p50_ms(), _REFERENCE, None, True),
        ],
        _notes(ours, bare),
    )


def _words(side: _Measured) -> str:
    (told, seen), (fast, most) = side.paced[-1], side.flat_out[-1]
    p50, p99 = np.percentile(seen.latencies_ms, (50, 99))
    return (
        f"{HERTZ} Hz p50 {p50:.1f} ms, p99 {p99:.1f} ms, {seen.fewest} to {seen.most} of {told.changes} changes, "
        f"{told.cpu_s:.2f} s of processor; flat out {most.per_s:,.0f} messages/s, {most.bytes_each:,.0f} bytes each, "
        f"{most.fewest} to {most.most} of {fast.changes}"
    )


def _notes(ours: _Measured, bare: _Measured) -> str:
    rows = []
    for side in (ours, bare):
        told = [told for told, _ in side.paced]
        rates = [seen.per_s for _, seen in side.flat_out]
        shares = [seen.fewest / told.changes for told, seen in side.flat_out]
        per_change_ms = statistics.median(one.cpu_s / one.changes for one in told) * 1_000
        p99s = [float(np.percentile(seen.latencies_ms, 99)) for _, seen in side.paced]
        rows.append([
            side.server.name, f"{min(rates):,.0f} to {max(rates):,.0f}", f"{min(shares):.0%}",
            f"{min(p99s):.1f} to {max(p99s):.1f}", f"{per_change_ms:.1f}",
        ])  # fmt: skip
    head = ["side", "messages/s", "of the changes told to each", f"{HERTZ} Hz: p99, ms", "processor for a change to all, ms"]
    size = statistics.median(seen.bytes_each for _, seen in ours.paced) / 1_000
    return f"""
Ours is the door's whole application as `wedgetail api` serves it (`api/picture.py`, `api/hub.py`, `api/live.py`,
`api/wire.py`) in a process of its own; what Kafka would bring is put into its picture there: {AIRCRAFT} aircraft that all
moved, a message of {size:.0f} kB. Each of {VIEWERS} viewers watches everything, without an interval. The reference:
{_REFERENCE}. It knows no aircraft, makes no JSON, keeps nothing for a viewer that is slow. Both listen on a socket with the
same options. The viewers of a side are bare sockets in one process, the same for both: what they take is most of the time.

The sides take turns at {HERTZ} changes a second and at as many as they can make, as long as a round is. A latency is the time
from the change, before anything is made of it, to the whole message at one viewer. A figure is the median of the rounds; here
are their lowest and highest.

{table(head, rows)}
"""
