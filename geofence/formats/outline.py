"""A ring of positions as a file gives it, made into a footprint that can be judged by; what was repaired is said."""

from typing import Any, NamedTuple

import shapely
from shapely.geometry import mapping
from shapely.validation import explain_validity

from geofence.footprint import MAX_POINTS

_DECIMALS = 7  # a centimetre


class NoOutline(ValueError):
    """The positions enclose nothing that could be a zone. The text says why."""


class Outline(NamedTuple):
    """geometry: GeoJSON, Polygon or MultiPolygon. remarks: what was repaired."""

    geometry: dict[str, Any]
    remarks: list[str]


def outline_of(ring: list[tuple[float, float]]) -> Outline:
    """ring: degrees, longitude first, closed or not; it may cross longitude 180 and itself. Raises NoOutline."""
    remarks = []
    if len(ring) > MAX_POINTS:
        raise NoOutline(f"it has more than {MAX_POINTS} points")
    points = _without_repeats(ring)
    if len(points) < 3:
        raise NoOutline(f"an outline needs three different points, not {len(points)}")
    unwrapped = _unwrapped(points)
    if abs(unwrapped[0][0] - unwrapped[-1][0]) > 180.0 or any(abs(lat) > 90.0 or abs(lon) > 540.0 for lon, lat in unwrapped):
        raise NoOutline("it goes around a pole, or around the world")
    footprint = shapely.Polygon(unwrapped)
    if not footprint.is_valid:
        where = explain_validity(footprint).rpartition("[")[2].rstrip("]")
        # Shells are joined, not cancelled against each other: a part that is gone around twice stays in.
        footprint = _areas(shapely.make_valid(footprint, method="structure", keep_collapsed=False))
        remarks.append(
            f"the published outline crosses itself near {where} (longitude latitude): repaired, every part of it kept"
        )
    west, _, east, _ = footprint.bounds
    if west < -180.0 or east > 180.0:
        footprint = _cut(footprint)
    if remarks or footprint.geom_type == "MultiPolygon":  # new corners, which are to stay valid when they are rounded
        footprint = _areas(shapely.set_precision(footprint, 10.0**-_DECIMALS))
    if not footprint.area > 0:
        raise NoOutline("the outline has no area")
    return Outline(_plain(mapping(footprint)), remarks)


def _without_repeats(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Neighbours that differ, the last not the first again."""
    points: list[tuple[float, float]] = []
    for lon, lat in ring:
        point = (round(lon, _DECIMALS), round(lat, _DECIMALS))
        if not points or point != points[-1]:
            points.append(point)
    while len(points) > 1 and points[0] == points[-1]:
        points.pop()
    return points


def _unwrapped(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Longitudes that go on beyond 180 instead of jumping: an edge takes the short way."""
    found = [points[0]]
    for lon, lat in points[1:]:
        before = found[-1][0]
        found.append((before + (lon - before + 180.0) % 360.0 - 180.0 if abs(lon - before) > 180.0 else lon, lat))
    return found


def _cut(footprint: Any) -> Any:
    """What lies beyond longitude 180 comes in on the other side (RFC 7946, 3.1.9)."""
    parts = []
    for turn in (-360.0, 0.0, 360.0):
        strip = shapely.intersection(footprint, shapely.box(turn - 180.0, -90.0, turn + 180.0, 90.0))
        parts.append(shapely.transform(strip, lambda at, turn=turn: at - (turn, 0.0)))
    return _areas(shapely.union_all(parts))


def _areas(geometry: Any) -> Any:
    """Of a mixed geometry the polygons alone."""
    pieces = shapely.get_parts(shapely.get_parts(geometry))  # a collection may hold multipolygons
    polygons = [piece for piece in pieces if piece.geom_type == "Polygon" and piece.area > 0]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _plain(geometry: Any) -> dict[str, Any]:
    """As JSON has it: lists, and no digit beyond the centimetre."""

    def lists(value: Any) -> Any:
        return round(value, _DECIMALS) if isinstance(value, float) else [lists(part) for part in value]

    return {"type": geometry["type"], "coordinates": lists(geometry["coordinates"])}
