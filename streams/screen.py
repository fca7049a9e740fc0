"""Which samples are new, and which of those are on time. Worker and recorder ask the same question here.

A sample not above its link's highest (epoch, seq) is a duplicate: never stored, never judged. One that is earlier than
what was judged of its aircraft is late; a live one over five seconds ahead of its record's append time is ahead: both are
stored and not judged.
"""

# mypy: allow-untyped-defs

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numba import boolean, int64
from numpy.typing import NDArray

from core.block import Block
from core.compiled import given, kernel
from core.units import US_PER_S
from core.whole import AIRCRAFT, EPOCH, LINK, SEQ, TIME

AHEAD_LIMIT_US = 5 * US_PER_S
FORGET_AFTER_US = 24 * 3600 * US_PER_S
NEVER = np.iinfo(np.int64).min
_SWEEP_EVERY_US = 3600 * US_PER_S
_EPOCH, _SEQ, _HEARD = range(3)
_KEEP, _LATE, _AHEAD, _JUDGED = range(4)


class Mark(msgspec.Struct, array_like=True):
    """The highest (epoch, seq) of a link on this partition, and the append time at which it was set."""

    epoch: int
    seq: int
    heard_us: int


class KeptScreen(msgspec.Struct):
    """A screen as checkpoints and the database keep it. swept_us: append time of the last sweep of silent ones."""

    links: dict[str, Mark] = {}
    judged_us: dict[bytes, int] = {}  # aircraft id -> judged time
    swept_us: int = 0


