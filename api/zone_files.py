"""REST: zones as files. One that people already have becomes the next edition of a collection; what is in force is written."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.fleet import answer
from api.guard import read_body, require_token
from api.problems import responses
from api.zone_shapes import ZoneImport
from api.zones import IN_FORCE_WITHIN_S, operator_of
from geofence import edition, service
from geofence.formats import meaning, registry
from geofence.formats.found import Found
from geofence.formats.writers import WRITERS
from geofence.zone import ZoneKind, ZoneVersion

router = APIRouter(prefix="/api/v1/zones", tags=["zones"], dependencies=[Depends(require_token)])

_FILE_IN = {
    "requestBody": {
        "required": True,
        "description": "the file itself, in any format that is known; it is recognised by what is in it",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FILE_OUT: dict[int | str, dict[str, Any]] = {
    **responses(422, 503),
    200: {
        "description": "a file",
        "content": {
            "application/geo+json": {"schema": {"type": "object"}},
            "application/vnd.google-earth.kml+xml": {"schema": {"type": "string"}},
        },
    },
}


@router.post("/import", response_model=ZoneImport, responses=responses(413, 422, 503), openapi_extra=_FILE_IN)
async def take_in(
    request: Request,
    collection: Annotated[
        str, Query(description="what the zones belong to: a later file of the same name updates them", examples=["australia"])
    ],
    dry_run: Annotated[bool, Query(description="only say what would be added, changed and ended")] = False,
    kind: Annotated[ZoneKind | None, Query(description="what zones ask, where their format does not say it (KML)")] = None,
) -> Response:
    """The zones of a file, which become those of the collection: new ones, new versions, and an end for those that are gone."""
    raw, operator_id = await read_body(request), operator_of(request)
    meanings = meaning.table(request.app.state.settings.airspace.classes)
    format, found = await asyncio.to_thread(registry.read, raw, operator_id, collection, meanings, kind)
    async with request.app.state.pool.connection() as conn:
        changes, world = await service.take_in(conn, operator_id, collection, found, request.app.state.now_us(), dry_run)
    everywhere = world is None or await request.app.state.publisher.in_force(world, IN_FORCE_WITHIN_S)
    return answer(_imported(collection, format, found, changes, dry_run) | {"in_force": everywhere})


@router.get("/export", response_class=Response, responses=_FILE_OUT)
async def export(
    request: Request,
    format: Annotated[Literal["geojson", "ed318", "kml"], Query(description="ed318: GeoJSON as ED-318 has it")],
    collection: Annotated[str | None, Query(description="only zones of this import; left out: all")] = None,
) -> Response:
    """The zones in force now, as a file. If its format cannot say what one of them asks, none is written: 422 names it."""
    found = await service.at(request.app.state.pool, operator_of(request), request.app.state.now_us())
    if collection is not None:
        registry.check(collection)
    wanted = [zone for zone, _ in found if collection is None or zone.collection == collection]
    writer = WRITERS[format]
    data = await asyncio.to_thread(writer.write, wanted)
    name = f"{collection or 'zones'}{writer.suffix}"
    return Response(data, media_type=writer.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


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
