"""A zone's outline as GeoJSON gives it, checked: Polygon and MultiPolygon with holes, or Point with a radius (a circle)."""

import math
from itertools import pairwise
from typing import Any, NamedTuple

import shapely
from shapely.geometry import shape
from shapely.validation import explain_validity

MAX_POINTS = 50_000
_RADIUS_M = (1.0, 200_000.0)


class Footprint(NamedTuple):
    """A geometry as it will be stored, or what is wrong with it as (field, detail)."""

    geometry: dict[str, Any]
    radius_m: float | None
    problems: list[tuple[str, str]]


def read_geometry(geometry: object, radius_m: object) -> Footprint:
    """radius_m belongs to a Point and to nothing else."""
    problems: list[tuple[str, str]] = []
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon", "Point"):
        return Footprint({}, None, [("geometry.type", "one of Polygon, MultiPolygon, Point (with radius_m) is expected")])
    unknown = set(geometry) - {"type", "coordinates", "bbox"}
    problems.extend((f"geometry.{name}", "there is no such member") for name in sorted(map(shown, unknown)))
    coordinates, kind, radius = geometry.get("coordinates"), geometry["type"], None
    path = "geometry.coordinates"
    if kind == "Point":
        radius = _radius(radius_m, problems)
        _position(coordinates, path, problems)
        if not problems and abs(coordinates[1]) > 85:  # type: ignore[index]
            problems.append((path, "a circle this near a pole has no meaning on the map"))
    else:
        if radius_m is not None:
            problems.append(("properties.radius_m", "only a circle (a Point) has a radius"))
        if _points(coordinates) > MAX_POINTS:
            problems.append((path, f"more than {MAX_POINTS} points"))
        else:
            _polygons(coordinates, kind, path, problems)
        if not problems:
            outline = shape({"type": kind, "coordinates": coordinates})
            if not outline.is_valid:
                problems.append((path, _crossing(outline)))
            elif not outline.area > 0:
                problems.append((path, "the outline has no area"))
    return Footprint({"type": kind, "coordinates": coordinates}, radius, problems)


def shown(name: object) -> str:
    """A member's name as it can be told: JSON may hold half a surrogate pair, which no answer can."""
    return str(name)[:100].encode("utf-8", "backslashreplace").decode()


def finite(value: object) -> float | None:
    """A JSON number as a float; None for anything else, infinities and integers no float can hold included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _radius(value: object, problems: list[tuple[str, str]]) -> float | None:
    low, high = _RADIUS_M
    if value is None:
        problems.append(("properties.radius_m", "a circle (a Point) needs its radius in metres"))
    elif (radius := finite(value)) is None:
        problems.append(("properties.radius_m", "a finite number is expected"))
    elif not low <= radius <= high:
        problems.append(("properties.radius_m", f"{radius:g} is not from {low:g} to {high:g}"))
    else:
        return radius
    return None


def _points(coordinates: object) -> int:
    """How many positions stand in nested lists, four levels deep at most."""
    level: list[object] = [coordinates]
    for _ in range(4):
        if not any(isinstance(item, list) for item in level):
            break
        level = [part for item in level if isinstance(item, list) for part in item]
        if level and not any(isinstance(item, list) for item in level):
            return len(level) // 2
        if len(level) > 4 * MAX_POINTS:
            return len(level)
    return 0


def _polygons(coordinates: object, kind: str, path: str, problems: list[tuple[str, str]]) -> None:
    if kind == "Polygon":
        _rings(coordinates, path, problems)
    elif not isinstance(coordinates, list) or not coordinates:
        problems.append((path, "a list of polygons is expected"))
    else:
        for number, polygon in enumerate(coordinates):
            _rings(polygon, f"{path}[{number}]", problems)


def _rings(polygon: object, path: str, problems: list[tuple[str, str]]) -> None:
    if not isinstance(polygon, list) or not polygon:
        problems.append((path, "a list of rings is expected, the outline first, then its holes"))
        return
    for number, ring in enumerate(polygon):
        where = f"{path}[{number}]"
        if not isinstance(ring, list):
            problems.append((where, "a ring is a list of positions"))
            continue
        before = len(problems)
        for place, position in enumerate(ring):
            _position(position, f"{where}[{place}]", problems)
            if len(problems) > before:
                return  # the first wrong position of a ring is enough
        if len(ring) < 4:
            problems.append((where, f"a ring needs 4 positions or more (the last equals the first), not {len(ring)}"))
        elif ring[0] != ring[-1]:
            problems.append((where, "the ring is not closed: the last position must equal the first"))
        elif any(abs(a[0] - b[0]) > 180 for a, b in pairwise(ring)):
            problems.append((where, "an edge of more than 180 degrees: cut the zone at longitude 180 (RFC 7946, 3.1.9)"))


def _position(position: object, path: str, problems: list[tuple[str, str]]) -> None:
    if not isinstance(position, list) or len(position) != 2:
        detail = "a position is [longitude, latitude]"
        if isinstance(position, list) and len(position) == 3:
            detail += "; heights belong into floor_m and ceiling_m, with their datum"
        problems.append((path, detail))
        return
    for value, name, limit in zip(position, ("longitude", "latitude"), (180, 90), strict=True):
        number = finite(value)
        if number is None:
            problems.append((path, f"the {name} is not a finite number"))
        elif abs(number) > limit:
            swapped = "; longitude stands first" if name == "latitude" and abs(number) <= 180 else ""
            problems.append((path, f"the {name} {number:g} is beyond {limit} degrees{swapped}"))


def _crossing(outline: shapely.Geometry) -> str:
    """What shapely found, in words: "Self-intersection[149.1 -35.3]"."""
    found = explain_validity(outline)
    what, _, where = found.partition("[")
    sentence = {
        "Self-intersection": "the outline crosses itself",
        "Ring Self-intersection": "a ring touches or crosses itself",
        "Hole lies outside shell": "a hole lies outside its outline",
        "Holes are nested": "a hole lies within a hole",
        "Interior is disconnected": "a hole cuts the zone in two",
        "Nested shells": "one polygon lies within another",
        "Duplicate Rings": "a ring stands there twice",
        "Too few points in geometry component": "a ring has too few different points",
    }.get(what, what)
    return f"{sentence} at {where.rstrip(']')}" if where else sentence
