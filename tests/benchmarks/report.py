"""Datagram to WebSocket, as programs and people read it."""

import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks import datagram_to_websocket
from tests.benchmarks.datagram_to_websocket import INTERVAL_MS, LEAD_S, WARM_S, Found, Measured, Round, Side
from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.stages import Passed

_GOAL = 1.5
_REFERENCE = (
    "the same hops bare: UDP socket, aiokafka producer (acks=all, idempotent) of JSON records, each the positions that the "
    "socket gave in one go for a partition, the same broker, aiokafka consumer, websockets server; each end a process, as ours"
)


def datagram_to_websocket_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found."""
    measured = datagram_to_websocket.measure(rounds, seconds, tell)
    return Report("Datagram to WebSocket", _figures(measured.found), _notes(measured))


def _figures(found: Sequence[Found]) -> list[Figure]:
    figures: list[Figure] = []
    for one in found:
        name = f"datagram to WebSocket, {one.ours.load.samples_per_s:,} samples/s"
        for percent in (50, 99):
            ours, bare = one.ours.percentile_ms(percent), one.bare.percentile_ms(percent)
            figures.append(Figure(f"{name}, p{percent}", "ms", ours, bare, _REFERENCE, _GOAL, at_most=True))
        for percent in (50, 99):
            held = f"{name}, a frame each {INTERVAL_MS} ms, p{percent}"
            figures.append(Figure(held, "ms", one.held.percentile_ms(percent), None, "none: reported only", None, at_most=True))
    return figures


def _notes(measured: Measured) -> str:
    found, side = measured.found, measured.found[0].ours
    rounds, counted_s = len(side.rounds), len(side.rounds[0].counted) / side.load.samples_per_s
    return f"""
Ours is the whole of `wedgetail up`: ingest, worker, recorder and API, each a process, on its own Kafka and PostgreSQL. A
process sends MAVLink 2 over UDP: GLOBAL_POSITION_INT, evenly spread, and a HEARTBEAT and an EXTENDED_SYS_STATE each second.
A number in each position's latitude finds it again in what a WebSocket client is told: the time runs from just before
`sendto` to the arrival of the first frame with that number, on one monotonic clock. What falls due within a millisecond is
sent in one go. The client watches everything, without an interval: a frame for each batch that the stream brings.

The reference: {_REFERENCE}. It checks, judges and stores nothing, and hands on the JSON that it made. A record for each
position would flatter us: at 10,000 a second Python no longer follows. Sender and client are the same for both.

The sides take turns: after {WARM_S:g} s of each that do not count, {rounds} rounds of {counted_s:.2g} s each, with {LEAD_S:g} s
before each that does not count (of frames each {INTERVAL_MS} ms, {len(found[0].held.rounds)} rounds). A figure is the median
of the rounds' percentiles; here are their lowest and highest. A sample that a newer one of its aircraft overtakes before a
frame is made is never shown: it stands in no latency, and is counted here. The goal is that for 10,000 samples a second;
the lower rates are held to it too, to show where it is lost.

{_spread(found)}

### Where the time goes

Medians in ms of the samples that were shown. *Received*: from the sender to the receiving process. *In Kafka*: from there to
the broker's stamp (which is cut to whole ms: half of one is added); in ours this holds decoding, the wait for other samples
of the block (`ingest/packer.py`), Arrow, and the wait for the batch of its partition that is under way.
*Shown*: from there to the frame at the client. In ours this has two parts: *made*, until the API has made the frame (its
server time), and *sent*, from there to the client.

{_stages(measured)}

### What limits it

Cores used by each process while a side had its turn. In the reference's turns ours is idle, and so shows what it costs at
rest. Where the sum comes near to the number of cores, the times above are those of a queue.

{_cores(found)}

Ours pays by the record more than by the sample: worker, recorder and API each fetch, unpack and check it, on the same cores at
the same moment. So ingest holds samples back as it gets busy, and sends larger blocks.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _spread(found: Sequence[Found]) -> str:
    rows = []
    for one in found:
        sides = ((one.ours, "ours"), (one.bare, "reference"), (one.held, f"ours, a frame each {INTERVAL_MS} ms"))
        for side, name in sides:
            spans = [f"{min(told):.1f} to {max(told):.1f}" for told in map(side.percentiles_ms, (50, 99))]
            rows.append([str(side.load), name, *spans, f"{side.sent:,}", f"{side.never_shown:,}"])
    return table(["load", "side", "p50, ms", "p99, ms", "samples sent", "never shown"], rows)


def _stages(measured: Measured) -> str:
    rows = []
    for one in measured.found:
        for side, way in ((one.ours, measured.ours), (one.bare, measured.bare)):
            medians = np.median(np.concatenate([_stages_ms(side, each, way) for each in side.rounds]), axis=0)
            cells = ["-" if np.isnan(median) else f"{median:.2f}" for median in medians]
            counted = [way[number].together for each in side.rounds for number in each.counted if number in way]
            together = statistics.harmonic_mean(counted) if counted else np.nan
            rows.append([str(side.load), side.name, *cells, f"{together:.1f}"])
    return table(["load", "side", "received", "in Kafka", "shown", "made", "sent", "samples in a record"], rows)


def _stages_ms(side: Side, one: Round, way: dict[int, Passed]) -> NDArray[np.float64]:
    """(n, 5): how long each stage took, for each position that was shown; NaN where its frame does not say when it was made."""
    first_ns, rows = side.viewer.first_ns, []
    for number in one.counted:
        if number not in first_ns or number not in way:
            continue
        sent_us, shown_us = ((time_ns + one.wall_ns) / 1_000 for time_ns in (one.sent(number), first_ns[number]))
        received_us, appended_us, _ = way[number]
        made_us = side.viewer.made_us.get(number, np.nan)
        rows.append(
            (
                received_us - sent_us, appended_us - received_us, shown_us - appended_us,
                made_us - appended_us, shown_us - made_us,
            )
        )  # fmt: skip
    return np.array(rows, np.float64).reshape(-1, 5) / 1_000


def _cores(found: Sequence[Found]) -> str:
    names = list(found[0].ours.rounds[0].cores)
    sides = [side for one in found for side in (one.ours, one.bare)]
    used = [{name: statistics.mean(one.cores[name] for one in side.rounds) for name in names} for side in sides]
    # What is counted in ticks of each process can exceed what the machine counts, by a few hundredths.
    rows = [[name, *(f"{max(0.0, cores[name]):.2f}" for cores in used)] for name in names]
    rows.append(["sum", *(f"{sum(cores.values()):.2f}" for cores in used)])
    return table(["process", *(f"{side.name}, {side.load.samples_per_s:,}/s" for side in sides)], rows)
