"""A recorder frozen between its COPY and its COMMIT, while another takes over."""

import random
import time

from tests.chaos.house import House, until
from tests.chaos.table import Row

_THAW_AFTER_S = 12.0  # longer than the session timeout, and than the database waits for an idle transaction
_STORES = "SELECT coalesce(sum(next), 0) FROM recorder_offset"


def frozen_in_the_middle(house: House, chance: random.Random) -> list[Row]:
    """The moment is found in the database: the flush waits for a row that we hold, with its COPY behind it."""
    time.sleep(chance.uniform(0.0, 2.0))
    first = house.part("recorder")
    with house.database() as conn:
        with conn.transaction():
            conn.execute("SELECT 1 FROM recorder_offset FOR UPDATE")
            until("a flush stands between COPY and COMMIT", lambda: _waits(house))
            first.freeze()
        house.tell("  the recorder is frozen in the middle of a flush")
        began = time.monotonic()
        second = house.spawn("recorder")
        house.await_work(second)
        before = _stored(house)
        until("the second recorder stores", lambda: _stored(house) > before + 100)
        took_s = time.monotonic() - began
    time.sleep(max(0.0, _THAW_AFTER_S - took_s))
    first.thaw()
    until("the thawed one records again", lambda: sum("is recording" in line for line in first.lines()) > 1)
    house.parts.remove(second)
    code = second.stop()
    harm = f"a recorder frozen between COPY and COMMIT for {max(took_s, _THAW_AFTER_S):.0f} s, while another takes over"
    return [Row(harm, f"the other stored after {took_s:.1f} s, and ended with {code} later")]


def _waits(house: House) -> bool:
    """Whether a recorder's session waits for a lock to move its position."""
    with house.database() as conn:
        found = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE recorder_offset%'"
            " AND pid <> pg_backend_pid()"
        ).fetchone()
    assert found is not None
    return bool(found[0])


def _stored(house: House) -> int:
    with house.database() as conn:
        found = conn.execute(_STORES).fetchone()
    assert found is not None
    return int(found[0])
