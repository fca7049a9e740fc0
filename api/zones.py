"""REST: zones as GeoJSON, in and out. Nothing is overwritten: each change is a version, in force once it is everywhere."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.box import parameter_box
from api.fleet import answer, loaded
from api.guard import read_body, require_token
from api.problems import WrongField, parameter_id, parameter_time, responses
from api.zone_shapes import ZoneAnswer, ZoneCollection
from core import strictjson
from geofence import activity, geojson, service
from geofence.fields import Fields, Problem
from geofence.index import touching
from geofence.moments import read_time
from geofence.store import Recorded
from geofence.zone import ZoneKind

IN_FORCE_WITHIN_S = 2.0

router = APIRouter(prefix="/api/v1/zones", tags=["zones"], dependencies=[Depends(require_token)])

_EXAMPLE = {
    "type": "Feature",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[149.0, -35.3], [149.1, -35.3], [149.1, -35.4], [149.0, -35.4], [149.0, -35.3]]],
    },
    "properties": {
        "name": "Stromlo training area", "kind": "keep_in", "ceiling_m": 100, "ceiling_datum": "AGL",
        "valid_from": "2026-07-01T08:00:00+10:00", "valid_to": "2026-07-01T17:00:00+10:00",
    },
}  # fmt: skip
_FEATURE_IN = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ZoneFeature"}, "example": _EXAMPLE}},
    }
}
END_IN = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object", "additionalProperties": False,
                    "properties": {"at": {"type": ["string", "null"], "format": "date-time", "description": "null: now"}},
                },
                "example": {"at": None},
            }
        },
    }
}  # fmt: skip
_SWITCH_IN = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object", "additionalProperties": False, "required": ["active", "until"],
                    "properties": {
                        "active": {"type": "boolean"},
                        "from": {"type": ["string", "null"], "format": "date-time", "description": "null: now"},
                        "until": {"type": "string", "format": "date-time"},
                    },
                },
                "example": {"active": True, "from": None, "until": "2026-07-01T17:00:00+10:00"},
            }
        },
    }
}  # fmt: skip
_CHANGED: dict[int | str, dict[str, Any]] = {
    **responses(422, 503),
    202: {"model": ZoneAnswer, "description": "stored, not yet in force everywhere"},
}


@router.get("", response_model=ZoneCollection, responses=responses(422, 503))
async def zones(
    request: Request,
    at: Annotated[str | None, Query(description="ISO 8601 with its zone; left out: now")] = None,
    coming: Annotated[bool, Query(description="also zones that will first hold after that time")] = False,
    bbox: Annotated[
        str | None,
        Query(description="only zones that touch west,south,east,north; west above east crosses longitude 180"),
    ] = None,
    kind: Annotated[list[ZoneKind] | None, Query(description="only zones of this kind, or of these")] = None,
) -> Response:
    """The zones in force at a time, as they are known now."""
    time_us, box = parameter_time("at", at), parameter_box("bbox", bbox)
    if time_us is None:
        time_us = request.app.state.now_us()
    found = await service.at(request.app.state.pool, operator_of(request), time_us, coming)
    wanted = [one for one in found if kind is None or one[0].kind in kind]

    def told() -> Response:
        return answer(collection_of(wanted if box is None else touching(wanted, box)))

    return await asyncio.to_thread(told)  # a country's airspace is a quarter of a second of work


@router.post("", status_code=201, response_model=ZoneAnswer, responses=_CHANGED, openapi_extra=_FEATURE_IN)
async def create(request: Request) -> Response:
    """A new zone. 201: every partition judges by it from now on; 202: stored, not yet in force."""
    feature = json_of(await read_body(request))
    stored = await service.create(request.app.state.pool, operator_of(request), feature)
    return await _tell(request, stored, 201)


@router.put("/{zone_id}", response_model=ZoneAnswer, responses=_CHANGED | responses(404, 409), openapi_extra=_FEATURE_IN)
async def replace(request: Request, zone_id: str) -> Response:
    """A new version, which replaces those before it from its beginning on. Alerts that stand go on under it."""
    wanted, feature = parameter_id("zone_id", zone_id), json_of(await read_body(request))
    stored = await service.replace(request.app.state.pool, operator_of(request), wanted, feature)
    return await _tell(request, stored, 200)


@router.post("/{zone_id}/end", response_model=ZoneAnswer, responses=_CHANGED | responses(404, 409), openapi_extra=END_IN)
async def end(request: Request, zone_id: str) -> Response:
    """The zone asks nothing any more, from now or from the time given."""
    wanted, at_us = parameter_id("zone_id", zone_id), await ending_us(request)
    return await _tell(request, await service.end(request.app.state.pool, operator_of(request), wanted, at_us), 200)


@router.post("/{zone_id}/switch", response_model=ZoneAnswer, responses=_CHANGED | responses(404, 409), openapi_extra=_SWITCH_IN)
async def switch(request: Request, zone_id: str) -> Response:
    """A person's word that the zone is active, or is not, from a time until another. The last word given decides."""
    wanted, said = parameter_id("zone_id", zone_id), json_of(await read_body(request))
    if not isinstance(said, dict):
        raise WrongField(field="body", detail='an object such as {"active": true, "until": TIME} is expected')
    problems: list[Problem] = []
    fields = Fields(said, problems)
    fields.refuse_unknown(("active", "from", "until"))
    given = activity.read_switch(fields, request.app.state.now_us(), until="until")
    if given is None or problems:
        raise activity.WrongSwitch(problems)
    return await _tell(request, await service.switch(request.app.state.pool, operator_of(request), wanted, given), 200)


