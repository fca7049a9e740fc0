"""The way to the broker is bad: answers to what was produced are lost, and everything is slow."""

import random
import time

from tests.chaos.alerts import told_between, worst_s
from tests.chaos.house import House, until
from tests.chaos.outages import Ears
from tests.chaos.table import Row

_LOST = 0.02  # of the responses to produce requests
_SLOW_S = 0.05  # on average, for each piece and direction


def responses_lost(house: House, chance: random.Random, seconds: float = 20.0) -> list[Row]:
    """Who does not hear that his records arrived sends them again."""
    assert house.proxy is not None
    house.tell(f"  responses to produce requests are lost for {seconds:.0f} s")
    start_us, ears = time.time_ns() // 1_000, Ears(house.parts)
    house.proxy.lose = _LOST
    time.sleep(seconds + chance.uniform(0.0, 2.0))
    house.proxy.lose = 0.0
    measured = f"{house.proxy.lost} responses lost, their connections cut; {_alerts(house, start_us)}; lines logged: {ears}"
    until("health is well again", lambda: not house.problems())
    harm = f"each produce response lost with {_LOST:.0%}, for {seconds:.0f} s"
    return [Row(harm, measured, () if house.proxy.lost else ("no response was lost",))]


def slow(house: House, chance: random.Random, seconds: float = 20.0) -> list[Row]:
    """A broker far away, or busy."""
    assert house.proxy is not None
    house.tell(f"  the broker is slow for {seconds:.0f} s")
    start_us, ears = time.time_ns() // 1_000, Ears(house.parts)
    house.proxy.slow_s = _SLOW_S
    time.sleep(seconds + chance.uniform(0.0, 2.0))
    house.proxy.slow_s = 0.0
    measured = f"{_alerts(house, start_us)}; lines logged: {ears}"
    until("health is well again", lambda: not house.problems())
    harm = f"each request and response on its way for up to {2_000 * _SLOW_S:.0f} ms, for {seconds:.0f} s"
    return [Row(harm, measured, tuple(ears.problems()))]


def _alerts(house: House, start_us: int) -> str:
    told = told_between(house.truth, start_us, time.time_ns() // 1_000)
    return f"{len(told)} alert events, the latest {worst_s(told):.1f} s after what it tells of"
