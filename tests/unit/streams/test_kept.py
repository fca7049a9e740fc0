"""What the worker says for re-runs: when, and that it can be read."""

import pytest

from core.errors import UnreadableRecord
from core.records import Engine, LinkListened, Listened, Tick
from streams import kept
from streams.entry import Entry, Unjudged
from streams.kept import StateChunk, UnjudgedMark
from streams.state import ENGINE, State
from tests.unit.streams.flight import OPERATOR

HOUR = 3_600_000_000


def entry(at_us: int, body: object) -> Entry:
    return Entry(3, 77, at_us, True, body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen_us", "at_us", "wanted"),
    [(0, 5 * HOUR, True), (5 * HOUR, 5 * HOUR + 1, False), (5 * HOUR, 6 * HOUR - 1, False), (6 * HOUR - 1, 6 * HOUR, True),
     (6 * HOUR, 6 * HOUR - 1, False)],
)  # fmt: skip
def test_a_state_is_due_at_the_first_tick_of_an_hour(seen_us: int, at_us: int, wanted: bool) -> None:
    state = State.empty()
    state.broker_us = seen_us
    assert kept.due(state, entry(at_us, Tick()), HOUR) is wanted


def test_a_state_is_due_where_another_engine_begins_and_at_no_other_word() -> None:
    state = State.empty()
    state.engine = "0"
    assert kept.due(state, entry(5 * HOUR, Engine("1")), HOUR)
    assert not kept.due(state, entry(5 * HOUR, Engine("0")), HOUR)
    said = Listened((LinkListened(OPERATOR, "udp:1/x", 1, 2),))
    assert not kept.due(state, entry(5 * HOUR, said), HOUR)


def test_a_state_comes_back_from_its_chunks() -> None:
    state = State.empty()
    state.world = 9
    ((headers, value),) = kept.state_records(state, entry(5, Tick()), "t", True, "me")
    chunk = kept.read(headers, value)
    assert chunk == StateChunk("t", 3, 77, 5, ENGINE, True, "me", 0, 1, value)
    held = kept.load_state(value)
    assert held is not None and held.dump() == state.dump()
    assert kept.load_state(b"of another engine") is None


def test_an_unjudged_record_says_whom_and_why() -> None:
    body = Unjudged((OPERATOR,), "broken")
    headers, value = kept.unjudged_record(entry(5, body), body, "t")
    assert kept.read(headers, value) == UnjudgedMark("t", 3, 77, value.decode())


@pytest.mark.parametrize(
    "headers",
    [[], [("kind", b"state")], [("kind", b"other"), ("topic_id", b"t"), ("partition", b"1")],
     [("kind", b"unjudged"), ("topic_id", b"t"), ("partition", b"1"), ("offset", b"1")],
     [("kind", b"state"), ("topic_id", b"t"), ("partition", b"x")]],
)  # fmt: skip
def test_what_is_neither_is_refused(headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(UnreadableRecord):
        kept.read(headers, b"nothing")
