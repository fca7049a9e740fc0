"""One run: a house, a flight over it, harms one after the other, and the judgement of it all."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence

from tests.chaos import proxy
from tests.chaos.flight import Flight, Pilot
from tests.chaos.house import House, opened
from tests.chaos.table import Row
from tests.chaos.verdict import judge

Harm = Callable[[House, random.Random], list[Row]]


def run(seed: int, harms: Sequence[Harm], tell: Callable[[str], None], wired: bool = False) -> list[Row]:
    """Everything derives from the seed but the clock. The last row is the judgement; on failure the logs' ends are told.

    wired: through a proxy that can harm the way to the broker.
    """
    with contextlib.ExitStack() as stack:
        house = stack.enter_context(opened(tell, stack.enter_context(proxy.opened(seed)) if wired else None))
        try:
            rows = _harmed(house, seed, harms)
        except BaseException:
            house.tell_logs()
            raise
        if any(row.problems for row in rows):
            house.tell_logs()
        return rows


def _harmed(house: House, seed: int, harms: Sequence[Harm]) -> list[Row]:
    chance = random.Random(seed)
    pilot = Pilot(Flight(seed), house.settings.ingest.port)
    pilot.start()
    rows = [row for harm in harms for row in harm(house, chance)]
    pilot.stop()
    house.await_ready()
    code = house.part("ingest").stop()
    verdict = asyncio.run(judge(house.truth, pilot.sent, house.imported))
    if code:
        verdict.blame(f"ingest ended with {code}")
    return [*rows, Row(f"all of these together, seed {seed}, held to the log", str(verdict), tuple(verdict.problems))]
