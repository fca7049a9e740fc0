"""Broker and database away: killed and brought back, frozen, and a disk that is full. What everybody says meanwhile."""

import contextlib
import os
import random
import re
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.alerts import told_between, worst_s
from tests.chaos.house import House, Part, until
from tests.chaos.table import Row
from wedgetail.local.errors import ServerDied

AWAY_S = 20.0
MOST_LINES = 60  # of one process in one outage, stacks included
MOST_REPEATS = 3  # of one sentence: when it begins, now and then, when it ends
_VARIES = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+(\.\d+)?")


class _Asked:
    """An acknowledgement that is sent again unchanged until it is kept."""

    def __init__(self, alert: dict[str, object]) -> None:
        self.alert_id = str(alert["id"])
        self.body = {"request_id": str(uuid.uuid4()), "n": alert["n"], "station": "chaos"}
        self.status = 0


class Ears:
    """Each process's log from now on: how many lines it writes, and how often it says the same."""

    def __init__(self, parts: list[Part]) -> None:
        self._from = {part: len(part.lines()) for part in parts}

    def problems(self) -> list[str]:
        found = []
        for part, start in self._from.items():
            lines = part.lines()[start:]
            said = Counter(
                _VARIES.sub("#", line.partition("Z ")[2]) for line in lines if "Z " in line[:30] and "Z INFO" not in line
            )
            if len(lines) > MOST_LINES:
                found.append(f"{part} wrote {len(lines)} lines")
            found += [f"{part} said {number} times: {words[:160]}" for words, number in said.items() if number > MOST_REPEATS]
        return found

    def __str__(self) -> str:
        return ", ".join(f"{part} {len(part.lines()) - start}" for part, start in self._from.items())


def database_killed(house: House, chance: random.Random, away_s: float = AWAY_S) -> list[Row]:
    return [_outage(house, chance, "the database killed, back", away_s, "database: ", lambda: _killed_database(house))]


def database_frozen(house: House, chance: random.Random, away_s: float = AWAY_S) -> list[Row]:
    pid = house.postgres.process.pid
    return [_outage(house, chance, "the database frozen, thawed", away_s, "database: ", lambda: _frozen(pid))]


def disk_full(house: House, chance: random.Random, away_s: float = AWAY_S) -> list[Row]:
    """Needs a house whose database has a disk of its own."""
    if house.disk is None:
        return [Row("the database's disk full", "", ("not tried: no file system may be mounted here",))]
    return [_outage(house, chance, "the database's disk full, room again", away_s, "recorder: ", lambda: _full(house))]


def broker_killed(house: House, chance: random.Random, away_s: float = AWAY_S) -> list[Row]:
    return [_outage(house, chance, "the broker killed, back", away_s, "kafka: ", lambda: _killed_broker(house))]


def broker_frozen(house: House, chance: random.Random, away_s: float = AWAY_S) -> list[Row]:
    return [_outage(house, chance, "the broker frozen, thawed", away_s, "kafka: ", lambda: _frozen(house.kafka.process.pid))]


def _outage(
    house: House,
    chance: random.Random,
    harm: str,
    away_s: float,
    words: str,
    away: Callable[[], "contextlib.AbstractContextManager[None]"],
) -> Row:
    """words: what a problem in health begins with while it lasts."""
    harm = f"{harm} after {away_s:.0f} s"
    house.tell(f"  {harm}")
    of_database = words != "kafka: "
    until("alerts to acknowledge", lambda: len(_alerts(house)) > 10)
    time.sleep(chance.uniform(0.0, 2.0))
    ears, health, asked = Ears(house.parts), list[list[str]](), list[_Asked]()
    start_us = _now_us()
    with away():
        end = time.monotonic() + away_s
        time.sleep(min(2.0, away_s / 4))
        while time.monotonic() < end:
            health.append(house.problems())
            if of_database and (fresh := _not_asked(house, asked)):
                asked.append(_acknowledge(house, _Asked(fresh)))
            time.sleep(0.5)
        until_us = _now_us()
    back_s = until("health is well again", lambda: not house.problems())
    said = next((one for now in health for one in now if one.startswith(words)), None)
    problems = [] if said else [f"health did not begin with {words!r}: {health[-1:]}"]
    measured = [f"health said {said!r}, and was well {back_s:.1f} s after"]
    if of_database:
        measured += _alerts_went_on(house, start_us, until_us, asked, problems)
        measured += _acknowledged(house, asked, problems)
    measured.append(f"lines logged: {ears}")
    return Row(harm, "; ".join(measured), (*problems, *ears.problems()))


def _alerts_went_on(house: House, start_us: int, until_us: int, asked: "list[_Asked]", problems: list[str]) -> list[str]:
    told = told_between(house.truth, start_us, until_us)
    if not told:
        problems.append("alerts did not go on")
    known = {str(alert["id"]) for alert in _alerts(house)} | {one.alert_id for one in asked}
    if missing := {str(one.event.alert_id) for one in told if one.event.n == 1} - known:
        problems.append(f"the door does not know {len(missing)} of the alerts")
    return [f"{len(told)} alert events meanwhile, the latest {worst_s(told):.1f} s after what it tells of"]


def _acknowledged(house: House, asked: "list[_Asked]", problems: list[str]) -> list[str]:
    """Each was kept or refused, never in doubt: asked again afterwards, all are kept, those that were kept as they were."""
    before = Counter(one.status for one in asked)
    if not before or set(before) - {200, 503}:
        problems.append(f"acknowledgements were answered with {dict(before)}")
    for one in asked:
        was = one.status
        if _acknowledge(house, one).status != 200:
            problems.append(f"an acknowledgement that was answered with {was} is answered with {one.status} afterwards")
    return [f"{before[503]} acknowledgements refused (503), {before[200]} kept; all kept afterwards"]


def _acknowledge(house: House, one: "_Asked") -> "_Asked":
    one.status = house.ask("POST", f"alerts/{one.alert_id}/acknowledge", one.body).status
    return one


@contextmanager
def _killed_database(house: House) -> Iterator[None]:
    _kill_all_of(house.postgres.process.pid)
    house.postgres.process.kill()
    yield
    house.start_postgres()


@contextmanager
def _killed_broker(house: House) -> Iterator[None]:
    house.kafka.process.kill()
    yield
    house.start_kafka()


@contextmanager
def _frozen(pid: int | None) -> Iterator[None]:
    assert pid is not None
    family = [pid, *_children(pid)]
    for one in family:
        os.kill(one, signal.SIGSTOP)
    yield
    for one in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGCONT)


@contextmanager
def _full(house: House) -> Iterator[None]:
    """The last byte of the database's own disk is taken, and given back."""
    assert house.disk is not None
    ballast = house.disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    yield
    ballast.unlink()
    try:
        house.postgres.process.check()
    except ServerDied:  # it gives up when it cannot write its own log
        house.start_postgres()


def _alerts(house: House) -> list[dict[str, object]]:
    found: list[dict[str, object]] = house.ask("GET", "alerts?state=unacknowledged").body["alerts"]
    return found


def _not_asked(house: House, asked: "list[_Asked]") -> dict[str, object] | None:
    """An alert nobody has been asked to acknowledge yet: a second request for one may only be told who was first."""
    before = {one.alert_id for one in asked}
    return next((alert for alert in _alerts(house) if str(alert["id"]) not in before), None)


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return found


def _kill_all_of(pid: int | None) -> None:
    """The processes that a server has for its clients."""
    assert pid is not None
    for child in _children(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _now_us() -> int:
    return time.time_ns() // 1_000
