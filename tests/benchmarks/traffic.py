"""A fleet among a thousand zones, or more or fewer that are as dense, in blocks: 2,000 aircraft on circles of 80 to 300 m, each
heard five times a second.

Ninety in a hundred are clear of all zones, nine pass one at 10 to 50 m again and again, one flies into one and out again.
"""

import math
from collections.abc import Iterator
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from core.block import Block, from_columns
from core.geodesy import metres_per_degree
from core.identity import aircraft_id, operator_id, partition_of
from core.sample import HeightSource
from core.topics import PARTITIONS
from geofence.facts import Authorisation, FactVersion, Relaxed, fact_id
from geofence.zone import ZoneKind, ZoneVersion

ZONES, AIRCRAFT = 1_000, 2_000
OPERATOR = operator_id("benchmark")
_AREA_DEG = 2.0  # a side of the region of ZONES
_LON, _LAT = 148.0, -36.5
_LON_M, _LAT_M = metres_per_degree(_LAT + _AREA_DEG / 2)
_LINK_HOLDS = 250  # MAVLink's system ids
_EVERY_US = 200_000
_SPEED_MPS = 12.0
_NEAR, _CROSSING = 0.09, 0.01
_NIGHT = Authorisation(number="N", issuer="CASA", type="night", relaxes=(Relaxed("AU-DAY"),))
# Who measures by night is not to measure a fleet that may not fly.
BY_NIGHT = FactVersion(operator_id=OPERATOR, fact_id=fact_id(OPERATOR, _NIGHT), version=1, world=1, fact=_NIGHT)


