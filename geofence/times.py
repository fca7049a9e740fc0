"""When in the week something holds, in the words of those who publish it: clock times in a time zone, or the sun's."""

import msgspec


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
