"""The engine with all rules on: samples a second among few zones and many, by day and by night, and while they change."""

import gc
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Thread

import msgspec

from core.block import Block
from core.compiled import warm
from core.topics import PARTITIONS
from core.units import to_us
from geofence.facts import AircraftFact, Authorisation, Fact, FactVersion, Relaxed, fact_id
from geofence.world import World
from geofence.zone import Weight, ZoneVersion
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State
from tests.benchmarks.traffic import BY_NIGHT, OPERATOR, Traffic

DAY, NIGHT = datetime(2026, 6, 1, 0, 30, tzinfo=UTC), datetime(2026, 6, 1, 12, 0, tzinfo=UTC)  # the traffic is in Australia
_ROWS, _WARM_TURNS = 1_000, 3
_CHANGES, _SMALL_ROWS, _SAMPLES_PER_S = 100, 100, 10_000
_AERODROME = "AU-AERO-3NM"


class Engine:
    """Sixteen partitions, and the traffic that they judge among so many zones, with all facts stated."""

    def __init__(self, zones: int, begin: datetime, rows: int = _ROWS) -> None:
        self.traffic, self._start_us = Traffic(zones), to_us(begin)
        self.world = World(_with_rules(self.traffic.zones), 1, _facts(self.traffic))
        self.world.prepare(1)
        self.number = 1  # of the world by which it judges
        self._states = [State.empty() for _ in range(PARTITIONS)]
        self._blocks: Iterator[tuple[int, Block]] = self.traffic.blocks(rows, 1 << 30, self._start_us)

    def next(self) -> tuple[int, Block]:
        return next(self._blocks)

    def judge(self, partition: int, block: Block) -> float:
        """Seconds."""
        self._states[partition].world = self.number
        entry = Entry(partition, 0, self._start_us + (1 << 40), True, block)
        began = time.perf_counter()
        advance(self._states[partition], entry, self.world)
        return time.perf_counter() - began


def rates(zones: Sequence[int], begin: datetime, rounds: int) -> dict[int, float]:
    """Samples a second among so many zones, blocks of 1,000; a round is a block of each partition, and the sides take turns."""
    engines = {number: Engine(number, begin) for number in zones}
    took: dict[int, list[float]] = {number: [] for number in zones}
    for at in range(_WARM_TURNS + rounds):
        spent = dict.fromkeys(zones, 0.0)
        for _ in range(PARTITIONS):
            for number, engine in engines.items():
                spent[number] += engine.judge(*engine.next())
        if at >= _WARM_TURNS:
            for number, seconds in spent.items():
                took[number].append(seconds)
    return {number: PARTITIONS * _ROWS / statistics.median(seconds) for number, seconds in took.items()}


def longest_gap_s(zones: int) -> tuple[float, float]:
    """10,000 samples a second in blocks of 100 while 100 zones change one after another, each a world of its own that is built
    in a thread: how late the latest block was judged, and how long one change took."""
    warm()  # as a worker does before it begins
    engine = Engine(zones, DAY, _SMALL_ROWS)
    for _ in range(4 * PARTITIONS):
        engine.judge(*engine.next())
    gc.freeze()  # as streams/worlds.py

    def change() -> None:
        for number, zone in enumerate(engine.traffic.zones[: min(_CHANGES, zones)], 2):
            engine.world.add(msgspec.structs.replace(zone, version=2, world=number, ceiling_m=200.0))
            engine.world.prepare(number)
            engine.number = number

    changing, late, block = Thread(target=change), [0.0], engine.next()
    began = due = time.perf_counter()
    changing.start()
    while changing.is_alive():
        time.sleep(max(0.0, due - time.perf_counter()))
        engine.judge(*block)
        late.append(time.perf_counter() - due)
        block, due = engine.next(), due + _SMALL_ROWS / _SAMPLES_PER_S
    gc.unfreeze()
    return max(late), (time.perf_counter() - began) / (engine.number - 1)


def _with_rules(zones: Sequence[ZoneVersion]) -> list[ZoneVersion]:
    """One in ten is an aerodrome's, and asks nothing of the lightest."""
    heavy = tuple(weight for weight in Weight if weight is not Weight.MICRO)
    return [
        msgspec.structs.replace(zone, rule=_AERODROME, weights=heavy) if number % 10 == 0 else zone
        for number, zone in enumerate(zones)
    ]


def _facts(traffic: Traffic) -> list[FactVersion]:
    """The weight, the station, the distance and the battery limit of every aircraft; who may fly by night, and what some may do
    in one zone in a hundred."""
    stated: list[Fact] = [
        AircraftFact(
            aircraft_id=aircraft,
            weight_g=1_400.0,
            station_lon_deg=lon,
            station_lat_deg=lat,
            vlos_m=1_000.0,
            battery_warn_pct=35.0,
        )
        for aircraft, (lon, lat) in zip(traffic.aircraft_ids, traffic.stations_deg.tolist(), strict=True)
    ]
    stated += [
        Authorisation(
            number=f"A{number}", issuer="CASA", type="within_3nm_controlled", relaxes=(Relaxed(_AERODROME, 90.0),),
            aircraft_ids=tuple(traffic.aircraft_ids[:50]), area=zone.geometry,
        )
        for number, zone in enumerate(traffic.zones[::100][:10])
    ]  # fmt: skip
    versions = [
        FactVersion(operator_id=OPERATOR, fact_id=fact_id(OPERATOR, fact), version=1, world=1, fact=fact) for fact in stated
    ]
    return [BY_NIGHT, *versions]
