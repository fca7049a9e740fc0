"""REST: what a pilot's link opens, and nothing else does; and the links themselves, which dispatch makes and ends."""

import ipaddress
import unicodedata
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec import Meta

from alerts.handling import Acknowledgement, Action, UnknownAlert
from api import pilot_links, store
from api.around import Surroundings, box_around
from api.fleet import answer, loaded
from api.guard import read_body, require_pilot, require_token
from api.pilot_links import PilotLinks
from api.pilot_shapes import LinkEnded, PilotLinkList, PilotLinkShape, PilotView
from api.pilot_token import MAX_NAME_BYTES, PilotLink
from api.problems import NoAddress, UnknownAircraft, UnknownLink, WrongField, parameter_id, responses
from api.shapes import Acknowledged
from api.watch import keep, read_said
from api.zone_shapes import ZoneCollection
from api.zones import collection_of
from core.settings import Settings
from core.units import US_PER_S
from geofence import service
from geofence.index import touching
from geofence.moments import iso

MAX_HOURS = 24.0
Whose = Annotated[PilotLink, Depends(require_pilot)]

router = APIRouter(prefix="/api/v1/pilot", tags=["pilot"], dependencies=[Depends(require_pilot)])
links = APIRouter(prefix="/api/v1/pilot-links", tags=["pilot links"], dependencies=[Depends(require_token)])


class LinkBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    aircraft_id: UUID
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    hours: Annotated[float, Meta(gt=0, le=MAX_HOURS)]


class SawBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """request_id: made by the client, sent again unchanged until there is an answer. n: the last event that was seen."""

    request_id: UUID
    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]


def _body(required: list[str], properties: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "additionalProperties": False, "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


_LINK_IN = _body(
    ["aircraft_id", "name", "hours"],
    {
        "aircraft_id": {"type": "string", "format": "uuid"},
        "name": {"type": "string", "minLength": 1, "maxLength": 40, "description": "of who looks"},
        "hours": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_HOURS, "description": "until the link expires"},
    },
    {"aircraft_id": "6f0f3a0e-5c1c-5d8b-9a54-0b9f4d8e1a11", "name": "Kim", "hours": 4},
)
_SAW_IN = _body(
    ["request_id", "n"],
    {
        "request_id": {"type": "string", "format": "uuid", "description": "the same when sent again"},
        "n": {"type": "integer", "minimum": 1, "description": "the last event that was seen"},
    },
    {"request_id": "0b9c2f3e-52a4-4a3e-9a55-0c4f2f6f1f10", "n": 2},
)


@router.get("", response_model=PilotView, responses=responses(503))
async def view(request: Request, link: Whose) -> Response:
    """The aircraft of the link, its alerts, and what is around it. The same comes live over the WebSocket."""
    picture = loaded(request).picture
    around: Surroundings = request.app.state.surroundings
    standing = [one for one in picture.standing() if one["aircraft_id"] == str(link.aircraft_id)]
    return answer(
        {
            "server_time": iso(request.app.state.now_us()), "name": link.name, "expires_at": iso(link.expires_us),
            "aircraft_id": str(link.aircraft_id), "aircraft": picture.encoded(link.aircraft_id), "alerts": standing,
            "around": await around.of(link.aircraft_id, picture.held(link.aircraft_id)),
        }
    )  # fmt: skip


@router.get("/zones", response_model=ZoneCollection, responses=responses(503))
async def zones(request: Request, link: Whose) -> Response:
    """The zones in force within 20 km of the aircraft; none while nobody knows where it is."""
    picture = loaded(request).picture
    position = picture.position(link.aircraft_id)
    if position is None:
        return answer(collection_of([]))
    found = await service.at(request.app.state.pool, picture.operator_id, request.app.state.now_us())
    theirs = [one for one in found if one[0].aircraft_ids is None or link.aircraft_id in one[0].aircraft_ids]
    return answer(collection_of(touching(theirs, box_around(*position)) if theirs else []))


