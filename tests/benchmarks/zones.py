"""What is asked of zones, among 10, 1,000 and 10,000 of them, each beside shapely; all rules at once; and zones that change."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from core.compiled import warm
from core.geodesy import metres_per_degree
from geofence.grid import GridIndex
from geofence.index import Entry, ShapelyIndex, compile_entries
from tests.benchmarks import rules
from tests.benchmarks.figures import Figure, Report
from tests.benchmarks.membership import pools, versions

_ZONES = (10, 1_000, 10_000)
_BATCH, _OURS, _THEIRS, _COMPARED = 1_000, 50, 5, 500  # points in a batch; batches a round; points that are compared
_REACH_M, _STEP_M, _AHEAD_M = 500.0, 3.0, 120.0
_DISTANCE_GOAL, _SHARE_GOAL, _BUILD_S, _STALL_S = 12.0, 0.25, 2.0, 0.1
_TURNS = 8
_REFERENCES = {
    "membership": "shapely STRtree.query(predicate='intersects') of points",
    "crossing": "shapely STRtree.query(predicate='intersects') of paths",
    "meeting": "the same and shapely.intersection with the boundaries",
    "within 500 m": "shapely STRtree.query(predicate='dwithin') among boundaries in metres, which gives no distance",
}

_MIDDLE_DEG = -34.5


class Question(NamedTuple):
    """made: of points, (n, 2), what is asked of ours and of theirs."""

    made: Callable[[NDArray[np.float64]], tuple[Any, ...]]
    ours: Callable[..., Any]
    theirs: Callable[..., Any]


def _alone(measure: Callable[[int], tuple[float, float]], zones: int) -> tuple[float, float]:
    """In a process of its own, as a worker is: what other benchmarks left in this one would be walked by the collector."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, zones).result()


def zones_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. Its rounds are passes over batches, whatever their length."""
    warm()
    figures: list[Figure] = []
    for number in _ZONES:
        began = time.perf_counter()
        zones = compile_entries(versions(number), 1)
        grid = GridIndex(zones)
        took = time.perf_counter() - began
        if number >= 1_000:
            name = f"index of {number:,} zones cut and laid out, each 1,000"
            figures.append(Figure(name, "s", took * 1_000 / number, _BUILD_S, "the limit", 1.0, at_most=True))
        for where, points in pools(zones).items():
            for what, question in _questions(zones, grid, points[:_COMPARED]).items():
                rate, reference = _rates(question, points, rounds)
                goal = _DISTANCE_GOAL if what == "within 500 m" and number >= 1_000 else None
                name = f"{what}, {number:,} zones, {where}"
                figures.append(Figure(name, "points/s", rate, reference, _REFERENCES[what], goal, at_most=False))
                tell(figures[-1].line())
    for when, begin in (("by day", rules.DAY), ("by night", rules.NIGHT)):
        among = rules.rates(_ZONES, begin, _TURNS)
        for number, goal in zip(_ZONES[1:], (None, _SHARE_GOAL), strict=True):
            name = f"all rules on, {number:,} zones, {when}"
            what = f"the same engine among {_ZONES[0]} zones"
            figures.append(Figure(name, "samples/s", among[number], among[_ZONES[0]], what, goal, at_most=False))
            tell(figures[-1].line())
    for number in _ZONES[1:]:
        gap_s, change_s = _alone(rules.longest_gap_s, number)
        name = f"longest wait while 100 of {number:,} zones change"
        figures.append(Figure(name, "ms", 1e3 * gap_s, 1e3 * _STALL_S, "the limit", 1.0, at_most=True))
        figures.append(Figure(f"one change of {number:,} zones, in its thread", "ms", 1e3 * change_s, None, "", None, True))
        tell(figures[-2].line())
    return Report("Zones", figures, _NOTES)


_NOTES = f"""
The zones and the positions of Membership, in batches of {_BATCH:,}. Crossing: paths of {_STEP_M:g} m, as between two fixes;
meeting: of {_AHEAD_M:g} m, ten seconds ahead, and after which part of the path the boundary comes; within 500 m: each boundary
that is nearer, and how near. References: {"; ".join(f"{what}: {how}" for what, how in _REFERENCES.items())}. Before anything is
timed, {_COMPARED} answers are compared with those of the reference index of the tests.

