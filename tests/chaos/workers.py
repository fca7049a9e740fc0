"""A second worker: added, left alone, frozen, removed; and how late alerts are meanwhile."""

import random
import time
from collections.abc import Callable

from core.topics import PARTITIONS
from tests.chaos.alerts import told_between, worst_s
from tests.chaos.house import House, Part, until
from tests.chaos.table import Row

TAKEOVER_S = 5.0  # the promise: alerts are late by no more when a worker dies while another stands by
_FROZEN_S = 20.0
_AFTERWARDS_S = 4.0  # of flight behind each harm


def second_worker(
    house: House, chance: random.Random, kills: int, frozen_s: float = _FROZEN_S, promise_s: float | None = TAKEOVER_S
) -> list[Row]:
    """Each harm with how late alerts were. frozen_s 0: nobody is frozen; promise_s None: lateness is measured, not judged."""
    rows = [_row(house, "a second worker is added", lambda: _added(house))]
    for number in range(kills):
        time.sleep(chance.uniform(0.0, 1.0))
        rows.append(_row(house, f"the first of two workers is killed ({number + 1})", lambda: _killed(house), promise_s))
        _added(house)
    if frozen_s:
        harm = f"one of two workers is frozen for {frozen_s:.0f} s"
        rows.append(_row(house, harm, lambda: _frozen(house, frozen_s), promise_s))
    rows.append(_row(house, "one of two workers is removed", lambda: _removed(house), promise_s))
    return rows


def working(house: House) -> dict[str, int]:
    """How many live partitions each worker says that it judges."""
    found: dict[str, int] = {}
    for one in house.ask("GET", "health").body["judged"]:
        if one["worker"] is not None and one["age_s"] is not None and one["age_s"] < 3.0:
            found[one["worker"]] = found.get(one["worker"], 0) + 1
    return found


def pid_of(worker: str) -> int:
    return int(worker.rpartition("-")[2])


def _row(house: House, harm: str, do: Callable[[], str], promise_s: float | None = None) -> Row:
    start_us = time.time_ns() // 1_000
    house.tell(f"  {harm}")
    measured = do()
    time.sleep(_AFTERWARDS_S)  # events of its time are told by then
    told = told_between(house.truth, start_us, time.time_ns() // 1_000)
    late_s = worst_s(told)
    problems = [] if told else ["no alert came"]
    if promise_s is not None and late_s > promise_s:
        problems.append(f"an alert was late by {late_s:.1f} s, more than {promise_s:.0f} s")
    return Row(harm, f"{measured}; {len(told)} alert events, the latest {late_s:.1f} s after what it tells of", tuple(problems))


def _added(house: House) -> str:
    part = house.spawn("worker")
    house.await_work(part)
    took_s = until("the new worker has partitions", lambda: part.pid in _shares(house))
    until("both have all", lambda: sum(_shares(house).values()) == PARTITIONS and len(_shares(house)) == 2)
    return f"it had partitions after {took_s:.1f} s"


def _killed(house: House) -> str:
    killed = house.kill("worker")
    return _alone(house, killed)


def _alone(house: House, gone: Part) -> str:
    (left,) = [part for part in house.parts if part.name == "worker"]
    took_s = until("the other has all partitions", lambda: _shares(house) == {left.pid: PARTITIONS})
    return f"after {took_s:.1f} s the other judged all partitions"


def _frozen(house: House, seconds: float) -> str:
    frozen, other = [part for part in house.parts if part.name == "worker"]
    began = time.monotonic()
    frozen.freeze()
    try:
        took_s = until("the other has all partitions", lambda: _shares(house) == {other.pid: PARTITIONS})
        time.sleep(max(0.0, began + seconds - time.monotonic()))
    finally:
        frozen.thaw()
    until("both work again", lambda: set(_shares(house)) == {frozen.pid, other.pid})
    return f"after {took_s:.1f} s the other judged all partitions, and both after the thaw"


def _removed(house: House) -> str:
    leaving = house.part("worker")
    code = leaving.stop()
    house.parts.remove(leaving)
    return f"it ended with {code}; " + _alone(house, leaving)


def _shares(house: House) -> dict[int, int]:
    return {pid_of(worker): number for worker, number in working(house).items()}
