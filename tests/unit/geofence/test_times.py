"""Timetables: every case says on which clock, and what holds just before and at its edges."""

from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from core.units import US_PER_S, to_us, utc
from geofence.sun import elevation_deg
from geofence.times import Span, Timetable, active, problems

SYDNEY, CANBERRA, LONGYEARBYEN = "Australia/Sydney", (149.19, -35.31), (15.63, 78.22)
WEEKDAYS, MONDAY, SUNDAY = (0, 1, 2, 3, 4), (0,), (6,)


def holds(timetable: Timetable, *times: str, place: tuple[float, float] = CANBERRA) -> str:
    """One letter a time: + it holds, . it does not."""
    found = active(timetable, *place, np.array([to_us(datetime.fromisoformat(time)) for time in times]))
    return "".join("+" if one else "." for one in found)


def table(*spans: Span, timezone: str = SYDNEY) -> Timetable:
    return Timetable(timezone, spans)


CASES: list[tuple[str, Timetable, list[str], str]] = [
    (
        "from its start until before its end",
        table(Span("06:00", "21:00")),
        ["2026-07-01T05:59:59+10:00", "2026-07-01T06:00+10:00", "2026-07-01T20:59:59+10:00", "2026-07-01T21:00+10:00"],
        ".++.",
    ),
    (
        "in summer the same clock times are an hour earlier",
        table(Span("06:00", "21:00")),
        ["2026-01-14T18:59:59Z", "2026-01-14T19:00Z", "2026-07-14T19:00Z", "2026-07-14T20:00Z"],
        ".+.+",
    ),
    (
        "on its days only",  # 2026-07-03 is a Friday
        table(Span("06:00", "21:00", WEEKDAYS)),
        ["2026-07-03T12:00+10:00", "2026-07-04T12:00+10:00", "2026-07-05T12:00+10:00", "2026-07-06T12:00+10:00"],
        "+..+",
    ),
    (
        "a local Monday, not one of UTC",
        table(Span("00:00", "24:00", MONDAY)),
        ["2026-07-05T13:59:59Z", "2026-07-05T14:00Z", "2026-07-06T13:59:59Z", "2026-07-06T14:00Z"],
        ".++.",
    ),
    (
        "over midnight it belongs to the day on which it begins",
        table(Span("22:00", "06:00", SUNDAY)),
        [
            "2026-07-05T05:00+10:00",
            "2026-07-05T22:00+10:00",
            "2026-07-06T05:59+10:00",
            "2026-07-06T06:00+10:00",
            "2026-07-06T23:00+10:00",
        ],
        ".++..",
    ),
    (
        "an end equal to its start is a whole day later",
        table(Span("06:00", "06:00", SUNDAY)),
        ["2026-07-05T05:59+10:00", "2026-07-05T06:00+10:00", "2026-07-06T05:59+10:00", "2026-07-06T06:00+10:00"],
        ".++.",
    ),
    (
        "24:00 joins the next day without a gap",
        table(Span("20:00", "24:00"), Span("00:00", "04:00")),
        ["2026-07-05T19:59+10:00", "2026-07-05T23:59:59.999999+10:00", "2026-07-06T00:00+10:00", "2026-07-06T04:00+10:00"],
        ".++.",
    ),
    (
        "spans that overlap are one",
        table(Span("06:00", "12:00"), Span("08:00", "09:00"), Span("11:00", "14:00")),
        ["2026-07-05T10:00+10:00", "2026-07-05T13:00+10:00", "2026-07-05T14:00+10:00"],
        "++.",
    ),
    (
        "a time that the beginning of summer skips is reckoned by the offset before",  # 2026-10-04 02:00 becomes 03:00
        table(Span("02:30", "05:00", SUNDAY)),
        ["2026-10-03T16:29:59Z", "2026-10-03T16:30Z", "2026-10-03T17:59:59Z", "2026-10-03T18:00Z"],
        ".++.",
    ),
    (
        "a time that comes twice begins a span the first time",  # 2026-04-05 03:00 becomes 02:00
        table(Span("02:30", "04:00", SUNDAY)),
        ["2026-04-04T15:29:59Z", "2026-04-04T15:30Z", "2026-04-04T16:30Z", "2026-04-04T18:00Z"],
        ".++.",
    ),
    (
        "and ends one the second time",
        table(Span("01:00", "02:30", SUNDAY)),
        ["2026-04-04T14:00Z", "2026-04-04T15:45Z", "2026-04-04T16:29:59Z", "2026-04-04T16:30Z"],
        "+++.",
    ),
    (
        "a day on which clocks change has 25 hours",
        table(Span("00:00", "24:00", SUNDAY)),
        ["2026-04-04T12:59:59Z", "2026-04-04T13:00Z", "2026-04-05T13:59:59Z", "2026-04-05T14:00Z"],
        ".++.",
    ),
    (
        "fourteen hours ahead of UTC",
        table(Span("08:00", "09:00", MONDAY), timezone="Pacific/Kiritimati"),
        ["2026-07-05T17:59:59Z", "2026-07-05T18:00Z", "2026-07-05T19:00Z"],
        ".+.",
    ),
    (
        "sunrise to sunset (Canberra, 1 July: 07:13 and 17:02)",
        table(Span("SR", "SS")),
        ["2026-07-01T07:10+10:00", "2026-07-01T07:15+10:00", "2026-07-01T17:00+10:00", "2026-07-01T17:05+10:00"],
        ".++.",
    ),
    (
        "minutes from an event",
        table(Span("SR-30", "SS+30")),
        ["2026-07-01T06:40+10:00", "2026-07-01T06:45+10:00", "2026-07-01T17:30+10:00", "2026-07-01T17:35+10:00"],
        ".++.",
    ),
    (
        "civil twilight in the morning until a clock time",
        table(Span("BMCT", "12:00")),
        ["2026-07-01T06:42+10:00", "2026-07-01T06:48+10:00", "2026-07-01T12:00+10:00"],
        ".+.",
    ),
    (
        "by night",
        table(Span("EECT", "BMCT")),
        ["2026-07-01T17:25+10:00", "2026-07-01T17:33+10:00", "2026-07-02T06:42+10:00", "2026-07-02T06:48+10:00"],
        ".++.",
    ),
    (
        "from a sun's event to an earlier one of the same kind is until the next day",
        table(Span("SS", "SS-30", SUNDAY)),
        ["2026-07-05T17:00+10:00", "2026-07-05T17:08+10:00", "2026-07-06T16:30+10:00", "2026-07-06T16:40+10:00"],
        ".++.",
    ),
]


