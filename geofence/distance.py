"""How far a point is from a zone's boundary, in metres, and where the nearest point of the boundary lies."""

# mypy: allow-untyped-defs

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numba import float64
from numpy.typing import NDArray

from core.compiled import given, kernel
from core.geodesy import bearing_deg, great_circle, metres_per_degree

FAR_M = 20_000.0


@dataclass(frozen=True, slots=True)
class Edges:
    """A footprint's edges, straight in longitude and latitude (RFC 7946 section 3.1.1): start and step, (n, 2) degrees."""

    start: NDArray[np.float64]
    step: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The boundary from a point: metres away, and the bearing in degrees true."""

    distance_m: float
    bearing_deg: float


def rings_of(footprint: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The corners of every ring, holes included: (n, 2) degrees, and (n,) which ring each belongs to."""
    points, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(footprint)), return_index=True)
    return points, ring


def edges_of(footprint: Any) -> Edges:
    """Every ring's edges, holes included; not those at longitude 180, where a zone that goes on beyond it is cut."""
    points, ring = rings_of(footprint)
    same = ring[1:] == ring[:-1]
    if points[:, 0].min() == -180.0 and points[:, 0].max() == 180.0:
        same &= (np.abs(points[:-1, 0]) != 180.0) | (np.abs(points[1:, 0]) != 180.0)
    return Edges(points[:-1][same], np.diff(points, axis=0)[same])


def nearest(edges: Edges, lon_deg: float, lat_deg: float) -> Nearest:
    """The nearest point of the boundary, in the plane that is linear in degrees around the point.

    Exact for edges near the point, off by less than 0.1 % of the distance at 10 km; further than FAR_M it is the great
    circle to the point found so.
    """
    lon_m, lat_m = metres_per_degree(lat_deg)
    east, north = _nearest.run(edges.start, edges.step, lon_deg, lat_deg, lon_m, lat_m)
    distance = math.hypot(east, north)
    if distance > FAR_M:
        return Nearest(*great_circle(lon_deg, lat_deg, lon_deg + east / lon_m, lat_deg + north / lat_m))
    return Nearest(distance, bearing_deg(east, north))


@kernel(given(float64, 2), given(float64, 2), float64, float64, float64, float64)
def _nearest(starts, steps, lon_deg, lat_deg, lon_m, lat_m):
    """Metres east and north to the boundary's nearest point, the first of those equally near."""
    best, east, north = math.inf, math.nan, math.nan
    for edge in range(len(starts)):
        offset = (starts[edge, 0] - lon_deg + 180.0) % 360.0 - 180.0  # the short way round
        x, y = offset * lon_m, (starts[edge, 1] - lat_deg) * lat_m
        along_x, along_y = steps[edge, 0] * lon_m, steps[edge, 1] * lat_m
        length2 = along_x * along_x + along_y * along_y
        part = -(x * along_x + y * along_y) / (1.0 if length2 == 0.0 else length2)
        part = min(max(part, 0.0), 1.0)
        x, y = x + part * along_x, y + part * along_y
        if x * x + y * y < best:
            best, east, north = x * x + y * y, x, y
    return east, north
