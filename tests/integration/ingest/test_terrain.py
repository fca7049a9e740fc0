"""The real flight over an elevation tile of its place, as an import takes it: what the terrain model may say, and what not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import block
from core.block import Block
from core.records import AlertEvent
from core.sample import HeightSource, NoPosition
from geofence import words
from geofence.height import AGL, REFUSED_MODEL, best_heights
from geofence.world import World
from ingest.counts import Counts
from ingest.fleet import Fleet
from ingest.importer import take_entries
from ingest.links import FILE_EPOCH, file_link
from ingest.terrain import Terrain
from ingest.tlog import opened
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State
from tests.unit.ingest.tiles import hgt
from tests.unit.streams.flight import OPERATOR

GROUND_M = 590


@pytest.fixture
def copter(shared_data: Path) -> Path:
    return shared_data / "logs" / "copter-canberra.tlog"


def blocks_of(file: Path, terrain: Terrain | None) -> list[Block]:
    """One for each sample, so that what is known after each can be asked."""
    with opened(file) as log:
        link = Fleet(OPERATOR, Counts(), terrain).link(file_link(log.sha256), FILE_EPOCH)
        samples = take_entries(link, log, list(log.entries())).samples
        return [block.decode(samples[at : at + 1].block().encode()) for at in range(len(samples))]


def judged(blocks: list[Block]) -> tuple[list[str], list[AlertEvent]]:
    """What a person reads of the height after each position, and the events."""
    state, events, said = State.empty(), list[AlertEvent](), list[str]()
    last_us = int(blocks[-1].values("event_time_us").max())
    for offset, each in enumerate(blocks):
        events += advance(state, Entry(0, offset, last_us, False, each), World((), complete=0))
        if each.value("no_position", 0) == NoPosition.PRESENT:
            (aircraft,) = state.aircraft.values()
            assert aircraft.last is not None
            said.append(words.height(aircraft.last))
    return said, events


def test_a_height_589_m_below_the_ground_is_never_taken_the_one_above_take_off_serves_and_says_why(
    copter: Path, tmp_path: Path
) -> None:
    hgt(tmp_path, "S36E149.hgt", GROUND_M)
    blocks = blocks_of(copter, Terrain(tmp_path))

    def column(name: str) -> Any:
        return np.concatenate([each.values(name) for each in blocks])

    usable = column("no_position") == NoPosition.PRESENT
    assert np.count_nonzero(usable) == 2_684
    assert np.array_equal(np.concatenate([each.valid("ground_amsl_mm") for each in blocks]), usable)
    assert set(column("ground_amsl_mm")[usable].tolist()) == {GROUND_M * 1_000}
    heights = [best_heights(each) for each in blocks]
    all_m, source = np.concatenate([each.all_m for each in heights], axis=1), np.concatenate([each.source for each in heights])

    near_zero = usable & (column("amsl_mm") < 2_000)
    assert np.count_nonzero(near_zero[usable]) == np.count_nonzero(near_zero[usable][:510]) == 266
    assert set(source[near_zero].tolist()) == {HeightSource.TAKEOFF}
    assert all_m[AGL, near_zero] == pytest.approx(column("takeoff_height_mm")[near_zero] / 1_000)
    assert set(np.round(all_m[REFUSED_MODEL, near_zero]).tolist()) <= {-590.0, -589.0, -588.0}
    others = usable & ~near_zero
    assert set(source[others].tolist()) == {HeightSource.TERRAIN_MODEL, HeightSource.TERRAIN_REPORT}
    assert np.isnan(all_m[REFUSED_MODEL, others]).all()
    assert all_m[AGL, usable].min() > -3 and all_m[AGL, usable].max() < 15

    said, events = judged(blocks)
    for what, refused in zip(said, near_zero[usable].tolist(), strict=True):
        assert ("above take-off, AGL not measured (" in what and "m AGL by the terrain model from " in what) == refused, what
        assert ("m AGL from terrain " in what) != refused, what
    assert said[0] == "1.2 m above take-off, AGL not measured (-589 m AGL by the terrain model from 1.2 m AMSL: no height)"
    assert not [event for event in events if event.rule == "AU-101.085-HEIGHT"]


def test_without_tiles_the_same_flight_is_judged_as_before(copter: Path, tmp_path: Path) -> None:
    assert not any(each.valid("ground_amsl_mm").any() for each in blocks_of(copter, None))
    hgt(tmp_path, "N10E010.hgt", 0)
    assert blocks_of(copter, Terrain(tmp_path)) == blocks_of(copter, None), "nor where no tile is"