@pytest.mark.parametrize(("timetable", "times", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_it_holds(timetable: Timetable, times: list[str], expected: str) -> None:
    assert holds(timetable, *times) == expected


@pytest.mark.parametrize(
    ("span", "day", "expected"),
    [
        (Span("SR", "SS"), "2026-06-21", "++++"),  # midnight sun: the sun is up
        (Span("SS", "SR"), "2026-06-21", "...."),
        (Span("EECT", "BMCT"), "2026-06-21", "...."),
        (Span("SR", "SS"), "2026-12-21", "...."),  # polar night: the sun is down
        (Span("BMCT", "EECT"), "2026-12-21", "...."),
        (Span("SS", "SR"), "2026-12-21", "++++"),
    ],
)
def test_where_the_sun_stays_up_or_down_day_and_night_are_what_they_say(span: Span, day: str, expected: str) -> None:
    timetable = Timetable("Arctic/Longyearbyen", (span,))
    assert holds(timetable, *(f"{day}T{hour}:30Z" for hour in ("00", "09", "11", "22")), place=LONGYEARBYEN) == expected


SPANS = st.builds(
    lambda start, end, days: Span(f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}", tuple(sorted(days))),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.sets(st.integers(0, 6)),
)


def on_the_clock(spans: list[Span], local: datetime) -> bool:
    """Plainly, on the wall clock of a zone without daylight saving."""

    def minutes(word: str) -> int:
        return int(word[:2]) * 60 + int(word[3:])

    for span in spans:
        for back in (0, 1):
            day = (local - timedelta(days=back)).weekday()
            now = local.hour * 60 + local.minute + 1440 * back
            start, end = minutes(span.start), minutes(span.end)
            end += 1440 if end <= start else 0
            if (not span.days or day in span.days) and start <= now < end:
                return True
    return False


@given(
    st.lists(SPANS, min_size=1, max_size=4),
    st.sampled_from(["Australia/Brisbane", "Asia/Kathmandu", "Pacific/Pago_Pago", "Pacific/Kiritimati"]),
    st.lists(st.integers(to_us(datetime(2020, 1, 1, tzinfo=UTC)), to_us(datetime(2020, 2, 1, tzinfo=UTC))), max_size=20),
)
def test_a_block_over_many_days_is_what_a_clock_on_the_wall_says(spans: list[Span], name: str, times: list[int]) -> None:
    found = active(Timetable(name, tuple(spans)), *CANBERRA, np.array(times, np.int64))
    assert found.tolist() == [on_the_clock(spans, utc(time).astimezone(ZoneInfo(name))) for time in times]


@given(
    st.floats(-180.0, 180.0),
    st.floats(-55.0, 55.0),
    st.sampled_from([SYDNEY, "UTC", "America/New_York"]),
    st.integers(to_us(datetime(2020, 1, 1, tzinfo=UTC)), to_us(datetime(2030, 1, 1, tzinfo=UTC))),
)
@example(85.75, -1.0, SYDNEY, 1_602_334_800_000_000)  # sunrise eight seconds before midnight UTC: astral has it on no day
@example(91.0, 0.0, "UTC", 1_577_836_800_000_000)
def test_sunrise_to_sunset_is_when_the_sun_is_up_whatever_the_clock(lon: float, lat: float, name: str, time_us: int) -> None:
    offset = utc(time_us).astimezone(ZoneInfo(name)).utcoffset()
    assert offset is not None
    # A clock half a day from its sun passes over a day where the sun's noon passes the clock's midnight (event_us says so).
    assume(abs((offset.total_seconds() / 3600 - lon / 15 + 12) % 24 - 12) < 11)
    at = np.array([time_us])
    height = elevation_deg(lon, lat, at)[0] + 0.833
    if abs(height) > 1.0:  # edges are minutes wide
        assert active(table(Span("SR", "SS"), timezone=name), lon, lat, at).tolist() == [height > 0]


def test_times_of_one_day_cost_next_to_nothing() -> None:
    timetable = table(Span("06:00", "21:00", WEEKDAYS), Span("SR-30", "SS+30"))
    times = to_us(datetime(2026, 7, 1, 1, tzinfo=UTC)) + np.arange(1_000) * US_PER_S
    active(timetable, *CANBERRA, times)
    began = perf_counter()
    for _ in range(100):
        active(timetable, *CANBERRA, times)
    assert (perf_counter() - began) / 100 < 0.001  # measured: 25 microseconds


def test_no_times_give_no_answers() -> None:
    assert active(table(Span("06:00", "21:00")), *CANBERRA, np.zeros(0, np.int64)).shape == (0,)


WRONG: list[tuple[Any, str, str]] = [
    (Timetable("Australia/Atlantis", (Span("06:00", "21:00"),)), "timezone", "no time zone"),
    (Timetable("Australia", (Span("06:00", "21:00"),)), "timezone", "no time zone"),
    (Timetable("../etc/passwd", (Span("06:00", "21:00"),)), "timezone", "no time zone"),
    (Timetable("", (Span("06:00", "21:00"),)), "timezone", "no time zone"),
    (table(), "spans", "at least one"),
    (table(Span("24:00", "06:00")), "spans[0].start", "begins at 00:00"),
    (table(Span("06:00", "24:01")), "spans[0].end", "no time"),
    (table(Span("6:00", "21:00")), "spans[0].start", "no time"),
    (table(Span("06:60", "21:00")), "spans[0].start", "no time"),
    (table(Span("06:00", "21:00"), Span("06:00", "25:00")), "spans[1].end", "no time"),
    (table(Span("06:00\n", "21:00")), "spans[0].start", "no time"),
    (table(Span("٠٦:00", "21:00")), "spans[0].start", "no time"),
    (table(Span("noon", "SS")), "spans[0].start", "BMCT, SR, SS, EECT"),
    (table(Span("SR", "ss")), "spans[0].end", "no time"),
    (table(Span("SR+30min", "SS")), "spans[0].start", "no time"),
    (table(Span("SR", "SS+721")), "spans[0].end", "more than 720 minutes"),
    (table(Span("06:00", "21:00", (0, 7))), "spans[0].days[1]", "0 (Monday) to 6 (Sunday)"),
    (table(Span("06:00", "21:00", (-1,))), "spans[0].days[0]", "0 (Monday) to 6 (Sunday)"),
    (table(Span("06:00", "21:00", (1, 1))), "spans[0].days", "twice"),
]


@pytest.mark.parametrize(("timetable", "field", "detail"), WRONG)
def test_what_is_wrong_is_said_field_by_field(timetable: Timetable, field: str, detail: str) -> None:
    found = dict(problems(timetable))
    assert list(found) == [field]
    assert detail in found[field]


@pytest.mark.parametrize("timetable", [WRONG[0][0], WRONG[6][0], WRONG[12][0]])
def test_one_with_problems_is_refused_rather_than_taken_as_never(timetable: Timetable) -> None:
    with pytest.raises(ValueError, match="no time"):
        active(timetable, *CANBERRA, np.array([0]))


def test_what_is_right_has_no_problems() -> None:
    assert problems(table(Span("00:00", "24:00", WEEKDAYS), Span("BMCT-720", "EECT+15"), Span("22:30", "SR"))) == []
