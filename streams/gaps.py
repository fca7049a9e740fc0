"""What is missing, as facts: intervals in which an aircraft was not heard although it may have spoken.

Some are told by ingest (its buffer ran over, the kernel had no room). The others show in the stream itself: a link that
begins a new epoch was not listened to since the last word of the old one; and an aircraft that is in the air, or may be,
and of which nothing came for three seconds (heartbeats alone make a sample every two). MAVLink numbers each sender's
frames modulo 256: where the link is too slow for that to have wrapped, a gap has its count. Asked by the recorder, which
keeps Follow with its position.
"""

from uuid import UUID

import msgspec
import numpy as np
from numba import float64, int64
from numpy.typing import NDArray

from core.columns import NULL
from core.compiled import given, kernel
from core.records import Gap, GapReason, Listened
from core.units import US_PER_S
from core.whole import AIRBORNE, AIRCRAFT, ARMED, EPOCH, FRAME, LINK, OPERATOR, SEQ, TIME
from streams.laid import Laid

QUIET_US = 3 * US_PER_S
AWAITED_US = 5 * US_PER_S  # who has not come back by then after a break has no first frame to count to
FORGET_AFTER_US = 24 * 3600 * US_PER_S
_SWEEP_EVERY_US = 3600 * US_PER_S
_PACE_OVER_US = US_PER_S  # a link's pace is measured over this, at least
_WRAP = 256
_MARGIN = 1.5  # a sender may have been faster than we ever heard: some of its frames were lost before too


class Span(msgspec.Struct, array_like=True):
    """One link's present epoch. fastest: frames a second, of all its senders, in the busiest second so far."""

    epoch: int
    up_to_us: int
    mark_us: int = 0
    mark_seq: int = 0
    fastest: float = 0.0
    awaiting: bool = False  # some aircraft has not been heard since the epoch began


_NO_SPAN = Span(0, 0)  # of a link that is named, and has no samples


class Last(msgspec.Struct, array_like=True):
    """The last sample of an aircraft, and the break since then that is still to be told."""

    operator_id: UUID
    link: str
    epoch: int
    event_us: int
    seq: int
    frame_seq: int | None
    alarmed: bool
    away: tuple[int, int] | None = None


class Follow(msgspec.Struct):
    """One partition's links and aircraft, as far as gaps need them. told_us: of each aircraft or link (by _name), up to where
    ingest has told of gaps itself."""

    links: dict[str, Span] = {}
    aircraft: dict[bytes, Last] = {}
    told_us: dict[str, int] = {}
    swept_us: int = 0

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @staticmethod
    def load(data: bytes) -> "Follow":
        return msgspec.msgpack.decode(data, type=Follow)


def heard(follow: Follow, laid: Laid, rows: NDArray[np.intp], live: bool = True) -> list[tuple[int, Gap]]:
    """The gaps that samples end, each with its row. rows: those that are new and on time. Changes follow in place.

    live: not of a file, whose end is told and whose times may be long ago.
    """
    if not len(rows):
        return []
    found: list[tuple[int, Gap]] = []
    spans, done = _Spans(follow, laid, rows), 0
    while done < len(rows):
        until = spans.in_one_epoch(done)
        found += _heard_together(follow, laid, rows[done:until], spans)
        done = until
    spans.keep()
    last_us = int(laid.table[TIME, rows].max())
    if live and last_us - follow.swept_us >= _SWEEP_EVERY_US:
        _sweep(follow, last_us)
    return found


def listened(follow: Follow, body: Listened) -> list[Gap]:
    """The gaps that ingest tells, and those of who did not come back after a break."""
    found = []
    for gap in body.gaps:
        name = _name(gap.link, gap.aircraft_id)
        if gap.to_us > follow.told_us.get(name, -1):  # else the same word, sent again
            follow.told_us[name] = gap.to_us
            found.append(gap)
    for said in body.links:
        span = follow.links.get(said.link)
        if span is not None and (said.epoch, said.up_to_us) < (span.epoch, span.up_to_us):
            continue
        if span is None or said.epoch > span.epoch:
            span = _begin(follow, said.link, said.epoch)
        span.up_to_us = said.up_to_us
        if span.awaiting and (said.closed or said.up_to_us >= span.epoch + AWAITED_US):
            found += _give_up(follow, said.link, span)
        if said.closed:
            del follow.links[said.link]
            follow.aircraft = {key: last for key, last in follow.aircraft.items() if last.link != said.link}
    return found