"All rules on" is the engine without Kafka, blocks of 1,000 samples with velocities: the fleet of Processor among zones that are
equally dense, so that the region grows with their number; one zone in ten is an aerodrome's; each aircraft has a weight, a
station, a distance and a battery limit, and the operator authorisations: by night for all, in ten zones for some. A figure is
the median of {_TURNS} turns of 16 blocks; the sides take turns.

The wait is how late a block of 100 samples was judged, of 10,000 samples a second, while zones change one after the other,
each change a new world that a thread of the same process builds (as the worker does).
"""


def _questions(zones: Sequence[Entry], grid: GridIndex, compared: NDArray[np.float64]) -> Mapping[str, Question]:
    """Each question as it is asked of ours and of shapely. Raises if the answers to it differ."""
    plain, outlines = ShapelyIndex(zones), [zone.footprint for zone in zones]
    lon_m, lat_m = metres_per_degree(_MIDDLE_DEG)
    boundaries = shapely.STRtree(shapely.transform(shapely.boundary(outlines), lambda xy: xy * (lon_m, lat_m)))

    def dwithin(lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], reach_m: float) -> object:
        return boundaries.query(shapely.points(lon_deg * lon_m, lat_deg * lat_m), predicate="dwithin", distance=reach_m)

    _compare(grid.within(*_around(compared)), plain.within(*_around(compared)))
    questions = {
        "membership": Question(_points, grid.containing, plain.containing),
        "crossing": Question(partial(_paths, _STEP_M), grid.crossing, plain.crossing),
        "meeting": Question(partial(_paths, _AHEAD_M), grid.meeting, plain.meeting),
    }
    for made, ours, theirs in questions.values():
        _compare(ours(*made(compared)), theirs(*made(compared)))
    return {**questions, "within 500 m": Question(_around, grid.within, dwithin)}


def _points(points: NDArray[np.float64]) -> tuple[Any, ...]:
    return tuple(np.ascontiguousarray(points.T))


def _around(points: NDArray[np.float64]) -> tuple[Any, ...]:
    return *_points(points), _REACH_M


def _paths(length_m: float, points: NDArray[np.float64]) -> tuple[Any, ...]:
    """From points, (n, 2 ends, lon and lat): each to the north-east."""
    step = np.sqrt(0.5) * length_m / np.array(metres_per_degree(_MIDDLE_DEG))
    return (np.ascontiguousarray(np.stack((points, points + step), axis=1)),)


def _compare(ours: Sequence[NDArray[Any]], theirs: Sequence[NDArray[Any]]) -> None:
    """Raises if the pairs differ, or the number of a pair by more than a millionth or a millimetre."""
    (mine, *number), (other, *wanted) = (
        (dict(zip(zip(*(part.tolist() for part in found[:2]), strict=True), range(len(found[0])), strict=True)), *found[2:])
        for found in (ours, theirs)
    )
    if mine.keys() != other.keys():
        raise AssertionError(f"{len(mine.keys() ^ other.keys())} differences")
    for one, right in zip(number, wanted, strict=True):
        far = [abs(one[at] - right[other[pair]]) for pair, at in mine.items()]
        if max(far, default=0.0) > 1e-3:
            raise AssertionError(f"a difference of {max(far)}")


def _rates(question: Question, points: NDArray[np.float64], rounds: int) -> tuple[float, float]:
    """Points a second of both, which take turns; every round has other batches, until the pool is used up."""
    taken: tuple[list[float], list[float]] = ([], [])
    asked = [question.made(points[at : at + _BATCH]) for at in range(0, len(points), _BATCH)]
    for at in range(rounds + 1):
        for ask, number, times in zip((question.ours, question.theirs), (_OURS, _THEIRS), taken, strict=True):
            these = [asked[(at * number + i) % len(asked)] for i in range(number)]
            began = time.perf_counter()
            for one in these:
                ask(*one)
            if at:  # the first is for warming up
                times.append((time.perf_counter() - began) / number)
    rate, reference = (_BATCH / statistics.median(times) for times in taken)
    return rate, reference
