"""When a geographical zone applies, as ED-269 and ED-318 write it: from-to, and within that days of the week with clock times
or events of the sun. Times without a zone are UTC, as both formats have it."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from geofence.formats.document import items
from geofence.moments import read_time
from geofence.times import Span, Timetable
from geofence.zone import Activation

EVENTS = ("BMCT", "SR", "SS", "EECT")
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY_MIN = 24 * 60
_ALL_THE_TIME = Span("00:00", "24:00")
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII)
_YEAR = re.compile(r"(\d{4})-", re.ASCII)


class Period(NamedTuple):
    """from_us <= t < to_us, and then in any of the spans (none: all the time). unreadable: why nobody knows, or nothing."""

    from_us: int | None = None
    to_us: int | None = None
    spans: tuple[Span, ...] = ()
    unreadable: str = ""

    def within(self, from_us: int | None, to_us: int | None) -> "Period | None":
        """What is left of it between two times; None if nothing is."""
        begins = max((time for time in (self.from_us, from_us) if time is not None), default=None)
        ends = min((time for time in (self.to_us, to_us) if time is not None), default=None)
        if begins is not None and ends is not None and begins >= ends:
            return None
        return self._replace(from_us=begins, to_us=ends)

    def facts(self) -> dict[str, Any]:
        """As ZoneVersion has them."""
        activation = Activation.TIMETABLE if self.spans else Activation.ALWAYS
        return {
            "valid_from_us": self.from_us,
            "valid_to_us": self.to_us,
            "activation": Activation.UNKNOWN if self.unreadable else activation,
            "timetable": Timetable("UTC", self.spans) if self.spans and not self.unreadable else None,
        }


def read_periods(given: object, doubts: list[str]) -> list[Period]:
    """All that are given, those of the same from-to as one; only one, which is always, if none is given or one is always."""
    if given is None or given == []:
        return [Period()]
    if not isinstance(given, list):
        return [Period(unreadable="its applicability is no list")]
    periods: dict[tuple[int | None, int | None, str], Period] = {}
    for entry in given:
        period = _period(entry, doubts)
        if period == Period():
            return [period]
        key = (period.from_us, period.to_us, period.unreadable)
        held = periods.get(key)
        if held is not None:
            period = period._replace(spans=held.spans + period.spans if held.spans and period.spans else ())
        periods[key] = period
    return list(periods.values())


def _period(entry: object, doubts: list[str]) -> Period:
    if not isinstance(entry, Mapping):
        return Period(unreadable="an applicability is no object")
    permanent = str(entry.get("permanent")).upper()
    begins, ends, schedule = entry.get("startDateTime"), entry.get("endDateTime"), entry.get("schedule")
    if permanent == "YES" and (begins or ends):
        doubts.append("it is called permanent and has a beginning or an end as well: taken as permanent")
        begins = ends = None
    if permanent == "NO" and not (begins or ends or schedule):
        return Period(unreadable="it is not permanent, and says no times")
    bounds = between({"startDateTime": begins, "endDateTime": ends}, doubts)
    wrong = [bounds.unreadable] if bounds.unreadable else []
    spans: list[Span] = []
    if schedule is not None and not isinstance(schedule, list):
        wrong.append("its schedule is no list")
    for daily in items(schedule):
        try:
            spans.append(_span(daily, doubts))
        except ValueError as error:
            wrong.append(str(error))
    if wrong or _ALL_THE_TIME in spans:
        spans = []
    return bounds._replace(spans=tuple(spans), unreadable="; ".join(wrong))


def between(named: Mapping[str, object], doubts: list[str]) -> Period:
    """From the first to the second of two times, each by the name that it has in the file."""
    wrong: list[str] = []
    from_us, to_us = (_moment(name, value, doubts, wrong) for name, value in named.items())
    if from_us is not None and to_us is not None and from_us >= to_us:
        return Period(unreadable="its end is not after its beginning")
    return Period(from_us, to_us, unreadable="; ".join(wrong))


def _moment(name: str, value: object, doubts: list[str], wrong: list[str]) -> int | None:
    """Years beyond all plans (9999, 0001) are an open end."""
    if value is None:
        return None
    year = _YEAR.match(value) if isinstance(value, str) else None
    if year and not 1900 <= int(year[1]) < 2200:
        return None
    for zone in ("", "Z"):
        try:
            time_us = read_time(f"{value}{zone}" if isinstance(value, str) else value)
        except ValueError as error:
            problem = str(error)
            if "without a zone" not in problem:
                break
        else:
            if zone:
                doubts.append(f"{name} has no time zone: taken as UTC")
            return time_us
    wrong.append(f"{name}: {problem}")
    return None


def _span(daily: object, doubts: list[str]) -> Span:
    """Raises ValueError that says what is wrong."""
    if not isinstance(daily, Mapping):
        raise ValueError("a part of its schedule is no object")
    days = _days(daily.get("day"), doubts)
    start, end = daily.get("startEvent") or daily.get("startTime"), daily.get("endEvent") or daily.get("endTime")
    if (start is None) is not (end is None):
        doubts.append("a day of its schedule has a beginning or an end only: the other is midnight")
    begins, shift = _clock(start, "00:00", doubts, up=False)
    ends, _ = _clock(end, "24:00", doubts, up=True)
    return Span(begins, ends, tuple(sorted((day + shift) % 7 for day in days)))


def _days(given: object, doubts: list[str]) -> tuple[int, ...]:
    words = [given] if isinstance(given, str) else given
    if words is None or words == []:
        doubts.append("a part of its schedule names no days: taken as every day")
        return ()
    if not isinstance(words, list):
        raise ValueError("the days of its schedule are no list")
    days = set()
    for word in words:
        name = word.strip().upper() if isinstance(word, str) else ""
        if name == "ANY":
            return ()
        if name[:3] not in DAYS:
            raise ValueError(f"{ascii(word)[:40]} is no day of the week")
        days.add(DAYS.index(name[:3]))
    return tuple(days) if len(days) < 7 else ()


def _clock(value: object, missing: str, doubts: list[str], *, up: bool) -> tuple[str, int]:
    """A time of day in UTC or an event of the sun, and by how many days its day moves with its offset. Seconds are rounded
    outward (up: to the next minute)."""
    if value is None:
        return missing, 0
    word = value.strip().upper() if isinstance(value, str) else ""
    if word in EVENTS:
        return word, 0
    clock = _CLOCK.fullmatch(word)
    if not clock or int(clock[2]) > 59 or int(clock[1]) * 60 + int(clock[2]) > _DAY_MIN:
        raise ValueError(f"{ascii(value)[:40]} is no time of day")
    minutes = int(clock[1]) * 60 + int(clock[2])
    if int(clock[3] or 0):
        minutes += up
        doubts.append("its schedule has seconds: rounded to minutes, so that it holds a little longer")
    if clock[4]:
        offset = int(clock[5]) * 60 + int(clock[6])
        minutes -= offset if clock[4] == "+" else -offset
    shift, minutes = divmod(minutes, _DAY_MIN)
    if minutes == 0 and up:
        return "24:00", shift - 1
    return f"{minutes // 60:02d}:{minutes % 60:02d}", shift
