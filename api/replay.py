"""REST: recorded flights for the replay page: who flew, what happened, their samples, the zones of then."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api import store
from api.alert import describe_handled, describe_step
from api.box import parameter_box
from api.fleet import Pool, answer, loaded
from api.guard import require_token
from api.problems import UnknownAircraft, WrongField, parameter_id, parameter_time, responses
from api.replay_shapes import Flown, FlownList, Recorded, ZonesThen
from core.identity import link_name
from core.records import Gap
from core.settings import Settings
from core.units import US_PER_S, to_us
from evidence import replay, tracks
from evidence.replay import Asked
from geofence import geojson
from geofence.moments import iso

MOST_AIRCRAFT = 100
MOST_LISTED = 1_000
MOST_ALERTS = 2_000
MOST_POINTS = 1_000_000
AIRCRAFT_HOURS = 24
_HOUR_US = 3_600 * US_PER_S
TRACKS_TYPE = "application/vnd.wedgetail.tracks"
_BINARY: dict[int | str, dict[str, Any]] = {
    **responses(404, 422, 503),
    200: {"description": "columns", "content": {TRACKS_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
}

router = APIRouter(prefix="/api/v1/replay", tags=["replay"], dependencies=[Depends(require_token)])
Ids = Annotated[list[str], Query(description="again for each aircraft", min_length=1, max_length=MOST_AIRCRAFT)]
Since = Annotated[str, Query(alias="from", description="ISO 8601 with its zone, event time")]
Until = Annotated[str, Query(alias="to", description="up to and without")]


@router.get("/aircraft", response_model=FlownList, responses=responses(422, 503))
async def aircraft(
    request: Request,
    since: Annotated[str | None, Query(alias="from", description="ISO 8601 with its zone; left out: from the first")] = None,
    until: Annotated[str | None, Query(alias="to", description="up to and without; left out: to the last")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
) -> Response:
    """The aircraft that have samples in a range, live and imported, and when."""
    operator_id = loaded(request).picture.operator_id
    begin_us, end_us = parameter_time("from", since), parameter_time("to", until)
    pool: Pool = request.app.state.pool
    async with pool.connection() as conn:
        found = await replay.flown(conn, operator_id, None, begin_us, end_us, limit)
    return answer({"aircraft": [_flown(one) for one in found[:limit]], "truncated": len(found) > limit})


@router.get("", response_model=Recorded, responses=responses(404, 422, 503))
async def recorded(request: Request, aircraft_id: Ids, since: Since, until: Until) -> Response:
    """What happened in a range: alerts that stood at some time of it with their events and handling, and what is missing."""
    feed, asked, pool = loaded(request), _asked(request, aircraft_id, since, until), request.app.state.pool
    settings: Settings = request.app.state.settings
    async with pool.connection() as conn:
        await _known(conn, asked)
        flown = await replay.flown(conn, asked.operator_id, asked.aircraft_ids, asked.from_us, asked.to_us, MOST_AIRCRAFT)
        ids = await replay.alerts_between(conn, asked, MOST_ALERTS)
        cases = await store.cases(conn, asked.operator_id, ids[:MOST_ALERTS])
        missing = await replay.gaps(conn, asked, store.MAX_GAPS)
    imported = {one.aircraft_id for one in flown if one.imported}
    return answer(
        {
            "timezone": settings.operator.timezone,
            "map_style": settings.map.style or None,
            "aircraft": [_flown(one) for one in flown],
            "alerts": [
                {
                    "alert": feed.picture.describe(case),
                    "events": [describe_step(step) for step in case.steps],
                    "handling": [describe_handled(one) for one in sorted(case.handling, key=lambda one: one.at_us)],
                }
                for case in sorted(cases, key=lambda case: (case.last.start_us, case.last.alert_id.bytes))
            ],
            "gaps": [_gap(gap, gap.aircraft_id in imported) for gap in missing[: store.MAX_GAPS]],
            "truncated": len(ids) > MOST_ALERTS or len(missing) > store.MAX_GAPS,
        }
    )


@router.get("/tracks", response_class=Response, responses=_BINARY)
async def read_tracks(
    request: Request,
    aircraft_id: Ids,
    since: Since,
    until: Until,
    points: Annotated[
        int, Query(ge=100, le=MOST_POINTS, description="of each aircraft; where it has more, it is thinned")
    ] = 50_000,
) -> Response:
    """Samples as binary columns (docs/replay.md). Aircraft times hours: at most 24."""
    asked = _asked(request, aircraft_id, since, until)
    if (asked.to_us - asked.from_us) * len(asked.aircraft_ids) > AIRCRAFT_HOURS * _HOUR_US:
        detail = f"at most {AIRCRAFT_HOURS} aircraft-hours: ask for a shorter time, or for fewer aircraft"
        raise WrongField(field="to", detail=detail)
    async with request.app.state.pool.connection() as conn:
        await _known(conn, asked)
        found = await replay.read_tracks(conn, asked, points, store.MAX_GAPS)
    return Response(await asyncio.to_thread(tracks.encode, found), media_type=TRACKS_TYPE)


@router.get("/zones", response_model=ZonesThen, responses=responses(404, 422, 503))
async def zones(
    request: Request,
    aircraft_id: Ids,
    since: Since,
    until: Until,
    bbox: Annotated[str | None, Query(description="only zones that touch west,south,east,north")] = None,
) -> Response:
    """The zones in force at some time of the range, each with when, by what was known then: today's may be others."""
    asked, box = _asked(request, aircraft_id, since, until), parameter_box("bbox", bbox)
    async with request.app.state.pool.connection() as conn:
        await _known(conn, asked)
        found = await replay.zones_then(conn, asked, box)

    def told() -> Response:
        return answer(
            {
                "zones": [
                    {"from": iso(one.from_us), "to": iso(one.to_us), "zone": geojson.write(one.zone, one.recorded_at)}
                    for one in found
                ]
            }
        )

    return await asyncio.to_thread(told)  # a country's airspace is a quarter of a second of work


def _asked(request: Request, aircraft_id: list[str], since: str, until: str) -> Asked:
    """Raises WrongField, NotReady."""
    operator_id = loaded(request).picture.operator_id
    ids = dict.fromkeys(parameter_id("aircraft_id", one) for one in aircraft_id)
    begin_us, end_us = parameter_time("from", since), parameter_time("to", until)
    assert begin_us is not None and end_us is not None
    if end_us <= begin_us:
        raise WrongField(field="to", detail="the range ends before it begins")
    return Asked(operator_id, tuple(ids), begin_us, end_us)


async def _known(conn: Any, asked: Asked) -> None:
    """Raises UnknownAircraft."""
    unknown = await replay.unknown(conn, asked)
    if unknown is not None:
        raise UnknownAircraft(aircraft_id=unknown)


def _flown(one: replay.Flown) -> Flown:
    return {
        "id": str(one.aircraft_id), "name": one.name, "link": one.link, "link_name": link_name(one.link),
        "system_id": one.system_id, "imported": one.imported,
        "first": iso(to_us(one.first)) or "", "last": iso(to_us(one.last)) or "",
    }  # fmt: skip


def _gap(gap: Gap, imported: bool) -> dict[str, Any]:
    return {
        "aircraft_id": None if gap.aircraft_id is None else str(gap.aircraft_id), "link": gap.link,
        "from": iso(gap.from_us), "to": iso(gap.to_us), "count": gap.count, "counted": store.COUNTED[gap.reason],
        "reason": gap.reason.value, "imported": imported,
    }  # fmt: skip
