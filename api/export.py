"""REST: flights as files, and incident bundles."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.fleet import Pool, loaded
from api.guard import require_token
from api.live import program_version
from api.problems import WrongField, parameter_text, parameter_time, responses
from core.settings import Settings
from core.units import utc
from evidence import bundle, store
from evidence.flight import Flight
from evidence.formats import FORMATS
from evidence.made import Made
from streams.state import ENGINE

MOST = 200_000  # samples: the door has others to serve
_MEDIA = {format.media_type.partition(";")[0]: {"schema": {"type": "string"}} for format in FORMATS.values()}
_FILE: dict[int | str, dict[str, Any]] = {**responses(404, 422, 503), 200: {"description": "a file", "content": _MEDIA}}
_BUNDLE: dict[int | str, dict[str, Any]] = {
    **responses(404, 422, 503),
    201: {"description": "a bundle", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}},
}

router = APIRouter(prefix="/api/v1", tags=["evidence"], dependencies=[Depends(require_token)])
Name = Annotated[str, Query(description="an aircraft's id, or a link", min_length=1, max_length=500)]
Since = Annotated[str | None, Query(alias="from", description="ISO 8601 with its zone, event time; left out: from the first")]
Until = Annotated[str | None, Query(alias="to", description="up to and without; left out: to the last")]


@router.get("/export", response_class=Response, responses=_FILE)
async def export(
    request: Request,
    flight: Name,
    format: Annotated[Literal["czml", "kml", "geojson", "csv", "parquet"], Query(description="what to write it as")],
    since: Since = None,
    until: Until = None,
) -> Response:
    """A flight as a file, units and datums in its names. More than 200,000 samples are refused: the command has no limit."""
    pool: Pool = request.app.state.pool
    async with pool.connection() as conn, store.snapshot(conn):
        found = await _read(conn, request, flight, since, until)
    chosen = FORMATS[format]
    data = await asyncio.to_thread(chosen.write, found)
    return Response(data, media_type=chosen.media_type, headers=_named(f"flight{chosen.suffix}"))


@router.post("/bundles", response_class=Response, status_code=201, responses=_BUNDLE)
async def make_bundle(
    request: Request,
    flight: Name,
    by: Annotated[str, Query(description="who makes it", min_length=1, max_length=200)],
    since: Since = None,
    until: Until = None,
) -> Response:
    """An incident bundle, as `wedgetail verify` checks it. The database keeps its root hash; header: Root-Hash."""
    who = (parameter_text("by", by) or "").strip()
    if not who.isprintable() or not who:
        raise WrongField(field="by", detail="a name is expected")
    pool: Pool = request.app.state.pool
    async with pool.connection() as conn, store.snapshot(conn):
        found = await _read(conn, request, flight, since, until)
        incident = await store.read_incident(conn, found)
    made = Made(request.app.state.now_us(), who, program_version(), ENGINE)
    whole = await asyncio.to_thread(bundle.make, incident, made)
    async with pool.connection() as conn:
        await store.keep(conn, found, made, whole.root_hash, whole.report_hash)
    headers = {**_named("bundle.zip"), "Root-Hash": whole.root_hash}
    return Response(whole.data, 201, media_type="application/zip", headers=headers)


async def _read(conn: store.Connection, request: Request, name: str, since: str | None, until: str | None) -> Flight:
    settings: Settings = request.app.state.settings
    begin_us, end_us = parameter_time("from", since), parameter_time("to", until)
    begin, end = (None if time_us is None else utc(time_us) for time_us in (begin_us, end_us))
    operator = loaded(request).picture.operator_id, settings.operator.title, settings.operator.timezone
    return await store.read_flight(conn, operator, parameter_text("flight", name) or "", begin, end, MOST)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
