"""The picture: the latest state of each aircraft and the alerts that matter now. Fed by hand, pure, its clock an argument.

Whoever feeds it collects from changes() what became different since the last time, and asks for its present state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import numpy as np

from alerts.handling import Acknowledgement, State
from api import alert as alerts
from api.aircraft import Held, describe, has_ended
from api.alert import Case
from api.latest import latest_rows
from api.rules import RulesClock
from api.shapes import Aircraft, Alert, Guidance, Reason, Rules
from core.block import Block
from core.colour import Level
from core.records import AlertEvent, Judged
from core.topics import TELEMETRY
from core.units import US_PER_S, utc

AHEAD_LIMIT_US = 5 * US_PER_S  # a live sample this far ahead of the broker's time is stored, never judged, and not shown
FORGET_AFTER_US = 24 * 3600 * US_PER_S
_KEEP_CLOSED_US = 600 * US_PER_S  # closed and acknowledged: answered from here until the recorder has surely caught up
_UNJUDGED_US = 5 * US_PER_S


@dataclass(slots=True)
class Changes:
    """What became different. alerts: one entry for each event and each acknowledgement, as the alert stood after it."""

    aircraft: set[UUID] = field(default_factory=set)
    gone: set[UUID] = field(default_factory=set)
    alerts: list[Alert] = field(default_factory=list)


_MOST_EARLY = 1_000


class Picture:
    """began_us: server time at which this door opened."""

    def __init__(self, operator_id: UUID, partitions: int, began_us: int) -> None:
        self.operator_id = operator_id
        self.names: dict[UUID, str] = {}
        self.rules_clock = RulesClock(partitions, began_us)
        self.positions_us: int | None = None  # receive time of the newest sample
        self._partitions = partitions
        self._held: dict[UUID, Held] = {}
        self._cases: dict[UUID, Case] = {}
        self._early: dict[UUID, list[Acknowledgement]] = {}  # of alerts that have not come yet
        self._of_aircraft: dict[UUID, set[UUID]] = {}  # open alerts
        self._closed_us: dict[UUID, int] = {}
        self._unjudged: dict[UUID, tuple[int, str]] = {}
        self._silent: dict[int, int | None] = {}
        self._ended: set[UUID] = set()
        self._guidance: set[UUID] = set()
        self._changes = Changes()
        self._raw: dict[UUID, msgspec.Raw] = {}

    # fed

    def apply_block(self, batch: Block, append_time_us: int) -> None:
        """Samples of one partition. What is behind an aircraft's held sample, or ahead of the broker's time, moves nothing."""
        usable = batch.values("event_time_us").astype(np.int64, copy=False) <= append_time_us + AHEAD_LIMIT_US
        self._apply_rows(batch, usable)
        for aircraft in batch.aircraft if self._unjudged else ():
            mark = self._unjudged.get(aircraft)
            if mark and append_time_us >= mark[0] + _UNJUDGED_US:
                del self._unjudged[aircraft]
                self._touch(aircraft)

    def apply_stored(self, batch: Block) -> None:
        """Samples from the database: they were on time."""
        self._apply_rows(batch, np.ones(batch.num_rows, np.bool_))

    def _apply_rows(self, batch: Block, usable: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        operators = batch.dictionary("operator_id")
        if any(one != self.operator_id.bytes for one in operators):  # another operator's traffic is not ours to show
            ours = [code for code, one in enumerate(operators) if one == self.operator_id.bytes]
            usable = usable & np.isin(batch.codes("operator_id"), ours)
        for aircraft, last, message, fixed in latest_rows(batch, usable):
            held = self._held.get(aircraft)
            if held is None:
                held = self._held[aircraft] = Held(aircraft, self.operator_id, last)
            elif last["event_time_us"] < held.time_us:
                continue
            held.last = last
            if message is not None and (held.message is None or message["event_time_us"] >= held.message["event_time_us"]):
                held.message = message
            if fixed is not None and (held.fixed is None or fixed["event_time_us"] >= held.fixed["event_time_us"]):
                held.fixed = fixed
            self._ended.discard(aircraft)
            self._touch(aircraft)
            self.positions_us = max(held.time_us, self.positions_us or 0)

    def load(self, cases: Iterable[Case], names: Mapping[UUID, str], early: Iterable[Acknowledgement] = ()) -> None:
        """What the database knew at the start. early: handling of alerts that the recorder has not stored yet."""
        self.names = dict(names)
        for one in early:
            self._keep_early(one)
        for case in cases:
            self._cases[case.last.alert_id] = case
            self._reckon(case.last.alert_id)

    def apply_alert(self, event: AlertEvent, published_us: int) -> bool:
        """A condition event of the live stream. False: its n is not above the last seen, so it is no news."""
        if event.operator_id != self.operator_id:
            return False
        case = self._cases.get(event.alert_id)
        if case is None:
            case = self._cases[event.alert_id] = Case([], handling=self._early.pop(event.alert_id, []))
        if not case.add(event, published_us):
            return False
        self._changes.alerts.append(self.describe(case))
        self._reckon(event.alert_id)
        return True

    def apply_acknowledgement(self, one: Acknowledgement) -> bool:
        """After its commit. False: known already, or of an alert that is not in the picture (yet: it is kept for then)."""
        case = self._cases.get(one.alert_id)
        if case is None:
            self._keep_early(one)
            return False
        if not case.handle(one):
            return False
        self._changes.alerts.append(self.describe(case))
        self._reckon(one.alert_id)
        return True

    def _keep_early(self, one: Acknowledgement) -> None:
        """An acknowledgement can be heard of before its alert: the database tells the one, the stream the other."""
        held = self._early.setdefault(one.alert_id, [])
        if one not in held:
            held.append(one)
        if len(self._early) > _MOST_EARLY:  # of imports, or of alerts long over: they never come
            del self._early[next(iter(self._early))]

    def apply_judged(self, judged: Judged) -> None:
        """A worker's word on a partition. Imports are not in this picture."""
        if judged.topic != TELEMETRY.name:
            return
        if self.rules_clock.note(judged):
            self._touch_partition(judged.partition)
            for case in self._cases.values():
                if case.last.partition == judged.partition and case.state.open:
                    self._changes.alerts.append(self.describe(case))
        for told in judged.guidance:
            held = self._cases.get(told.alert_id)
            if held is not None and held.tell(told):
                self._guidance.add(told.alert_id)
                self._touch(held.last.aircraft_id)

    def apply_unjudged(self, aircraft: Iterable[UUID], append_time_us: int, why: str) -> None:
        """A block of these aircraft could not be read or judged."""
        for one in aircraft:
            self._unjudged[one] = (append_time_us, why)
            self._touch(one)

    def rename(self, names: Mapping[UUID, str]) -> None:
        """The register's names as they are now."""
        for one in {*names, *self.names}:
            if names.get(one) != self.names.get(one):
                self._touch(one)
        self.names = dict(names)

    def tick(self, now_us: int) -> None:
        """Each second: who has ended, which partitions nobody judges, what may be forgotten."""
        silent = self.rules_clock.silent(now_us)
        for partition in set(silent) ^ set(self._silent):
            self._touch_partition(partition)
        self._silent = silent
        for aircraft, held in list(self._held.items()):
            age_us = now_us - held.time_us
            if aircraft not in self._ended and has_ended(held.last, age_us):
                self._ended.add(aircraft)
                self._touch(aircraft)
            if age_us >= FORGET_AFTER_US and not self._of_aircraft.get(aircraft):
                self._forget(aircraft)
        for alert_id, closed_us in list(self._closed_us.items()):
            if now_us - closed_us >= _KEEP_CLOSED_US and self._cases[alert_id].state is State.CLEARED:
                del self._cases[alert_id], self._closed_us[alert_id]

    def end_all(self) -> None:
        """Nothing more comes: what was last heard disarmed or landed has ended."""
        for aircraft, held in self._held.items():
            if has_ended(held.last, FORGET_AFTER_US):
                self._ended.add(aircraft)

    # asked

    def changes(self) -> Changes:
        """What became different since this was asked the last time."""
        changes, self._changes = self._changes, Changes()
        return changes

    def guidance(self) -> list[tuple[UUID, Guidance]]:
        """What changed of where open alerts stand, with each alert's aircraft, since this was asked the last time."""
        moved, self._guidance = self._guidance, set()
        cases = [self._cases[one] for one in moved if one in self._cases]
        return [(case.last.aircraft_id, alerts.describe_guidance(case.told)) for case in cases if case.told]

    def rules(self, now_us: int) -> Rules:
        return self.rules_clock.status(now_us)

    def ids(self) -> list[UUID]:
        return list(self._held)

    def knows(self, aircraft: UUID) -> bool:
        return aircraft in self._held

    def position(self, aircraft: UUID) -> tuple[float, float] | None:
        """Last known longitude and latitude; None: never known, or no such aircraft."""
        held = self._held.get(aircraft)
        return held.position() if held else None

    def held(self, aircraft: UUID) -> Held | None:
        """Its latest rows."""
        return self._held.get(aircraft)

    def aircraft(self, aircraft: UUID) -> Aircraft | None:
        held = self._held.get(aircraft)
        if held is None:
            return None
        ended = aircraft in self._ended
        return describe(held, self.names.get(aircraft), ended, self._reasons(aircraft, held.partition, ended))

    def encoded(self, aircraft: UUID) -> msgspec.Raw | None:
        """The aircraft as JSON, encoded once however many look at it."""
        raw = self._raw.get(aircraft)
        if raw is None:
            told = self.aircraft(aircraft)
            if told is None:
                return None
            raw = self._raw[aircraft] = msgspec.Raw(msgspec.json.encode(told))
        return raw

    def case(self, alert_id: UUID) -> Case | None:
        return self._cases.get(alert_id)

    def cases(self) -> list[Case]:
        return list(self._cases.values())

    def alert(self, alert_id: UUID) -> Alert | None:
        case = self._cases.get(alert_id)
        return None if case is None else self.describe(case)

    def describe(self, case: Case) -> Alert:
        event = case.last
        confirmed = case.imported or self.rules_clock.stopped(event.partition) is None
        return alerts.describe(case, self.names.get(event.aircraft_id), confirmed)

    def standing(self) -> list[Alert]:
        """Open alerts, and closed ones that nobody has seen: what a viewer must have."""
        return [self.describe(case) for case in self._cases.values() if case.state is not State.CLEARED]

    # within

    def _reasons(self, aircraft: UUID, partition: int, ended: bool) -> list[Reason]:
        open_alerts = self._of_aircraft.get(aircraft, ())
        reasons = [alerts.reason(self._cases[alert_id]) for alert_id in open_alerts]
        if aircraft in self._unjudged:
            reasons.append(_unknown("not judged", f"not judged: {self._unjudged[aircraft][1]}"))
        stopped = self.rules_clock.stopped(partition)
        if stopped is not None:
            reasons.append(_unknown("not judged", f"not judged: {stopped}"))
        elif partition in self._silent and not ended:
            since_us = self._silent[partition]
            since = f" since {utc(since_us):%H:%M:%S} UTC" if since_us else ""
            reasons.append(_unknown("rules", f"rules not running{since}"))
        return sorted(reasons, key=lambda reason: Level(reason["level"]).rank) if len(reasons) > 1 else reasons

    def _reckon(self, alert_id: UUID) -> None:
        """After an event or an acknowledgement: which alerts its aircraft has open."""
        case = self._cases[alert_id]
        aircraft, state = case.last.aircraft_id, case.state
        if state.open:
            self._of_aircraft.setdefault(aircraft, set()).add(alert_id)
        else:
            standing = self._of_aircraft.get(aircraft, set())
            standing.discard(alert_id)
            if not standing:
                self._of_aircraft.pop(aircraft, None)
        if state is State.CLEARED:
            handled_us = max(one.at_us for one in case.handling)
            self._closed_us[alert_id] = max(handled_us, case.steps[-1].published_us)
        self._touch(aircraft)

    def _touch(self, aircraft: UUID) -> None:
        self._raw.pop(aircraft, None)
        if aircraft in self._held:
            self._changes.aircraft.add(aircraft)

    def _touch_partition(self, partition: int) -> None:
        for aircraft, held in self._held.items():
            if held.partition == partition:
                self._touch(aircraft)

    def _forget(self, aircraft: UUID) -> None:
        del self._held[aircraft]
        self._raw.pop(aircraft, None)
        self._ended.discard(aircraft)
        self._unjudged.pop(aircraft, None)
        self._changes.aircraft.discard(aircraft)
        self._changes.gone.add(aircraft)


def _unknown(rule: str, what: str) -> Reason:
    return {"alert_id": None, "rule": rule, "level": "unknown", "what": what}
