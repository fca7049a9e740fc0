"""REST: aircraft, their latest state and their tracks."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from alerts.handling import State
from api import store
from api.consumer import Feed
from api.guard import require_token
from api.picture import Picture
from api.problems import NotReady, UnknownAircraft, parameter_id, parameter_time, responses
from api.shapes import Aircraft, AircraftList, Track
from core.topics import PARTITIONS
from core.units import utc
from geofence.moments import iso

MAX_POINTS = 20_000
_EVER = utc(0)

router = APIRouter(prefix="/api/v1", tags=["aircraft"], dependencies=[Depends(require_token)])
Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON without a second look: the shapes are checked by mypy, not at each request."""
    return Response(msgspec.json.encode(body), status, headers=headers, media_type="application/json")


def loaded(request: Request) -> Feed:
    """The feed whose picture is whole. Raises NotReady."""
    feed: Feed = request.app.state.feed
    if not feed.loaded.is_set():
        raise NotReady(detail=feed.problem)
    return feed


@router.get("/aircraft", response_model=AircraftList, responses=responses(422, 503))
async def aircraft(
    request: Request, imported: Annotated[bool, Query(description="the flights of history instead of those of now")] = False
) -> Response:
    """Every aircraft heard within a day, with its latest state."""
    feed = loaded(request)
    now = request.app.state.now_us()
    picture = await _imported(request, None) if imported else feed.picture
    return answer({"server_time": iso(now), "aircraft": [picture.encoded(one) for one in picture.ids()]})


@router.get("/aircraft/{aircraft_id}", response_model=Aircraft, responses=responses(404, 422, 503))
async def one_aircraft(request: Request, aircraft_id: str) -> Response:
    """Its latest state, live or imported."""
    feed, wanted = loaded(request), parameter_id("aircraft_id", aircraft_id)
    found = feed.picture.aircraft(wanted) or (await _imported(request, wanted)).aircraft(wanted)
    if found is None:
        raise UnknownAircraft(aircraft_id=wanted)
    return answer(found)


@router.get("/aircraft/{aircraft_id}/track", response_model=Track, responses=responses(404, 422, 503))
async def track(
    request: Request,
    aircraft_id: str,
    since: Annotated[str | None, Query(alias="from", description="ISO 8601 with its zone; left out: from the first")] = None,
    until: Annotated[str | None, Query(alias="to", description="up to and without; left out: to the last")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_POINTS)] = MAX_POINTS,
) -> Response:
    """Its stored samples, live and imported, in the order of event time, and the gaps between them: nothing is filled in."""
    feed, wanted = loaded(request), parameter_id("aircraft_id", aircraft_id)
    begin_us, end_us = parameter_time("from", since), parameter_time("to", until)
    operator_id, pool = feed.picture.operator_id, request.app.state.pool
    begin, end = (None if time_us is None else utc(time_us) for time_us in (begin_us, end_us))
    async with pool.connection() as conn:
        points = await store.track(conn, operator_id, wanted, begin, end, limit)
        if not points and not feed.picture.knows(wanted) and not await store.knows_aircraft(conn, operator_id, wanted):
            raise UnknownAircraft(aircraft_id=wanted)
        missing = await store.gaps(conn, operator_id, wanted, None, begin_us, end_us)
    return answer(
        {
            "aircraft_id": str(wanted), "from": iso(begin_us), "to": iso(end_us),
            "points": points[:limit], "truncated": len(points) > limit, "gaps": missing[: store.MAX_GAPS],
        }
    )  # fmt: skip


async def _imported(request: Request, wanted: UUID | None) -> Picture:
    """A picture of imported flights as they were last heard, with the alerts that stand open at their end."""
    pool: Pool = request.app.state.pool
    live: Picture = request.app.state.feed.picture
    picture = Picture(live.operator_id, PARTITIONS, request.app.state.now_us())
    open_states = [state for state in State if state.open]
    async with pool.connection() as conn:
        samples = await store.latest_samples(conn, live.operator_id, _EVER, imported=True, aircraft_id=wanted)
        standing = await store.find_cases(conn, live.operator_id, open_states, True, wanted, 10_000)
    picture.apply_stored(samples)
    picture.load(standing, live.names)
    picture.end_all()
    return picture
