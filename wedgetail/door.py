"""Our own API, asked over loopback: is it ready, and what the simulated fleet needs: its zones, its night authorisation."""

import asyncio
import http.client
import json
import time
from typing import Any
from uuid import UUID

from core.units import US_PER_S
from geofence.moments import read_time
from wedgetail.errors import DoorRefused
from wedgetail.fleet import demo_authorisation, demo_zones

HOST = "127.0.0.1"
_ANSWERS_IN_S = 10.0
_MADE = (200, 201, 202)
_RENEW_BEFORE_US = 30 * 86_400 * US_PER_S


async def ready(port: int) -> tuple[bool, str]:
    """Whether the API says that it is ready, and what it said."""
    try:
        status, answer = await asyncio.to_thread(_ask, port, "GET", "ready")
    except (OSError, http.client.HTTPException) as error:
        return False, f"the API does not answer ({error})"
    return status == 200, answer


async def ensure_demo_zones(port: int, token: str, operator: UUID, listener_port: int) -> int:
    """Makes the zones of the simulated fleet that are missing or bind other aircraft; the rest stay as people left them.

    How many were changed. Raises DoorRefused.
    """
    found = json.loads(await _must(port, token, "GET", "zones"))["features"]
    by_name = {zone["properties"]["name"]: zone for zone in found}
    changed = 0
    for zone in demo_zones(operator, listener_port):
        known: dict[str, Any] | None = by_name.get(zone["properties"]["name"])
        if known is None:
            await _must(port, token, "POST", "zones", zone)
        elif _bound(known) != _bound(zone):  # the listener had another port then, so its aircraft had other ids
            await _must(port, token, "PUT", f"zones/{known['id']}", zone)
        else:
            continue
        changed += 1
    return changed


async def ensure_demo_authorisation(port: int, token: str, operator: UUID, listener_port: int, aircraft: int) -> bool:
    """States the simulated fleet's night authorisation, unless it stands for these aircraft and for a month or more.

    Whether it was stated. Raises DoorRefused.
    """
    now_us = time.time_ns() // 1_000
    wanted = demo_authorisation(operator, aircraft, now_us, listener_port)
    for fact in json.loads(await _must(port, token, "GET", "facts"))["facts"]:
        if fact.get("number") == wanted["number"]:
            covered = fact["aircraft_ids"] is None or set(fact["aircraft_ids"]) >= set(wanted["aircraft_ids"])
            if covered and read_time(fact["valid_to"]) - now_us > _RENEW_BEFORE_US:
                return False
    await _must(port, token, "POST", "facts", wanted)
    return True


def _bound(zone: dict[str, Any]) -> set[str] | None:
    ids = zone["properties"].get("aircraft_ids")
    return None if ids is None else set(ids)


async def _must(port: int, token: str, method: str, path: str, body: object = None) -> str:
    try:
        status, answer = await asyncio.to_thread(_ask, port, method, path, token, body)
    except (OSError, http.client.HTTPException) as error:
        raise DoorRefused(method=method, path=path, detail=str(error)) from error
    if status not in _MADE:
        raise DoorRefused(method=method, path=path, detail=f"{status} {answer[:500]}")
    return answer


def _ask(port: int, method: str, path: str, token: str = "", body: object = None) -> tuple[int, str]:
    link = http.client.HTTPConnection(HOST, port, timeout=_ANSWERS_IN_S)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        link.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
        answer = link.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        link.close()
