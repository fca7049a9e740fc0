"""When published airspace is active, from the words of those who publish it: H24, NOTAM, SEE AIP, or OpenAir 2's intervals.

Only what surely says "always", or gives an interval, is taken so; words about time that nobody here can read make it unknown.
Where nothing is said of hours it is always active: a zone is published to be kept out of, and nobody said otherwise.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from core.units import to_us
from geofence.zone import Activation

_DAY = r"(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*"
_H24 = re.compile(r"\bH ?24\b")
_BY_NOTAM = re.compile(r"\bNOTAM\b")
_ELSEWHERE = re.compile(
    rf"\bSEE (?:AIP|ERSA|DAH|NOTAMS)\b|\bERSA\b|\bHRS\b|\bHOURS\b|\bH[JNOX]\b|\bSR ?- ?SS\b|\bSUNRISE (?:-|TO) SUNSET\b"
    rf"|\b{_DAY} ?(?:-|TO|/) ?{_DAY}\b|\b\d{{4}} ?(?:-|TO) ?\d{{4}}\b|\bACTIV(?:E|ATED|ATION)\b(?!:? ?H ?24)"
)
_BRACKETS = re.compile(r"\s*\[(?:H24|NOTAM|SEE AIP)\]")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}):?(\d{2})(?::?(\d{2}))?Z")


class Hours(NamedTuple):
    """valid: from and up to, microseconds, None open. remark: for people; None where silence was taken as always."""

    activation: Activation
    remark: str | None
    valid: tuple[int | None, int | None] = (None, None)
    odd: bool = False


def from_words(name: str, comments: Sequence[str], floor: str, ceiling: str) -> Hours:
    """From what is written beside an outline. A limit by NOTAM counts only where the rest is silent."""
    said, limits = " ".join((name, *comments)).upper(), f"{floor} {ceiling}".upper()
    if _BY_NOTAM.search(said) or (_BY_NOTAM.search(limits) and not _H24.search(said)):
        return Hours(Activation.UNKNOWN, "active by NOTAM: not known here")
    if elsewhere := _ELSEWHERE.search(said):
        return Hours(Activation.UNKNOWN, f"when it is active is published elsewhere ({elsewhere[0]}): not known here")
    return Hours(Activation.ALWAYS, "active at all hours (H24)" if _H24.search(said) else None)


def from_intervals(times: Sequence[str]) -> Hours:
    """From OpenAir's AA records: START/END in UTC, NONE for an end that is not known, NONE alone for "by NOTAM"."""
    if [text.upper() for text in times] == ["NONE"]:
        return Hours(Activation.UNKNOWN, "active when a NOTAM says so: not known here")
    try:
        spans = [_span(text.upper()) for text in times]
    except ValueError:
        return Hours(
            Activation.UNKNOWN, f"its times {', '.join(times)[:60]!r} cannot be read: active or not is not known", odd=True
        )
    starts, ends = [start for start, _ in spans if start is not None], [end for _, end in spans if end is not None]
    whole = min(starts) if len(starts) == len(spans) else None, max(ends) if len(ends) == len(spans) else None
    if len(spans) == 1:
        return Hours(Activation.ALWAYS, "active in the time published", whole)
    remark = f"active in {len(spans)} stretches between its first and last time, which are not kept apart here: not known"
    return Hours(Activation.UNKNOWN, remark, whole, odd=True)


def without_brackets(name: str) -> str:
    """A name without its words about hours in brackets: they change while the zone stays the same."""
    return _BRACKETS.sub("", name)


def _span(text: str) -> tuple[int | None, int | None]:
    start, slash, end = text.partition("/")
    begins, ends = _moment(start), _moment(end)
    if not slash or (begins is not None and ends is not None and begins >= ends):
        raise ValueError(text)
    return begins, ends


def _moment(text: str) -> int | None:
    """Microseconds since 1970; None for NONE. "24:00" is the end of its day."""
    if text.strip() == "NONE":
        return None
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    if hours > 24 or minutes > 59 or seconds > 59:
        raise ValueError(text)
    day = datetime.fromisoformat(f"{match[1]}T00:00:00+00:00")
    return to_us(day + timedelta(hours=hours, minutes=minutes, seconds=seconds))
