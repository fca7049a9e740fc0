"""Metres on the WGS84 ellipsoid, for the short distances (a few kilometres) that separate an aircraft from a boundary."""

import math
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from core.compiled import part

_A_M = 6_378_137.0  # WGS84 semi-major axis
_MEAN_RADIUS_M = 6_371_008.8  # IUGG mean radius R1
_E2 = 6.694379990141316e-3  # first eccentricity squared


@overload
def metres_per_degree(lat_deg: float) -> tuple[float, float]: ...
@overload
def metres_per_degree(lat_deg: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def metres_per_degree(
    lat_deg: float | NDArray[np.float64],
) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
    """Metres in one degree of longitude and one of latitude at this latitude.

    The radii of curvature in the prime vertical and the meridian (Torge, Geodesy, 3rd ed., 4.1.3). The map
    (lon, lat) -> metres is linear, so an edge that is straight in degrees stays straight in metres.
    """
    lon_m, lat_m = _per_degree(lat_deg)
    return (float(lon_m), float(lat_m)) if np.ndim(lat_deg) == 0 else (lon_m, lat_m)


def _per_degree(lat_deg: Any) -> Any:
    phi = np.radians(lat_deg)
    cosine = np.cos(phi)  # and no sine: kernels ask for every row
    w2 = 1.0 - _E2 * (1.0 - cosine * cosine)
    prime = _A_M / np.sqrt(w2)
    meridian = _A_M * (1.0 - _E2) / (w2 * np.sqrt(w2))
    return np.radians(1.0) * prime * cosine, np.radians(1.0) * meridian


per_degree = part(_per_degree)  # metres_per_degree as kernels call it


def bearing_deg(east_m: float, north_m: float) -> float:
    """Degrees true, 0 to 360, of a local offset."""
    return math.degrees(math.atan2(east_m, north_m)) % 360.0


def great_circle(lon_deg: float, lat_deg: float, to_lon_deg: float, to_lat_deg: float) -> tuple[float, float]:
    """Metres and initial bearing (degrees true) to a far point, on the sphere of mean radius: right to 0.5 %."""
    lat, to_lat, turn = map(math.radians, (lat_deg, to_lat_deg, to_lon_deg - lon_deg))
    north = math.cos(lat) * math.sin(to_lat) - math.sin(lat) * math.cos(to_lat) * math.cos(turn)
    east = math.sin(turn) * math.cos(to_lat)
    along = math.sin(lat) * math.sin(to_lat) + math.cos(lat) * math.cos(to_lat) * math.cos(turn)
    return _MEAN_RADIUS_M * math.atan2(math.hypot(east, north), along), bearing_deg(east, north)


def destination(lon_deg: float, lat_deg: float, bearing: float, distance_m: float) -> tuple[float, float]:
    """Longitude and latitude reached from a point over a short distance (local approximation, as above)."""
    lon_m, lat_m = metres_per_degree(lat_deg)
    angle = math.radians(bearing)
    return lon_deg + distance_m * math.sin(angle) / lon_m, lat_deg + distance_m * math.cos(angle) / lat_m


class TangentPlane:
    """Metres east and north on the plane that touches the ellipsoid at a point, for shapes of 15 km around it.

    Distances on it are those on the ellipsoid to 3 cm within 15 km, in any direction and between any two points: what is
    buffered here is round there. (WGS84 geocentric coordinates turned into east and north: Torge, Geodesy, 3rd ed., 4.1.3.)
    """

    def __init__(self, lon_deg: float, lat_deg: float) -> None:
        self._lon_deg, self._lat_deg = lon_deg, lat_deg
        phi = math.radians(lat_deg)
        self._sin, self._cos = math.sin(phi), math.cos(phi)
        self._origin = self._meridian(np.array([lon_deg]), np.array([lat_deg]))

    def metres(self, lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) longitudes and latitudes as (n, 2) metres east and north."""
        outward, east, up = self._meridian(lonlat_deg[:, 0], lonlat_deg[:, 1])
        north = self._cos * (up - self._origin[2]) - self._sin * (outward - self._origin[0])
        return np.column_stack((east, north))

    def degrees(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        """The other way, to 0.1 mm. A longitude goes on beyond 180 on the far side of the antimeridian."""
        scale = metres_per_degree(self._lat_deg)
        found = np.array((self._lon_deg, self._lat_deg)) + metres / scale
        for _ in range(4):  # each turn leaves a few thousandths of what was wrong before
            found += (metres - self.metres(found)) / scale
        return found

    def _meridian(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Metres from the earth's centre: outward in the plane of the point's own meridian, east of it, and up its axis."""
        phi, turn = np.radians(lat_deg), np.radians(lon_deg - self._lon_deg)
        prime = _A_M / np.sqrt(1.0 - _E2 * np.sin(phi) ** 2)
        parallel = prime * np.cos(phi)
        return parallel * np.cos(turn), parallel * np.sin(turn), prime * (1.0 - _E2) * np.sin(phi)
