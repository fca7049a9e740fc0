"""`make chaos`: every harm, in several runs, and the table of what was measured."""

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.chaos import kills, outages, recorders, refusals, wire, workers
from tests.chaos.run import Harm, run
from tests.chaos.table import Row, markdown, write

SEEDS = 4
_KILLS: Sequence[Harm] = (partial(kills.killed, times=5), kills.killed_under_an_import)
_RUNS: dict[str, Sequence[Harm]] = {
    "workers": (partial(workers.second_worker, kills=3),),
    "recorder": (recorders.frozen_in_the_middle,),
    "database": (outages.database_killed, outages.database_frozen, outages.disk_full),
    "broker": (outages.broker_killed, outages.broker_frozen),
    "wire": (wire.responses_lost, wire.slow),
    "refusals": (),  # nothing is left to be judged
}
SHORT: Sequence[Harm] = (
    partial(kills.killed, times=1),
    partial(kills.killed_under_an_import, victims=("recorder",)),
    partial(workers.second_worker, kills=1, frozen_s=0.0, promise_s=None),
    partial(outages.database_killed, away_s=8.0),
    partial(outages.broker_killed, away_s=8.0),
)


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    asked.add_argument("--seed", type=int, default=1, help="everything but the clock derives from it")
    asked.add_argument("--into", type=Path, metavar="FILE", help="write the table into this page too")
    how = asked.add_mutually_exclusive_group()
    how.add_argument("--full", action="store_true", help=f"all harms, kills with {SEEDS} seeds (the default)")
    how.add_argument("--short", action="store_true", help="one run with a little of each, as the tests do")
    how.add_argument("--only", choices=["kills", *_RUNS], action="append", help="these runs alone")
    given = asked.parse_args()
    began = time.monotonic()
    rows: list[Row] = []
    for name, seed, harms in _plan(given.short, given.only, given.seed):
        print(f"{name}, seed {seed}", flush=True)
        rows += run(seed, harms, _tell, wired=name == "wire") if harms else refusals.refusals(seed, _tell)
    took_s = time.monotonic() - began
    print(markdown(rows))
    if given.into is not None:
        write(given.into, rows, took_s)
    broken = sum(bool(row.problems) for row in rows)
    print(f"{len(rows)} rows, {broken} broken, {took_s / 60:.0f} minutes")
    return 1 if broken else 0


def _plan(short: bool, only: list[str] | None, seed: int) -> list[tuple[str, int, Sequence[Harm]]]:
    if short:
        return [("short", seed, SHORT)]
    runs = [("kills", seed + number, _KILLS) for number in range(SEEDS)] if not only or "kills" in only else []
    return runs + [(name, seed, harms) for name, harms in _RUNS.items() if not only or name in only]


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
