"""Who acknowledged what: decided from what is known, without a database."""

from uuid import UUID

import msgspec
import pytest

from alerts.handling import (
    Acknowledgement,
    Action,
    AlreadyAcknowledged,
    NotYetHappened,
    RequestReused,
    State,
    UnknownAlert,
    decide,
    state_of,
)

ASKED = Acknowledgement(UUID(int=1), UUID(int=2), UUID(int=3), n=2, station="north", at_us=2_000_000)


def other(n: int, station: str = "south", at_us: int = 1_000_000) -> Acknowledgement:
    return msgspec.structs.replace(ASKED, request_id=UUID(int=100 + n), n=n, station=station, at_us=at_us)


@pytest.mark.parametrize(
    ("cleared", "worst", "seen", "state"),
    [
        (False, 1, None, State.UNACKNOWLEDGED),
        (False, 1, 1, State.ACKNOWLEDGED),
        (False, 2, 1, State.UNACKNOWLEDGED),  # grew worse since
        (False, 2, 2, State.ACKNOWLEDGED),
        (True, 1, None, State.CLEARED_UNACKNOWLEDGED),
        (True, 2, 1, State.CLEARED_UNACKNOWLEDGED),
        (True, 1, 1, State.CLEARED),  # clearing asks for no second look
        (True, 1, 2, State.CLEARED),
    ],
)
def test_an_acknowledgement_covers_what_was_seen_and_not_what_grew_worse_since(
    cleared: bool, worst: int, seen: int | None, state: State
) -> None:
    assert state_of(cleared, worst, seen) is state


@pytest.mark.parametrize("latest", [2, 3])
def test_the_first_to_acknowledge_is_accepted(latest: int) -> None:
    assert decide(ASKED, latest, None, []) is ASKED


def test_a_higher_n_than_the_earlier_one_is_accepted() -> None:
    assert decide(ASKED, 2, None, [other(1)]) is ASKED


def test_the_same_request_gets_the_same_answer_even_when_others_came_since() -> None:
    stored = msgspec.structs.replace(ASKED, at_us=1)
    assert decide(ASKED, 3, stored, [stored, other(3)]).answer() == stored.answer()


def test_the_same_request_gets_its_answer_when_nobody_knows_the_alert_any_more() -> None:
    assert decide(ASKED, None, ASKED, []) is ASKED


@pytest.mark.parametrize("changed", [{"n": 1}, {"alert_id": UUID(int=9)}])
def test_a_request_id_serves_one_acknowledgement_only(changed: dict[str, object]) -> None:
    with pytest.raises(RequestReused, match=str(ASKED.request_id)):
        decide(ASKED, 3, msgspec.structs.replace(ASKED, **changed), [])


@pytest.mark.parametrize("n", [2, 3])
def test_an_n_not_above_an_earlier_one_is_refused_naming_who_was_first(n: int) -> None:
    later = other(n, station="west", at_us=1_500_000)
    with pytest.raises(AlreadyAcknowledged, match="south acknowledged this alert") as caught:
        decide(ASKED, 3, None, [later, other(n)])
    assert caught.value.first["station"] == "south"


def test_an_alert_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownAlert):
        decide(ASKED, None, None, [])


def test_an_n_that_has_not_happened_cannot_have_been_seen() -> None:
    with pytest.raises(NotYetHappened, match="stands at n 1"):
        decide(ASKED, 1, None, [])


def test_what_a_pilot_saw_is_stored_whatever_others_did_and_stands_in_nobodys_way() -> None:
    saw = msgspec.structs.replace(ASKED, request_id=UUID(int=9), action=Action.PILOT_SAW)
    again = msgspec.structs.replace(saw, request_id=UUID(int=10))
    assert decide(saw, 2, None, [other(2)]) is saw
    assert decide(again, 2, None, [saw]) is again
    assert decide(ASKED, 2, None, [saw]) is ASKED
    with pytest.raises(RequestReused):
        decide(saw, 2, msgspec.structs.replace(saw, action=Action.ACKNOWLEDGED), [])
    with pytest.raises(NotYetHappened):
        decide(saw, 1, None, [])
