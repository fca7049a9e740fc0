"""A section of the benchmarks can be measured again without the others."""

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.figures import Figure, Machine, Report, write


def report(title: str, ours: float) -> Report:
    return Report(title, [Figure(f"{title} rate", "rows/s", ours, 10.0, "nothing", 0.5, at_most=False)], f"How {title} was.")


def machine(load: float) -> Machine:
    return Machine("a processor", 2, load, datetime(2026, 6, 1, tzinfo=UTC))


def test_what_was_measured_again_takes_its_place_and_the_others_stay(tmp_path: Path) -> None:
    write(tmp_path, machine(3.0), [report("First", 4.0), report("Second", 6.0)])
    before = (tmp_path / "benchmarks.md").read_text()
    write(tmp_path, machine(0.1), [report("First", 8.0), report("Third", 9.0)])
    page = (tmp_path / "benchmarks.md").read_text()

    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## First", "## Second", "## Third"]
    second = before[before.index("## Second") :].strip()
    assert second in page
    assert page.count("The machine was doing other work") == 1, "the second's own words"
    figures = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [(one["section"], one["ours"], one["met"]) for one in figures] == [
        ("First", 8.0, True), ("Second", 6.0, True), ("Third", 9.0, True),
    ]  # fmt: skip


def test_writing_nothing_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, machine(0.1), [report("First", 4.0), report("Second", 6.0)])
    before = [(tmp_path / name).read_text() for name in ("benchmarks.md", "benchmarks.json")]
    write(tmp_path, machine(0.1), [])
    assert [(tmp_path / name).read_text() for name in ("benchmarks.md", "benchmarks.json")] == before
