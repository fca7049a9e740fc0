"""What a person is told of an imported or replayed log: every frame accounted for, so that the sums can be checked."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

from core.units import utc
from ingest.counts import Counts

_REASONS = {"zero": "at exactly 0,0: the autopilot has no fix", "impossible": "outside -90..90 or -180..180 degrees"}


@dataclass(frozen=True)
class Summary:
    """aircraft: id by system id. Times are the first and the last frame's; None for a file without any."""

    file: Path
    link: str
    counts: Counts
    aircraft: dict[int, UUID]
    first_us: int | None
    last_us: int | None
    skipped: int = 0  # frames before the start that was asked for


def print_summary(summary: Summary, console: Console) -> None:
    counts = summary.counts
    table = Table(
        title=summary.file.name, title_justify="left", show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    table.add_column(justify="right")
    table.add_column()
    if summary.first_us is not None and summary.last_us is not None:
        table.add_row("", f"{utc(summary.first_us):%Y-%m-%d %H:%M:%S} to {utc(summary.last_us):%Y-%m-%d %H:%M:%S} UTC")
    if summary.skipped:
        table.add_row(f"{summary.skipped:,}", "frames before the start, left out")
    table.add_row(f"[bold]{counts.frames:,}", f"[bold]frames in {counts.bytes:,} bytes")
    _part(table, "decoded", counts.decoded)
    _part(table, "ignored", counts.ignored)
    _part(table, "rejected", counts.rejected)
    table.add_row(f"[bold]{counts.samples:,}", "[bold]samples" + _of(summary))
    table.add_row(f"{counts.usable:,}", "  with a position")
    for reason, number in counts.without.most_common():
        table.add_row(f"{number:,}", f"  without, {_REASONS.get(reason, reason)}")
    if counts.heartbeat_samples:
        table.add_row(f"{counts.heartbeat_samples:,}", "  from heartbeats, no position sent for a second")
    if counts.rejections_untold:
        table.add_row(f"{counts.rejections_untold:,}", "rejections counted here and not told one by one")
    if counts.dropped_samples:
        table.add_row(f"{counts.dropped_samples:,}", "[red]samples dropped: Kafka was away too long")
    console.print(table)


def _part(table: Table, name: str, parts: Counter[str]) -> None:
    table.add_row(f"[bold]{parts.total():,}", f"[bold]{name}")
    for part, number in parts.most_common():
        table.add_row(f"{number:,}", f"  {part}")


def _of(summary: Summary) -> str:
    if not summary.aircraft:
        return ": no aircraft in this file"
    names = ", ".join(f"system {system_id} ({aircraft_id})" for system_id, aircraft_id in sorted(summary.aircraft.items()))
    return f" of {names}"
