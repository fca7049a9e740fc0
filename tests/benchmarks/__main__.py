"""`make bench`: runs every benchmark of the list, prints what it finds, writes docs/benchmarks.md and docs/benchmarks.json."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tests.benchmarks.decode import decode_report
from tests.benchmarks.figures import Report, this_machine, write
from tests.benchmarks.membership import membership_report
from tests.benchmarks.record import record_report
from tests.benchmarks.report import datagram_to_websocket_report

# Each takes rounds, seconds a round, and where to tell of its progress.
BENCHMARKS: tuple[Callable[[int, float, Callable[[str], None]], Report], ...] = (
    decode_report,
    membership_report,
    record_report,
    datagram_to_websocket_report,
)

_DOCS = Path(__file__).parents[2] / "docs"
_ROUNDS, _SECONDS = 5, 2.5


def main(
    rounds: Annotated[int, typer.Option(min=1, help="rounds of each side, whose median counts")] = _ROUNDS,
    seconds: Annotated[float, typer.Option(min=0.5, help="length of a round, where a benchmark runs in real time")] = _SECONDS,
    into: Annotated[Path | None, typer.Option(help="directory to write to; left out: docs/, if the rounds are whole")] = None,
) -> None:
    """Measures, each beside its reference in the same run."""
    machine = this_machine()
    typer.echo(machine.words())
    reports = [benchmark(rounds, seconds, typer.echo) for benchmark in BENCHMARKS]
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
