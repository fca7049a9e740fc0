"""Blocks that are laid together give what they give one by one."""

from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core import block
from core.block import Block
from core.columns import NAMES
from core.identity import aircraft_id
from core.records import Gap
from core.sample import Sample
from core.whole import AIRCRAFT, LINK, OPERATOR
from streams import gaps
from streams.gaps import Follow
from streams.laid import lay
from streams.screen import Screen, screen, screen_blocks

T0, S, H = 1_780_000_000_000_000, 1_000_000, 3_600_000_000


def sample(link: int, system: int, epoch: int, seq: int, after_us: int, armed: bool | None) -> Sample:
    name = f"udp:1/{link}"
    return Sample(
        UUID(int=1 + link), aircraft_id(UUID(int=1), name, system), name, system, T0 + epoch * S, seq, T0 + after_us,
        armed=armed, frame_seq=seq % 256 if armed else None,
    )  # fmt: skip


_SAMPLES = st.builds(
    sample, st.integers(0, 2), st.integers(1, 2), st.integers(0, 2), st.integers(0, 40),
    st.integers(0, 20 * S) | st.integers(0, 60 * H), st.sampled_from([None, True, False]),
)  # fmt: skip
_BLOCKS = st.lists(st.lists(_SAMPLES, min_size=1, max_size=8).map(block.from_samples), max_size=6)
_APPENDED = st.lists(st.integers(0, 60 * H), min_size=6, max_size=6)


@given(_BLOCKS)
def test_the_table_has_the_rows_of_all_blocks_and_one_code_for_each_word(blocks: list[Block]) -> None:
    laid = lay(blocks)
    rows = [[each.value(name, row) for name in NAMES] for each in blocks for row in range(len(each))]
    words: dict[int, list[Any]] = {OPERATOR: laid.operators, AIRCRAFT: laid.aircraft, LINK: laid.links}
    for column, held in words.items():
        assert [held[code] for code in laid.table[column].tolist()] == [row[column] for row in rows]
        assert len(set(held)) == len(held)
    rest = [column for column in range(len(NAMES)) if column not in words]
    assert laid.table[rest].tolist() == [[v for each in blocks for v in each.whole()[column].tolist()] for column in rest]
    assert laid.blocks.tolist() == [n for n, each in enumerate(blocks) for _ in range(len(each))]


@given(_BLOCKS, _APPENDED, st.booleans())
def test_a_screen_says_the_same_of_blocks_together_and_forgets_behind_the_same_block(
    blocks: list[Block], appended: list[int], live: bool
) -> None:
    times_us = T0 + np.array(sorted(appended)[: len(blocks)], np.int64)
    together, apart, laid = Screen(), Screen(), lay(blocks)
    said = screen_blocks(together, laid.links, laid.aircraft, laid.table, laid.begins, times_us, live)
    each = [screen(apart, one, int(time_us), live) for one, time_us in zip(blocks, times_us, strict=True)]
    for name in ("keep", "late", "ahead", "judged"):
        assert getattr(said, name).tolist() == [bool(v) for one in each for v in getattr(one, name)]
    assert together.kept() == apart.kept()


@given(_BLOCKS)
def test_gaps_are_those_of_row_by_row(blocks: list[Block]) -> None:
    laid = lay(blocks)
    marks: dict[int, tuple[int, int]] = {}
    judged = []  # as a screen leaves them: each link's (epoch, seq) and each aircraft's times only rise
    heard_us: dict[int, int] = {}
    for row in range(laid.table.shape[1]):
        values = dict(zip(NAMES, laid.table[:, row].tolist(), strict=True))
        link, who, mark = values["link"], values["aircraft_id"], (values["epoch"], values["seq"])
        if mark > marks.get(link, (0, 0)) and values["event_time_us"] >= heard_us.get(who, 0):
            marks[link], heard_us[who] = mark, values["event_time_us"]
            judged.append(row)
    together, apart = Follow(), Follow()
    found: list[tuple[int, Gap]] = gaps.heard(together, laid, np.array(judged, np.intp), live=False)
    assert found == [each for row in judged for each in gaps.heard(apart, laid, np.array([row]), live=False)]
    assert together == apart
