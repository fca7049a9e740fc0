"""REST: a stored flight through the rules again, as it was judged, or with other zones or limits: what if?"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from api.aside.messages import RerunAsked
from api.fleet import Pool, answer
from api.guard import read_body, require_token
from api.job_shapes import Rerun
from api.jobs import Jobs
from api.problems import TooLong, UnknownAircraft, WrongRerun, parameter_id, responses
from api.zones import json_of, operator_of
from core.units import US_PER_S, utc
from core.units import to_us as as_us
from evidence.store import EmptyWindow, NothingThen
from geofence.altitude import LIMIT_M
from geofence.fields import Fields, Problem
from geofence.geojson import WrongZone
from geofence.moments import iso
from geofence.zone import ZoneVersion
from storage.queries import load
from streams.whatif import Other, read_zones

MOST_AIRCRAFT = 20
MOST_SAMPLES = 500_000  # of all aircraft: some ten minutes of work at the worst
LONGEST_US = 24 * 3600 * US_PER_S  # of a live flight: all that its partition heard is read
_MOST_WITHOUT = 100

router = APIRouter(prefix="/api/v1/reruns", tags=["evidence"], dependencies=[Depends(require_token)])

_ID = {"type": "string", "format": "uuid"}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_ASKED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object", "additionalProperties": False, "required": ["aircraft_ids"],
                    "properties": {
                        "aircraft_ids": {"type": "array", "items": _ID, "minItems": 1, "maxItems": MOST_AIRCRAFT},
                        "from": _TIME | {"description": "of live flights, broker time; an import is always run whole"},
                        "to": _TIME,
                        "what_if": {
                            "type": ["object", "null"], "additionalProperties": False,
                            "description": "null: as it was judged",
                            "properties": {
                                "zones": {"description": "a GeoJSON Feature or FeatureCollection, as /zones has them"},
                                "instead": {"type": "boolean", "description": "of those of that time, not beside them"},
                                "without": {"type": "array", "items": {"type": "string"}, "description": "names or ids"},
                                "height_limit_m": {"type": ["number", "null"], "minimum": 0, "maximum": 30_000},
                            },
                        },
                    },
                },
                "example": {
                    "aircraft_ids": ["6f0f3a0e-5c1c-5d8b-9a54-0b9f4d8e1a11"],
                    "from": "2026-07-01T03:00:00Z", "to": "2026-07-01T04:00:00Z", "what_if": {"height_limit_m": 90},
                },
            }
        },
    }
}  # fmt: skip


@router.post("", status_code=202, response_model=Rerun, responses=responses(404, 413, 422, 429, 503), openapi_extra=_ASKED)
async def begin(request: Request) -> Response:
    """Begins it. Ask for it, at the address that Location names, until its state is done; nothing of it is ever stored."""
    jobs: Jobs = request.app.state.reruns
    jobs.check_room()
    given, operator_id = json_of(await read_body(request)), operator_of(request)
    aircraft_ids, from_us, to_us, other = await asyncio.to_thread(_read, given, operator_id)
    await _check_range(request.app.state.pool, operator_id, aircraft_ids, from_us, to_us)
    settings = request.app.state.settings.model_dump(mode="json")
    asked = {
        "aircraft_ids": [str(one) for one in aircraft_ids], "from": iso(from_us), "to": iso(to_us), "what_if": other is not None
    }  # fmt: skip
    job = jobs.begin(asked, RerunAsked(settings, tuple(aircraft_ids), from_us, to_us, other))
    return answer(job.told(), 202, {"Location": f"/api/v1/reruns/{job.job_id}"})


@router.get("/{rerun_id}", response_model=Rerun, responses=responses(404, 422))
async def look(request: Request, rerun_id: str) -> Response:
    """How far it is, or what it gave. The last twenty are remembered while the door is open."""
    jobs: Jobs = request.app.state.reruns
    return answer(jobs.get(parameter_id("rerun_id", rerun_id)).told())


@router.delete("/{rerun_id}", response_model=Rerun, responses=responses(404, 422))
async def stop(request: Request, rerun_id: str) -> Response:
    """Ends it where it is; one that is over stays as it is."""
    jobs: Jobs = request.app.state.reruns
    return answer((await jobs.stop(parameter_id("rerun_id", rerun_id))).told())


def _read(given: object, operator_id: UUID) -> tuple[list[UUID], int | None, int | None, Other | None]:
    """Raises WrongRerun, EmptyWindow."""
    problems: list[Problem] = []
    if not isinstance(given, dict):
        raise WrongRerun([Problem("body", 'an object such as {"aircraft_ids": [ID]} is expected')])
    fields = Fields(given, problems)
    fields.refuse_unknown(("aircraft_ids", "from", "to", "what_if"))
    ids = fields.ids("aircraft_ids") or ()
    if fields.get("aircraft_ids") is None or len(ids) > MOST_AIRCRAFT:
        fields.wrong("aircraft_ids", f"1 to {MOST_AIRCRAFT} aircraft are expected")
    from_us, to_us = fields.time("from"), fields.time("to")
    what_if = fields.member("what_if", ("zones", "instead", "without", "height_limit_m"))
    other = None if what_if is None else _other(what_if, operator_id, problems)
    if problems:
        raise WrongRerun(problems)
    if from_us is not None and to_us is not None and to_us <= from_us:
        raise EmptyWindow
    return list(ids), from_us, to_us, other


def _other(fields: Fields, operator_id: UUID, problems: list[Problem]) -> Other | None:
    limit_m = fields.number("height_limit_m", 0, 30_000, "m")
    instead, zones = fields.get("instead"), tuple[ZoneVersion, ...]()
    if instead not in (None, True, False):
        fields.wrong("instead", "true or false is expected")
    without = fields.texts("without", _MOST_WITHOUT, 200)
    if fields.get("zones") is not None:
        try:
            zones = read_zones(fields.get("zones"), operator_id, "what_if.zones")
        except WrongZone as error:
            problems += error.problems
    elif instead:
        fields.wrong("zones", "zones are expected that are to be there instead")
    elif not without and fields.get("height_limit_m") is None:
        fields.wrong("zones", "zones, without or height_limit_m is expected: what is to be other than it was?")
    return Other(zones, bool(instead), without, LIMIT_M if limit_m is None else limit_m)


async def _check_range(
    pool: Pool, operator_id: UUID, aircraft_ids: Sequence[UUID], from_us: int | None, to_us: int | None
) -> None:
    """Raises UnknownAircraft, NothingThen, TooLong."""
    given: dict[str, Any] = {
        "operator_id": operator_id, "aircraft_ids": list(aircraft_ids), "most": MOST_SAMPLES + 1,
        "from": None if from_us is None else utc(from_us), "to": None if to_us is None else utc(to_us),
    }  # fmt: skip
    async with pool.connection() as conn:
        rows = await (await conn.execute(load("api")["samples_within"], given)).fetchall()
    found = {row[0]: row[1:] for row in rows}
    total = 0
    for aircraft_id in aircraft_ids:
        if aircraft_id not in found:
            raise UnknownAircraft(aircraft_id=aircraft_id)
        imported, samples, first, last = found[aircraft_id]
        if not samples:
            raise NothingThen(flight=f"aircraft {aircraft_id}")
        total += samples
        begin, end = (from_us if from_us is not None else as_us(first)), (to_us if to_us is not None else as_us(last))
        if total > MOST_SAMPLES or (not imported and end - begin > LONGEST_US):
            raise TooLong(hours=LONGEST_US // (3600 * US_PER_S), samples=MOST_SAMPLES)
