"""Conversions between what wires carry and what we reckon in: metres, metres a second, degrees, seconds, UTC."""

from datetime import UTC, datetime, timedelta

FOOT_M = 0.3048  # international foot, exact
NAUTICAL_MILE_M = 1852.0  # exact
US_PER_S = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_10000_US = 253_402_300_800_000_000  # the first moment that a calendar of four digits cannot write


def utc(time_us: int) -> datetime:
    """Microseconds since 1970 as an aware time, without passing through a float."""
    return EPOCH + timedelta(microseconds=time_us)


def to_us(time: datetime) -> int:
    """An aware time as microseconds since 1970; a naive one raises ValueError."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return (time - EPOCH) // timedelta(microseconds=1)