class Screen:
    """One partition's high-water marks and judged times, in columns: the dictionaries say in which row a name stands.

    A row whose time is NEVER has nothing to say: its name stood in a block, and no sample of it counted.
    """

    def __init__(self, kept: KeptScreen | None = None) -> None:
        self._hold(kept or KeptScreen())

    def _hold(self, kept: KeptScreen) -> None:
        self._links = {name: row for row, name in enumerate(kept.links)}
        self._marks = np.array([(m.epoch, m.seq, m.heard_us) for m in kept.links.values()], np.int64).reshape(-1, 3)
        self._aircraft = {name: row for row, name in enumerate(kept.judged_us)}
        self._judged_us = np.array(list(kept.judged_us.values()), np.int64)
        self._swept_us = kept.swept_us

    def kept(self) -> KeptScreen:
        marks = zip(self._links, self._marks.tolist(), strict=False)
        times = zip(self._aircraft, self._judged_us.tolist(), strict=False)
        return KeptScreen(
            {name: Mark(*mark) for name, mark in marks if mark[_HEARD] != NEVER},
            {name: time_us for name, time_us in times if time_us != NEVER},
            self._swept_us,
        )

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self.kept())

    @staticmethod
    def load(data: bytes) -> "Screen":
        return Screen(msgspec.msgpack.decode(data, type=KeptScreen))

    def rows(self, links: Sequence[str], aircraft: Sequence[bytes]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where these names stand, in a row of their own if they are new."""
        link_rows = _rows(self._links, links)
        if len(self._links) > len(self._marks):
            self._marks = grown(self._marks, len(self._links), (-1, -1, NEVER))
        aircraft_rows = _rows(self._aircraft, aircraft)
        if len(self._aircraft) > len(self._judged_us):
            self._judged_us = grown(self._judged_us, len(self._aircraft), NEVER)
        return link_rows, aircraft_rows

    def sweep(self, append_time_us: int) -> None:
        """Each hour: forget live links after a day of silence, and aircraft with them; a file's mark stays for good."""
        if append_time_us - self._swept_us < _SWEEP_EVERY_US:
            return
        limit, held = append_time_us - FORGET_AFTER_US, self.kept()
        links = {name: mark for name, mark in held.links.items() if mark.heard_us >= limit or name.startswith("file:")}
        judged_us = {name: time_us for name, time_us in held.judged_us.items() if time_us >= limit}
        self._hold(KeptScreen(links, judged_us, append_time_us))

    def next_sweep(self, append_times_us: NDArray[np.int64], block: int) -> int:
        """The first block from this one on after which a sweep is due; the last one, if none is."""
        due = np.flatnonzero(append_times_us[block:] - self._swept_us >= _SWEEP_EVERY_US)
        return block + int(due[0]) if len(due) else len(append_times_us) - 1

    @property
    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self._marks, self._judged_us


@dataclass(frozen=True, slots=True)
class Verdicts:
    """By row, (n,) bool each. keep: not a duplicate. late, ahead: kept, stored, not judged. judged: the others kept."""

    keep: NDArray[np.bool_]
    late: NDArray[np.bool_]
    ahead: NDArray[np.bool_]
    judged: NDArray[np.bool_]


def screen(state: Screen, batch: Block, append_time_us: int, live: bool) -> Verdicts:
    """Decide each row and move the marks forward. The state given is used up: it is changed in place."""
    names = batch.dictionary("link"), batch.dictionary("aircraft_id")
    return screen_blocks(state, *names, batch.whole(), np.array([0, len(batch)]), np.array([append_time_us]), live)


def screen_blocks(
    state: Screen,
    links: Sequence[str],
    aircraft: Sequence[bytes],
    table: NDArray[np.int64],
    begins: NDArray[np.int64],
    append_times_us: NDArray[np.int64],
    live: bool,
) -> Verdicts:
    """The same of several blocks, as if one by one. table: (columns, rows) of all, their codes into links and aircraft;
    begins: (blocks + 1,), the first row of each, and the number of rows."""
    verdicts = np.zeros((4, table.shape[1]), np.bool_)
    ahead_after_us = AHEAD_LIMIT_US if live else np.iinfo(np.int64).max
    block = 0
    while block < len(append_times_us):
        behind = state.next_sweep(append_times_us, block) + 1
        rows = state.rows(links, aircraft)
        times_us = append_times_us[block:behind]
        _screen.run(*rows, table, begins[block : behind + 1], times_us, ahead_after_us, *state.columns, verdicts)
        state.sweep(int(times_us[-1]))
        block = behind
    return Verdicts(*verdicts)


@kernel(
    given(int64), given(int64), given(int64, 2), given(int64), given(int64), int64, int64[:, ::1], int64[::1], boolean[:, ::1]
)  # fmt: skip
def _screen(link_rows, aircraft_rows, table, begins, append_times_us, ahead_after_us, marks, judged_us, verdicts):
    for block in range(len(append_times_us)):
        append_time_us = append_times_us[block]
        for i in range(begins[block], begins[block + 1]):
            mark, epoch, seq, time_us = marks[link_rows[table[LINK, i]]], table[EPOCH, i], table[SEQ, i], table[TIME, i]
            mark[_HEARD] = append_time_us
            if epoch < mark[_EPOCH] or (epoch == mark[_EPOCH] and seq <= mark[_SEQ]):
                continue
            mark[_EPOCH], mark[_SEQ] = epoch, seq
            verdicts[_KEEP, i] = True
            aircraft = aircraft_rows[table[AIRCRAFT, i]]
            if time_us - append_time_us > ahead_after_us:
                verdicts[_AHEAD, i] = True
            elif time_us < judged_us[aircraft]:
                verdicts[_LATE, i] = True
            else:
                judged_us[aircraft] = time_us
                verdicts[_JUDGED, i] = True


def _rows(held: "dict[str, int] | dict[bytes, int]", names: "Sequence[str] | Sequence[bytes]") -> NDArray[np.intp]:
    known: dict[str | bytes, int] = held  # type: ignore[assignment]
    found = list(map(known.get, names))
    if None in found:
        found = [known.setdefault(name, len(known)) for name in names]
    return np.array(found, np.intp)


def grown(column: NDArray[np.int64], rows: int, empty: object) -> NDArray[np.int64]:
    """The same column with room for more rows, at least twice as many."""
    longer = np.empty((max(rows, 2 * len(column), 16), *column.shape[1:]), column.dtype)
    longer[:] = empty
    longer[: len(column)] = column
    return longer
