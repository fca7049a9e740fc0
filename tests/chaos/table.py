"""What was harmed, what was measured, and whether it held: one row each, as people read them."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_BEGIN, _END = "<!-- written by make chaos -->", "<!-- end -->"


@dataclass(frozen=True)
class Row:
    """problems: empty when it held."""

    harm: str
    measured: str
    problems: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        return "holds" if not self.problems else "BROKEN: " + "; ".join(self.problems)


def markdown(rows: Sequence[Row]) -> str:
    lines = ["| harm | measured | verdict |", "|---|---|---|"]
    lines += [f"| {_cell(row.harm)} | {_cell(row.measured)} | {_cell(row.verdict)} |" for row in rows]
    return "\n".join(lines) + "\n"


def write(page: Path, rows: Sequence[Row], took_s: float) -> None:
    """Puts the table between its marks in a page; the words around it stay."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    where = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[2]:.1f}"
    measured = f"Measured {when} on {where}, in {took_s / 60:.0f} minutes.\n\n{markdown(rows)}"
    before, begin, rest = page.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the table: {_BEGIN} ... {_END}")
    page.write_text(f"{before}{begin}\n{measured}{end}{after}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
