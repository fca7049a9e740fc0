"""The real flights: every frame and every byte is accounted for."""

from itertools import pairwise
from pathlib import Path

import pytest

from core import identity
from core.sample import Sample
from ingest.counts import Counts
from ingest.fleet import Fleet
from ingest.importer import take_entries
from ingest.links import FILE_EPOCH, file_link
from ingest.mavlink import Frame
from ingest.tlog import opened
from tests.unit.ingest.told import as_samples

OPERATOR = identity.operator_id("test")


def _taken(file: Path) -> tuple[Counts, list[Sample]]:
    counts = Counts()
    with opened(file) as log:
        link = Fleet(OPERATOR, counts).link(file_link(log.sha256), FILE_EPOCH)
        taken = take_entries(link, log, list(log.entries()))
    return counts, as_samples(taken.samples)


def test_the_copter_at_canberra(shared_data: Path) -> None:
    file = shared_data / "logs" / "copter-canberra.tlog"
    counts, samples = _taken(file)
    assert counts.decoded.total() + counts.ignored.total() == 75_477
    assert dict(counts.rejected) == {"bad checksum": 1_314, "truncated": 1}
    assert (counts.usable, dict(counts.without)) == (2_684, {"zero": 149})
    assert counts.decoded["GLOBAL_POSITION_INT"] == counts.positions == 2_833
    assert (counts.frames, counts.bytes, counts.adds_up()) == (76_792, file.stat().st_size, True)
    assert len({sample.aircraft_id for sample in samples}) == 1
    usable = [sample for sample in samples if sample.lon_e7 is not None]
    assert (usable[0].lat_e7, usable[0].lon_e7) == (-353_623_302, 1_491_657_510)
    assert max(sample.takeoff_height_mm or 0 for sample in usable) == pytest.approx(13_300, abs=50)
    armings = [sample.armed for sample in samples if sample.armed is not None]
    assert sum(now and not before for before, now in pairwise(armings)) == 7
    assert (samples[-1].armed, samples[-1].airborne) == (False, False)
    assert (samples[-1].event_time_us - samples[0].event_time_us) / 1e6 < 1_052


def test_the_rov_at_port_angeles_is_one_aircraft(shared_data: Path) -> None:
    file = shared_data / "logs" / "rov-portangeles.tlog"
    counts, samples = _taken(file)
    assert counts.decoded.total() + counts.ignored.total() == 35_912
    assert dict(counts.rejected) == {"bad checksum": 4}
    assert (counts.bytes, counts.adds_up()) == (file.stat().st_size, True)
    assert len({sample.aircraft_id for sample in samples}) == 1
    assert {sample.vehicle_type for sample in samples[3:]} == {12}


def test_the_same_flight_as_a_raw_stream_gives_the_same_positions(shared_data: Path, tmp_path: Path) -> None:
    stamped = shared_data / "logs" / "copter-canberra.tlog"
    with opened(stamped) as log:
        frames = [log.data[item.start + 8 : item.end] for _, item in log.entries() if isinstance(item, Frame)]
    raw = tmp_path / "flight.raw"
    raw.write_bytes(b"".join(frames))
    counts, samples = _taken(raw)
    _, reference = _taken(stamped)
    assert counts.rejected.total() == 0
    positions = [sample.lon_e7 for sample in samples if sample.kind == 0]
    assert positions == [sample.lon_e7 for sample in reference if sample.kind == 0]
    times = [sample.event_time_us for sample in samples]
    assert times == sorted(times)
    # Dated by the aircraft's GPS, which differs from the recorder's clock.
    assert abs(times[0] - reference[0].event_time_us) < 10_000_000
