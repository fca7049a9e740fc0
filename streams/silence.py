"""Silence is a fact that arrives: how far ingest has listened, and whether it still says so.

Lost link (streams/rules/link.py): ingest listened without a break and the aircraft said nothing for as long as its limit says.
Not heard: for five seconds of the broker's time nobody said that the link is listened to.
"""

from alerts import lifecycle
from core.colour import Level
from core.observed import Delays, Observed
from core.records import AlertEvent, LinkListened, Listened
from core.units import US_PER_S
from geofence.limits import KnownLimits
from streams.entry import Entry, Unjudged
from streams.events import alert_event
from streams.fleet import Aircraft
from streams.judge import NOT_HEARD, NOT_JUDGED
from streams.rules import link as lost_link
from streams.screen import FORGET_AFTER_US
from streams.state import Link, State

UNTOLD_US = 5 * US_PER_S
BROKER_GAP_US = 2 * US_PER_S  # after a longer gap in the broker's own time the five seconds start anew
_AT_ONCE = Delays(raise_after_us=0, clear_after_us=0)


def listened(state: State, entry: Entry, body: Listened, stated: KnownLimits) -> list[AlertEvent]:
    """Ingest's word for the links of this partition: who was silent meanwhile is lost, or has ended."""
    events: list[AlertEvent] = []
    for gap in body.gaps:
        if gap.link in state.links:
            state.links[gap.link].gap_us = max(state.links[gap.link].gap_us, gap.to_us)
    for said in body.links:
        held = state.links.get(said.link)
        if held is not None and (said.epoch, said.up_to_us) < (held.epoch, held.up_to_us):
            continue  # an old word, sent again
        gap_us = 0 if held is None else held.gap_us
        state.links[said.link] = Link(said.epoch, said.up_to_us, max(entry.append_time_us, state.broker_us), gap_us)
        for aircraft in state.fleet.on_link(said.link):
            if f"{NOT_HEARD}/-" in aircraft.conditions:
                events += _clear(state, entry, aircraft, f"{NOT_HEARD}/-", said.up_to_us, "ingest is listening again")
            known = aircraft.ended or f"{lost_link.RULE}/-" in aircraft.conditions
            silent_us = said.up_to_us - max(aircraft.heard_us, said.epoch, gap_us)
            if not known and (said.closed or silent_us >= lost_link.SOONEST_US):
                limits = stated.at(aircraft.operator_id, aircraft.aircraft_id, said.up_to_us)
                if said.closed or lost_link.lost(limits, silent_us):
                    events += _silent(state, entry, aircraft, said, lost_link.observe(aircraft, limits, silent_us))
            if said.closed and not entry.live:
                state.fleet.forget(aircraft)  # a file says no more; its mark in the screen stays
        if said.closed:
            del state.links[said.link]
    return events


def tick(state: State, entry: Entry) -> list[AlertEvent]:
    """The broker's clock moved on: links that nobody speaks for are not heard."""
    now_us = max(state.broker_us, entry.append_time_us)
    if now_us - state.broker_us > BROKER_GAP_US:
        for link in state.links.values():
            link.told_us = now_us
    state.broker_us = now_us
    events: list[AlertEvent] = []
    silent = {name: link for name, link in state.links.items() if now_us - link.told_us >= UNTOLD_US}
    for name, link in silent.items():
        for aircraft in state.fleet.on_link(name):
            if not aircraft.ended and f"{NOT_HEARD}/-" not in aircraft.conditions:
                what = "not heard: nobody listens to this link, ingest is silent or its connection is down"
                events += _raise(state, entry, aircraft, _unknown(NOT_HEARD, what), link.up_to_us, now_us)
    for aircraft in state.fleet.silent_since(now_us - FORGET_AFTER_US):
        for condition in list(aircraft.conditions):
            events += _clear(state, entry, aircraft, condition, now_us, "silent for 24 h: no longer watched")
        state.fleet.forget(aircraft)
    if any(now_us - link.told_us > FORGET_AFTER_US for link in state.links.values()):
        state.links = {name: link for name, link in state.links.items() if now_us - link.told_us <= FORGET_AFTER_US}
    return events


def unjudged(state: State, entry: Entry, body: Unjudged) -> list[AlertEvent]:
    """A block that nobody could judge: those of its aircraft that are known here are in doubt until the next one."""
    events: list[AlertEvent] = []
    for who in body.aircraft:
        aircraft = state.aircraft.get(who.bytes)
        if aircraft is not None and f"{NOT_JUDGED}/-" not in aircraft.conditions:
            seen = _unknown(NOT_JUDGED, f"not judged: {body.why}")
            events += _raise(state, entry, aircraft, seen, aircraft.heard_us, entry.append_time_us)
    return events


def _silent(state: State, entry: Entry, aircraft: Aircraft, said: LinkListened, seen: Observed) -> list[AlertEvent]:
    if not aircraft.alarmed:
        aircraft.ended = True
        return [
            event
            for key in list(aircraft.conditions)
            for event in _clear(state, entry, aircraft, key, said.up_to_us, "the flight has ended")
        ]
    return _raise(state, entry, aircraft, seen, aircraft.heard_us, said.up_to_us)


def _unknown(rule: str, what: str) -> Observed:
    return Observed(rule, None, ((Level.UNKNOWN, 1.0),), what, delays=_AT_ONCE, at_once=True)


def _raise(state: State, entry: Entry, aircraft: Aircraft, seen: Observed, start_us: int, at_us: int) -> list[AlertEvent]:
    held, told = lifecycle.step(None, seen, start_us, alarmed=True)
    assert held is not None
    held.beyond_m = None
    aircraft.hold(seen.key, held)
    return [alert_event(state, entry, aircraft, condition, step, at_us, -1, None) for step, condition in told]


def _clear(state: State, entry: Entry, aircraft: Aircraft, key: str, at_us: int, why: str) -> list[AlertEvent]:
    told = lifecycle.end(aircraft.release(key), why)
    return [alert_event(state, entry, aircraft, condition, step, at_us, -1, None) for step, condition in told]
