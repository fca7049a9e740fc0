"""What a benchmark found, and how it is written down for programs and for people."""

import json
import os
import platform
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_WIDTH = 120
_BUSY = 0.5  # load for each core before the start, above which the machine was not ours alone


@dataclass(frozen=True)
class Figure:
    """One measured number beside what it is measured against, in the same run.

    what: what the reference is. reference None: reported only. at_most: the goal is a ratio not to be exceeded
    (times), else one to be reached (rates).
    """

    name: str
    unit: str
    ours: float
    reference: float | None
    what: str
    goal: float | None
    at_most: bool

    @property
    def ratio(self) -> float | None:
        return None if self.reference is None else self.ours / self.reference

    @property
    def met(self) -> bool | None:
        ratio = self.ratio
        if ratio is None or self.goal is None:
            return None
        return ratio <= self.goal if self.at_most else ratio >= self.goal

    def line(self) -> str:
        """For the terminal."""
        ours = f"{self.name}: {_number(self.ours)} {self.unit}"
        if self.reference is None or self.ratio is None:
            return f"{ours} (reported only)"
        beside = f"{ours}, reference {_number(self.reference)} {self.unit}, ratio {self.ratio:.2f}"
        return beside if self.goal is None else f"{beside}, goal {self._goal()}: {'met' if self.met else 'missed'}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ours": _rounded(self.ours),
            "reference": _rounded(self.reference),
            "what": self.what,
            "ratio": _rounded(self.ratio),
            "goal": self.goal,
            "met": self.met,
            "unit": self.unit,
        }

    def as_row(self) -> str:
        met = {True: "yes", False: "**no**", None: "-"}[self.met]
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        reference = "-" if self.reference is None else f"{_number(self.reference)} {self.unit}"
        return f"| {self.name} | {_number(self.ours)} {self.unit} | {reference} | {ratio} | {self._goal()} | {met} |"

    def _goal(self) -> str:
        return "-" if self.goal is None else f"{'at most' if self.at_most else 'at least'} {self.goal:g}"


@dataclass(frozen=True)
class Report:
    """One benchmark's figures. notes: Markdown on what was done and what limits it."""

    title: str
    figures: Sequence[Figure]
    notes: str


@dataclass(frozen=True)
class Machine:
    """Where and when the figures were taken. load: the minute's load average before the start."""

    processor: str
    cores: int
    load: float
    began: datetime

    def words(self) -> str:
        busy = (
            f"**The machine was doing other work at the same time** (load average {self.load:.1f} on {self.cores} cores before "
            "the start): these figures are noisy, times much longer than on a quiet machine, and what takes more processes "
            "or more work to a sample suffers more, so ratios are worse too. They are to be taken again on a quiet one."
            if self.load > _BUSY * self.cores
            else f"The machine was quiet (load average {self.load:.1f} before the start)."
        )
        return (
            f"Measured {self.began:%Y-%m-%d %H:%M} UTC on {self.cores} cores ({self.processor}), "
            f"Python {platform.python_version()}. {busy}"
        )


def this_machine() -> Machine:
    cores = len(os.sched_getaffinity(0))
    return Machine(_processor(), cores, os.getloadavg()[0], datetime.now(UTC))


def write(directory: Path, machine: Machine, reports: Sequence[Report]) -> None:
    """benchmarks.md and benchmarks.json: the sections of these reports are renewed, all others stay as they were measured."""
    page, table = directory / "benchmarks.md", directory / "benchmarks.json"
    directory.mkdir(parents=True, exist_ok=True)
    _, *kept = page.read_text().split("\n## ") if page.exists() else [""]
    sections = {section.partition("\n")[0]: f"## {section.strip()}\n" for section in kept}
    sections |= {report.title: _wrapped(_section(report, machine)) for report in reports}
    page.write_text("\n".join([_wrapped(_HEAD), *sections.values()]))

    renewed = {report.title: [{"section": report.title} | figure.as_json() for figure in report.figures] for report in reports}
    known = json.loads(table.read_text()) if table.exists() else []
    figures = [figure for title in sections for figure in renewed.get(title, [one for one in known if one["section"] == title])]
    table.write_text(json.dumps(figures, indent=2) + "\n")


_HEAD = """# Benchmarks

Written by `make bench`; the same figures for programs are in [benchmarks.json](benchmarks.json). Each stands beside what it
is made of, measured in the same run on the same machine, and the ratio of the two is what is held to a goal. Each section
says when it was measured.

To measure again: `make bench`, on a machine that does nothing else (a quarter of an hour), or `python -m tests.benchmarks
--only NAME` in the environment of `make setup` for one section; its `--help` has shorter rounds for a first look.
"""


def _section(report: Report, machine: Machine) -> str:
    rows = "\n".join(figure.as_row() for figure in report.figures)
    return f"""## {report.title}

{machine.words()}

| what | ours | reference | ratio | goal | met |
|---|---|---|---|---|---|
{rows}

{report.notes.strip()}
"""


def _wrapped(page: str) -> str:
    """Paragraphs to the width of the page; headings and tables as they are."""
    parts = [
        part if part.startswith(("#", "|")) else textwrap.fill(part, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for part in page.strip().split("\n\n")
    ]
    return "\n\n".join(parts) + "\n"


def _processor() -> str:
    table = Path("/proc/cpuinfo")
    if table.exists():
        for line in table.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