@router.get("/{zone_id}/versions", response_model=ZoneCollection, responses=responses(404, 422, 503))
async def versions(request: Request, zone_id: str) -> Response:
    """Every version of a zone, the first first, endings included."""
    wanted = parameter_id("zone_id", zone_id)
    return answer(collection_of(await service.versions(request.app.state.pool, operator_of(request), wanted)))


async def _tell(request: Request, stored: Recorded, status: int) -> Response:
    zone, recorded_at = stored
    place = f"/api/v1/zones/{zone.zone_id}/versions"
    return await tell_change(request, geojson.write(zone, recorded_at), zone.world, status, place)


async def tell_change(request: Request, told: dict[str, Any], world: int, status: int, place: str) -> Response:
    """What was stored, once every partition judges by it; 202 if that takes too long. place: where its versions are."""
    everywhere = await request.app.state.publisher.in_force(world, IN_FORCE_WITHIN_S)
    told["in_force"] = everywhere
    if not everywhere:
        told["detail"] = "stored, not yet in force: some partitions are still judged without it"
    return answer(told, status if everywhere else 202, {"Location": place})


def collection_of(found: list[Recorded]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [geojson.write(zone, when) for zone, when in found]}


def operator_of(request: Request) -> UUID:
    return loaded(request).picture.operator_id


async def ending_us(request: Request) -> int:
    """When something ends, as the body says it; now if it does not. Raises WrongField."""
    body = await read_body(request)
    said = json_of(body) if body.strip() else {}
    if not isinstance(said, dict):
        raise WrongField(field="body", detail='an object such as {"at": null} is expected')
    for name in said:
        if name != "at":
            raise WrongField(field=str(name), detail="there is no such field")
    try:
        now_us: int = request.app.state.now_us()
        return now_us if said.get("at") is None else read_time(said["at"])
    except ValueError as error:
        raise WrongField(field="at", detail=str(error)) from error


def json_of(body: bytes) -> object:
    """Raises WrongField."""
    try:
        return strictjson.loads(body)
    except ValueError as error:
        raise WrongField(field="body", detail=f"JSON is expected: {error}") from error
