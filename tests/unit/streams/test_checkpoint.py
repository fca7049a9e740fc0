"""A partition's state as records, and back."""

import os

import msgspec

from core.units import US_PER_S
from streams import checkpoint
from streams.screen import Screen
from streams.state import State
from tests.unit.streams.flight import Engine, at, zone


def big_state() -> State:
    engine = Engine(zone())
    engine.fly(*(at(i * 0.5) for i in range(6)))
    held = engine.state.screen.kept()
    for number in range(40_000):  # incompressible, so that it takes several chunks
        held.judged_us[os.urandom(16)] = number * US_PER_S
    engine.state.screen = Screen(held)
    return engine.state


def test_a_state_comes_back_whole_in_chunks_below_the_limit() -> None:
    state = big_state()
    records = checkpoint.chunks(state, 77, "me")
    assert len(records) > 1 and all(len(value) <= checkpoint.CHUNK_BYTES < 512_000 for _, value in records)
    held = checkpoint.latest(records)
    assert held is not None and held.next == 77
    assert held.state.dump() == state.dump()


def test_the_complete_one_with_the_highest_n_counts() -> None:
    small = State.empty()
    small.world = 5
    older, newer = checkpoint.chunks(small, 10, "a"), checkpoint.chunks(big_state(), 20, "b")
    held = checkpoint.latest([*newer[:-1], *older])
    assert held is not None and (held.next, held.state.world) == (10, 5)


def test_two_writers_of_one_n_do_not_mix_their_chunks() -> None:
    one, other = checkpoint.chunks(big_state(), 20, "a"), checkpoint.chunks(big_state(), 20, "b")
    assert checkpoint.latest([one[0], *other[1:]]) is None


def test_nothing_is_no_checkpoint() -> None:
    assert checkpoint.latest([]) is None


def test_a_state_whose_fixes_know_no_terrain_model_is_read() -> None:
    engine = Engine(zone())
    engine.fly(*(at(i * 0.5) for i in range(6)))
    kept = msgspec.msgpack.decode(engine.state.dump(), strict=False)
    (aircraft,) = kept["aircraft"].values()
    assert aircraft["last"].pop() is None
    assert State.load(msgspec.msgpack.encode(kept)).dump() == engine.state.dump()
