"""Failures as problem JSON (RFC 9457): the one place where an error gets its HTTP status."""

import json
import logging
from typing import Any
from uuid import UUID

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from alerts.handling import AlreadyAcknowledged, NotDurable, NotYetHappened, RequestReused, UnknownAlert
from api.jobs import Busy, UnknownJob
from api.shapes import Problem
from core.errors import DatabaseAway, WedgetailError
from evidence.store import EmptyWindow, NothingThen, TooMany
from geofence.activity import WrongSwitch
from geofence.factjson import WrongFact
from geofence.factservice import UnknownFact
from geofence.fields import Wrong
from geofence.formats.document import Unreadable
from geofence.formats.extension import NotWritten
from geofence.formats.registry import KindNotOpen, UnknownFormat, WrongCollection
from geofence.geojson import WrongZone
from geofence.moments import read_time
from geofence.service import AlreadyEnded, EndsBeforeItBegins, NothingUnderstood, NotSwitched, UnknownZone
from storage.history import NoSuchFlight

log = logging.getLogger(__name__)


class Unauthorized(WedgetailError):
    """Show the token: Authorization: Bearer TOKEN"""


class Forbidden(WedgetailError):
    """This door answers only to its own names, 127.0.0.1 and localhost among them: {detail}"""


class LinkOver(WedgetailError):
    """This pilot link {detail}: ask dispatch for a new one."""


class NotForPilots(WedgetailError):
    """A pilot link sees its own aircraft and nothing else: /api/v1/pilot"""


class OnlyForPilots(WedgetailError):
    """This is what a pilot link opens: dispatch sees more, under /api/v1/aircraft and /api/v1/alerts."""


class NoAddress(WedgetailError):
    """Nobody knows by which address a phone reaches this door: start it with api.address, such as https://10.0.0.7:8443"""


class UnknownLink(WedgetailError):
    """There is no pilot link {link_id}."""


class WrongField(WedgetailError):
    """{detail}"""


class TooLarge(WedgetailError):
    """The request's body is larger than {limit} bytes."""


class WrongRerun(Wrong):
    """This cannot be run again: {detail}"""


class TooLong(WedgetailError):
    """This is more than {hours} hours of a live flight, or more than {samples:,} samples: ask for a shorter time or for fewer
    aircraft, or give the command `wedgetail rerun`."""


class BrokenOff(WedgetailError):
    """The upload broke off behind {size:,} bytes: nothing of it was kept."""


class NoSpace(WedgetailError):
    """The file cannot be kept in {folder}: {detail}. Nothing of it is left there."""


class UnknownAircraft(WedgetailError):
    """There is no aircraft {aircraft_id}."""


class NotReady(WedgetailError):
    """The picture is not loaded yet: {detail}"""


STATUS: dict[type[WedgetailError], int] = {
    Unauthorized: 401, Forbidden: 403, WrongField: 422, TooLarge: 413, UnknownAircraft: 404, NotReady: 503,
    DatabaseAway: 503, WrongZone: 422, UnknownZone: 404, WrongFact: 422, UnknownFact: 404, AlreadyEnded: 409,
    EndsBeforeItBegins: 422, UnknownAlert: 404, AlreadyAcknowledged: 409, NotYetHappened: 422, RequestReused: 409,
    NotDurable: 503, UnknownFormat: 422, Unreadable: 422, KindNotOpen: 422, WrongCollection: 422, NothingUnderstood: 422,
    NotSwitched: 409, WrongSwitch: 422, NotWritten: 422, NoSuchFlight: 404, NothingThen: 404, EmptyWindow: 422, TooMany: 422,
    TooLong: 422, NoSpace: 507, BrokenOff: 400, Busy: 429, UnknownJob: 404, WrongRerun: 422,
    LinkOver: 401, NotForPilots: 403, OnlyForPilots: 403, NoAddress: 409, UnknownLink: 404,
}  # fmt: skip
_FIELDS = {
    UnknownFormat: "body", Unreadable: "body", KindNotOpen: "kind", WrongCollection: "collection", EmptyWindow: "to",
    TooLong: "to",
}  # fmt: skip
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "5"}, 503: {"Retry-After": "1"}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": words, "content": {"application/problem+json": {}}}
    for status, words in {
        401: "the token is missing or wrong",
        403: "this token is not for this",
        404: "there is no such thing",
        409: "something else was first",
        413: "the body is too large",
        422: "a field is wrong: field and errors name it",
        429: "too many at once: try again when one is done",
        503: "not now: try again",
        507: "there is no room for it on the disk",
    }.items()
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: RESPONSES[status] for status in (401, 403, *statuses)}


