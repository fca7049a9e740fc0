"""`make bench`: runs every benchmark of the list, prints what it finds, writes docs/benchmarks.md and docs/benchmarks.json."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tests.benchmarks.chain_report import chain_report
from tests.benchmarks.decode import decode_report
from tests.benchmarks.fan_out import fan_out_report
from tests.benchmarks.figures import Report, this_machine, write
from tests.benchmarks.history import history_report
from tests.benchmarks.membership import membership_report
from tests.benchmarks.page import page_report
from tests.benchmarks.processor import processor_report
from tests.benchmarks.record import record_report
from tests.benchmarks.replay import replay_report
from tests.benchmarks.report import datagram_to_websocket_report
from tests.benchmarks.zones import zones_report

# Each takes rounds, seconds a round, and where to tell of its progress.
BENCHMARKS: tuple[Callable[[int, float, Callable[[str], None]], Report], ...] = (
    decode_report,
    membership_report,
    zones_report,
    record_report,
    processor_report,
    datagram_to_websocket_report,
    chain_report,
    page_report,
    replay_report,
    fan_out_report,
    history_report,
)
_NAMES = {benchmark.__name__.removesuffix("_report"): benchmark for benchmark in BENCHMARKS}

_DOCS = Path(__file__).parents[2] / "docs"
_ROUNDS, _SECONDS = 5, 2.5


def main(
    rounds: Annotated[int, typer.Option(min=1, help="rounds of each side, whose median counts")] = _ROUNDS,
    seconds: Annotated[float, typer.Option(min=0.5, help="length of a round, where a benchmark runs in real time")] = _SECONDS,
    only: Annotated[list[str] | None, typer.Option(help=f"one of {', '.join(_NAMES)}; again for several")] = None,
    into: Annotated[Path | None, typer.Option(help="directory to write to; left out: docs/")] = None,
) -> None:
    """Measures, each beside its reference in the same run."""
    if unknown := set(only or ()) - set(_NAMES):
        raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}", param_hint="--only")
    machine = this_machine()
    typer.echo(machine.words())
    reports = [benchmark(rounds, seconds, typer.echo) for name, benchmark in _NAMES.items() if not only or name in only]
    typer.echo()
    for report in reports:
        for figure in report.figures:
            typer.echo(figure.line())
    directory = into or (_DOCS if (rounds, seconds) == (_ROUNDS, _SECONDS) else None)
    if directory is None:
        typer.echo("nothing written: these were not the rounds that count")
    else:
        write(directory, machine, reports)
        typer.echo(f"written: {directory / 'benchmarks.md'} and benchmarks.json")


if __name__ == "__main__":
    typer.run(main)
