"""What is around an aircraft that a pilot watches: computed here, by the zones and facts of the world that is in force.

The worker says only where alerts stand. For each aircraft that is looked at, the zones around it are compiled once, and again
when it comes near the edge of that area or the world changes.
"""

import asyncio
import logging
import math
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from api.aircraft import Held, moving_row
from api.fleet import Pool
from api.pilot_shapes import Around, HeightLimit, NearBoundary
from api.shapes import Height
from api.world import WorldPublisher
from core.geodesy import metres_per_degree
from core.sample import HeightSource
from geofence import factstore, store, surroundings
from geofence.distance import FAR_M
from geofence.index import touching
from geofence.moments import iso
from geofence.monitor import Monitor
from geofence.prediction import Motion
from geofence.vertical import Fix
from geofence.world import World
from geofence.zone import ZoneKind

_AREA_M = 2 * FAR_M  # to each side, so that it is compiled again only after a flight of FAR_M
_MOST = 64  # aircraft

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Area:
    world: int
    lon_deg: float
    lat_deg: float
    monitor: Monitor

    def covers(self, world: int, lon_deg: float, lat_deg: float) -> bool:
        """Is everything within FAR_M of the place in it."""
        lon_m, lat_m = (float(one) for one in metres_per_degree(self.lat_deg))
        east = ((lon_deg - self.lon_deg + 180.0) % 360.0 - 180.0) * lon_m
        north = (lat_deg - self.lat_deg) * lat_m
        return self.world == world and max(abs(east), abs(north)) < _AREA_M - FAR_M


class Surroundings:
    """of() for whoever asks; kept by aircraft."""

    def __init__(self, operator_id: UUID, pool: Pool, publisher: WorldPublisher) -> None:
        self._operator_id, self._pool, self._publisher = operator_id, pool, publisher
        self._areas: dict[UUID, _Area] = {}

    async def of(self, aircraft: UUID, held: Held | None) -> Around:
        """What is around an aircraft at its last position."""
        position = held.position() if held is not None else None
        if held is None or position is None:
            return _nothing(None, "its position is not known")
        at_us: int = held.fixed["event_time_us"] if held.fixed else held.time_us
        try:
            monitor = await self._monitor(aircraft, *position)
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("zones around %s cannot be read: %s", aircraft, error)
            return _nothing(at_us, "zones cannot be read: the database does not answer")
        fix, motion = _fix(held, position, at_us, monitor, self._operator_id), _motion(held)
        near = surroundings.boundary(monitor, self._operator_id, aircraft, fix, motion)
        limit = surroundings.limit(monitor, self._operator_id, aircraft, fix)
        return {
            "as_of": iso(at_us), "limit": None if limit is None else _limit(limit), "reach_m": FAR_M,
            "boundary": None if near is None else _boundary(near), "problem": None,
        }  # fmt: skip

    async def _monitor(self, aircraft: UUID, lon_deg: float, lat_deg: float) -> Monitor:
        world, held = self._publisher.everywhere, self._areas.get(aircraft)
        if held is None or not held.covers(world, lon_deg, lat_deg):
            async with self._pool.connection() as conn:
                zones = await store.versions(conn, self._operator_id)
                facts = await factstore.versions(conn, self._operator_id)
            number = world if world >= 0 else max((one.world for one, _ in (*zones, *facts)), default=0)

            def compile_area() -> Monitor:
                asking = [one for one in zones if one[0].world <= number and one[0].kind is not ZoneKind.INFORMATION]
                there = touching(asking, _box(lon_deg, lat_deg)) if asking else []
                # Every version of a zone that was ever there: an older one may be what decides.
                ids = {zone.zone_id for zone, _ in there}
                near = [zone for zone, _ in zones if zone.zone_id in ids]
                return World(near, number, [fact for fact, _ in facts]).monitor(number)

            held = _Area(world, lon_deg, lat_deg, await asyncio.to_thread(compile_area))
            self._areas.pop(aircraft, None)
            self._areas[aircraft] = held
            if len(self._areas) > _MOST:
                del self._areas[next(iter(self._areas))]
        return held.monitor


def box_around(lon_deg: float, lat_deg: float, reach_m: float = FAR_M) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees; west above east crosses longitude 180."""
    lon_m, lat_m = (float(one) for one in metres_per_degree(lat_deg))
    across, up = min(reach_m / max(lon_m, 1.0), 179.0), reach_m / lat_m
    west, east = ((lon + 180.0) % 360.0 - 180.0 for lon in (lon_deg - across, lon_deg + across))
    return west, max(lat_deg - up, -90.0), east, min(lat_deg + up, 90.0)


def _box(lon_deg: float, lat_deg: float) -> tuple[float, float, float, float]:
    return box_around(lon_deg, lat_deg, _AREA_M)


def _nothing(at_us: int | None, problem: str) -> Around:
    return {"as_of": iso(at_us), "limit": None, "boundary": None, "reach_m": FAR_M, "problem": problem}


def _boundary(near: surroundings.Boundary) -> NearBoundary:
    return {
        "zone_id": str(near.zone.zone_id), "zone_name": near.zone.name, "kind": near.zone.kind.value, "inside": near.inside,
        "distance_m": round(near.edge.distance_m, 1), "bearing_deg": round(near.edge.bearing_deg, 1),
        "seconds": None if near.seconds == math.inf else round(near.seconds, 1),
    }  # fmt: skip


def _limit(limit: surroundings.Limit) -> HeightLimit:
    return {"m": limit.agl_m, "datum": "AGL", "by": limit.by}


def _fix(held: Held, position: tuple[float, float], at_us: int, monitor: Monitor, operator: UUID) -> Fix:
    row = moving_row(held) or held.last
    height: Height | None = row["height"]
    above_ground = height is not None and height["datum"] != "AMSL"
    return Fix(
        at_us, *position,
        agl_m=height["m"] if height is not None and above_ground else math.nan,
        margin_m=(height["margin_m"] or 0.0) if height is not None and above_ground else math.nan,
        agl_source=HeightSource.NONE,
        amsl_m=_metres(row["amsl_mm"]), takeoff_m=_metres(row["takeoff_height_mm"]),
        qnh_hpa=monitor.facts.qnh_hpa(operator, *position, at_us),
    )  # fmt: skip


def _motion(held: Held) -> Motion:
    """As it moves; that it brakes is the worker's to know, so what comes may be told here a little early."""
    row = moving_row(held)
    if row is None or row["velocity_north_cmps"] is None or row["velocity_east_cmps"] is None:
        return Motion()
    down = row["velocity_down_cmps"]
    climb = math.nan if down is None else -down / 100
    return Motion(row["velocity_east_cmps"] / 100, row["velocity_north_cmps"] / 100, climb)


def _metres(millimetres: int | None) -> float:
    return math.nan if millimetres is None else millimetres / 1_000
