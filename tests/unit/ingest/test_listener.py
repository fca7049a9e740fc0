"""Identity on a listener: links by address, epochs over restarts, how many aircraft there may be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core import identity
from core.identity import aircraft_id, partition_of
from core.topics import PARTITIONS
from ingest.counts import Counts
from ingest.errors import UnreadableFile
from ingest.fleet import Fleet
from ingest.ledger import Ledger
from ingest.listener import FORGET_US, Chunk, Listener
from tests.unit.ingest.told import as_samples

Make = Callable[..., bytes]
OPERATOR = identity.operator_id("test")
T0 = 1_800_000_000_000_000


def _listener(directory: Path, clock_us: int = T0, counts: Counts | None = None, max_aircraft: int = 1_000) -> Listener:
    ledger = Ledger(directory / "udp-14550.json")
    return Listener(Fleet(OPERATOR, counts or Counts()), "udp:14550", ledger, clock_us, max_aircraft)


def _from(address: str, *frames: bytes, port: int = 1, at_us: int = T0) -> list[Chunk]:
    return [Chunk(at_us, address, port, frame) for frame in frames]


def test_two_fleets_with_system_1_from_two_addresses_are_two_aircraft(tmp_path: Path, position: Make) -> None:
    taken = _listener(tmp_path).take(_from("10.0.0.1", position()) + _from("10.0.0.2", position()))
    assert [sample.link for sample in as_samples(taken.samples)] == ["udp:14550/10.0.0.1", "udp:14550/10.0.0.2"]
    assert len({sample.aircraft_id for sample in as_samples(taken.samples)}) == 2


def test_another_source_port_is_the_same_aircraft(tmp_path: Path, position: Make) -> None:
    taken = _listener(tmp_path).take(_from("10.0.0.1", position(), port=5000) + _from("10.0.0.1", position(), port=6000))
    assert len({sample.aircraft_id for sample in as_samples(taken.samples)}) == 1
    assert [sample.seq for sample in as_samples(taken.samples)] == [1, 2]


def test_an_epoch_is_the_start_and_above_every_one_before_it(tmp_path: Path, position: Make) -> None:
    epochs = [
        _listener(tmp_path, clock_us).take(_from("10.0.0.1", position())).samples.block().row(0)["epoch"]
        for clock_us in (T0, T0 + 9, T0 - 5)
    ]
    assert epochs == [T0, T0 + 9, T0 + 10]


def test_a_ledger_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "udp-14550.json").write_text('{"epoch": ')
    with pytest.raises(UnreadableFile, match="udp-14550"):
        _listener(tmp_path)


def test_only_so_many_aircraft_are_served_and_the_known_ones_as_before(tmp_path: Path, position: Make) -> None:
    counts = Counts()
    listener = _listener(tmp_path, counts=counts, max_aircraft=3)
    frames = [position(system=system) for system in (1, 2, 3, 4, 5, 1)]
    taken = listener.take(_from("10.0.0.1", *frames) + _from("10.0.0.2", position(system=1)))
    assert [sample.system_id for sample in as_samples(taken.samples)] == [1, 2, 3, 1]
    assert dict(counts.rejected) == {"too many unregistered aircraft": 3}
    assert counts.adds_up()


def test_each_partition_is_told_the_links_that_have_aircraft_there(tmp_path: Path, position: Make, heartbeat: Make) -> None:
    listener = _listener(tmp_path)
    assert listener.listened(T0) == {}
    listener.take(_from("10.0.0.1", position(system=1), position(system=2)) + _from("10.0.0.2", heartbeat(6, 8, system=255)))
    told = listener.listened(T0 + 7)
    there = {partition_of(aircraft_id(OPERATOR, "udp:14550/10.0.0.1", system), PARTITIONS) for system in (1, 2)}
    assert set(told) == there
    for links in told.values():
        assert [(one.link, one.epoch, one.up_to_us, one.closed) for one in links] == [("udp:14550/10.0.0.1", T0, T0 + 7, False)]


def test_after_a_restart_it_listens_on_to_the_aircraft_of_before(tmp_path: Path, position: Make) -> None:
    listener = _listener(tmp_path)
    listener.take(_from("10.0.0.1", position()))
    listener.keep_new()
    again = _listener(tmp_path, T0 + 1_000_000)
    (links,) = again.listened(T0 + 2_000_000).values()
    assert [(one.link, one.epoch) for one in links] == [("udp:14550/10.0.0.1", T0 + 1_000_000)]
    assert _listener(tmp_path, T0 + FORGET_US + 1).listened(T0 + FORGET_US + 1) == {}


def test_an_aircraft_is_forgotten_after_a_day_and_its_link_begins_a_new_epoch(tmp_path: Path, position: Make) -> None:
    listener = _listener(tmp_path, max_aircraft=1)
    listener.take(_from("10.0.0.1", position()))
    later_us = T0 + FORGET_US + 1_000_000
    listener.tidy(later_us)
    assert listener.listened(later_us) == {}
    (sample,) = as_samples(listener.take(_from("10.0.0.1", position(), at_us=later_us)).samples)
    assert (sample.epoch, sample.seq) == (later_us, 1)


def test_an_address_without_aircraft_is_forgotten_after_a_minute(tmp_path: Path, position: Make) -> None:
    listener = _listener(tmp_path)
    listener.take(_from("10.0.0.1", b"rubbish"))
    listener.tidy(T0 + 61_000_000)
    (sample,) = as_samples(listener.take(_from("10.0.0.1", position(), at_us=T0 + 62_000_000)).samples)
    assert (sample.epoch, sample.seq) == (T0, 1)


def test_a_frame_split_over_two_datagrams_is_joined(tmp_path: Path, position: Make, heartbeat: Make) -> None:
    counts = Counts()
    listener = _listener(tmp_path, counts=counts)
    data = heartbeat() + position()
    taken = listener.take(_from("10.0.0.1", data[:30], data[30:40], data[40:] + heartbeat()))
    assert [sample.kind for sample in as_samples(taken.samples)] == [1, 0]
    assert (counts.frames, counts.rejected.total(), counts.bytes) == (3, 0, len(data) + len(heartbeat()))


def test_half_a_frame_does_not_spoil_the_next_datagram_nor_another_senders(tmp_path: Path, position: Make) -> None:
    counts = Counts()
    listener = _listener(tmp_path, counts=counts)
    taken = listener.take(
        _from("10.0.0.1", position()[:20], port=1)
        + _from("10.0.0.1", position(), port=2)
        + _from("10.0.0.1", position(), port=1)
    )
    assert len(taken.samples) == 2
    assert [(rejection.reason, len(rejection.data)) for rejection in taken.rejections] == [("truncated", 20)]


def test_half_a_frame_that_nobody_finished_is_told_at_the_end(tmp_path: Path, position: Make) -> None:
    counts = Counts()
    listener = _listener(tmp_path, counts=counts)
    assert listener.take(_from("10.0.0.1", position()[:20])).rejections == []
    assert [rejection.reason for rejection in listener.close().rejections] == ["truncated"]
    assert (counts.frames, counts.bytes, counts.adds_up()) == (1, 20, True)


def test_half_a_frame_is_told_before_its_address_is_forgotten(tmp_path: Path, position: Make) -> None:
    counts = Counts()
    listener = _listener(tmp_path, counts=counts)
    listener.take(_from("10.0.0.1", position()[:20]))
    listener.tidy(T0 + 61_000_000)
    taken = listener.take(_from("10.0.0.2", position()))
    assert [(one.link, one.reason) for one in taken.rejections] == [("udp:14550/10.0.0.1", "truncated")]
    assert (listener.close().rejections, counts.adds_up()) == ([], True)


def test_an_address_that_only_ever_asked_for_a_place_gives_it_back(tmp_path: Path, position: Make, pack: Make) -> None:
    listener = _listener(tmp_path, max_aircraft=1)
    listener.take(_from("10.0.0.1", pack("extended_sys_state", 0, 2)))
    assert len(listener.take(_from("10.0.0.2", position())).samples) == 0
    listener.tidy(T0 + 61_000_000)
    assert len(listener.take(_from("10.0.0.2", position(), at_us=T0 + 62_000_000)).samples) == 1


def _streams(directory: Path, clock_us: int = T0, counts: Counts | None = None) -> Listener:
    ledger = Ledger(directory / "tcp-5760.json")
    return Listener(Fleet(OPERATOR, counts or Counts()), "tcp:5760", ledger, clock_us, streams=True)


def test_the_rest_of_a_frame_of_a_stream_may_come_any_time(tmp_path: Path, position: Make, heartbeat: Make) -> None:
    counts = Counts()
    listener = _streams(tmp_path, counts=counts)
    listener.opened("10.0.0.1", 7, T0)
    stream = b"".join((heartbeat(), position(), position(), heartbeat()))
    pieces = [stream[at : at + 11] for at in range(0, len(stream), 11)]
    taken = [
        sample
        for number, piece in enumerate(pieces)
        for sample in as_samples(listener.take(_from("10.0.0.1", piece, port=7, at_us=T0 + number * 30_000_000)).samples)
    ]
    assert [sample.kind for sample in taken][:3] == [1, 0, 0]
    assert {sample.link for sample in taken} == {"tcp:5760/10.0.0.1"}
    assert (counts.rejected.total(), counts.bytes) == (0, len(stream))


def test_a_frame_of_a_stream_may_hold_what_looks_like_another(tmp_path: Path, pack: Make, heartbeat: Make) -> None:
    # Its second half begins with a whole frame: in a datagram that would be one of its own, in a stream it is payload.
    inner = heartbeat()
    outer = pack("encapsulated_data", 1, inner.ljust(253, b"\1"))
    counts = Counts()
    listener = _streams(tmp_path, counts=counts)
    listener.opened("10.0.0.1", 7, T0)
    cut = outer.index(inner)
    taken = listener.take(_from("10.0.0.1", outer[:cut], outer[cut:], port=7))
    assert (len(taken.samples), taken.rejections, counts.frames, counts.bytes) == (0, [], 1, len(outer))


def test_a_connection_that_closes_leaves_its_half_frame_as_truncated(tmp_path: Path, position: Make) -> None:
    counts = Counts()
    listener = _streams(tmp_path, counts=counts)
    listener.opened("10.0.0.1", 7, T0)
    listener.take(_from("10.0.0.1", position()[:20], port=7))
    assert [(one.reason, len(one.data)) for one in listener.closed("10.0.0.1", 7).rejections] == [("truncated", 20)]
    listener.opened("10.0.0.1", 8, T0)
    assert len(listener.take(_from("10.0.0.1", position(), port=8)).samples) == 1
    assert counts.adds_up()


def test_a_stream_is_listened_to_only_while_it_is_connected(tmp_path: Path, position: Make) -> None:
    listener = _streams(tmp_path)
    listener.opened("10.0.0.1", 7, T0)
    listener.opened("10.0.0.1", 8, T0)
    listener.take(_from("10.0.0.1", position(), port=7))
    listener.closed("10.0.0.1", 7)
    assert listener.listened(T0 + 1) != {}, "another connection from there is still open"
    listener.closed("10.0.0.1", 8)
    assert listener.listened(T0 + 2) == {}


def test_a_stream_that_comes_back_is_a_new_epoch_of_the_same_aircraft(tmp_path: Path, position: Make) -> None:
    listener = _streams(tmp_path)
    listener.opened("10.0.0.1", 7, T0)
    (before,) = as_samples(listener.take(_from("10.0.0.1", position(), port=7)).samples)
    listener.closed("10.0.0.1", 7)
    listener.opened("10.0.0.1", 9, T0 + 60_000_000)
    ((said,),) = listener.listened(T0 + 61_000_000).values()
    assert said.epoch == T0 + 60_000_000
    (after,) = as_samples(listener.take(_from("10.0.0.1", position(), port=9, at_us=T0 + 61_000_000)).samples)
    assert (after.aircraft_id, after.epoch, after.seq) == (before.aircraft_id, said.epoch, 1)
    assert _streams(tmp_path, T0 + 70_000_000).listened(T0 + 71_000_000) == {}, "known again, and not connected"