class Traffic:
    """zones are in force in world 1; with more of them the region grows. Every block is another one; each partition's follow
    on each other in time. aircraft_ids, and stations_deg (n, 2): the middle of each one's circle."""

    def __init__(self, zones: int = ZONES, seed: int = 4) -> None:
        chance, area_deg = np.random.default_rng(seed), _AREA_DEG * math.sqrt(zones / ZONES)
        outlines = [_outline(chance, area_deg) for _ in range(zones)]
        self.zones = [_zone(number, outline) for number, outline in enumerate(outlines)]
        self._radius_m = chance.uniform(80.0, 300.0, AIRCRAFT)
        self._phase = chance.uniform(0.0, math.tau, AIRCRAFT)
        self._centre_m = _centres(chance, [shapely.Polygon(outline) for outline in outlines], self._radius_m, area_deg)
        self.stations_deg = (_LON, _LAT) + self._centre_m / (_LON_M, _LAT_M)
        self._links = [f"udp:14550/127.0.0.{number + 1}" for number in range(-(-AIRCRAFT // _LINK_HOLDS))]
        self.aircraft_ids = [aircraft_id(OPERATOR, self._links[i // _LINK_HOLDS], i % _LINK_HOLDS + 1) for i in range(AIRCRAFT)]
        partitions = np.array([partition_of(one, PARTITIONS) for one in self.aircraft_ids])
        self._of_partition = [np.flatnonzero(partitions == partition) for partition in range(PARTITIONS)]

    def span_us(self, rows: int, blocks: int) -> int:
        """The time that so many blocks of so many rows tell of."""
        fewest = min(map(len, self._of_partition))
        return (blocks * rows // PARTITIONS // fewest + rows + 1) * _EVERY_US

    def blocks(self, rows: int, blocks: int, start_us: int) -> Iterator[tuple[int, Block]]:
        """So many blocks of so many rows, with their partitions, from a time on."""
        for number in range(blocks):
            turn, partition = divmod(number, PARTITIONS)
            yield partition, self._block(self._of_partition[partition], turn * rows + np.arange(rows), start_us)

    def _block(self, fleet: NDArray[np.intp], said: NDArray[np.intp], start_us: int) -> Block:
        """Samples of a partition by their numbers: its aircraft speak in turn."""
        rows, who = len(said), fleet[said % len(fleet)]
        after_us = said * _EVERY_US // len(fleet)
        angle = self._phase[who] + after_us / 1e6 * _SPEED_MPS / self._radius_m[who]
        east_m, north_m = (self._centre_m[who] + self._radius_m[who, None] * np.stack((np.cos(angle), np.sin(angle)), 1)).T
        crew, codes = np.unique(who, return_inverse=True)
        links, link_codes = np.unique(who // _LINK_HOLDS, return_inverse=True)
        height_mm = (60_000 + 10_000 * np.sin(angle)).astype(np.int32)

        def all_of(value: int, kind: str) -> NDArray[np.generic]:
            return np.full(rows, value, kind)

        columns = {
            "operator_id": all_of(0, "i2"), "aircraft_id": codes.astype(np.int16), "link": link_codes.astype(np.int16),
            "system_id": (who % _LINK_HOLDS + 1).astype(np.uint8), "epoch": all_of(start_us, "i8"), "seq": after_us + 1,
            "event_time_us": start_us + after_us, "kind": all_of(0, "u1"), "vehicle_type": all_of(2, "u1"),
            "vehicle_time_ms": after_us // 1_000,
            "lon_e7": np.round((_LON + east_m / _LON_M) * 1e7).astype(np.int32),
            "lat_e7": np.round((_LAT + north_m / _LAT_M) * 1e7).astype(np.int32),
            "no_position": all_of(0, "u1"), "amsl_mm": height_mm + np.int32(580_000),
            "amsl_source": all_of(HeightSource.AUTOPILOT, "u1"), "takeoff_height_mm": height_mm,
            "takeoff_source": all_of(HeightSource.AUTOPILOT, "u1"), "agl_source": all_of(0, "u1"),
            "velocity_north_cmps": np.round(100 * _SPEED_MPS * np.cos(angle)).astype(np.int16),
            "velocity_east_cmps": np.round(-100 * _SPEED_MPS * np.sin(angle)).astype(np.int16),
            "velocity_down_cmps": all_of(0, "i2"), "heading_cdeg": all_of(9_000, "u2"), "fix_type": all_of(3, "u1"),
            "satellites": all_of(14, "u1"), "hdop_e2": all_of(80, "u2"), "fix_age_ms": all_of(100, "i4"),
            "battery_pct": all_of(80, "u1"), "battery_mv": all_of(15_600, "u2"), "battery_age_ms": all_of(400, "i4"),
            "mode": all_of(0, "i2"), "mode_age_ms": all_of(300, "i4"),
            "armed": all_of(True, "?"), "airborne": all_of(True, "?"), "ambiguous": all_of(False, "?"),
            "frame_seq": (said % 256).astype(np.uint8),
        }  # fmt: skip
        words = {
            "operator_id": [OPERATOR.bytes], "aircraft_id": [self.aircraft_ids[i].bytes for i in crew],
            "link": [self._links[i] for i in links], "mode": ["AUTO"],
        }  # fmt: skip
        return from_columns(columns, {}, words)


def _outline(chance: np.random.Generator, area_deg: float) -> NDArray[np.float64]:
    """A star of 5 to 40 corners, 200 to 1,000 m from its middle, in metres."""
    corners = int(chance.integers(5, 41))
    turns = np.sort(chance.uniform(0.0, math.tau, corners))
    far_m = chance.uniform(300.0, 1_000.0) * chance.uniform(0.6, 1.0, corners)
    middle = chance.uniform(0.0, area_deg, 2) * (_LON_M, _LAT_M)
    return middle + np.stack((far_m * np.cos(turns), far_m * np.sin(turns)), axis=1)


def _zone(number: int, outline_m: NDArray[np.float64]) -> ZoneVersion:
    ring = [[_LON + x / _LON_M, _LAT + y / _LAT_M] for x, y in outline_m.tolist()]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    facts = {"kind": ZoneKind.KEEP_OUT, "geometry": geometry, "ceiling_m": 300.0}
    return ZoneVersion(operator_id=OPERATOR, zone_id=UUID(int=number + 1), version=1, world=1, name=f"Zone {number}", **facts)


def _centres(
    chance: np.random.Generator, zones: list[shapely.Polygon], radius_m: NDArray[np.float64], area_deg: float
) -> NDArray[np.float64]:
    """The middle of each aircraft's circle, metres."""
    tree, centres = shapely.STRtree(zones), np.empty((AIRCRAFT, 2))
    for i, radius in enumerate(radius_m.tolist()):
        share = i / AIRCRAFT
        if share < _NEAR + _CROSSING:
            apart_m = radius * 0.8 if share < _CROSSING else radius + chance.uniform(10.0, 50.0)
            centres[i] = _beside(zones[int(chance.integers(len(zones)))], chance.uniform(0.0, math.tau), apart_m)
            continue
        while True:
            centres[i] = chance.uniform(0.0, area_deg, 2) * (_LON_M, _LAT_M)
            if not len(tree.query(shapely.Point(centres[i]), predicate="dwithin", distance=radius + 50.0)):
                break
    return centres


def _beside(zone: shapely.Polygon, turn: float, apart_m: float) -> NDArray[np.float64]:
    """A point in some direction from a zone, so far from its edge."""
    middle, way = np.array(zone.centroid.coords[0]), np.array((math.cos(turn), math.sin(turn)))
    low, high = 0.0, 10_000.0
    for _ in range(30):
        between = (low + high) / 2
        low, high = (between, high) if zone.distance(shapely.Point(middle + between * way)) < apart_m else (low, between)
    return middle + high * way
