"""Times as JSON has them: ISO 8601 with its zone, in and out, to the microsecond."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from core.units import US_PER_S, to_us, utc

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|z|[+-]\d{2}:?\d{2})?")
_EARLIEST_US, _LATEST_US = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (1900, 2200))


def iso(time_us: int | None) -> str | None:
    """2015-07-05T00:26:43.000000Z"""
    if time_us is None:
        return None
    second, rest_us = divmod(time_us, US_PER_S)
    return f"{_second(second)}.{rest_us:06d}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    return utc(second * US_PER_S).strftime("%Y-%m-%dT%H:%M:%S")


def read_time(value: object) -> int:
    """An ISO 8601 time with its zone as microseconds since 1970. Raises ValueError that says what is missing."""
    if not isinstance(value, str) or not (match := _TIME.fullmatch(value)):
        raise ValueError("an ISO 8601 time such as 2026-07-01T03:00:00Z is expected")
    if match[3] is None:
        raise ValueError("a time without a zone: end it with Z or an offset such as +10:00")
    try:
        time_us = to_us(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None
    if not _EARLIEST_US <= time_us < _LATEST_US:
        raise ValueError("a time from 1900 to 2200 is expected")
    return time_us
