"""The whole chain, as programs and people read it."""

from collections.abc import Callable

from tests.benchmarks import chain, profile
from tests.benchmarks.chain import AIRCRAFT, BEHIND_S, INTERVAL_MS, STEP_S, VIEWERS, ZONES, Chain, Step
from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.report import table

_LARGEST = 6  # functions of each process


def chain_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. Its steps have a length of their own."""
    found = chain.measure(tell)
    highest = found.highest
    figures = [
        Figure(
            "the whole chain", "samples/s", highest.samples_per_s if highest else 0, None, "none: reported only", None, False
        )
    ]
    last = highest or found.steps[-1]
    for name, (_, shared_out) in last.memory_mb.items():
        if name != "viewers":
            figures.append(Figure(f"memory of {name}", "MB", shared_out, None, "none: reported only", None, True))
    return Report("The whole chain on this machine", figures, _notes(found, last))


def _notes(found: Chain, last: Step) -> str:
    return f"""
`wedgetail up` with {AIRCRAFT:,} aircraft, {ZONES:,} zones around them (circles of 200 m whose floor is above the fleet), the
recorder, and {VIEWERS} viewers of everything with a frame each {INTERVAL_MS} ms; sender and viewers run on the same cores. Each
rate lasts {STEP_S:g} s. It is carried if within {BEHIND_S:g} s of the last datagram every position is in the database and
every record judged (the worker tells so each second), and the p99 of the last second's way to a viewer is below that. A rate
that is not carried is tried once more; then the climb ends. A sample that a newer one of its aircraft overtakes is not shown.

{_steps(found)}

### What limits it, and memory

Cores that each process used at the highest rate carried ({last.samples_per_s:,} samples/s), and its memory: resident, and
beside it with what processes share divided among them. *Idle* is before the first sample.

{_processes(found, last)}

### Where the processor time goes

Shares of each Python process' time at that rate, by the function that was running (what compiled code does counts for who
called it), taken in a step of its own: sampling is in no figure above.

{_spent(found)}
"""


def _steps(found: Chain) -> str:
    rows = []
    for step in found.steps:
        judged, stored = ("never" if one is None else f"{one:.1f}" for one in (step.judged_s, step.stored_s))
        shown = [f"{one:.0f}" for one in step.shown_ms]
        lost = f"{step.sent - step.stored:,}"
        rows.append(
            [
                f"{step.samples_per_s:,}",
                judged,
                stored,
                *shown,
                lost,
                f"{sum(step.cores.values()):.2f}",
                "yes" if step.carried else "**no**",
            ]
        )
    head = ["samples/s", "judged after, s", "stored after, s", "shown p50, ms", "shown p99, ms", "lost", "cores", "carried"]
    return table(head, rows)


def _processes(found: Chain, last: Step) -> str:
    rows = []
    for name, cores in last.cores.items():
        idle, busy = (memory.get(name) for memory in (found.idle_mb, last.memory_mb))
        cells = [f"{one[0]:.0f} ({one[1]:.0f})" if one else "-" for one in (idle, busy)]
        rows.append([name, f"{max(0.0, cores):.2f}", *cells])
    return table(["process", "cores", "MB idle", "MB at that rate"], rows)


def _spent(found: Chain) -> str:
    rows = []
    for process, spent in sorted(found.spent.items()):
        for place, (name, share) in enumerate(profile.largest(spent, _LARGEST)):
            rows.append([process if place == 0 else "", f"`{name}`", f"{100 * share:.0f} %"])
    return table(["process", "function", "share"], rows)
