"""REST: zones as GeoJSON, in and out. Nothing is overwritten: each change is a version, in force once it is everywhere."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.fleet import answer, loaded
from api.guard import read_body, require_token
from api.problems import WrongField, parameter_id, parameter_time, responses
from api.zone_shapes import ZoneAnswer, ZoneCollection, ZoneImport
from geofence import activity, edition, geojson, service
from geofence.fields import Fields, Problem
from geofence.formats import meaning, registry
from geofence.formats.content import read_json
from geofence.formats.found import Found
from geofence.store import Recorded
from geofence.zone import ZoneVersion

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
_FILE_IN = {
    "requestBody": {
        "required": True,
        "description": "the file itself, in any format that is known; it is recognised by what is in it",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
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


@router.post("/import", response_model=ZoneImport, responses=responses(413, 422, 503), openapi_extra=_FILE_IN)
async def take_in(
    request: Request,
    collection: Annotated[
        str, Query(description="what the zones belong to: a later file of the same name updates them", examples=["australia"])
    ],
    dry_run: Annotated[bool, Query(description="only say what would be added, changed and ended")] = False,
) -> Response:
    """The zones of a file, which become those of the collection: new ones, new versions, and an end for those that are gone."""
    raw, operator_id = await read_body(request), _operator(request)
    meanings = meaning.table(request.app.state.settings.airspace.classes)
    format, found = await asyncio.to_thread(registry.read, raw, operator_id, collection, meanings)
    async with request.app.state.pool.connection() as conn:
        changes, world = await service.take_in(conn, operator_id, collection, found, request.app.state.now_us(), dry_run)
    everywhere = world is None or await request.app.state.publisher.in_force(world, IN_FORCE_WITHIN_S)
    return answer(_imported(collection, format, found, changes, dry_run) | {"in_force": everywhere})


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


@router.post("/{zone_id}/switch", response_model=ZoneAnswer, responses=_CHANGED | responses(404, 409), openapi_extra=_SWITCH_IN)
async def switch(request: Request, zone_id: str) -> Response:
    """A person's word that the zone is active, or is not, from a time until another. The last word given decides."""
    wanted, said = parameter_id("zone_id", zone_id), _json(await read_body(request))
    if not isinstance(said, dict):
        raise WrongField(field="body", detail='an object such as {"active": true, "until": TIME} is expected')
    problems: list[Problem] = []
    fields = Fields(said, problems, path="")
    fields.refuse_unknown(("active", "from", "until"))
    given = activity.read_switch(fields, request.app.state.now_us(), until="until")
    if given is None or problems:
        raise WrongField(field=problems[0].field, detail=problems[0].detail)
    return await _tell(request, await service.switch(request.app.state.pool, _operator(request), wanted, given), 200)


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


def _imported(collection: str, format: str, found: Found, changes: edition.Changes, dry_run: bool) -> dict[str, Any]:
    def named(zone: ZoneVersion) -> dict[str, Any]:
        return {"zone_id": str(zone.zone_id), "name": zone.name, "airspace_class": zone.airspace_class, "version": zone.version}

    return {
        "collection": collection, "format": format, "dry_run": dry_run,
        "added": [named(zone) for zone in changes.added],
        "changed": [named(one.zone) | {"fields": list(one.fields)} for one in changes.changed],
        "ended": [named(zone) for zone in changes.ended], "unchanged": changes.unchanged,
        "kept": [named(zone) for zone in changes.kept],
        "troubles": [{"where": one.where, "detail": one.detail, "lost": one.lost} for one in found.troubles],
    }  # fmt: skip


def _operator(request: Request) -> UUID:
    return loaded(request).picture.operator_id


def _json(body: bytes) -> object:
    try:
        return read_json(body)
    except (ValueError, RecursionError) as error:
        raise WrongField(field="body", detail=f"JSON is expected: {error}") from error
