"""What people do with an alert, and what state that and its condition make. Pure: whoever stores it is elsewhere.

An acknowledgement names the n that was seen and covers events up to it: what grew worse since is unacknowledged again.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from core.errors import WedgetailError
from core.records import AlertEvent, Condition
from core.units import utc


class State(StrEnum):
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    CLEARED_UNACKNOWLEDGED = "cleared_unacknowledged"
    CLEARED = "cleared"

    @property
    def open(self) -> bool:
        """Its condition stands."""
        return self in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)


class Action(StrEnum):
    """What somebody did. That a pilot saw an alert acknowledges nothing for dispatch."""

    ACKNOWLEDGED = "acknowledged"
    PILOT_SAW = "pilot_saw"


class Acknowledgement(msgspec.Struct, frozen=True):
    """One row of alert_handling. station is who says so, as claimed."""

    operator_id: UUID
    alert_id: UUID
    request_id: UUID
    n: int
    station: str
    at_us: int
    action: Action = Action.ACKNOWLEDGED

    def answer(self) -> dict[str, Any]:
        """What the one who asked is told, and told again whenever the same request comes back."""
        return {
            "alert_id": str(self.alert_id), "request_id": str(self.request_id), "n": self.n,
            "station": self.station, "at": utc(self.at_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }  # fmt: skip


class UnknownAlert(WedgetailError):
    """There is no alert {alert_id}."""


class AlreadyAcknowledged(WedgetailError):
    """{station} acknowledged this alert up to n {n} at {at} already."""

    def __init__(self, first: Acknowledgement) -> None:
        answer = first.answer()
        super().__init__(station=first.station, n=first.n, at=answer["at"])
        self.first = answer


class NotYetHappened(WedgetailError):
    """n {n} cannot have been seen: the alert stands at n {latest}."""


class RequestReused(WedgetailError):
    """Request id {request_id} was used for another acknowledgement: take a new one."""


class NotDurable(WedgetailError):
    """The acknowledgement is not known to be stored ({detail}): send it again with the same request id."""


def worst_n(events: Iterable[AlertEvent]) -> int:
    """The last n at which the alert was raised or grew worse: what an acknowledgement must reach to cover it."""
    return max((event.n for event in events if event.condition is not Condition.CLEARED), default=1)


def state_of(cleared: bool, worst: int, acknowledged_n: int | None) -> State:
    """State from condition and handling."""
    seen = acknowledged_n is not None and acknowledged_n >= worst
    if cleared:
        return State.CLEARED if seen else State.CLEARED_UNACKNOWLEDGED
    return State.ACKNOWLEDGED if seen else State.UNACKNOWLEDGED


def decide(
    asked: Acknowledgement, latest_n: int | None, same_request: Acknowledgement | None, earlier: Sequence[Acknowledgement]
) -> Acknowledgement:
    """The acknowledgement that answers this request: the one asked for, to be stored, or the one that its request id made.

    latest_n: the last event known of the alert, from the stream or the database; None: nobody knows the alert.
    earlier: everything done with this alert. A pilot's word is stored whatever others did: two may have seen it. Raises
    UnknownAlert, RequestReused, NotYetHappened, AlreadyAcknowledged.
    """
    if same_request is not None:
        if (same_request.alert_id, same_request.n, same_request.action) != (asked.alert_id, asked.n, asked.action):
            raise RequestReused(request_id=asked.request_id)
        return same_request
    if latest_n is None:
        raise UnknownAlert(alert_id=asked.alert_id)
    if asked.n > latest_n:
        raise NotYetHappened(n=asked.n, latest=latest_n)
    covering = [one for one in earlier if one.n >= asked.n and one.action is Action.ACKNOWLEDGED]
    if covering and asked.action is Action.ACKNOWLEDGED:
        raise AlreadyAcknowledged(min(covering, key=lambda one: one.at_us))
    return asked
