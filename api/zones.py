"""REST: zones as GeoJSON, in and out. Nothing is overwritten: each change is a version, in force once it is everywhere."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.fleet import answer, loaded
from api.guard import read_body, require_token
from api.problems import WrongField, parameter_id, parameter_time, responses
from api.shapes import ZoneAnswer, ZoneCollection
from geofence import geojson, service
from geofence.store import Recorded

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
_END_IN = {
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
_CHANGED: dict[int | str, dict[str, Any]] = {
    **responses(422, 503),
    202: {"model": ZoneAnswer, "description": "stored, not yet in force everywhere"},
}


@router.get("", response_model=ZoneCollection, responses=responses(422, 503))
async def zones(
    request: Request,
    at: Annotated[str | None, Query(description="ISO 8601 with its zone; left out: now")] = None,
    coming: Annotated[bool, Query(description="also zones that will first hold after that time")] = False,
) -> Response:
    """The zones in force at a time, as they are known now."""
    time_us = parameter_time("at", at)
    if time_us is None:
        time_us = request.app.state.now_us()
    return answer(_collection(await service.at(request.app.state.pool, _operator(request), time_us, coming)))


@router.post("", status_code=201, response_model=ZoneAnswer, responses=_CHANGED, openapi_extra=_FEATURE_IN)
async def create(request: Request) -> Response:
    """A new zone. 201: every partition judges by it from now on; 202: stored, not yet in force."""
    feature = _json(await read_body(request))
    stored = await service.create(request.app.state.pool, _operator(request), feature)
    return await _tell(request, stored, 201)


@router.put("/{zone_id}", response_model=ZoneAnswer, responses=_CHANGED | responses(404, 409), openapi_extra=_FEATURE_IN)
async def replace(request: Request, zone_id: str) -> Response:
    """A new version, which replaces those before it from its beginning on. Alerts that stand go on under it."""
    wanted, feature = parameter_id("zone_id", zone_id), _json(await read_body(request))
    stored = await service.replace(request.app.state.pool, _operator(request), wanted, feature)
    return await _tell(request, stored, 200)


@router.post("/{zone_id}/end", response_model=ZoneAnswer, responses=_CHANGED | responses(404, 409), openapi_extra=_END_IN)
async def end(request: Request, zone_id: str) -> Response:
    """The zone asks nothing any more, from now or from the time given."""
    wanted, body = parameter_id("zone_id", zone_id), await read_body(request)
    said = _json(body) if body.strip() else {}
    if not isinstance(said, dict):
        raise WrongField(field="body", detail='an object such as {"at": null} is expected')
    for name in said:
        if name != "at":
            raise WrongField(field=str(name), detail="there is no such field")
    at = said.get("at")
    try:
        at_us = request.app.state.now_us() if at is None else geojson.read_time(at)
    except ValueError as error:
        raise WrongField(field="at", detail=str(error)) from error
    return await _tell(request, await service.end(request.app.state.pool, _operator(request), wanted, at_us), 200)


@router.get("/{zone_id}/versions", response_model=ZoneCollection, responses=responses(404, 422, 503))
async def versions(request: Request, zone_id: str) -> Response:
    """Every version of a zone, the first first, endings included."""
    wanted = parameter_id("zone_id", zone_id)
    return answer(_collection(await service.versions(request.app.state.pool, _operator(request), wanted)))


async def _tell(request: Request, stored: Recorded, status: int) -> Response:
    zone, recorded_at = stored
    everywhere = await request.app.state.publisher.in_force(zone.world, IN_FORCE_WITHIN_S)
    told = geojson.write(zone, recorded_at) | {"in_force": everywhere}
    if not everywhere:
        told["detail"] = "stored, not yet in force: some partitions are still judged without it"
    return answer(told, status if everywhere else 202, {"Location": f"/api/v1/zones/{zone.zone_id}/versions"})


def _collection(found: list[Recorded]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [geojson.write(zone, when) for zone, when in found]}


def _operator(request: Request) -> UUID:
    return loaded(request).picture.operator_id


def _json(body: bytes) -> object:
    """JSON in which no name stands twice: of two readers each would take another value."""
    try:
        return json.loads(body, object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise WrongField(field="body", detail=f"JSON is expected: {error}") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise WrongField(field="body", detail=f"the name {twice!r} stands twice in one object")
    return members


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
