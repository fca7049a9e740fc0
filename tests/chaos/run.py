"""One run: a house, a flight over it, harms one after the other, and the judgement of it all."""

import asyncio
import random
from collections.abc import Callable, Sequence

from tests.chaos.flight import Flight, Pilot
from tests.chaos.house import House, opened
from tests.chaos.table import Row
from tests.chaos.verdict import judge

Harm = Callable[[House, random.Random], list[Row]]
_LAST_LINES = 25


def run(seed: int, harms: Sequence[Harm], tell: Callable[[str], None]) -> list[Row]:
    """Everything derives from the seed but the clock. The last row is the judgement; on failure the logs' ends are told."""
    with opened(tell) as house:
        try:
            rows = _harmed(house, seed, harms)
        except BaseException:
            _tell_logs(house)
            raise
        if any(row.problems for row in rows):
            _tell_logs(house)
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


def _tell_logs(house: House) -> None:
    for part in house.all_parts:
        house.tell(f"--- {part}")
        for line in part.lines()[-_LAST_LINES:]:
            house.tell(line)
