"""Watches zones over whole blocks: which aircraft is where it may not be, or not where it must be, and by how much.

`watch` answers for a block at once and names only the rows that need a closer look; `keep_in`, `keep_out` and `crossed`
take that look, a row at a time. Aircraft inside any of the keep-in zones that apply to them conform (standards.md: inside
any inclusion and outside every exclusion). Footprint, floor and ceiling are one volume, tested together.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from core.colour import Level
from core.geodesy import metres_per_degree
from core.observed import Delays, Observed
from core.units import US_PER_S
from geofence import activation, prediction, words
from geofence.altitude import LIMIT_M
from geofence.asks import ASKS, GEOFENCE_RULES, Asks, asked, asks, rule_of
from geofence.chart import Chart
from geofence.distance import Nearest, nearest
from geofence.height import AGL, MARGIN
from geofence.index import Entry, Met, Pairs
from geofence.known import Facts, Whose
from geofence.prediction import LONGEST_S, STILL, Motion, warn_within_s
from geofence.track import CLIMB, Track
from geofence.vertical import Band, Fix
from geofence.zone import ZoneKind, ZoneVersion

KEEP_IN, KEEP_OUT = GEOFENCE_RULES[ZoneKind.KEEP_IN], GEOFENCE_RULES[ZoneKind.KEEP_OUT]
Tiers = tuple[tuple[Level, float], ...]
PATH_LONGEST_US = 5 * US_PER_S  # between two fixes further apart in time nobody knows the path
PATH_FASTEST_MPS = 150.0  # faster is a jump of the receiver, not a path
_NONE = np.empty((0, 2), np.int64)
_NO_PAIRS: Pairs = (np.empty(0, np.intp), np.empty(0, np.intp))
_NOTHING_MET: Met = (*_NO_PAIRS, np.empty(0))


class Sightings(NamedTuple):
    """Rows of a block that need a closer look. outside: (n,) bool, outside every keep-in zone that applies to them.

    inside, crossed, ahead: (k, 2) row and number of the entry: keep-out zones it may be in, zones its path may have crossed,
    zones whose boundary, floor or ceiling it may meet soon.
    """

    outside: NDArray[np.bool_]
    inside: NDArray[np.int64]
    crossed: NDArray[np.int64]
    ahead: NDArray[np.int64]


class Monitor:
    """The zones and facts of one world, ready to be asked about blocks."""

    def __init__(self, chart: Chart, facts: Facts | None = None, height_limit_m: float = LIMIT_M) -> None:
        self.index, self.facts, self.height_limit_m = chart.index, Facts() if facts is None else facts, height_limit_m
        self.entries = chart.entries
        self._chart, self._sift = chart, chart.sift
        relaxed = np.array([self.facts.relaxes(*cited) for cited in chart.cited], np.bool_)
        self._sometimes = ~chart.unasked | relaxed[chart.rules]  # always_asks, of all entries
        self._any_sometimes = bool(self._sometimes.any())

    def audience(self, operator: UUID, aircraft: UUID) -> int:
        """A number for all aircraft for whom the same zones are meant: what a Track wants to know of them."""
        return self._sift.audience(operator, aircraft)

    def entry(self, zone_id: UUID, time_us: int) -> Entry | None:
        """The version of a zone that decides at a time, if any."""
        return next(iter(self._deciding(self._chart.by_zone.get(zone_id.bytes, ()), time_us)), None)

    def keep_ins(self, operator: UUID, aircraft: UUID, time_us: int) -> list[Entry]:
        """The keep-in zones that apply to an aircraft at a time."""
        held = self._chart.keep_ins
        return self._deciding((*held.get((operator, None), ()), *held.get((operator, aircraft), ())), time_us)

    def _deciding(self, numbers: Iterable[int], time_us: int) -> list[Entry]:
        return [e for e in (self.entries[i] for i in numbers) if e.from_us <= time_us < e.to_us]

    def by_row(self, seen: NDArray[np.int64]) -> dict[int, list[Entry]]:
        """The entries of each row of a block by their zones' ids, whatever order the index found them in."""
        rows: dict[int, list[Entry]] = {}
        for row, number in seen.tolist():
            rows.setdefault(row, []).append(self.entries[number])
        return {row: sorted(entries, key=lambda entry: entry.zone.zone_id.bytes) for row, entries in rows.items()}

    def watch(self, track: Track) -> Sightings:
        """Look at a block."""
        outside = np.zeros(len(track.time_us), np.bool_)
        if not self.entries or not len(track.rows):
            return Sightings(outside, _NONE, _NONE, _NONE)
        held = self.index.containing(track.lon_deg, track.lat_deg)
        touched = self.index.crossing(track.paths_deg) if len(track.paths_deg) else _NO_PAIRS
        inside, crossed = self._sift.sift(track, held, touched, outside)
        met = self.index.meeting(track.ahead_deg) if len(track.ahead_deg) else _NOTHING_MET
        ahead = self._sift.coming(track, held, met) if len(held[0]) or len(met[0]) else _NONE
        if not self._any_sometimes:
            return Sightings(outside, inside, crossed, ahead)
        # As high as it may soon be. How high it was on its way, or will be where it is going, this does not say.
        climb_m = np.fmax(track.motion[CLIMB], 0.0) * LONGEST_S
        surely_below_m, anyhow = track.heights_m[AGL] + track.heights_m[MARGIN] + climb_m, np.full(len(outside), math.nan)
        inside = self._asked(track, inside, surely_below_m)
        return Sightings(outside, inside, *(self._asked(track, pairs, anyhow) for pairs in (crossed, ahead)))

    def _asked(self, track: Track, pairs: NDArray[np.int64], surely_below_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Those pairs in which the zone asks anything of the aircraft."""
        if not len(pairs) or not (sometimes := self._sometimes[pairs[:, 1]]).any():
            return pairs
        left = ~sometimes
        for number in np.unique(pairs[sometimes, 1]).tolist():
            these = np.flatnonzero(pairs[:, 1] == number)
            rows = pairs[these, 0]
            points = np.searchsorted(track.rows, rows)
            left[these] = asked(
                self.entries[number], self.facts, Whose(track.aircraft_ids, track.codes[rows]),
                track.lon_deg[points], track.lat_deg[points], track.time_us[rows], surely_below_m[rows],
            )  # fmt: skip
        return pairs[left]

    def asks(self, entry: Entry, aircraft_id: UUID, fix: Fix) -> Asks | None:
        """What a zone asks of an aircraft at a fix; None: nothing."""
        return asks(entry, self.facts, aircraft_id, fix)


def keep_out(entry: Entry, fix: Fix, motion: Motion = STILL, asked_for: Asks = ASKS) -> Observed:
    """How deep a fix is in a keep-out zone: the shortest way out, sideways or down; negative outside. What comes warns."""
    zone, edge = entry.zone, nearest(entry.edges, fix.lon_deg, fix.lat_deg)
    band = Band.of(zone, fix, asked_for.above_agl_m)
    sideways = edge.distance_m if entry.holds(fix.lon_deg, fix.lat_deg) else -edge.distance_m
    what = words.keep_out(zone, sideways, band, fix, asked_for)
    tiers: Tiers = ((Level.BREACH, min(sideways, band.depth_m)),)
    ahead_s = None
    if asked_for.activity == activation.UNKNOWN:
        tiers = ((Level.UNKNOWN, min(sideways, band.outer_m, 1.0)),)  # told once an entry, however deep it goes
    elif not band.known and band.depth_m >= 0:
        tiers = ((Level.UNKNOWN, sideways),)
    elif (
        min(sideways, band.depth_m) <= 0
        and (soon_s := prediction.soon_entry_s(entry, fix, motion, asked_for.above_agl_m)) is not None
    ):
        tiers, ahead_s = (*tiers, (Level.WARNING, zone.raise_beyond_m + 1.0)), soon_s
        what = words.comes(f"enters {words.out(zone)} {words.named(zone)}", soon_s)
    elif band.outer_m > band.depth_m:
        tiers += ((Level.WARNING, min(sideways, band.outer_m)),)
    way_back = None
    if min(sideways, band.outer_m) >= 0:
        under = band.above_floor_m < edge.distance_m
        way_back = f"DESCEND {math.ceil(band.above_floor_m)} m" if under and band.known else words.fly(edge)
    return Observed(
        rule_of(entry),
        zone.zone_id,
        tiers,
        what,
        way_back,
        zone.name,
        zone.version,
        delays(zone),
        ahead_s=ahead_s,
        slot=str(zone.zone_id),
    )


def keep_in(entries: list[Entry], fix: Fix, motion: Motion = STILL) -> Observed:
    """How far a fix is outside the nearest of the keep-in zones that apply to it (at least one); negative inside.

    What comes warns: the last boundary that it would leave by.
    """

    def look(entry: Entry) -> tuple[float, float, Band, Entry, Nearest]:
        edge, band = nearest(entry.edges, fix.lon_deg, fix.lat_deg), Band.of(entry.zone, fix)
        sideways = -edge.distance_m if entry.holds(fix.lon_deg, fix.lat_deg) else edge.distance_m
        return max(sideways, -band.depth_m), sideways, band, entry, edge

    # Neither an unknown height nor one within its margin can make a zone the better one of two.
    out, sideways, band, entry, edge = min(
        map(look, entries), key=lambda seen: (seen[0] > 0, not seen[2].known, seen[2].inner_m < 0, seen[0])
    )
    zone = entry.zone
    what, ahead_s = words.keep_in(zone, sideways, band, fix), None
    tiers: Tiers = ((Level.BREACH, out),)
    if not band.known and out <= 0:
        tiers = ((Level.UNKNOWN, 1.0),)
    elif out <= 0 and (soon_s := prediction.soon_exit_s(entries, fix, motion, warn_within_s(zone))) is not None:
        tiers, ahead_s = (*tiers, (Level.WARNING, zone.raise_beyond_m + 1.0)), soon_s
        what = words.comes(f"leaves keep-in {words.named(zone)}", soon_s)
    elif band.inner_m < band.depth_m:
        tiers += ((Level.WARNING, max(sideways, -band.inner_m)),)
    ways = [words.fly(edge)] if sideways > 0 else []
    ways += [words.climb_or_descend(band)] if band.depth_m < 0 else []
    return Observed(
        KEEP_IN,
        zone.zone_id,
        tiers,
        what,
        "; ".join(ways) or None,
        zone.name,
        zone.version,
        delays(zone),
        ahead_s=ahead_s,
    )


def crossed(entry: Entry, keep_ins: list[Entry], before: Fix, fix: Fix, asked_for: Asks = ASKS) -> Observed | None:
    """A path between two fixes that ran through a keep-out zone, or out of the keep-in zones and back; None if it did not.

    The path is straight, its height anywhere between those of its ends. keep_ins: those that apply to the aircraft.
    """
    zone, seconds = entry.zone, (fix.time_us - before.time_us) / US_PER_S
    path = shapely.linestrings([(before.lon_deg, before.lat_deg), (fix.lon_deg, fix.lat_deg)])
    if _length_m(path, fix) > PATH_FASTEST_MPS * max(seconds, 0.1):
        return None
    if zone.kind is ZoneKind.KEEP_IN:
        outside = _length_m(path.difference(shapely.union_all([e.footprint for e in keep_ins])), fix)
        if outside <= zone.raise_beyond_m:
            return None
        tiers: Tiers = ((Level.BREACH, outside),)
        return Observed(
            KEEP_IN, zone.zone_id, tiers, words.crossed(zone, outside), None, zone.name, zone.version, delays(zone), True
        )
    inside = _length_m(path.intersection(entry.footprint), fix)
    ends = Band.of(zone, before, asked_for.above_agl_m), Band.of(zone, fix, asked_for.above_agl_m)
    passed = all(band.above_floor_m < 0 for band in ends) or all(band.below_ceiling_m < 0 for band in ends)
    if inside <= zone.raise_beyond_m or passed:
        return None
    known = all(band.known for band in ends) and asked_for.activity != activation.UNKNOWN
    level = Level.BREACH if known else Level.UNKNOWN
    return Observed(
        rule_of(entry),
        zone.zone_id,
        ((level, inside),),
        words.crossed(zone, inside),
        None,
        zone.name,
        zone.version,
        delays(zone),
        at_once=True,
        slot=str(zone.zone_id),
    )


def _length_m(path: Any, near: Fix) -> float:
    """Length of a short path in degrees, in metres around a fix."""
    return float(shapely.length(shapely.transform(path, lambda xy: xy * metres_per_degree(near.lat_deg))))


def delays(zone: ZoneVersion) -> Delays:
    return Delays(
        zone.raise_beyond_m,
        round(zone.raise_after_s * US_PER_S),
        zone.clear_inside_m,
        round(zone.clear_after_s * US_PER_S),
    )
