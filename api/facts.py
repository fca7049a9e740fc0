"""REST: the facts that rules need. Nothing is overwritten: each change is a version, in force once it is everywhere."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.factshapes import Fact, FactList
from api.fleet import answer
from api.guard import read_body, require_token
from api.problems import parameter_id, parameter_time, responses
from api.zones import END_IN, ending_us, json_of, operator_of, tell_change
from geofence import factjson, factservice
from geofence.facts import assumed
from geofence.factservice import Changes
from geofence.factstore import Recorded

router = APIRouter(prefix="/api/v1/facts", tags=["facts"], dependencies=[Depends(require_token)])

_EXAMPLE = {
    "kind": "authorisation", "number": "CASA.NIGHT.0042", "issuer": "CASA", "type": "night", "relaxes": [{"rule": "AU-DAY"}],
    "valid_from": "2026-07-01T00:00:00+10:00", "valid_to": "2027-07-01T00:00:00+10:00",
}  # fmt: skip
_KINDS = ("AircraftFact", "OperatorFact", "Authorisation", "TowerHours", "Pressure")
_FACT_IN = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in _KINDS]},
                "example": _EXAMPLE,
            }
        },
    }
}
_CHANGED: dict[int | str, dict[str, Any]] = {
    **responses(422, 503),
    202: {"model": Fact, "description": "stored, not yet in force everywhere"},
}


@router.get("", response_model=FactList, responses=responses(422, 503))
async def facts(
    request: Request,
    at: Annotated[str | None, Query(description="ISO 8601 with its zone; left out: now")] = None,
    coming: Annotated[bool, Query(description="also facts that will first hold after that time")] = False,
) -> Response:
    """The facts in force at a time, as they are known now."""
    time_us = parameter_time("at", at)
    if time_us is None:
        time_us = request.app.state.now_us()
    return answer(_list(await factservice.at(request.app.state.pool, operator_of(request), time_us, coming)))


@router.post(
    "", status_code=201, response_model=Fact, openapi_extra=_FACT_IN,
    responses=_CHANGED | {200: {"model": Fact, "description": "a new version of a fact that was there, or nothing new"}},
)  # fmt: skip
async def put(request: Request) -> Response:
    """States a fact. One of its kind and subject gets a new version; what it says already changes nothing.

    201: new; 200: it was there; both once every partition judges by it. 202: stored, not yet in force.
    """
    given = json_of(await read_body(request))
    return await _tell_put(request, await factservice.put(request.app.state.pool, operator_of(request), given))


@router.put("/{fact_id}", response_model=Fact, responses=_CHANGED | responses(404), openapi_extra=_FACT_IN)
async def replace(request: Request, fact_id: str) -> Response:
    """A new version of this fact, whose kind and subject stay; one that has ended begins again."""
    wanted, given = parameter_id("fact_id", fact_id), json_of(await read_body(request))
    return await _tell_put(request, await factservice.replace(request.app.state.pool, operator_of(request), wanted, given))


@router.post("/{fact_id}/end", response_model=Fact, responses=_CHANGED | responses(404, 409), openapi_extra=END_IN)
async def end(request: Request, fact_id: str) -> Response:
    """Nothing is stated any more, from now or from the time given: rules assume again."""
    wanted, at_us = parameter_id("fact_id", fact_id), await ending_us(request)
    return await _tell(request, await factservice.end(request.app.state.pool, operator_of(request), wanted, at_us), 200)


@router.get("/{fact_id}/versions", response_model=FactList, responses=responses(404, 422, 503))
async def versions(request: Request, fact_id: str) -> Response:
    """Every version of a fact, the first first, endings included."""
    wanted = parameter_id("fact_id", fact_id)
    return answer(_list(await factservice.versions(request.app.state.pool, operator_of(request), wanted)))


async def _tell_put(request: Request, changes: Changes) -> Response:
    (stored,) = changes.all
    return await _tell(request, stored, 201 if changes.added else 200)


async def _tell(request: Request, stored: Recorded, status: int) -> Response:
    version, recorded_at = stored
    place = f"/api/v1/facts/{version.fact_id}/versions"
    return await tell_change(request, factjson.write(version, recorded_at), version.world, status, place)


def _list(found: list[Recorded]) -> dict[str, Any]:
    return {"facts": [factjson.write(version, when) for version, when in found], "assumed": assumed(None)}
