"""The simulated fleet: where each aircraft is at a time since the start, and the zones that it flies around and against.

A pure function of that time and a seed: the same picture at any hour. The first eight aircraft follow a script that repeats
every 120 s (wedgetail/simulate.py lists it for people); the others fly and break no rule.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.geodesy import bearing_deg, metres_per_degree
from core.identity import aircraft_id
from core.units import US_PER_S
from geofence.moments import iso
from ingest.links import link_name, udp_source

CYCLE_S = 120.0
_WEST, _EAST, _SOUTH, _NORTH = 149.03, 149.27, -35.43, -35.22
_GRID = 5  # homes stand on a grid of 5 by 5, about 5 km apart: nobody flies further than 1.3 km from home
_QUAD, _HEXA, _PLANE, _VTOL = 2, 13, 1, 20  # MAV_TYPE
_STEP_S = 0.1  # for velocities
_MOST = 250  # more would take the system ids of ground stations
_YEAR_US = 365 * 86_400 * US_PER_S

Key = tuple[float, float, float, float]  # seconds, east, north and height in metres
Span = tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """One aircraft's flight, again and again: straight lines between keys, the last one back at the first's place."""

    system_id: int
    name: str
    vehicle_type: int
    home: tuple[float, float]  # longitude, latitude
    ground_m: float  # above mean sea level, the same all over its area
    keys: tuple[Key, ...]
    terrain: bool  # it has terrain data, and reports its height above ground
    phase_s: float = 0.0
    silent: tuple[Span, ...] = ()
    no_fix: tuple[Span, ...] = ()
    disarmed: tuple[Span, ...] = ()
    times: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class State:
    """One aircraft at one moment. height_m is above take-off, and above ground."""

    plan: Plan
    lon_deg: float
    lat_deg: float
    height_m: float
    north_mps: float
    east_mps: float
    down_mps: float
    heading_deg: float
    armed: bool
    landed: bool
    has_fix: bool
    talks: bool
    battery_pct: int


def fleet_at(t_s: float, aircraft: int = 25, seed: int = 1) -> list[State]:
    """Everyone at a time since the start, by system id."""
    return [state_at(plan, t_s) for plan in plans(aircraft, seed)]


def state_at(plan: Plan, t_s: float) -> State:
    period_s = plan.times[-1]
    at_s = (t_s + plan.phase_s) % period_s
    east, north, height = _place(plan, at_s)
    before, after = _place(plan, (at_s - _STEP_S) % period_s), _place(plan, (at_s + _STEP_S) % period_s)
    east_mps, north_mps, up_mps = ((b - a) / (2 * _STEP_S) for a, b in zip(before, after, strict=True))
    moving = math.hypot(east_mps, north_mps) > 0.5
    armed = not _within(plan.disarmed, at_s)
    lon_m, lat_m = metres_per_degree(plan.home[1])
    return State(
        plan=plan,
        lon_deg=plan.home[0] + east / lon_m,
        lat_deg=plan.home[1] + north / lat_m,
        height_m=height,
        north_mps=north_mps,
        east_mps=east_mps,
        down_mps=-up_mps,
        heading_deg=bearing_deg(east_mps, north_mps) if moving else (37.0 * plan.system_id) % 360.0,
        armed=armed,
        landed=height < 0.2,
        has_fix=not _within(plan.no_fix, at_s),
        talks=not _within(plan.silent, at_s),
        battery_pct=95 - (plan.system_id * 7 + int(t_s / 40.0)) % 65,
    )


def plans(aircraft: int = 25, seed: int = 1) -> tuple[Plan, ...]:
    """The fleet's flights, system ids from 1."""
    chance = random.Random(seed)
    homes = _homes()
    made: list[Plan] = []
    for number in range(min(aircraft, _MOST)):
        if number < len(_SCRIPT):
            made.append(_scripted(number, homes[number]))
            continue
        cell = homes[number] if number < len(homes) else homes[chance.randrange(len(_SCRIPT), len(homes))]
        spread = 0.0 if number < len(homes) else 0.004
        home = (cell[0] + chance.uniform(-spread, spread), cell[1] + chance.uniform(-spread, spread))
        made.append(_quiet(number, home, chance))
    return tuple(made)


def demo_ids(operator: UUID, system_ids: Iterable[int], port: int = 14550, address: str = "127.0.0.1") -> list[str]:
    """Who the fleet's aircraft are to this operator's listener, when it hears them from this address."""
    link = link_name(udp_source(port), address)
    return [str(aircraft_id(operator, link, system_id)) for system_id in system_ids]


