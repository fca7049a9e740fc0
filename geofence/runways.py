"""Where an aerodrome's runways lie, and the shapes that rules draw around them, in metres on the plane that touches there."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from core.geodesy import TangentPlane
from core.units import NAUTICAL_MILE_M

Place = tuple[float, float]  # longitude, latitude
_QUARTER = 32  # chords in a quarter of a circle


class Aerodrome(NamedTuple):
    """ident: its ICAO code, or what its list has. The place is its reference point."""

    ident: str
    name: str
    lon_deg: float
    lat_deg: float


class Runway(NamedTuple):
    """name: "17/35", or "H1" of a helipad. ends: in the order of the name, None where nobody says."""

    aerodrome: str
    name: str
    ends: tuple[Place | None, Place | None]
    length_m: float | None = None
    closed: bool = False

    @property
    def is_helipad(self) -> bool:
        return self.name.startswith("H")

    @property
    def is_known(self) -> bool:
        """Both ends, or the one place that a helipad has."""
        return sum(end is not None for end in self.ends) >= (1 if self.is_helipad else 2)


class Measures(NamedTuple):
    """How far the rules reach, in metres: nautical miles govern (casa-rules.md). Those marked so are unverified.

    Paths begin at a runway's end as listed (not at a displaced threshold), inner_width_m wide, and are measured along its
    centreline. splay: how far each side moves out for each metre along. Both are ICAO Annex 14's for the approach surface of
    an instrument runway (300 m, 15 %): the figures of the Part 101 MOS were not found.
    """

    ring_m: float = 3.0 * NAUTICAL_MILE_M
    path_m: float = 3.8 * NAUTICAL_MILE_M
    far_path_m: float = 4.6 * NAUTICAL_MILE_M
    inner_width_m: float = 300.0  # unverified
    splay: float = 0.15  # unverified
    strip_m: float = 150.0  # either side of a centreline, for the movement area, of which there is no data: unverified


class Outline(NamedTuple):
    """A zone's geometry (GeoJSON) and the radius of one that is a Point."""

    geometry: dict[str, Any]
    radius_m: float | None = None


class Ground(NamedTuple):
    """What is known of where things are: open runways with both ends, places with one, and whether any has none.

    lines: (2, 2) metres each, paths: those of them that have paths. points: (n, 2) metres. missing_m: None where all runways
    are known; else the length of the longest that is not (0: not listed), and the reference point stands for it.
    """

    centre: Place
    plane: TangentPlane
    lines: tuple[NDArray[np.float64], ...]
    paths: tuple[NDArray[np.float64], ...]
    points: NDArray[np.float64]
    missing_m: float | None

    @staticmethod
    def of(aerodrome: Aerodrome, runways: Sequence[Runway]) -> "Ground":
        """runways: those that are open."""
        plane = TangentPlane(aerodrome.lon_deg, aerodrome.lat_deg)
        lines, paths, points, missing = [], [], [], []
        for runway in runways:
            known = [end for end in runway.ends if end is not None]
            if len(known) == 2:
                lines.append(plane.metres(np.array(known)))
                if not runway.is_helipad:
                    paths.append(lines[-1])
            elif known:
                points += known[:1]
            if not runway.is_known:
                missing.append(runway.length_m or 0.0)
        if not lines and not points and not missing:
            missing.append(0.0)
        return Ground(
            (aerodrome.lon_deg, aerodrome.lat_deg), plane, tuple(lines), tuple(paths),
            plane.metres(np.array(points).reshape(-1, 2)), max(missing, default=None),
        )  # fmt: skip

    def around(self, distance_m: float) -> Outline:
        """All within a distance of a centreline or a helipad, or of the reference point where it stands for a runway."""
        if self._only_centre():
            return self._circle(distance_m)
        return self._outline(self._buffer(distance_m))

    def strips(self, measures: Measures) -> Outline:
        """The runway strips. A runway whose place is unknown lies somewhere within half its length of the reference point."""
        reach_m = measures.strip_m + (self.missing_m or 0.0) / 2.0
        if self._only_centre():
            return self._circle(reach_m)
        shape = self._known().buffer(measures.strip_m)
        return self._outline(shape if self.missing_m is None else shape.union(shapely.Point(0.0, 0.0).buffer(reach_m)))

    def path(self, from_m: float, to_m: float, measures: Measures) -> Outline | None:
        """The approach and departure paths of all runway ends, between two distances from the end; None without any end."""
        return self._outline(self._paths(from_m, to_m, measures)) if self.paths else None

    def around_and_paths(self, measures: Measures) -> Outline:
        """The ring and the whole of the paths."""
        if not self.paths:
            return self.around(measures.ring_m)
        return self._outline(self._buffer(measures.ring_m).union(self._paths(0.0, measures.far_path_m, measures)))

    def _only_centre(self) -> bool:
        return not self.lines and not len(self.points)

    def _known(self) -> Any:
        return shapely.union_all([*map(shapely.LineString, self.lines), *map(shapely.Point, self.points)])

    def _buffer(self, distance_m: float) -> Any:
        """Round by chords that touch the circle from outside: nothing within is left out, and 0.03 % more is in."""
        middle = self._known()
        if self.missing_m is not None:
            middle = middle.union(shapely.Point(0.0, 0.0))
        return middle.buffer(distance_m / math.cos(math.pi / 4 / _QUARTER), quad_segs=_QUARTER)

    def _paths(self, from_m: float, to_m: float, measures: Measures) -> Any:
        parts = []
        for line in self.paths:
            for end, other in (line, line[::-1]):
                along = (end - other) / np.hypot(*(end - other))
                aside = np.array((-along[1], along[0]))
                near, far = (measures.inner_width_m / 2.0 + measures.splay * at_m for at_m in (from_m, to_m))
                start, stop = end + along * from_m, end + along * to_m
                corners = (start - aside * near, stop - aside * far, stop + aside * far, start + aside * near)
                parts.append(shapely.Polygon(corners))
        return shapely.union_all(parts)

    def _circle(self, radius_m: float) -> Outline:
        return Outline({"type": "Point", "coordinates": list(self.centre)}, radius_m)

    def _outline(self, shape: Any) -> Outline:
        """To degrees, to the centimetre, cut at longitude 180, outlines anticlockwise (RFC 7946, 3.1.6 and 3.1.9)."""
        degrees = shapely.transform(shape, lambda metres: np.round(self.plane.degrees(metres), 7))
        west, _, east, _ = degrees.bounds
        if west < -180.0 or east > 180.0:
            turned = shapely.transform(degrees, lambda lonlat: lonlat - (math.copysign(360.0, self.centre[0]), 0.0))
            degrees = shapely.union_all([shapely.clip_by_rect(one, -180.0, -90.0, 180.0, 90.0) for one in (degrees, turned)])
        geometry = msgspec.json.decode(shapely.to_geojson(shapely.orient_polygons(degrees)), type=dict[str, Any])
        return Outline(geometry)
