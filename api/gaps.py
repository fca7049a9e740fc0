"""REST: what is missing in the record, when and why. A replay shows gaps as gaps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api import store
from api.fleet import Pool, answer, loaded
from api.guard import require_token
from api.problems import parameter_id, parameter_text, parameter_time, responses
from api.shapes import GapList

router = APIRouter(prefix="/api/v1", tags=["aircraft"], dependencies=[Depends(require_token)])


@router.get("/gaps", response_model=GapList, responses=responses(422, 503))
async def gaps(
    request: Request,
    aircraft_id: Annotated[str | None, Query(description="of this aircraft, and of its link and listener")] = None,
    link: Annotated[str | None, Query(description="of this link, and of its listener", max_length=500)] = None,
    since: Annotated[str | None, Query(alias="from", description="ISO 8601 with its zone; left out: from the first")] = None,
    until: Annotated[str | None, Query(alias="to", description="up to and without; left out: to the last")] = None,
    limit: Annotated[int, Query(ge=1, le=store.MAX_GAPS)] = store.MAX_GAPS,
) -> Response:
    """Intervals in which something that was sent may be missing, live and imported, in the order of their beginning."""
    feed = loaded(request)
    wanted = None if aircraft_id is None else parameter_id("aircraft_id", aircraft_id)
    begin_us, end_us = parameter_time("from", since), parameter_time("to", until)
    name = parameter_text("link", link)
    pool: Pool = request.app.state.pool
    async with pool.connection() as conn:
        found = await store.gaps(conn, feed.picture.operator_id, wanted, name, begin_us, end_us, limit)
    return answer({"gaps": found[:limit], "truncated": len(found) > limit})