def demo_authorisation(operator: UUID, aircraft: int, from_us: int, port: int = 14550) -> dict[str, Any]:
    """The fleet may fly by night, for a year: as POST /api/v1/facts takes it."""
    return {
        "kind": "authorisation", "number": "DEMO-NIGHT", "issuer": "the demo", "type": "night",
        "relaxes": [{"rule": "AU-DAY"}], "aircraft_ids": demo_ids(operator, range(1, min(aircraft, _MOST) + 1), port),
        "valid_from": iso(from_us), "valid_to": iso(from_us + _YEAR_US),
    }  # fmt: skip


def demo_zones(operator: UUID, port: int = 14550, address: str = "127.0.0.1") -> list[dict[str, Any]]:
    """The zones of the script as GeoJSON features, as POST /api/v1/zones takes them.

    The keep-in zones bind aircraft by id, so they hold for a fleet that this operator's listener hears from this address.
    """
    homes = _homes()

    def ids(*system_ids: int) -> list[str]:
        return demo_ids(operator, system_ids, port, address)

    def zone(name: str, kind: str, geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
        return {"type": "Feature", "geometry": geometry, "properties": {"name": name, "kind": kind, **properties}}

    return [
        zone("Survey block", "keep_in", _box(homes[1], -200, -150, 200, 150), aircraft_ids=ids(2)),
        zone("Power line", "keep_out", _box(homes[2], -2, -300, 2, 300)),
        zone("Showground crowd", "keep_out", _point(homes[3], 400, 0), radius_m=200.0),
        zone("Hospital approach above 60 m", "keep_out", _box(homes[7], -500, -500, 500, 500), floor_m=60.0, floor_datum="AGL"),
        zone("Vineyard", "keep_in", _box(homes[8], -450, -450, 450, 450), aircraft_ids=ids(9)),
    ]


# name, MAV_TYPE, terrain, keys, what else: by system id from 1
_SCRIPT: tuple[tuple[str, int, bool, tuple[Key, ...], dict[str, tuple[Span, ...]]], ...] = (
    (
        "climber", _QUAD, True,
        ((0, 0, 0, 112), (10, 60, 20, 142), (30, 60, 120, 145), (42, 0, 120, 100), (110, -60, 20, 100), (120, 0, 0, 112)),
        {},
    ),
    (
        "survey", _QUAD, True,
        ((0, -180, -120, 60), (30, 180, -120, 60), (36, 262, -80, 60), (50, 262, 0, 60), (62, 230, 60, 60), (68, 170, 80, 60),
         (98, -180, 80, 60), (120, -180, -120, 60)),
        {},
    ),
    (
        "crosser", _PLANE, True,
        ((0, -375, -40, 90), (58, 1_075, -40, 90), (62, 1_075, 40, 90), (116, -375, 40, 90), (120, -375, -40, 90)),
        {},
    ),
    (
        "intruder", _HEXA, False,
        ((0, -200, 0, 50), (40, 150, 0, 50), (50, 300, 0, 50), (70, 350, 50, 50), (85, 300, -50, 50), (95, 180, 0, 50),
         (120, -200, 0, 50)),
        {},
    ),
    (
        "lost link", _QUAD, False,
        ((0, 0, 0, 45), (30, 200, 0, 45), (60, 200, 200, 45), (90, 0, 200, 45), (120, 0, 0, 45)),
        {"silent": ((40, 60),)},
    ),
    (
        "no fix", _QUAD, False,
        ((0, 0, 0, 35), (40, 100, 60, 35), (80, -100, 60, 35), (120, 0, 0, 35)),
        {"no_fix": ((20, 50),)},
    ),
    (
        "lander", _QUAD, False,
        ((0, 0, 0, 0), (2, 0, 0, 0), (12, 0, 0, 40), (25, 80, 0, 40), (40, 0, 0, 40), (50, 0, 0, 0), (120, 0, 0, 0)),
        {"disarmed": ((54, 118),), "silent": ((64, 116),)},
    ),
    (
        "low approach", _VTOL, True,
        ((0, -100, 0, 50), (70, 200, 100, 50), (80, 200, 0, 76), (92, 100, -100, 76), (102, 0, -100, 50), (120, -100, 0, 50)),
        {},
    ),
)  # fmt: skip


def _scripted(number: int, home: tuple[float, float]) -> Plan:
    name, vehicle_type, terrain, keys, rest = _SCRIPT[number]
    return _plan(number, name, vehicle_type, home, keys, terrain, **rest)


def _quiet(number: int, home: tuple[float, float], chance: random.Random) -> Plan:
    """A flight that breaks no rule: up to 105 m with terrain data, up to 70 m without (its margin there is 40 m)."""
    terrain = number % 3 == 2
    height = chance.uniform(60, 105) if terrain else chance.uniform(25, 70)
    kind = ("survey", "orbit", "transit", "hover")[number % 4]
    vehicle_type = {"survey": _QUAD, "orbit": _HEXA, "transit": _PLANE, "hover": _QUAD}[kind]
    if kind == "survey":
        path, speed = _lawnmower(300.0, 250.0, 50.0, height), 9.0
    elif kind == "orbit":
        radius = chance.uniform(80, 250)
        path, speed = [(radius * math.sin(a), radius * math.cos(a), height) for a in _turn(24)], 11.0
    elif kind == "transit":
        turned = chance.uniform(0, math.tau)
        corners = ((0.0, 0.0), (1_200.0, 0.0), (900.0, 300.0), (-300.0, 200.0))
        path, speed = (
            [
                (e * math.cos(turned) - n * math.sin(turned), e * math.sin(turned) + n * math.cos(turned), height)
                for e, n in corners
            ],
            22.0,
        )
    else:
        path, speed = [(3 * math.sin(a), 3 * math.cos(a), height + math.sin(2 * a)) for a in _turn(12)], 0.4
    keys = _timed(path, speed)
    return _plan(number, kind, vehicle_type, home, keys, terrain, phase_s=chance.uniform(0, keys[-1][0]))


def _plan(
    number: int, name: str, vehicle_type: int, home: tuple[float, float], keys: Sequence[Key], terrain: bool, **rest: Any
) -> Plan:
    ground_m = 580.0 + 25.0 * math.sin(40.0 * home[0]) + 20.0 * math.cos(55.0 * home[1])
    times = tuple(key[0] for key in keys)
    return Plan(number + 1, name, vehicle_type, home, ground_m, tuple(keys), terrain, times=times, **rest)


def _place(plan: Plan, at_s: float) -> tuple[float, float, float]:
    index = min(bisect_right(plan.times, at_s), len(plan.keys) - 1)
    start, end = plan.keys[index - 1], plan.keys[index]
    part = (at_s - start[0]) / (end[0] - start[0])
    east, north, height = (a + (b - a) * part for a, b in zip(start[1:], end[1:], strict=True))
    return east, north, height


def _timed(path: Sequence[tuple[float, float, float]], speed_mps: float) -> list[Key]:
    """A closed path flown at one speed."""
    keys: list[Key] = [(0.0, *path[0])]
    for place in [*path[1:], path[0]]:
        keys.append((keys[-1][0] + math.dist(keys[-1][1:], place) / speed_mps, *place))
    return keys


def _lawnmower(width_m: float, length_m: float, spacing_m: float, height_m: float) -> list[tuple[float, float, float]]:
    path = []
    for line in range(int(length_m // spacing_m) + 1):
        north = -length_m / 2 + line * spacing_m
        ends = (-width_m / 2, width_m / 2) if line % 2 == 0 else (width_m / 2, -width_m / 2)
        path += [(east, north, height_m) for east in ends]
    return path


def _turn(corners: int) -> list[float]:
    return [math.tau * corner / corners for corner in range(corners)]


def _within(spans: tuple[Span, ...], at_s: float) -> bool:
    return any(start <= at_s < end for start, end in spans)


def _homes() -> list[tuple[float, float]]:
    """The grid's places, those in the middle first: there the script is flown."""
    lons = [_WEST + (_EAST - _WEST) * column / (_GRID - 1) for column in range(_GRID)]
    lats = [_SOUTH + (_NORTH - _SOUTH) * row / (_GRID - 1) for row in range(_GRID)]
    middle = (_GRID - 1) / 2
    places = [(column, row) for row in range(_GRID) for column in range(_GRID)]
    places.sort(key=lambda place: (math.hypot(place[0] - middle, place[1] - middle), place))
    return [(lons[column], lats[row]) for column, row in places]


def _box(home: tuple[float, float], west_m: float, south_m: float, east_m: float, north_m: float) -> dict[str, Any]:
    corners = ((west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m), (west_m, south_m))
    return {"type": "Polygon", "coordinates": [[_offset(home, east, north) for east, north in corners]]}


def _point(home: tuple[float, float], east_m: float, north_m: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": _offset(home, east_m, north_m)}


def _offset(home: tuple[float, float], east_m: float, north_m: float) -> list[float]:
    lon_m, lat_m = metres_per_degree(home[1])
    return [round(home[0] + east_m / lon_m, 9), round(home[1] + north_m / lat_m, 9)]
