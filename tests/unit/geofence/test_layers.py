"""An index with a few changes over it answers as one that was laid out with them; and asking costs what changed."""

from random import Random
from typing import Any
from unittest import mock
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.identity import operator_id
from geofence.chart import Chart
from geofence.grid import GridIndex
from geofence.index import Entry, compile_entries
from geofence.layers import LayeredIndex
from geofence.world import World
from geofence.zone import ZoneKind, ZoneVersion

OPERATOR = operator_id("test")
KEEP_IN, KEEP_OUT = ZoneKind.KEEP_IN, ZoneKind.KEEP_OUT


def version(number: int, at: float, world: int = 1, version: int = 1, kind: ZoneKind = KEEP_OUT) -> ZoneVersion:
    corners = [[at, -35.0], [at + 0.3, -35.0], [at + 0.3, -34.8], [at, -34.8], [at, -35.0]]
    return ZoneVersion(
        operator_id=OPERATOR, zone_id=UUID(int=number), version=version, world=world, name=f"Z{number}",
        kind=kind, geometry={"type": "Polygon", "coordinates": [corners]},
    )  # fmt: skip


def entries(random: Random, count: int) -> list[Entry]:
    return compile_entries([version(number, 149.0 + random.uniform(0, 1)) for number in range(count)], 1)


def listed(found: tuple[NDArray[Any], ...]) -> list[tuple[float, ...]]:
    return sorted(zip(*(part.tolist() for part in found), strict=True))


@given(seed=st.integers(0, 2**32))
def test_what_is_gone_is_not_found_and_what_is_added_is(seed: int) -> None:
    random = Random(seed)
    below, added = entries(random, random.randint(0, 6)), entries(random, random.randint(0, 4))
    gone = [number for number in range(len(below)) if random.random() < 0.4]
    layered = LayeredIndex(GridIndex(below), gone, added)
    left = [*(number for number in range(len(below)) if number not in gone), *range(len(below), len(below) + len(added))]
    plain = GridIndex([layered.entries[number] for number in left])

    places = np.random.default_rng(seed).uniform((148.9, -35.1), (150.4, -34.7), (40, 2))
    lon, lat = np.ascontiguousarray(places.T)
    paths = np.stack((places, places + np.array((0.05, 0.03))), axis=1)
    for ask in (
        lambda index: index.containing(lon, lat),
        lambda index: index.crossing(paths),
        lambda index: index.meeting(paths),
        lambda index: index.within(lon, lat, 2_000.0),
    ):
        found, expected = ask(layered), ask(plain)
        rows, numbers, *more = expected
        assert listed(found) == listed((rows, np.array(left, np.int64)[numbers], *more))


def test_a_change_lays_out_the_zones_that_changed_and_a_fact_none() -> None:
    world = World([version(number, 149.0 + number / 100) for number in range(40)], 1)
    world.prepare(1)
    with mock.patch("geofence.world.Chart.of", side_effect=AssertionError("all of them")):
        world.add(version(7, 150.0, world=2, version=2))
        world.prepare(2)
        assert world.monitor(2).entry(UUID(int=7), 0) is not world.monitor(1).entry(UUID(int=7), 0)
        assert world.monitor(2).entry(UUID(int=8), 0) is world.monitor(1).entry(UUID(int=8), 0)
        assert world.monitor(3).entries is world.monitor(2).entries


def test_when_many_have_changed_all_are_laid_out_again_without_compiling_those_that_have_not() -> None:
    zones = [version(number, 149.0 + number / 1_000) for number in range(200)]
    world = World(zones, 1)
    first = world.monitor(1)
    for number in range(150):
        world.add(version(number, 150.0, world=2, version=2))
    with mock.patch("geofence.world.Chart.of", wraps=Chart.of) as laid_out:
        second = world.monitor(2)
    assert laid_out.call_count == 1
    assert len(second.entries) == 200
    assert second.entry(UUID(int=199), 0) is first.entry(UUID(int=199), 0)


def test_zones_are_looked_at_in_the_order_of_their_ids_whenever_they_came() -> None:
    world = World([version(number, 149.0, kind=kind) for number, kind in ((1, KEEP_IN), (2, KEEP_OUT), (3, KEEP_IN))], 1)
    world.prepare(1)
    for number, kind in ((1, KEEP_IN), (2, KEEP_OUT)):
        world.add(version(number, 149.1, world=2, version=2, kind=kind))
    monitor = world.monitor(2)
    every = np.array([(0, number) for number in reversed(range(len(monitor.entries)))])
    assert [entry.zone.zone_id.int for entry in monitor.by_row(every)[0]] == [1, 1, 2, 2, 3]
    assert [entry.zone.zone_id.int for entry in monitor.keep_ins(OPERATOR, UUID(int=9), 0)] == [1, 3]
