"""One alert as the door tells it: its events in their order, what people did, where it stands now. Pure."""

from dataclasses import dataclass, field

from alerts.handling import Acknowledgement, Action, State, state_of, worst_n
from api.shapes import Alert, AlertStep, Guidance, Handled, Reason, Seen
from core.identity import link_name
from core.records import AlertEvent, Condition
from core.records import Guidance as Told
from geofence.moments import iso


@dataclass(slots=True)
class Step:
    """An event and when the broker took it."""

    event: AlertEvent
    published_us: int


@dataclass(slots=True)
class Case:
    """An alert: every event known, in the order of n, and its handling."""

    steps: list[Step]
    imported: bool = False
    handling: list[Acknowledgement] = field(default_factory=list)
    told: Told | None = None  # what the worker said since the last event

    @property
    def last(self) -> AlertEvent:
        return self.steps[-1].event

    @property
    def seen(self) -> Acknowledgement | None:
        """The acknowledgement that reaches furthest; the first of several."""
        return self._furthest(Action.ACKNOWLEDGED)

    @property
    def pilot_saw(self) -> Acknowledgement | None:
        """The same of what pilots saw."""
        return self._furthest(Action.PILOT_SAW)

    def _furthest(self, action: Action) -> Acknowledgement | None:
        done = [one for one in self.handling if one.action is action]
        return min(done, key=lambda one: (-one.n, one.at_us), default=None)

    @property
    def state(self) -> State:
        cleared = self.last.condition is Condition.CLEARED
        seen = self.seen
        return state_of(cleared, worst_n(step.event for step in self.steps), seen.n if seen else None)

    def add(self, event: AlertEvent, published_us: int) -> bool:
        """False: not above the last n, so no news."""
        if self.steps and event.n <= self.last.n:
            return False
        self.steps.append(Step(event, published_us))
        self.told = None
        return True

    def handle(self, one: Acknowledgement) -> bool:
        """False: known already."""
        if any(held.request_id == one.request_id for held in self.handling):
            return False
        self.handling.append(one)
        return True

    def tell(self, told: Told) -> bool:
        """Where it stands now. False: nothing new, or the condition is over."""
        before = self.told.at_us if self.told else self.last.at_us
        # Of the event's own moment it says more than the event.
        if self.last.condition is Condition.CLEARED or told.at_us < before or (self.told and told.at_us == before):
            return False
        self.told = told
        return True


def describe(case: Case, aircraft_name: str | None, confirmed: bool) -> Alert:
    """The alert as the door tells it."""
    event, first, told = case.last, case.steps[0].event, case.told
    seen, pilot_saw = case.seen, case.pilot_saw
    cleared = event.condition is Condition.CLEARED
    return {
        "id": str(event.alert_id),
        "n": event.n,
        "operator_id": str(event.operator_id),
        "aircraft_id": str(event.aircraft_id),
        "aircraft_name": aircraft_name,
        "link_name": link_name(event.link),
        "system_id": event.system_id,
        "rule": event.rule,
        "zone_id": str(event.zone_id) if event.zone_id else None,
        "zone_name": event.zone_name,
        "zone_versions": list(event.zone_versions),
        "level": event.level.value,
        "condition": event.condition.value,
        "state": case.state.value,
        "start": iso(event.start_us) or "",
        "triggered_at": iso(event.at_us) or "",
        "published_at": iso(case.steps[-1].published_us) or "",
        "raised_at": iso(first.at_us) or "",
        "cleared_at": iso(event.at_us) if cleared else None,
        "what": told.what if told else event.what,
        "way_back": told.way_back if told else event.way_back,
        "guidance_at": iso(told.at_us if told else event.at_us) or "",
        "beyond_m": told.beyond_m if told else event.beyond_m,
        "ahead_s": told.ahead_s if told else None,
        "height_m": event.height_m,
        "height_datum": event.height_datum,
        "height_source": event.height_source,
        "lon": event.lon_deg,
        "lat": event.lat_deg,
        "acknowledged": describe_seen(seen) if seen else None,
        "pilot_saw": describe_seen(pilot_saw) if pilot_saw else None,
        "imported": case.imported,
        "confirmed": confirmed,
    }


def reason(case: Case) -> Reason:
    """Why its aircraft has its level."""
    event, told = case.last, case.told
    what = told.what if told else event.what
    return {"alert_id": str(event.alert_id), "rule": event.rule, "level": event.level.value, "what": what}


def describe_seen(one: Acknowledgement) -> Seen:
    return {"n": one.n, "station": one.station, "at": iso(one.at_us) or ""}


def describe_handled(one: Acknowledgement) -> Handled:
    return {**describe_seen(one), "action": one.action.value}


def describe_guidance(told: Told) -> Guidance:
    return {
        "id": str(told.alert_id), "what": told.what, "way_back": told.way_back,
        "beyond_m": told.beyond_m, "ahead_s": told.ahead_s, "guidance_at": iso(told.at_us) or "",
    }  # fmt: skip


def describe_step(step: Step) -> AlertStep:
    event = step.event
    return {
        "n": event.n, "condition": event.condition.value, "level": event.level.value,
        "at": iso(event.at_us) or "", "published_at": iso(step.published_us) or "",
        "what": event.what, "way_back": event.way_back, "beyond_m": event.beyond_m,
        "height_m": event.height_m, "height_datum": event.height_datum, "height_source": event.height_source,
        "lon": event.lon_deg, "lat": event.lat_deg, "world": event.world, "engine": event.engine,
    }  # fmt: skip
