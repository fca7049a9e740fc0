"""Which samples are new, and which of those are on time. Worker and recorder ask the same question here.

A sample not above its link's highest (epoch, seq) is a duplicate: never stored, never judged. One that is earlier than
what was judged of its aircraft is late; a live one over five seconds ahead of its record's append time is ahead: both are
stored and not judged.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.units import US_PER_S

AHEAD_LIMIT_US = 5 * US_PER_S
FORGET_AFTER_US = 24 * 3600 * US_PER_S
_SWEEP_EVERY_US = 3600 * US_PER_S


class Mark(msgspec.Struct, array_like=True):
    """The highest (epoch, seq) of a link on this partition, and the append time at which it was set."""

    epoch: int
    seq: int
    heard_us: int


class Screen(msgspec.Struct):
    """One partition's high-water marks and judged times. swept_us: append time of the last sweep of silent ones."""

    links: dict[str, Mark] = {}
    judged_us: dict[bytes, int] = {}  # aircraft id -> judged time
    swept_us: int = 0

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @staticmethod
    def load(data: bytes) -> "Screen":
        return msgspec.msgpack.decode(data, type=Screen)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """By row, (n,) bool each. keep: not a duplicate. late, ahead: kept, stored, not judged."""

    keep: NDArray[np.bool_]
    late: NDArray[np.bool_]
    ahead: NDArray[np.bool_]

    @property
    def judged(self) -> NDArray[np.bool_]:
        return self.keep & ~self.late & ~self.ahead


def screen(state: Screen, batch: Block, append_time_us: int, live: bool) -> Verdicts:
    """Decide each row and move the marks forward. The state given is used up: it is changed in place."""
    keep = _new_rows(state, batch, append_time_us)
    times = batch.values("event_time_us").astype(np.int64, copy=False)
    ahead = keep & (times > append_time_us + AHEAD_LIMIT_US) if live else np.zeros(len(times), np.bool_)
    late = _late_rows(state, batch, times, keep & ~ahead)
    if append_time_us - state.swept_us >= _SWEEP_EVERY_US:
        _sweep(state, append_time_us)
    return Verdicts(keep, late, ahead)


def _new_rows(state: Screen, batch: Block, append_time_us: int) -> NDArray[np.bool_]:
    epochs = batch.values("epoch").astype(np.int64, copy=False)
    seqs = batch.values("seq").astype(np.int64, copy=False)
    links = batch.codes("link")
    keep = np.ones(len(seqs), np.bool_)
    for code, link in enumerate(batch.dictionary("link")):
        rows = np.flatnonzero(links == code)
        if not len(rows):
            continue
        assert isinstance(link, str)
        mark = state.links.get(link)
        high = (mark.epoch, mark.seq) if mark else (-1, -1)
        e, s = epochs[rows], seqs[rows]
        rising = (e[1:] > e[:-1]) | ((e[1:] == e[:-1]) & (s[1:] > s[:-1]))
        if (int(e[0]), int(s[0])) > high and rising.all():
            high = (int(e[-1]), int(s[-1]))
        else:  # something was sent again: look at each
            for row, pair in zip(rows.tolist(), zip(e.tolist(), s.tolist(), strict=True), strict=True):
                if pair > high:
                    high = pair
                else:
                    keep[row] = False
        state.links[link] = Mark(high[0], high[1], append_time_us)
    return keep


def _late_rows(state: Screen, batch: Block, times: NDArray[np.int64], candidates: NDArray[np.bool_]) -> NDArray[np.bool_]:
    aircraft = batch.codes("aircraft_id")
    late = np.zeros(len(times), np.bool_)
    for code, key in enumerate(batch.dictionary("aircraft_id")):
        rows = np.flatnonzero((aircraft == code) & candidates)
        if not len(rows):
            continue
        assert isinstance(key, bytes)
        before = state.judged_us.get(key)
        t = times[rows]
        highest = np.maximum.accumulate(t if before is None else np.concatenate(([before], t)))
        late[rows] = t < (highest if before is None else highest[1:])
        state.judged_us[key] = int(highest[-1])
    return late


def _sweep(state: Screen, append_time_us: int) -> None:
    """Forget live links after a day of silence, and aircraft with them; a file's mark stays for good."""
    limit = append_time_us - FORGET_AFTER_US
    state.links = {k: m for k, m in state.links.items() if m.heard_us >= limit or k.startswith("file:")}
    state.judged_us = {k: t for k, t in state.judged_us.items() if t >= limit}
    state.swept_us = append_time_us
