"""Kill -9 of every part again and again, while a log is imported."""

import random
import time
from collections.abc import Sequence

from ingest import tlog
from ingest.links import file_link
from tests.chaos.flight import Flight
from tests.chaos.house import Broken, House
from tests.chaos.table import Row

PARTS = ("ingest", "worker", "recorder", "api")
_IMPORTED_S = 150.0  # of flight in the log
_BEGAN_US = 1_700_000_000_000_000


def killed(house: House, chance: random.Random, times: int) -> list[Row]:
    """Each part so many times, at seeded moments."""
    victims = list(PARTS) * times
    chance.shuffle(victims)
    began = time.monotonic()
    for number, victim in enumerate(victims, 1):
        _kill(house, chance, victim)
        house.tell(f"  {number}/{len(victims)}: {victim} killed")
    taken_s = time.monotonic() - began
    return [Row(f"kill -9 of {', '.join(PARTS)}, {times} times each", f"{len(victims)} kills in {taken_s:.0f} s")]


def killed_under_an_import(house: House, chance: random.Random, victims: Sequence[str] = ("worker", "recorder")) -> list[Row]:
    """The import itself is killed and begun again, then those that it waits for."""
    path = house.directory / "flight.tlog"
    numbers = Flight(chance.randrange(1 << 30)).write_tlog(path, _BEGAN_US, _IMPORTED_S)
    with tlog.opened(path) as log:
        house.imported[file_link(log.sha256)] = numbers
    first = house.spawn(f"import {path}")
    house.await_sent("telemetry-import")
    time.sleep(chance.uniform(0.0, 0.3))
    house.kill("import")
    house.tell(f"  the import killed, {'it had ended' if first.code == 0 else 'in the middle'}")
    again = house.spawn(f"import {path}")
    for victim in victims:
        _kill(house, chance, victim)
        house.tell(f"  {victim} killed under the import")
    house.parts.remove(again)
    if code := again.ended():
        raise Broken(f"the import ended with {code}: {again.lines()[-5:]}")
    return [Row(f"kill -9 of an import, then of {' and '.join(victims)} under it", f"{len(numbers)} positions imported")]


def _kill(house: House, chance: random.Random, victim: str) -> None:
    time.sleep(chance.uniform(0.3, 2.5))  # the seeded moment
    house.kill(victim)
    time.sleep(chance.uniform(0.0, 1.0))
    house.await_work(house.spawn(victim))
