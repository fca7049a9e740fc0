"""The real flight in Australia's airspace with its aerodromes: the 3 NM ring of Canberra answers, and no other airspace."""

from pathlib import Path

import numpy as np
import pytest

from core.block import Block
from core.records import AlertEvent
from core.sample import NoPosition
from geofence import aerodromes
from geofence.formats import meaning, registry
from geofence.formats.aerodromes import read_folder
from geofence.world import World
from geofence.zone import ZoneKind, ZoneVersion
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State
from tests.integration.ingest.test_terrain import blocks_of
from tests.unit.streams.flight import OPERATOR

AIRSPACE = {aerodromes.RING, aerodromes.PATH, aerodromes.FAR_PATH, "AU-PRD", "GEOFENCE-KEEP-OUT"}


@pytest.fixture(scope="module")
def zones(shared_data: Path) -> list[ZoneVersion]:
    file = shared_data / "airspace" / "australia-2024-11-28.openair.txt"
    _, airspace = registry.read(file.read_bytes(), OPERATOR, "australia", meaning.DEFAULTS)
    around = aerodromes.build(read_folder(shared_data / "aerodromes"), OPERATOR)
    assert (len(airspace.zones), len(around.zones)) == (1_888, 1_593 + 42 * 5)
    return [*airspace.zones, *around.zones]


def test_the_ring_of_canberra_answers_for_every_position_in_the_air_and_no_other_airspace_alarms(
    shared_data: Path, zones: list[ZoneVersion]
) -> None:
    blocks = blocks_of(shared_data / "logs" / "copter-canberra.tlog", None)
    world, state, events = World(zones, complete=0), State.empty(), list[AlertEvent]()
    last_us = int(blocks[-1].values("event_time_us").max())
    held, in_the_air = 0, 0
    for offset, each in enumerate(blocks):
        events += advance(state, Entry(0, offset, last_us, False, each), world)
        if each.value("no_position", 0) == NoPosition.PRESENT:
            (aircraft,) = state.aircraft.values()
            if aircraft.alarmed:
                in_the_air += 1
                held += any(one.rule == aerodromes.RING for one in aircraft.conditions.values())
    assert held == in_the_air > 500
    assert {event.rule for event in events} & AIRSPACE == {aerodromes.RING}
    ring = [event for event in events if event.rule == aerodromes.RING]
    assert {event.zone_name for event in ring} == {"CANBERRA (YSCB) 3 NM"}
    assert all("(assumed: over 250 g)" in event.what for event in ring)
    (deepest,) = {event.what for event in ring if event.condition == "raised"} & {ring[0].what}
    assert "m inside keep-out CANBERRA (YSCB) 3 NM" in deepest


def test_usable_positions_are_in_the_ring_whether_in_the_air_or_not(shared_data: Path, zones: list[ZoneVersion]) -> None:
    blocks: list[Block] = blocks_of(shared_data / "logs" / "copter-canberra.tlog", None)
    index = World(zones, complete=0).monitor(0).index
    lon, lat = (np.concatenate([each.values(f"{name}_e7") for each in blocks]) / 1e7 for name in ("lon", "lat"))
    usable = np.concatenate([each.values("no_position") for each in blocks]) == NoPosition.PRESENT
    _, entries = index.containing(np.ascontiguousarray(lon[usable]), np.ascontiguousarray(lat[usable]))
    asking = {number: index.entries[number].zone for number in np.unique(entries).tolist()}
    assert all(zone.kind is ZoneKind.KEEP_OUT for zone in asking.values())
    ring = next(number for number, zone in asking.items() if zone.source == "aerodromes/YSCB-3NM")
    assert np.count_nonzero(entries == ring) == np.count_nonzero(usable) == 2_684