class _Spans:
    """The spans of some samples' links, in columns by their codes while the samples are gone through."""

    def __init__(self, follow: Follow, laid: Laid, rows: NDArray[np.intp]) -> None:
        self._follow, self._names = follow, laid.links
        self._links, self._epochs = laid.table[LINK, rows], laid.table[EPOCH, rows]
        self._samples = np.stack((self._links, laid.table[TIME, rows], laid.table[SEQ, rows]))
        first = np.full(len(laid.links), -1)
        first[self._links[::-1]] = np.arange(len(rows))[::-1]  # of several for one index numpy keeps the last
        self._spans = [
            follow.links.get(link) or (_NO_SPAN if at < 0 else _begin(follow, link, int(self._epochs[at])))
            for link, at in zip(laid.links, first.tolist(), strict=True)
        ]
        self._begun = np.array([span.epoch for span in self._spans], np.int64)
        self._marks = np.array([(span.mark_us, span.mark_seq) for span in self._spans], np.int64)
        self._fastest = np.array([span.fastest for span in self._spans])
        self._paced = 0

    def in_one_epoch(self, begin: int) -> int:
        """Behind which sample, this one or a later one, a link begins another new epoch. That of this sample has begun."""
        link, epoch = int(self._links[begin]), int(self._epochs[begin])
        if epoch > self._begun[link]:
            self._spans[link] = _begin(self._follow, self._names[link], epoch)
            self._begun[link], self._marks[link] = epoch, 0
        newer = np.flatnonzero(self._epochs[begin:] > self._begun[self._links[begin:]])
        return begin + int(newer[0]) if len(newer) else len(self._links)

    def pace(self, samples: int) -> None:
        """How fast frames come, row by row, of so many more samples."""
        _pace.run(self._samples, self._paced, self._paced + samples, self._marks, self._fastest)
        self._paced += samples

    def fastest(self, link: int) -> float:
        return float(self._fastest[link])

    def keep(self) -> None:
        for span, mark, fastest in zip(self._spans, self._marks.tolist(), self._fastest.tolist(), strict=True):
            (span.mark_us, span.mark_seq), span.fastest = mark, fastest


@kernel(given(int64, 2), int64, int64, int64[:, ::1], float64[::1])
def _pace(samples, begin, end, marks, fastest):  # type: ignore[no-untyped-def]
    for i in range(begin, end):
        link, time_us, seq = samples[0, i], samples[1, i], samples[2, i]
        mark = marks[link]
        if mark[0] == 0:
            mark[0], mark[1] = time_us, seq
        elif time_us - mark[0] >= _PACE_OVER_US:
            fastest[link] = max(fastest[link], (seq - mark[1]) * US_PER_S / (time_us - mark[0]))
            mark[0], mark[1] = time_us, seq


def _heard_together(follow: Follow, laid: Laid, rows: NDArray[np.intp], spans: _Spans) -> list[tuple[int, Gap]]:
    """What row by row would give; but only where there is something to find Python looks at a row."""
    aircraft, times = laid.table[AIRCRAFT, rows], laid.table[TIME, rows]
    order = np.argsort(aircraft, kind="stable")
    who, since_us = aircraft[order], times[order]
    first = np.diff(who, prepend=-1) != 0
    known = [follow.aircraft.get(laid.aircraft[code]) for code in who[first].tolist()]
    before_us = np.concatenate((since_us[:1], since_us[:-1]))
    before_us[first] = [
        time_us if last is None else last.event_us for last, time_us in zip(known, since_us[first].tolist(), strict=True)
    ]
    odd = since_us - before_us > QUIET_US
    odd[first] |= [last is not None and last.away is not None for last in known]
    found: list[tuple[int, Gap]] = []
    paced = 0
    for place in sorted(np.flatnonzero(odd).tolist(), key=order.__getitem__):
        if not first[place]:
            _note(follow, laid, rows[order[place - 1 : place]])
        at = int(order[place])
        spans.pace(at + 1 - paced)
        paced = at + 1
        gap = _ended(follow, laid, int(rows[at]), spans)
        if gap is not None:
            found.append((int(rows[at]), gap))
    spans.pace(len(rows) - paced)
    _note(follow, laid, rows[order[np.append(first[1:], True)]])
    return found


