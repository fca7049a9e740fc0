"""What a run again is told as: the same, told the same, or what differs and why."""

from typing import Any

import msgspec
import pytest

from api.aside.rerunning import MOST_ALERTS, again, other
from core.records import AlertEvent, encode
from streams.rerun import Rerun
from streams.state import ENGINE
from streams.whatif import WhatIf
from tests.unit.streams.flight import LON, OPERATOR, Engine, at, zone


@pytest.fixture
def events() -> list[AlertEvent]:
    engine = Engine(zone())
    engine.fly(*(at(n, LON) for n in range(6)))
    engine.fly(*(at(n, LON + 0.4) for n in range(6, 20)))
    return engine.events


def run(then: list[AlertEvent], now: list[AlertEvent], *boundaries: str) -> dict[str, Any]:
    return again(Rerun(tuple(map(encode, then)), tuple(map(encode, now)), boundaries))


def test_the_same_bytes_are_the_same(events: list[AlertEvent]) -> None:
    told = run(events, events)
    assert (told["same"], told["differing"], told["reasons"], told["engines_then"]) == (True, 0, [], [ENGINE])
    (pair,) = told["alerts"]
    assert pair["then"] == pair["now"] and pair["differs"] == []
    assert [step["condition"] for step in pair["now"]["steps"]] == ["raised", "cleared"]


def test_another_engines_number_alone_is_told_as_that(events: list[AlertEvent]) -> None:
    told = run([msgspec.structs.replace(event, engine="1") for event in events], events, "judged by engine 1")
    assert (told["same"], told["differing"], told["engines_then"], told["engine_now"]) == (False, 0, ["1"], ENGINE)
    assert told["reasons"][0] == "judged by engine 1" and "only its words" in told["reasons"][1]


def test_what_differs_without_a_reason_says_so_and_names_the_rule(events: list[AlertEvent]) -> None:
    told = run(events, [])
    assert (told["differing"], told["differing_rules"]) == (1, ["GEOFENCE-KEEP-OUT"])
    assert told["reasons"] == ["The same engine judged then, and nothing in the record says why it differs."]
    assert run(events, [], "records were passed over")["reasons"] == ["records were passed over"]


def test_an_open_alert_has_no_end_and_only_metres_are_told_as_metres(events: list[AlertEvent]) -> None:
    low = [msgspec.structs.replace(events[0], rule="BATTERY", zone_id=None, beyond_m=7.0)]
    told = other(WhatIf((), tuple(low)))
    assert (told["what_if"], told["same"]) == (True, False)
    assert (told["alerts"][0]["now"]["end"], told["alerts"][0]["now"]["beyond_m"]) == (None, None)
    deep = other(WhatIf((), (msgspec.structs.replace(events[0], beyond_m=7.0),)))
    assert deep["alerts"][0]["now"]["beyond_m"] == 7.0


def test_of_too_many_only_those_that_differ_are_listed(events: list[AlertEvent]) -> None:
    def many(extra: int) -> list[AlertEvent]:
        first = events[0]
        ids = [msgspec.convert(f"{n:032x}", type(OPERATOR)) for n in range(MOST_ALERTS + extra)]
        return [msgspec.structs.replace(first, alert_id=one, start_us=first.start_us + n) for n, one in enumerate(ids)]

    told = run(many(1), many(2))
    assert (told["truncated"], len(told["alerts"]), told["differing"]) == (True, 1, 1)
    assert told["alerts_now"] == MOST_ALERTS + 2
