"""Which zones a batch of positions is in, and which ones a batch of paths crosses. Whole batches at once.

ZoneIndex is the wall. GridIndex (geofence.grid) stands behind it; ShapelyIndex is the reference that tests hold it to.
"""

import math
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from core.geodesy import metres_per_degree
from geofence.distance import Edges, edges_of, nearest
from geofence.grid import Cut, cut
from geofence.versions import deciding
from geofence.zone import ZoneKind, ZoneVersion

T = TypeVar("T")

_CIRCLE_CORNERS = 360  # inscribed: at most 4 cm inside a circle of 1 km radius

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]  # (rows, entries), each (pairs,)
Met = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]  # and which part of the path lies before the boundary
Near = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]  # and how near the boundary is, in metres


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

    @property
    def centre_deg(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of its bounds: where its sun rises."""
        west, south, east, north = self.footprint.bounds
        return (west + east) / 2.0, (south + north) / 2.0

    def holds(self, lon_deg: float, lat_deg: float) -> bool:
        """Is a point within the footprint, or on its edge."""
        return bool(shapely.intersects_xy(self.footprint, lon_deg, lat_deg))


class ZoneIndex(Protocol):
    entries: tuple[Entry, ...]

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> Pairs:
        """Footprints that hold each point (n,); a point on an edge is inside. Times and heights are not looked at."""

    def crossing(self, paths_deg: NDArray[np.float64]) -> Pairs:
        """Footprints that each straight path (n, 2 ends, lon and lat) touches."""

    def meeting(self, paths_deg: NDArray[np.float64]) -> Met:
        """Footprints whose boundary each path meets, and after which part of it, 0 to 1, it first does."""

    def within(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], reach_m: float) -> Near:
        """Footprints whose boundary is nearer to a point (n,) than reach_m, at most FAR_M of geofence.distance, whether the
        point is in or out; and how near it is in metres, as geofence.distance says it, so also across the antimeridian."""


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

    def meeting(self, paths_deg: NDArray[np.float64]) -> Met:
        rows, entries = self.crossing(paths_deg)
        paths, boundaries = shapely.linestrings(paths_deg), shapely.boundary([entry.footprint for entry in self.entries])
        at = shapely.intersection(paths[rows], boundaries[entries]) if len(rows) else np.array([])
        there = ~shapely.is_empty(at) if len(rows) else np.zeros(0, np.bool_)
        rows, entries, at = rows[there], entries[there], at[there]
        starts, lengths = shapely.points(paths_deg[:, 0]), shapely.length(paths)
        return rows, entries, shapely.distance(starts[rows], at) / np.maximum(lengths[rows], 1e-300)

    def within(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], reach_m: float) -> Near:
        lon_m, lat_m = metres_per_degree(lat_deg)
        across, up = reach_m / lon_m + 1e-9, reach_m / lat_m + 1e-9
        west, east = lon_deg - across, lon_deg + across
        boxes = [shapely.box(west + turn, lat_deg - up, east + turn, lat_deg + up) for turn in (-360.0, 0.0, 360.0)]
        pairs = np.unique(np.concatenate([self._tree.query(each) for each in boxes], axis=1), axis=1)
        metres = [nearest(self.entries[i].edges, lon_deg[row], lat_deg[row]).distance_m for row, i in pairs.T.tolist()]
        near = np.array(metres) < reach_m
        return pairs[0, near], pairs[1, near], np.array(metres)[near]


def footprint(zone: ZoneVersion) -> Any:
    """A zone's geometry as shapely sees it."""
    return shape_of(zone.geometry, zone.radius_m)


def shape_of(geometry: Mapping[str, Any], radius_m: float | None) -> Any:
    """A GeoJSON geometry as shapely sees it; a circle has 360 corners, round in metres, cut at longitude 180."""
    if radius_m is None:
        return shapely.from_geojson(msgspec.json.encode(geometry))
    lon, lat = geometry["coordinates"][:2]
    lon_m, lat_m = metres_per_degree(float(lat))
    turn = np.linspace(0.0, 2.0 * math.pi, _CIRCLE_CORNERS, endpoint=False)
    circle = np.column_stack((lon + radius_m * np.cos(turn) / lon_m, lat + radius_m * np.sin(turn) / lat_m))
    whole = shapely.Polygon(circle)
    if np.abs(circle[:, 0]).max() <= 180.0:
        return whole
    beyond = shapely.Polygon(circle - (math.copysign(360.0, lon), 0.0))
    return shapely.MultiPolygon([shapely.clip_by_rect(part, -180.0, -90.0, 180.0, 90.0) for part in (whole, beyond)])


def touching(zones: Sequence[tuple[ZoneVersion, T]], box: tuple[float, float, float, float]) -> list[tuple[ZoneVersion, T]]:
    """Those that touch a box: west, south, east, north in degrees; west above east crosses longitude 180."""
    west, south, east, north = box
    halves = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    area = shapely.MultiPolygon([shapely.box(low, south, high, north) for low, high in halves])
    hits = shapely.intersects(area, [footprint(zone) for zone, _ in zones])
    return [one for one, hit in zip(zones, hits, strict=True) if hit]


def compile_entries(versions: Iterable[ZoneVersion], world: int, outlines: Outlines | None = None) -> list[Entry]:
    """The versions known in a world that ask something, each with the times in which it decides (geofence.versions).

    outlines: those made before, which are taken from it; new ones are added.
    """
    outlines = {} if outlines is None else outlines
    entries = []
    for version, start, end in deciding(versions, world):
        if version.kind is ZoneKind.INFORMATION:
            continue
        key = version.zone_id.bytes, version.version
        if key not in outlines:
            outlines[key] = Outline.of(version)
        entries.append(Entry(version, start, end, *outlines[key]))
    return entries