def _ended(follow: Follow, laid: Laid, row: int, spans: _Spans) -> Gap | None:
    """The gap that this sample of an aircraft ends, if it is one."""
    values = laid.table[:, row].tolist()
    key, time_us, seq = laid.aircraft[values[AIRCRAFT]], values[TIME], values[SEQ]
    frame_seq = None if values[FRAME] == NULL else values[FRAME]
    last, fastest = follow.aircraft[key], spans.fastest(values[LINK])
    if last.away is not None:
        return _gap(key, last, *last.away, _missed(fastest, last, time_us, frame_seq, 1), GapReason.NOT_LISTENING)
    if last.alarmed and not _is_told(follow, key, last):
        count = _missed(fastest, last, time_us, frame_seq, seq - last.seq)
        return _gap(key, last, last.event_us, time_us, count, GapReason.NOTHING_CAME)
    return None


def _note(follow: Follow, laid: Laid, rows: NDArray[np.intp]) -> None:
    """These rows are the last that is known of their aircraft."""
    operators = [UUID(bytes=key) for key in laid.operators]
    # As the rules have it: on the ground only who is known to be disarmed, or landed.
    alarmed = (laid.table[ARMED, rows] != 0) & (laid.table[AIRBORNE, rows] != 0)
    columns = [laid.table[column, rows].tolist() for column in (AIRCRAFT, OPERATOR, LINK, EPOCH, TIME, SEQ, FRAME)]
    for code, operator, link, epoch, time_us, seq, frame_seq, up in zip(*columns, alarmed.tolist(), strict=True):
        follow.aircraft[laid.aircraft[code]] = Last(
            operators[operator], laid.links[link], epoch, time_us, seq, None if frame_seq == NULL else frame_seq, up
        )


def _begin(follow: Follow, link: str, epoch: int) -> Span:
    """A new epoch: nobody listened between the last word of the old one and its start."""
    old = follow.links.get(link)
    span = follow.links[link] = Span(epoch, epoch)
    if old is not None:
        span.fastest = old.fastest
        for last in follow.aircraft.values():
            if last.link == link:
                from_us = last.away[0] if last.away is not None else max(last.event_us, old.up_to_us)
                last.away = (from_us, max(from_us, epoch))  # a clock that was set back gives no interval
                span.awaiting = True
    return span


def _give_up(follow: Follow, link: str, span: Span) -> list[Gap]:
    """Tells the break of those who have not come back; who was silent on the ground before it had ended his flight."""
    found = []
    for key, last in follow.aircraft.items():
        if last.link != link or last.away is None:
            continue
        if last.alarmed or last.away[0] - last.event_us < AWAITED_US:
            found.append(_gap(key, last, *last.away, None, GapReason.NOT_LISTENING))
        last.epoch, last.event_us, last.frame_seq, last.away = span.epoch, last.away[1], None, None
    span.awaiting = False
    return found


def _missed(fastest: float, last: Last, time_us: int, frame_seq: int | None, heard: int) -> int | None:
    """How many frames of this sender, at least, are missing since its last sample; heard: how many its link has had since;
    fastest: of its link, as Span has it."""
    if frame_seq is None or last.frame_seq is None or not fastest:
        return None
    if (time_us - last.event_us) * fastest * _MARGIN >= _WRAP * US_PER_S:
        return None
    missing = (frame_seq - last.frame_seq) % _WRAP - heard
    return missing if missing >= 0 else None


def _gap(key: bytes, last: Last, from_us: int, to_us: int, count: int | None, reason: GapReason) -> Gap:
    return Gap(last.operator_id, last.link, UUID(bytes=key), from_us, to_us, count, reason)


def _name(link: str, aircraft_id: UUID | None) -> str:
    return link if aircraft_id is None else str(aircraft_id)


def _is_told(follow: Follow, key: bytes, last: Last) -> bool:
    """Whether ingest has told why nothing came of an aircraft since its last sample."""
    names = (str(UUID(bytes=key)), last.link, last.link.split("/")[0])
    return any(follow.told_us.get(name, -1) >= last.event_us for name in names)


def _sweep(follow: Follow, time_us: int) -> None:
    limit_us = time_us - FORGET_AFTER_US
    follow.aircraft = {key: last for key, last in follow.aircraft.items() if last.event_us >= limit_us}
    held = {last.link for last in follow.aircraft.values()}
    follow.links = {name: span for name, span in follow.links.items() if name in held}
    follow.told_us = {name: to_us for name, to_us in follow.told_us.items() if to_us >= limit_us}
    follow.swept_us = time_us
