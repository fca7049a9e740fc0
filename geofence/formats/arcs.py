"""Arcs and circles as airspace is published, around a centre in nautical miles, laid out as points on WGS84."""

import math

import numpy as np
from numpy.typing import NDArray

from core.geodesy import bearing_deg, metres_per_degree

Position = tuple[float, float]  # degrees, longitude first

_SAGITTA_M = 10.0  # how far a chord may be from its arc: positions are published to a second, 30 m
_STEP_DEG = (0.5, 6.0)  # between two points of an arc, whatever its radius
_ROUNDS = 4  # the middle latitude settles to far under a millimetre


def whole_circle(centre: Position, radius_m: float) -> list[Position]:
    """A closed ring."""
    ring = _arc(centre, 0.0, 360.0, radius_m, radius_m)
    return [*ring[:-1], ring[0]]


def arc_between(centre: Position, start: Position, end: Position, clockwise: bool) -> tuple[list[Position], float, float]:
    """From start to end around the centre; how many metres the farther one is away, and by how much the two differ in that.

    Start and end are kept as they are given; between them the radius goes evenly from the one to the other, so that a centre
    which fits neither leaves no step in the outline. Where both are the same point it is a whole circle.
    """
    (first, first_m), (last, last_m) = (_from_centre(centre, place) for place in (start, end))
    turn = (last - first) % 360.0 if clockwise else -((first - last) % 360.0)
    if start == end:
        turn = 360.0 if clockwise else -360.0
    return [start, *_arc(centre, first, turn, first_m, last_m)[1:-1], end], max(first_m, last_m), abs(first_m - last_m)


def arc_of_bearings(centre: Position, radius_m: float, first_deg: float, last_deg: float, clockwise: bool) -> list[Position]:
    """Between two bearings (degrees true at the centre); equal ones make a whole circle."""
    turn = (last_deg - first_deg) % 360.0 if clockwise else -((first_deg - last_deg) % 360.0)
    turn = turn or (360.0 if clockwise else -360.0)
    return _arc(centre, first_deg, turn, radius_m, radius_m, at_centre=True)


def _arc(
    centre: Position, first_deg: float, turn_deg: float, first_m: float, last_m: float, at_centre: bool = False
) -> list[Position]:
    step = math.degrees(2 * math.acos(max(0.0, 1 - _SAGITTA_M / max(first_m, last_m, 2 * _SAGITTA_M))))
    count = max(1, math.ceil(abs(turn_deg) / min(max(step, _STEP_DEG[0]), _STEP_DEG[1])))
    share = np.linspace(0.0, 1.0, count + 1)
    found = _places(centre, first_deg + share * turn_deg, first_m + share * (last_m - first_m), at_centre)
    return [(float(lon), float(lat)) for lon, lat in found]


def _from_centre(centre: Position, place: Position) -> tuple[float, float]:
    """Bearing (degrees true, at the middle latitude) and metres.

    Gauss's middle latitude method (Torge, Geodesy, 3rd ed., 6.3.3): within a metre at 100 km.
    """
    lon_m, lat_m = metres_per_degree((centre[1] + place[1]) / 2)
    east_deg = (place[0] - centre[0] + 180.0) % 360.0 - 180.0
    east, north = east_deg * lon_m, (place[1] - centre[1]) * lat_m
    return bearing_deg(east, north), math.hypot(east, north)


def _places(
    centre: Position, bearing: NDArray[np.float64], distance_m: NDArray[np.float64], at_centre: bool
) -> NDArray[np.float64]:
    """(n, 2) degrees: the same method the other way round. at_centre: the bearings are those at the centre itself."""
    turn = np.radians(bearing)
    lon, lat = np.full(len(bearing), centre[0]), np.full(len(bearing), centre[1])
    for _ in range(_ROUNDS):
        middle = (lat + centre[1]) / 2
        lon_m, lat_m = metres_per_degree(middle)
        # Meridians converge: half-way along, the same line has turned by this much.
        turned = turn + np.radians(lon - centre[0]) * np.sin(np.radians(middle)) / 2 if at_centre else turn
        lon, lat = centre[0] + distance_m * np.sin(turned) / lon_m, centre[1] + distance_m * np.cos(turned) / lat_m
    return np.column_stack((lon, lat))
