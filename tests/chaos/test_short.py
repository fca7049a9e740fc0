"""The short form of `make chaos`: a little of each harm in one run, judged like the long one."""

from tests.chaos.__main__ import SHORT
from tests.chaos.run import run


def test_kills_outages_and_a_second_worker_lose_double_and_change_nothing() -> None:
    rows = run(1, SHORT, print)
    assert not [row for row in rows if row.problems]
