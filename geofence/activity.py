"""When a zone asks what it asks, as JSON: its activation, its timetable, and what people switched."""

from typing import Any

from geofence import times
from geofence.fields import Fields, Wrong
from geofence.moments import iso
from geofence.times import Span, Timetable
from geofence.zone import Activation, Switch, ZoneVersion

NAMES = ("activation", "timetable", "switched")


class WrongSwitch(Wrong):
    """This switches no zone: {detail}"""


def read(fields: Fields) -> dict[str, Any]:
    """Only what is given; a timetable and the activation "timetable" belong together."""
    facts: dict[str, Any] = {}
    activation, timetable = fields.word("activation", Activation), read_timetable(fields)
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


def read_timetable(fields: Fields) -> Timetable | None:
    """The member "timetable"; None where there is none, and where it is wrong."""
    given = fields.member("timetable", Timetable.__struct_fields__)
    if given is None:
        return None
    timezone, listed = given.text("timezone"), given.get("spans")
    if listed in (None, [], {}):
        given.wrong("spans", 'a list is expected, such as [{"start": "06:00", "end": "22:00", "days": [0, 1]}]')
    found = [_span(one) for one in given.members("spans", Span.__struct_fields__)]
    spans = tuple(span for span in found if span is not None)
    if not timezone or not spans or len(spans) < len(listed):
        return None
    timetable = Timetable(timezone, spans)
    for field, detail in times.problems(timetable):
        given.wrong(field, detail)
    return timetable


def _switched(fields: Fields) -> tuple[Switch, ...]:
    found = [read_switch(one) for one in fields.members("switched", ("from", "to", "active"))]
    return tuple(switch for switch in found if switch is not None)


def _span(fields: Fields) -> Span | None:
    start, end, days = fields.text("start"), fields.text("end"), fields.get("days")
    days = [] if days is None else days
    if not isinstance(days, list) or not all(type(day) is int for day in days):
        fields.wrong("days", "a list of days is expected, 0 Monday to 6 Sunday; left out: every day")
        return None
    return Span(start, end, tuple(days)) if start and end else None
