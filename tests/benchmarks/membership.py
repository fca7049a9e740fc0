"""Which zones hold a point: the compiled grid beside shapely, on the same zones and points, every answer compared."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from core.compiled import warm
from core.identity import operator_id
from geofence.grid import GridIndex
from geofence.index import Entry, Pairs, compile_entries
from geofence.zone import ZoneKind, ZoneVersion
from tests.benchmarks.figures import Figure, Report

_POOL, _BATCH = 100_000, 1_000
_GOALS = {1_000: (40.0, 5.5), 10_000: (11.0, 6.5)}  # zones: how many times as fast, uniform and near boundaries
_REGION = ((143.0, -38.0), (151.0, -31.0))
_RADII_DEG = (0.003, 0.3)  # 300 m to 30 km
_REFERENCE = "shapely, the faster of STRtree.query(predicate='intersects') and bounding boxes + intersects_xy, all prepared"

Find = Callable[[NDArray[np.float64], NDArray[np.float64]], Pairs]


def membership_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. Its rounds are passes over the pool, whatever their length."""
    warm()
    figures, facts = [], []
    for number, goals in _GOALS.items():
        zones = entries(number)
        began = time.perf_counter()
        grid = GridIndex(zones)
        laid_s = time.perf_counter() - began
        sides = {"ours": grid.containing, **_shapely(zones)}
        for (name, points), goal in zip(pools(zones).items(), goals, strict=True):
            held = _compare(sides, points)
            rates = _rates(sides, points, rounds)
            told = ", ".join(f"{side} {rate / 1e6:.2f} M/s" for side, rate in rates.items())
            tell(f"membership, {number:,} zones, {name}: {told}; {held / _POOL:.2f} zones a point, 0 differences")
            theirs = max(rate for side, rate in rates.items() if side != "ours")
            what = f"membership, {number:,} zones, {name}"
            figures.append(Figure(what, "points/s", rates["ours"], theirs, _REFERENCE, goal, at_most=False))
            facts.append(f"{number:,} zones, {name}: {held / _POOL:.2f} zones a point")
        facts.append(f"an index of {number:,} cut zones is laid out in {1_000 * laid_s:.0f} ms")
    return Report("Membership", figures, _NOTES + " " + "; ".join(facts) + ".")


_NOTES = f"""
Zones over eight by seven degrees, from 300 m to 30 km in radius (evenly in its logarithm): a quarter circles of 360 corners,
the others polygons of 4 to 40 corners, one in ten with a hole. A pool of {_POOL:,} positions of each kind, in batches of
{_BATCH:,}: anywhere in the region, and within some 30 m of boundaries. Reference: {_REFERENCE}. Before anything is timed all
answers are compared: 0 differences.
"""


def entries(number: int) -> list[Entry]:
    """The zones, cut."""
    return compile_entries(versions(number), 1)


def versions(number: int) -> list[ZoneVersion]:
    """The zones: the same at each run."""
    random, made = np.random.default_rng(4), list[ZoneVersion]()
    while len(made) < number:
        radius = math.exp(random.uniform(*np.log(_RADII_DEG)))
        corners = 360 if random.random() < 0.25 else int(random.integers(4, 41))
        turn = np.sort(random.uniform(0, 2 * math.pi, corners))
        far = radius * random.uniform(0.6, 1.0, corners)
        if corners == 360:
            turn, far = np.linspace(0, 2 * math.pi, corners, endpoint=False), np.full(corners, radius)
        centre = random.uniform(*_REGION)
        outline = shapely.Polygon(centre + np.column_stack((far * np.cos(turn) * 1.2, far * np.sin(turn))))
        if random.random() < 0.1 and outline.is_valid:
            outline = outline.difference(shapely.Point(centre).buffer(radius / 5))
        if outline.is_valid and outline.geom_type == "Polygon":
            made.append(_version(len(made), outline))
    return made


def _version(number: int, outline: shapely.Geometry) -> ZoneVersion:
    return ZoneVersion(
        operator_id=operator_id("bench"), zone_id=UUID(int=number), version=1, world=1, name="z", kind=ZoneKind.KEEP_OUT,
        geometry=shapely.geometry.mapping(outline),
    )  # fmt: skip


def pools(zones: Sequence[Entry]) -> dict[str, NDArray[np.float64]]:
    """Positions (n, 2) as receivers report them, in whole 1e-7 degrees."""
    random = np.random.default_rng(5)
    boundaries = shapely.boundary([zone.footprint for zone in zones])[random.integers(0, len(zones), _POOL)]
    on = shapely.get_coordinates(shapely.line_interpolate_point(boundaries, random.random(_POOL), normalized=True))
    anywhere = random.uniform(*_REGION, (_POOL, 2))
    found = {"uniform": anywhere, "near boundaries": on + random.normal(0, 3e-4, on.shape)}
    return {name: np.round(points * 1e7) / 1e7 for name, points in found.items()}


def _shapely(zones: Sequence[Entry]) -> dict[str, Find]:
    outlines = np.array([zone.footprint for zone in zones])
    tree = shapely.STRtree(outlines)

    def query(lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> Pairs:
        rows, found = tree.query(shapely.points(lon_deg, lat_deg), predicate="intersects")
        return rows, found

    def boxes(lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> Pairs:
        rows, found = tree.query(shapely.points(lon_deg, lat_deg))
        held = shapely.intersects_xy(outlines[found], lon_deg[rows], lat_deg[rows])
        return rows[held], found[held]

    return {"STRtree": query, "boxes": boxes}


def _compare(sides: dict[str, Find], points: NDArray[np.float64]) -> int:
    """How many (point, zone) pairs all sides find. Raises if they differ in one."""
    lon, lat = np.ascontiguousarray(points.T)
    ours, *others = (set(zip(*(part.tolist() for part in find(lon, lat)), strict=True)) for find in sides.values())
    for other in others:
        if ours != other:
            raise AssertionError(f"{len(ours ^ other)} differences: {sorted(ours ^ other)[:5]}")
    return len(ours)


def _rates(sides: dict[str, Find], points: NDArray[np.float64], rounds: int) -> dict[str, float]:
    batches = [np.ascontiguousarray(points[at : at + _BATCH].T) for at in range(0, len(points), _BATCH)]
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for at in range(rounds + 1):
        for name, find in sides.items():
            began = time.perf_counter()
            for lon, lat in batches:
                find(lon, lat)
            if at:  # the first is for warming up
                taken[name].append(time.perf_counter() - began)
    return {name: len(points) / statistics.median(times) for name, times in taken.items()}
