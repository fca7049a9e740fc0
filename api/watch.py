"""REST: alerts, listed, told with their history, acknowledged."""

from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from msgspec import Meta

from alerts.handling import Acknowledgement, NotDurable, State, UnknownAlert
from alerts.store import acknowledge
from api import store
from api.alert import Case, describe_handled, describe_step
from api.consumer import Feed
from api.fleet import answer, loaded
from api.guard import read_body, require_token
from api.problems import WrongField, parameter_id, responses
from api.shapes import Acknowledged, AlertHistory, AlertList
from geofence.moments import iso
from storage.pool import within

Said = TypeVar("Said")
_KEPT_WITHIN_S = 4.0  # the page waits for 8 s

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], dependencies=[Depends(require_token)])


class Which(StrEnum):
    OPEN = "open"
    UNACKNOWLEDGED = "unacknowledged"
    CLOSED = "closed"
    ALL = "all"

    @property
    def states(self) -> list[State]:
        chosen = {
            Which.OPEN: {State.UNACKNOWLEDGED, State.ACKNOWLEDGED},
            Which.UNACKNOWLEDGED: {State.UNACKNOWLEDGED, State.CLEARED_UNACKNOWLEDGED},
            Which.CLOSED: {State.CLEARED, State.CLEARED_UNACKNOWLEDGED},
            Which.ALL: set(State),
        }[self]
        return [state for state in State if state in chosen]


class AcknowledgeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """request_id: made by the client, sent again unchanged until there is an answer. n: the last event that was seen."""

    request_id: UUID
    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    station: Annotated[str, Meta(min_length=1, max_length=100)]


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["request_id", "n", "station"],
                    "additionalProperties": False,
                    "properties": {
                        "request_id": {"type": "string", "format": "uuid", "description": "the same when sent again"},
                        "n": {"type": "integer", "minimum": 1, "description": "the last event that was seen"},
                        "station": {"type": "string", "minLength": 1, "maxLength": 100, "description": "as claimed"},
                    },
                },
                "example": {"request_id": "0b9c2f3e-52a4-4a3e-9a55-0c4f2f6f1f10", "n": 2, "station": "Centre, desk 1"},
            }
        },
    }
}  # fmt: skip


@router.get("", response_model=AlertList, responses=responses(422, 503))
async def alerts(
    request: Request,
    state: Annotated[Which, Query(description="unacknowledged: also what is closed and was never seen")] = Which.OPEN,
    imported: Annotated[bool, Query(description="those of imported flights, which are never pushed")] = False,
    aircraft_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> Response:
    """Alerts, the newest first."""
    feed = loaded(request)
    wanted = None if aircraft_id is None else parameter_id("aircraft_id", aircraft_id)
    found: dict[UUID, Case] = {}
    if imported or state in (Which.CLOSED, Which.ALL):  # the picture holds all that is open or not seen
        async with request.app.state.pool.connection() as conn:
            stored = await store.find_cases(conn, feed.picture.operator_id, state.states, imported, wanted, limit)
        found = {case.last.alert_id: case for case in stored}
    if not imported:
        for case in feed.picture.cases():  # what the stream says is newer than what the database has
            if case.state in state.states and wanted in (None, case.last.aircraft_id):
                found[case.last.alert_id] = case
            else:
                found.pop(case.last.alert_id, None)
    newest = sorted(found.values(), key=lambda case: (-case.last.start_us, case.last.alert_id.bytes))
    return answer(
        {
            "server_time": iso(request.app.state.now_us()),
            "alerts": [feed.picture.describe(case) for case in newest[:limit]],
            "truncated": len(newest) > limit,
        }
    )


@router.get("/{alert_id}", response_model=AlertHistory, responses=responses(404, 422, 503))
async def one_alert(request: Request, alert_id: str) -> Response:
    """An alert with each of its events and what people did."""
    feed, wanted = loaded(request), parameter_id("alert_id", alert_id)
    case = feed.picture.case(wanted)
    if case is None:
        async with request.app.state.pool.connection() as conn:
            case = next(iter(await store.cases(conn, feed.picture.operator_id, [wanted])), None)
    if case is None:
        raise UnknownAlert(alert_id=wanted)
    return answer(
        {
            "server_time": iso(request.app.state.now_us()),
            "alert": feed.picture.describe(case),
            "events": [describe_step(step) for step in case.steps],
            "handling": [describe_handled(one) for one in sorted(case.handling, key=lambda one: one.at_us)],
        }
    )


@router.post(
    "/{alert_id}/acknowledge", response_model=Acknowledged, responses=responses(404, 409, 422, 503), openapi_extra=_BODY
)
async def acknowledge_alert(request: Request, alert_id: str) -> Response:
    """A person has seen the alert up to n. 409 names who was first; 503: not known to be stored, send it again as it is."""
    feed, wanted = loaded(request), parameter_id("alert_id", alert_id)
    body = _read(await read_body(request))
    asked = Acknowledgement(
        feed.picture.operator_id, wanted, body.request_id, body.n, body.station.strip(), request.app.state.now_us()
    )
    return answer((await keep(request, asked)).answer())


async def keep(request: Request, asked: Acknowledgement) -> Acknowledgement:
    """Stores what a person did, tells the viewers, and gives what answers it. Raises what alerts.store.acknowledge raises."""
    feed = loaded(request)
    case = feed.picture.case(asked.alert_id)
    try:
        decided = await within(_KEPT_WITHIN_S, acknowledge(request.app.state.pool, asked, case.last.n if case else None))
    except TimeoutError as error:
        raise NotDurable(detail=f"the database gave no answer within {_KEPT_WITHIN_S:g} s") from error
    _push(feed, decided)
    return decided


def _push(feed: Feed, one: Acknowledgement) -> None:
    """To the viewers, now that it is committed; that the database's notice says it again changes nothing."""
    if feed.picture.apply_acknowledgement(one):
        feed.hub.publish()


def _read(body: bytes) -> AcknowledgeBody:
    said = read_said(body, AcknowledgeBody)
    if not said.station.strip() or not said.station.isprintable():
        raise WrongField(field="station", detail="1 to 100 printable characters are expected")
    return said


def read_said(body: bytes, kind: type[Said]) -> Said:
    """A request's body. Raises WrongField naming the field."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `$")
        field: Any = detail.split("`")[1] if " field `" in detail else where.strip("`.")
        raise WrongField(field=field or "body", detail=detail) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongField(field="body", detail=f"JSON is expected: {error}") from error