def parameter_time(name: str, value: str | None) -> int | None:
    """An optional time in a query. Raises WrongField."""
    if value is None:
        return None
    try:
        return read_time(value)
    except ValueError as error:
        raise WrongField(field=name, detail=str(error)) from error


def parameter_id(name: str, value: str) -> UUID:
    """An id in a path or a query. Raises WrongField."""
    try:
        return UUID(value)
    except ValueError as error:
        raise WrongField(field=name, detail="a UUID is expected") from error


def parameter_text(name: str, value: str | None) -> str | None:
    """An optional text in a query. Raises WrongField."""
    if value is not None and "\0" in value:
        raise WrongField(field=name, detail="a text without NUL is expected")
    return value


def describe(error: WedgetailError) -> Problem:
    """The body for one of our own errors."""
    problem: Problem = {"type": error.urn, "title": error.title, "status": STATUS[type(error)], "detail": str(error)}
    if isinstance(error, WrongField):
        field = str(error.facts["field"])
        problem["field"] = field
        problem["errors"] = [{"field": field, "detail": str(error)}]
    elif isinstance(error, Wrong):
        problem["field"] = error.problems[0].field
        problem["errors"] = [{"field": one.field, "detail": one.detail} for one in error.problems]
    elif (field := _FIELDS.get(type(error), "")) != "":
        problem["field"], problem["errors"] = field, [{"field": field, "detail": str(error)}]
    elif isinstance(error, NothingUnderstood):
        problem["field"] = "body"
        problem["errors"] = [{"field": one.where, "detail": one.detail} for one in error.troubles]
    elif isinstance(error, AlreadyAcknowledged):
        problem["first"] = {"n": error.first["n"], "station": error.first["station"], "at": error.first["at"]}
    return problem


def respond(problem: Problem) -> Response:
    headers = _HEADERS.get(problem["status"], {})
    # Escaped, because a field may be named as the client named it: half of a surrogate pair has no UTF-8.
    body = json.dumps(problem)
    return Response(body, problem["status"], media_type="application/problem+json", headers=headers)


def install(app: FastAPI) -> None:
    """Every failure of a request answers as a problem."""
    for kind in STATUS:
        app.add_exception_handler(kind, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(psycopg.OperationalError, _away)
    app.add_exception_handler(PoolTimeout, _away)
    app.add_exception_handler(500, _failed)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, WedgetailError)
    return respond(describe(error))


async def _away(request: Request, error: Exception) -> Response:
    log.warning("%s: the database does not answer: %s", request.url.path, error)
    return respond(describe(DatabaseAway(detail=str(error).strip() or type(error).__name__)))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [{"field": ".".join(str(part) for part in one["loc"][1:]), "detail": one["msg"]} for one in error.errors()]
    detail = "; ".join(f"{one['field']}: {one['detail']}" for one in found)
    return respond(
        {
            "type": "urn:wedgetail:wrong-field", "title": "Wrong field", "status": 422, "detail": detail,
            "field": found[0]["field"], "errors": [{"field": one["field"], "detail": one["detail"]} for one in found],
        }
    )  # fmt: skip


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return respond({"type": "about:blank", "title": error.detail, "status": error.status_code, "detail": error.detail})


async def _failed(request: Request, error: Exception) -> Response:
    # Our own mistake: the server logs it whole, the client learns no more than that.
    detail = "this is a fault of the program: its log says more"
    return respond({"type": "about:blank", "title": "Internal error", "status": 500, "detail": detail})
