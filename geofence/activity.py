"""When a zone asks what it asks, as JSON: its activation, its timetable, and what people switched."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from geofence.fields import Fields
from geofence.moments import iso
from geofence.times import Span, Timetable
from geofence.zone import Activation, Switch, ZoneVersion

NAMES = ("activation", "timetable", "switched")
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SUN = r"(?:BMCT|SR|SS|EECT)(?:[+-]\d{1,3})?"
_START, _END = re.compile(f"{_CLOCK}|{_SUN}"), re.compile(f"{_CLOCK}|24:00|{_SUN}")
_EVENTS = "BMCT, SR, SS or EECT with minutes if need be (SS-30)"


def read(fields: Fields) -> dict[str, Any]:
    """Only what is given; a timetable and the activation "timetable" belong together."""
    facts: dict[str, Any] = {}
    activation, timetable = fields.word("activation", Activation), _timetable(fields)
    if activation is not None:
        facts["activation"] = activation
    if fields.get("timetable") is not None:
        facts["timetable"] = timetable
        if activation is not Activation.TIMETABLE:
            fields.wrong("activation", 'a zone with a timetable has the activation "timetable"')
    elif activation is Activation.TIMETABLE:
        fields.wrong("timetable", "the activation is by timetable: it needs one")
    facts["switched"] = _switched(fields)
    return facts


def write(zone: ZoneVersion) -> dict[str, Any]:
    """The same, as read() takes it back."""
    timetable = zone.timetable
    spans = [] if timetable is None else [{"start": o.start, "end": o.end, "days": list(o.days)} for o in timetable.spans]
    return {
        "activation": zone.activation.value,
        "timetable": None if timetable is None else {"timezone": timetable.timezone, "spans": spans},
        "switched": [{"from": iso(one.from_us), "to": iso(one.to_us), "active": one.active} for one in zone.switched],
    }


def read_switch(fields: Fields, now_us: int | None = None, until: str = "to") -> Switch | None:
    """from, until and active. now_us: what an absent from means; None: it must be there."""
    begin_us, end_us, active = fields.time("from"), fields.time(until), fields.get("active")
    if not isinstance(active, bool):
        fields.wrong("active", "true or false is expected")
    if fields.get("from") is None:
        begin_us = now_us
        if now_us is None:
            fields.wrong("from", "a time is expected")
    if fields.get(until) is None:
        fields.wrong(until, "a time is expected: nothing is switched for ever")
    if begin_us is None or end_us is None or not isinstance(active, bool):
        return None
    if end_us <= begin_us:
        fields.wrong(until, "it is not after the beginning")
        return None
    return Switch(begin_us, end_us, active)


def _switched(fields: Fields) -> tuple[Switch, ...]:
    found = []
    for one in fields.objects("switched"):
        one.refuse_unknown(("from", "to", "active"))
        found.append(read_switch(one))
    return tuple(switch for switch in found if switch is not None)


def _timetable(fields: Fields) -> Timetable | None:
    given = fields.object("timetable")
    if given is None:
        return None
    given.refuse_unknown(("timezone", "spans"))
    timezone = given.get("timezone")
    if not _is_timezone(timezone):
        given.wrong("timezone", "a time zone's name such as Australia/Sydney is expected")
    spans = [span for span in map(_span, given.objects("spans")) if span is not None]
    if not given.get("spans"):
        given.wrong("spans", "at least one is expected")
    return Timetable(timezone, tuple(spans)) if isinstance(timezone, str) else None


def _span(fields: Fields) -> Span | None:
    fields.refuse_unknown(("start", "end", "days"))
    start = fields.matching("start", _START, f"a local time such as 08:00, or {_EVENTS},")
    end = fields.matching("end", _END, f"a local time such as 17:00, or {_EVENTS},")
    for name in ("start", "end"):
        if fields.get(name) is None:
            fields.wrong(name, "a time of day is expected")
    days = fields.get("days")
    days = [] if days is None else days
    whole = isinstance(days, list) and all(type(day) is int and 0 <= day <= 6 for day in days)
    if not whole or len(set(days)) < len(days):
        fields.wrong("days", "a list of days is expected, 0 Monday to 6 Sunday, each once; empty: every day")
        return None
    return None if start is None or end is None else Span(start, end, tuple(days))


def _is_timezone(name: object) -> bool:
    if not isinstance(name, str) or not name:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such file, no such path, a folder
        return False
    return True
