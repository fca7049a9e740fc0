"""Which zones a batch of positions is in, and which ones a batch of paths crosses. Whole batches at once.

ZoneIndex is the wall. GridIndex (geofence.grid) stands behind it; ShapelyIndex is the reference that tests hold it to.
"""

import math
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from core.geodesy import metres_per_degree
from geofence.distance import Edges, edges_of
from geofence.grid import Cut, cut
from geofence.zone import ZoneVersion

_CIRCLE_CORNERS = 360  # inscribed: at most 4 cm inside a circle of 1 km radius
_ALWAYS = (-(1 << 62), 1 << 62)

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]  # (rows, entries), each (pairs,)


class Outline(NamedTuple):
    """What is made of a version's geometry, once: the same in every world and at every time."""

    footprint: Any  # shapely Polygon or MultiPolygon in degrees, prepared
    edges: Edges
    convex: bool
    cut: Cut

    @staticmethod
    def of(zone: ZoneVersion) -> "Outline":
        shape = footprint(zone)
        shapely.prepare(shape)
        return Outline(shape, edges_of(shape), bool(shape.equals(shape.convex_hull)), cut(shape))


Outlines = MutableMapping[tuple[bytes, int], Outline]  # by zone id and version


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one zone over one stretch of time in which it decides, from_us <= t < to_us."""

    zone: ZoneVersion
    from_us: int
    to_us: int
    footprint: Any  # as in Outline, and those that follow
    edges: Edges
    convex: bool
    cut: Cut

    def holds(self, lon_deg: float, lat_deg: float) -> bool:
        """Is a point within the footprint, or on its edge."""
        return bool(shapely.intersects_xy(self.footprint, lon_deg, lat_deg))


class ZoneIndex(Protocol):
    entries: tuple[Entry, ...]

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> Pairs:
        """Footprints that hold each point (n,); a point on an edge is inside. Times and heights are not looked at."""

    def crossing(self, paths_deg: NDArray[np.float64]) -> Pairs:
        """Footprints that each straight path (n, 2 ends, lon and lat) touches."""


class ShapelyIndex:
    """ZoneIndex on shapely's STRtree."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._tree = shapely.STRtree([entry.footprint for entry in self.entries])

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> Pairs:
        rows, entries = self._tree.query(shapely.points(lon_deg, lat_deg), predicate="intersects")
        return rows, entries

    def crossing(self, paths_deg: NDArray[np.float64]) -> Pairs:
        rows, entries = self._tree.query(shapely.linestrings(paths_deg), predicate="intersects")
        return rows, entries


def footprint(zone: ZoneVersion) -> Any:
    """A zone's geometry as shapely sees it; a circle has 360 corners, round in metres, cut at longitude 180."""
    if zone.radius_m is None:
        return shapely.from_geojson(msgspec.json.encode(zone.geometry))
    lon, lat = zone.geometry["coordinates"][:2]
    lon_m, lat_m = metres_per_degree(float(lat))
    turn = np.linspace(0.0, 2.0 * math.pi, _CIRCLE_CORNERS, endpoint=False)
    circle = np.column_stack((lon + zone.radius_m * np.cos(turn) / lon_m, lat + zone.radius_m * np.sin(turn) / lat_m))
    whole = shapely.Polygon(circle)
    if np.abs(circle[:, 0]).max() <= 180.0:
        return whole
    beyond = shapely.Polygon(circle - (math.copysign(360.0, lon), 0.0))
    return shapely.MultiPolygon([shapely.clip_by_rect(part, -180.0, -90.0, 180.0, 90.0) for part in (whole, beyond)])


def compile_entries(versions: Iterable[ZoneVersion], world: int, outlines: Outlines | None = None) -> list[Entry]:
    """The versions known in a world, each with the times in which it decides (geofence.zone).

    outlines: those made before, which are taken from it; new ones are added.
    """
    outlines = {} if outlines is None else outlines
    zones: dict[bytes, list[ZoneVersion]] = {}
    for version in versions:
        if version.world <= world:
            zones.setdefault(version.zone_id.bytes, []).append(version)
    entries = []
    for _, history in sorted(zones.items()):
        claimed: list[tuple[int, int]] = []  # what higher versions decide
        for version in sorted(history, key=lambda v: -v.version):
            validity = (
                _ALWAYS[0] if version.valid_from_us is None else version.valid_from_us,
                _ALWAYS[1] if version.valid_to_us is None else version.valid_to_us,
            )
            free = _without(validity, claimed)
            claimed.append((validity[0], _ALWAYS[1]))
            if not version.ended and free:
                key = version.zone_id.bytes, version.version
                if key not in outlines:
                    outlines[key] = Outline.of(version)
                entries += [Entry(version, start, end, *outlines[key]) for start, end in free]
    return entries


def _without(span: tuple[int, int], taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a half-open span when others are cut out."""
    left = [span]
    for start, end in taken:
        left = [
            piece for low, high in left for piece in ((low, min(high, start)), (max(low, end), high)) if piece[0] < piece[1]
        ]
    return left