@router.post(
    "/alerts/{alert_id}/saw", response_model=Acknowledged, responses=responses(404, 409, 422, 503), openapi_extra=_SAW_IN
)
async def saw(request: Request, alert_id: str, link: Whose) -> Response:
    """The pilot has seen the alert up to n: recorded beside acknowledgements, and acknowledging nothing for dispatch."""
    feed, wanted = loaded(request), parameter_id("alert_id", alert_id)
    body = read_said(await read_body(request), SawBody)
    case = feed.picture.case(wanted)
    if case is None:
        async with request.app.state.pool.connection() as conn:
            case = next(iter(await store.cases(conn, feed.picture.operator_id, [wanted])), None)
    if case is None or case.last.aircraft_id != link.aircraft_id:
        raise UnknownAlert(alert_id=wanted)
    asked = Acknowledgement(
        feed.picture.operator_id, wanted, body.request_id, body.n, link.name, request.app.state.now_us(), Action.PILOT_SAW
    )
    return answer((await keep(request, asked)).answer())


@links.post("", status_code=201, response_model=PilotLinkShape, responses=responses(404, 409, 422, 503), openapi_extra=_LINK_IN)
async def make(request: Request) -> Response:
    """A link for one pilot, who sees one aircraft until it expires."""
    feed, body = loaded(request), read_said(await read_body(request), LinkBody)
    name = unicodedata.normalize("NFC", body.name).strip()
    if not name or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        raise WrongField(field="name", detail="1 to 40 printable characters are expected")
    now_us, operator_id = request.app.state.now_us(), feed.picture.operator_id
    whole_us = (now_us + round(body.hours * 3600 * US_PER_S)) // US_PER_S * US_PER_S
    link = PilotLink(uuid4(), body.aircraft_id, name, max(whole_us, now_us // US_PER_S * US_PER_S + US_PER_S))
    told = _tell(request, link)
    async with request.app.state.pool.connection() as conn:
        if not feed.picture.knows(link.aircraft_id) and not await store.knows_aircraft(conn, operator_id, link.aircraft_id):
            raise UnknownAircraft(aircraft_id=link.aircraft_id)
        await pilot_links.add(conn, operator_id, link, now_us)
    return answer(told, 201)


@links.get("", response_model=PilotLinkList, responses=responses(409, 422, 503))
async def standing_links(request: Request, aircraft_id: str | None = None) -> Response:
    """The links that may still be used, the oldest first."""
    feed, now_us = loaded(request), request.app.state.now_us()
    wanted = None if aircraft_id is None else parameter_id("aircraft_id", aircraft_id)
    async with request.app.state.pool.connection() as conn:
        found = await pilot_links.standing(conn, feed.picture.operator_id, wanted, now_us)
    return answer({"server_time": iso(now_us), "links": [_tell(request, link) for link in found]})


@links.delete("/{link_id}", response_model=LinkEnded, responses=responses(404, 422, 503))
async def end(request: Request, link_id: str) -> Response:
    """Ends a link before its time, for whoever looks through it too. Ending it again changes nothing."""
    feed, wanted = loaded(request), parameter_id("link_id", link_id)
    pilots: PilotLinks = request.app.state.pilots
    async with request.app.state.pool.connection() as conn:
        if not await pilot_links.end(conn, feed.picture.operator_id, wanted, request.app.state.now_us()):
            raise UnknownLink(link_id=wanted)
    if pilots.ended is not None:
        pilots.ended |= {wanted}
    return answer({"link_id": str(wanted), "ended": True})


def _tell(request: Request, link: PilotLink) -> PilotLinkShape:
    pilots: PilotLinks = request.app.state.pilots
    address, beyond = address_of(request.app.state.settings, request.headers.get("host", ""), request.url.scheme)
    return {
        "link_id": str(link.link_id), "aircraft_id": str(link.aircraft_id), "name": link.name,
        "expires_at": iso(link.expires_us) or "", "url": f"{address}/pilot.html#token={pilots.token(link)}",
        "beyond_this_machine": beyond,
    }  # fmt: skip


def address_of(settings: Settings, asked_host: str, scheme: str) -> tuple[str, bool]:
    """Where a phone opens a link, and whether other machines reach that. Raises NoAddress.

    As the settings say it; else where this door listens; else, where that is every address of the machine, as dispatch itself
    reached it from elsewhere.
    """
    api = settings.api
    if api.address:
        return api.address.rstrip("/"), True
    if not api.listen:
        return f"http://127.0.0.1:{api.port}", False
    listened = ipaddress.ip_address(api.listen.rpartition(":")[0].strip("[]"))
    if not listened.is_unspecified:
        return f"{'https' if api.tls_cert else 'http'}://{api.listen}", not listened.is_loopback
    if scheme == "https":
        return f"https://{asked_host}", True
    raise NoAddress
