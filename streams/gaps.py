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
from numpy.typing import NDArray

from core.block import Block
from core.records import Gap, GapReason, Listened
from core.units import US_PER_S

QUIET_US = 3 * US_PER_S
AWAITED_US = 5 * US_PER_S  # who has not come back by then after a break has no first frame to count to
FORGET_AFTER_US = 24 * 3600 * US_PER_S
_SWEEP_EVERY_US = 3600 * US_PER_S
_PACE_OVER_US = US_PER_S
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


def heard(follow: Follow, block: Block, judged: NDArray[np.bool_], live: bool = True) -> list[Gap]:
    """The gaps that these samples end. judged: (n,) bool, the rows that are new and on time. Changes follow in place.

    live: not of a file, whose end is told and whose times may be long ago.
    """
    rows = np.flatnonzero(judged)
    if not len(rows):
        return []
    times, epochs, seqs = (block.values(name)[rows] for name in ("event_time_us", "epoch", "seq"))
    links, aircraft = block.codes("link")[rows], block.codes("aircraft_id")[rows]
    if _is_one_epoch(follow, block, links, epochs):
        found = _heard_together(follow, block, rows, times, seqs, links, aircraft)
    else:
        found = [gap for row in rows.tolist() if (gap := _heard_one(follow, block, row)) is not None]
    last_us = int(times.max())
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


def _is_one_epoch(follow: Follow, block: Block, links: NDArray[np.int16], epochs: NDArray[np.int64]) -> bool:
    """Whether each link is in the epoch that is known of it, or new and in one epoch throughout."""
    spans = [follow.links.get(link) for link in block.dictionary("link")]
    expected = epochs[_last_of_each(links, len(spans))]
    for code, span in enumerate(spans):
        if span is not None:
            expected[code] = span.epoch
    return bool((epochs == expected[links]).all())


def _last_of_each(codes: NDArray[np.int16], words: int) -> NDArray[np.intp]:
    """The last place of each code, (words,); -1 where there is none."""
    last = np.full(words, -1, np.intp)
    last[codes] = np.arange(len(codes))  # of several for one index numpy keeps the last
    return last


def _heard_together(
    follow: Follow,
    block: Block,
    rows: NDArray[np.intp],
    times: NDArray[np.int64],
    seqs: NDArray[np.int64],
    links: NDArray[np.int16],
    aircraft: NDArray[np.int16],
) -> list[Gap]:
    """The same as row by row, but only where there is something to find."""
    names = block.dictionary("aircraft_id")
    ends = _last_of_each(aircraft, len(names))
    there = np.flatnonzero(ends >= 0)
    known = [follow.aircraft.get(names[code]) for code in there.tolist()]
    order = np.argsort(aircraft, kind="stable")
    who, since_us = aircraft[order], times[order]
    first = np.diff(who, prepend=-1) != 0
    before_us = np.concatenate((since_us[:1], since_us[:-1]))
    before_us[first] = [
        time if last is None else last.event_us for last, time in zip(known, since_us[first].tolist(), strict=True)
    ]
    odd = set(who[since_us - before_us > QUIET_US].tolist())
    if any(span.awaiting for span in follow.links.values()):
        odd |= {code for code, last in zip(there.tolist(), known, strict=True) if last is not None and last.away is not None}
    found: list[Gap] = []
    for code in sorted(odd):
        own = rows[aircraft == code].tolist()
        found += [gap for row in own if (gap := _heard_one(follow, block, row)) is not None]
    _note(follow, block, rows[ends[[code for code in there.tolist() if code not in odd]]])
    epochs = block.values("epoch")[rows]
    for link, at in zip(block.dictionary("link"), _last_of_each(links, len(block.dictionary("link"))).tolist(), strict=True):
        if at >= 0:
            _pace(follow, link, int(epochs[at]), int(times[at]), int(seqs[at]))
    return found


def _heard_one(follow: Follow, block: Block, row: int) -> Gap | None:
    link, key = block.value("link", row), block.value("aircraft_id", row)
    epoch, time_us, seq = (int(block.values(name)[row]) for name in ("epoch", "event_time_us", "seq"))
    span = _pace(follow, link, epoch, time_us, seq)
    last = follow.aircraft.get(key)
    gap = None
    if last is not None and last.away is not None:
        count = _missed(span, last, time_us, block.value("frame_seq", row), 1)
        gap = _gap(key, last, *last.away, count, GapReason.NOT_LISTENING)
    elif last is not None and time_us - last.event_us > QUIET_US and last.alarmed and not _is_told(follow, key, last):
        count = _missed(span, last, time_us, block.value("frame_seq", row), seq - last.seq)
        gap = _gap(key, last, last.event_us, time_us, count, GapReason.NOTHING_CAME)
    _note(follow, block, np.array([row]))
    return gap


def _note(follow: Follow, block: Block, rows: NDArray[np.intp]) -> None:
    """These rows are the last that is known of their aircraft."""
    keys, links = block.dictionary("aircraft_id"), block.dictionary("link")
    operators = [UUID(bytes=key) for key in block.dictionary("operator_id")]
    # As the rules have it: on the ground only who is known to be disarmed, or landed.
    down = [block.valid(name)[rows] & ~block.values(name)[rows] for name in ("armed", "airborne")]
    columns = (
        *(block.codes(name)[rows].tolist() for name in ("aircraft_id", "operator_id", "link")),
        *(block.values(name)[rows].tolist() for name in ("epoch", "event_time_us", "seq", "frame_seq")),
        block.valid("frame_seq")[rows].tolist(),
        (~(down[0] | down[1])).tolist(),
    )
    for key, operator, link, epoch, time_us, seq, frame_seq, numbered, alarmed in zip(*columns, strict=True):
        follow.aircraft[keys[key]] = Last(
            operators[operator], links[link], epoch, time_us, seq, frame_seq if numbered else None, alarmed
        )


def _pace(follow: Follow, link: str, epoch: int, time_us: int, seq: int) -> Span:
    """The link's span, its epoch begun when it is new, and how fast its frames come."""
    span = follow.links.get(link)
    if span is None or epoch > span.epoch:
        span = _begin(follow, link, epoch)
    if not span.mark_us:
        span.mark_us, span.mark_seq = time_us, seq
    elif time_us - span.mark_us >= _PACE_OVER_US:
        span.fastest = max(span.fastest, (seq - span.mark_seq) * US_PER_S / (time_us - span.mark_us))
        span.mark_us, span.mark_seq = time_us, seq
    return span


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


def _missed(span: Span, last: Last, time_us: int, frame_seq: int | None, heard: int) -> int | None:
    """How many frames of this sender, at least, are missing since its last sample; heard: how many its link has had since."""
    if frame_seq is None or last.frame_seq is None or not span.fastest:
        return None
    if (time_us - last.event_us) * span.fastest * _MARGIN >= _WRAP * US_PER_S:
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
