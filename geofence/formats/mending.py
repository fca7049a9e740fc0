"""An outline from somebody else's file: taken as it is, else mended where the mending has one reading, and that is told.

Mended are: rings that are not closed, corners with heights, edges over longitude 180, and outlines that cross themselves
(shapely.make_valid, by structure: what any part of the outline surrounds is inside, what a hole surrounds is not).
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import shapely
from shapely.geometry import Polygon, mapping, shape

from core.errors import WedgetailError
from geofence.footprint import MAX_POINTS, finite, read_geometry

Ring = list[list[float]]
_WORLD_DEG = (350.0, 90.0)  # as wide and as high: no area of anybody's


class NoOutline(WedgetailError):
    """{detail}"""


class Outline(NamedTuple):
    """A geometry fit to be stored. doubts: what had to be mended, in words."""

    geometry: dict[str, Any]
    radius_m: float | None
    doubts: tuple[str, ...] = ()
    round_the_world: bool = False


def read_outline(geometry: object, radius_m: object = None) -> Outline:
    """Of a GeoJSON Polygon, MultiPolygon, or Point with a radius in metres. Raises NoOutline with everything that is wrong."""
    if not isinstance(geometry, dict):
        raise NoOutline(detail="it has no geometry")
    given = {"type": geometry.get("type"), "coordinates": geometry.get("coordinates")}
    if given["type"] == "Point" and isinstance(given["coordinates"], list):
        given["coordinates"] = given["coordinates"][:2]
    doubts: list[str] = []
    polygons = _polygons(given, doubts)
    if polygons is not None:
        if any(_long(ring) for polygon in polygons for ring in polygon):
            polygons = _over_180(polygons, doubts)
        given = _geometry(polygons, given["type"])
    footprint = read_geometry(given, radius_m)
    if polygons is not None and [field for field, _ in footprint.problems] == ["geometry.coordinates"]:
        # Wrong is the shape as a whole, no part of it.
        mended = _rings(shapely.make_valid(shape(given), method="structure", keep_collapsed=False))
        if not mended:
            raise NoOutline(detail="the outline has no area")
        doubts.append(f"{footprint.problems[0][1]}: mended, and to be looked at")
        polygons, given = mended, _geometry(mended, given["type"])
        footprint = read_geometry(given, radius_m)
    if footprint.problems:
        raise NoOutline(detail="; ".join(f"{_plain(field)}: {detail}" for field, detail in footprint.problems))
    return Outline(footprint.geometry, footprint.radius_m, tuple(doubts), any(map(_as_the_world, polygons or ())))


def _as_the_world(rings: list[Ring]) -> bool:
    longitudes, latitudes = [lon for lon, _ in rings[0]], [lat for _, lat in rings[0]]
    return max(longitudes) - min(longitudes) >= _WORLD_DEG[0] and max(latitudes) - min(latitudes) >= _WORLD_DEG[1]


def _plain(field: str) -> str:
    """The field without the folder that a GeoJSON file would have it in."""
    return field.removeprefix("geometry.").removeprefix("properties.")


def _polygons(geometry: dict[str, Any], doubts: list[str]) -> list[list[Ring]] | None:
    """Rings of plain corners, closed; None for anything that has no such form."""
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        coordinates = [coordinates]
    elif geometry["type"] != "MultiPolygon":
        return None
    if not isinstance(coordinates, list) or not coordinates:
        return None
    polygons, points, flat, closed = [], 0, True, True
    for polygon in coordinates:
        rings: list[Ring] = []
        for given in polygon if isinstance(polygon, list) else []:
            ring = _ring(given) if isinstance(given, list) else None
            points += len(ring or ())
            if ring is None or len(ring) < 3 or points > MAX_POINTS:
                return None
            flat = flat and all(len(corner) == 2 for corner in given)
            if ring[0] != ring[-1]:
                closed = False
                ring.append(ring[0])
            rings.append(ring)
        if not rings:
            return None
        polygons.append(rings)
    if not flat:
        doubts.append("its corners have heights, which are not used: limits are")
    if not closed:
        doubts.append("the outline was not closed: its last corner is joined to the first")
    return polygons


def _ring(given: list[Any]) -> Ring | None:
    ring: Ring = []
    for corner in given:
        if not isinstance(corner, list) or not 2 <= len(corner) <= 3:
            return None
        lon, lat = finite(corner[0]), finite(corner[1])
        if lon is None or lat is None or abs(lon) > 180 or abs(lat) > 90:
            return None
        ring.append([lon, lat])
    return ring


def _long(ring: Ring) -> bool:
    return any(abs(a[0] - b[0]) > 180 for a, b in pairwise(ring))


def _over_180(polygons: list[list[Ring]], doubts: list[str]) -> list[list[Ring]]:
    """Edges of more than 180 degrees either go the short way over longitude 180, or all the way round: what is as large as
    the world, or would be a line if it went the short way, is the world's width."""
    cut: list[list[Ring]] = []
    for rings in polygons:
        wide = _as_the_world(rings)
        unrolled = [list(_unrolled(ring)) for ring in rings]
        if not wide and any(ring[0] != ring[-1] for ring in unrolled):
            raise NoOutline(detail="the outline goes round a pole: cut it at longitude 180 (RFC 7946, 3.1.9)")
        if wide or Polygon(unrolled[0]).area == 0:
            cut.append([list(_halved(ring)) for ring in rings])
            doubts.append("its edges go round the world")
            continue
        west = min(lon for lon, _ in unrolled[0])
        for hole in unrolled[1:]:
            turns = 360 * -((min(lon for lon, _ in hole) - west) // 360)
            hole[:] = [[lon + turns, lat] for lon, lat in hole]
        whole = shapely.make_valid(Polygon(unrolled[0], unrolled[1:]), method="structure", keep_collapsed=False)
        for turn in (-360, 0, 360):
            part = shapely.intersection(whole, shapely.box(turn - 180, -90, turn + 180, 90))
            cut.extend([[[lon - turn, lat] for lon, lat in ring] for ring in rings] for rings in _rings(part))
        doubts.append("it lies over longitude 180: cut there")
    return cut


def _unrolled(ring: Ring) -> Iterator[list[float]]:
    """Each corner within 180 degrees of the one before, beyond 180 if need be."""
    lon = ring[0][0]
    for corner in ring:
        lon = corner[0] + 360 * round((lon - corner[0]) / 360)
        yield [lon, corner[1]]


def _halved(ring: Ring) -> Iterator[list[float]]:
    """Long edges in two."""
    yield ring[0]
    for a, b in pairwise(ring):
        if abs(a[0] - b[0]) > 180:
            yield [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
        yield b


def _rings(found: Any) -> list[list[Ring]]:
    """The polygons in what shapely made, as rings; lines and points left out."""
    parts = [part for part in getattr(found, "geoms", [found]) for part in getattr(part, "geoms", [part])]
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    return [[[list(corner) for corner in ring] for ring in mapping(part)["coordinates"]] for part in polygons]


def _geometry(polygons: list[list[Ring]], kind: object) -> dict[str, Any]:
    if len(polygons) == 1 and kind == "Polygon":
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}
