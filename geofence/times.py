"""When in the week something holds, in the words of those who publish it: clock times in a time zone, or the sun's.

Asked on event time only. A span begins on a local day; a clock time that comes twice (summer time ends) begins a span the
first time and ends it the second, one that is skipped is reckoned by the offset before.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.units import US_PER_S, to_us, utc
from geofence.sun import SunEvent, event_us

_DAY_US = 86_400 * US_PER_S
_MINUTE_US = 60 * US_PER_S
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_SUN = re.compile(r"(BMCT|SR|SS|EECT)([+-]\d{1,3})?")
_LONGEST_OFFSET_MIN = 720


class Span(msgspec.Struct, frozen=True):
    """From start to end on some days. days: 0 Monday to 6 Sunday, of the local day on which it begins; empty: every day.

    start and end: "HH:MM" on the local clock ("24:00" may end), or an event of the sun at the zone, with minutes if need be:
    BMCT (begin of morning civil twilight), SR (sunrise), SS (sunset), EECT (end of evening civil twilight), such as "SS-30".
    An end that is not after its start is on the next day. (ED-318 has these names.)
    """

    start: str
    end: str
    days: tuple[int, ...] = ()


class Timetable(msgspec.Struct, frozen=True):
    """Holds in any of its spans. timezone: an IANA name; clock times follow its daylight saving."""

    timezone: str
    spans: tuple[Span, ...]


def problems(timetable: Timetable) -> list[tuple[str, str]]:
    """Everything that is wrong with a timetable, as (field, detail): ("spans[0].start", "..."). Empty: it may be used."""
    found: list[tuple[str, str]] = []
    if timetable.timezone not in _zone_names():
        found.append(("timezone", f"{timetable.timezone!r} is no time zone: an IANA name such as Australia/Sydney is expected"))
    if not timetable.spans:
        found.append(("spans", "at least one span is expected"))
    for number, span in enumerate(timetable.spans):
        where = f"spans[{number}]"
        for field, word in (("start", span.start), ("end", span.end)):
            if problem := _problem(word, ends=field == "end"):
                found.append((f"{where}.{field}", problem))
        for place, day in enumerate(span.days):
            if isinstance(day, bool) or day not in range(7):
                found.append((f"{where}.days[{place}]", f"{day} is no day: 0 (Monday) to 6 (Sunday) are"))
        if len(set(span.days)) < len(span.days):
            found.append((f"{where}.days", "a day stands there twice"))
    return found


def active(timetable: Timetable, lon_deg: float, lat_deg: float, time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a timetable holds at a place, at times (n,) in any order: (n,).

    What was worked out for a place and a UTC day is kept, so times within one day cost a look at a short list. Raises
    ValueError for a timetable that has problems().
    """
    if not len(time_us):
        return np.zeros(0, np.bool_)
    day = time_us // _DAY_US
    first, last = int(day.min()), int(day.max())
    if first == last:
        return _within(_intervals(timetable, lon_deg, lat_deg, first), time_us)
    held = np.empty(len(time_us), np.bool_)
    for one in np.unique(day):
        rows = day == one
        held[rows] = _within(_intervals(timetable, lon_deg, lat_deg, int(one)), time_us[rows])
    return held


class _Intervals(NamedTuple):
    """Disjoint, in order: start_us <= t < end_us, each (m,)."""

    start_us: NDArray[np.int64]
    end_us: NDArray[np.int64]


def _within(intervals: _Intervals, time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.searchsorted(intervals.start_us, time_us, "right") > np.searchsorted(
        intervals.end_us, time_us, "right"
    )
    return inside


@lru_cache(maxsize=16_384)
def _intervals(timetable: Timetable, lon_deg: float, lat_deg: float, utc_day: int) -> _Intervals:
    """When it holds on a day of UTC (days since 1970), and around it.

    A span that touches the day is one of three local days before it to two after: clocks are up to 14 hours from UTC, a span
    ends on the next day at the latest, and the sun's events are within half a day of noon and shifted by another half.
    """
    middle = utc(utc_day * _DAY_US).date()
    merged: list[tuple[int, int]] = []
    days = [middle + timedelta(days=near) for near in range(-3, 3)]
    spans = (_on(span, day, timetable.timezone, lon_deg, lat_deg) for day in days for span in timetable.spans)
    for start, end in sorted(span for span in spans if span is not None and span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    table = np.array(merged, np.int64).reshape(-1, 2)
    return _Intervals(table[:, 0].copy(), table[:, 1].copy())


class _Moment(NamedTuple):
    """A clock time (event None: minutes since midnight) or minutes after an event of the sun."""

    event: SunEvent | None
    minutes: int

    @staticmethod
    def of(word: str) -> "_Moment":
        if _CLOCK.fullmatch(word):
            return _Moment(None, int(word[:2]) * 60 + int(word[3:]))
        if match := _SUN.fullmatch(word):
            return _Moment(SunEvent(match[1]), int(match[2] or 0))
        raise ValueError(f"{word!r} is no time of a timetable")

    def on(self, day: date, zone: tzinfo, lon_deg: float, lat_deg: float) -> tuple[int, int]:
        """Microseconds since 1970 on a local day, the first and the last time that it comes."""
        if self.event is not None:
            time_us = event_us(self.event, lon_deg, lat_deg, day, zone) + self.minutes * _MINUTE_US
            return time_us, time_us
        local = datetime(day.year, day.month, day.day) + timedelta(minutes=self.minutes)
        first, second = (to_us(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
        return first, max(first, second)

    def order(self) -> tuple[int, int]:
        return 0 if self.event is None else list(SunEvent).index(self.event), self.minutes


@lru_cache(maxsize=16_384)
def _on(span: Span, day: date, timezone: str, lon_deg: float, lat_deg: float) -> tuple[int, int] | None:
    """From and to, when the span begins on this local day; None when it does not. Without length in polar night or day."""
    if span.days and day.weekday() not in span.days:
        return None
    zone, start, end = _zone(timezone), _Moment.of(span.start), _Moment.of(span.end)
    start_us, _ = start.on(day, zone, lon_deg, lat_deg)
    _, end_us = end.on(day, zone, lon_deg, lat_deg)
    # Two clock times, or two events, have an order of their own, whatever a change of clocks or a polar night makes of it.
    alike = (start.event is None) == (end.event is None)
    if end.order() <= start.order() if alike else end_us <= start_us:
        _, end_us = end.on(day + timedelta(days=1), zone, lon_deg, lat_deg)
    return start_us, end_us


def _problem(word: object, ends: bool) -> str | None:
    if isinstance(word, str) and _CLOCK.fullmatch(word):
        return None if ends or word != "24:00" else "24:00 ends a day: one begins at 00:00"
    if not isinstance(word, str) or not (match := _SUN.fullmatch(word)):
        return f'{word!r} is no time: "HH:MM" or BMCT, SR, SS, EECT with minutes such as "SS-30" are'
    if abs(int(match[2] or 0)) > _LONGEST_OFFSET_MIN:
        return f"{word!r} is more than {_LONGEST_OFFSET_MIN} minutes from the sun's event"
    return None


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text("ascii").split())


@cache
def _zone(name: str) -> ZoneInfo:
    """From the locked package, not from the machine: the same answer everywhere, live and again."""
    if name not in _zone_names():
        raise ValueError(f"{name!r} is no time zone")
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
