"""Half frames and batches: whatever is taken at once, a listener gives what it gives chunk by chunk in plain Python."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.records import Rejection
from core.sample import Sample
from ingest.counts import Counts
from ingest.fleet import Fleet
from ingest.ledger import Ledger
from ingest.links import link_name
from ingest.listener import Chunk, Listener
from ingest.mavlink import Frame, Reason, Rejected, read_frame, scan
from tests.benchmarks.decode import frames
from tests.unit.ingest import reference
from tests.unit.ingest.told import OPERATOR, T0, as_samples

_FRAMES = frames()[:50]
_chunk = st.tuples(
    st.sampled_from(["10.0.0.1", "10.0.0.2"]),
    st.sampled_from([1, 1, 2]),  # port
    st.sampled_from([0, 1_000, 999_999, 1_000_001]),  # after the one before
    st.lists(st.tuples(st.integers(0, 49), st.integers(0, 99), st.booleans()), max_size=3),
)


class Plain:
    """A listener in plain Python, one chunk after the other."""

    def __init__(self, epoch: int, counts: Counts, streams: bool, most_tails: int) -> None:
        self._links = {a: reference.Link(OPERATOR, link_name("udp:1", a), epoch, counts) for a in ("10.0.0.1", "10.0.0.2")}
        self._tails: dict[tuple[str, int], tuple[int, bytes]] = {}
        self._streams, self._most = streams, most_tails
        self.samples: list[Sample] = []
        self.rejections: list[Rejection] = []

    def take(self, chunk: Chunk) -> None:
        time_us, address, port, data = chunk
        link = self._links[address]
        if (tail := self._tails.pop((address, port), None)) is not None:
            late = time_us - tail[0] > 1_000_000
            if data and not self._streams and (late or isinstance(read_frame(data, 0), Frame)):
                self.rejections.append(link.reject(Reason.TRUNCATED, tail[1], tail[0]))
            else:
                data = tail[1] + data
        for item in scan(data):
            is_half = isinstance(item, Rejected) and item.reason is Reason.TRUNCATED and item.end == len(data)
            if is_half and len(self._tails) < self._most:
                self._tails[address, port] = time_us, data[item.start :]
                return
            outcome = link.take(item, data, time_us, port)
            if isinstance(outcome, Sample):
                self.samples.append(outcome)
            elif outcome is not None:
                self.rejections.append(outcome)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(
    heard=st.lists(_chunk, max_size=25), at_once=st.integers(1, 25), streams=st.booleans(), most_tails=st.sampled_from([1, 9])
)
def test_batches_give_what_chunks_give(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heard: list[tuple[str, int, int, list[tuple[int, int, bool]]]],
    at_once: int,
    streams: bool,
    most_tails: int,
) -> None:
    monkeypatch.setattr("ingest.listener.MAX_TAILS", most_tails)
    (tmp_path / "ledger.json").unlink(missing_ok=True)
    counts, theirs = Counts(), Counts()
    listener = Listener(Fleet(OPERATOR, counts), "udp:1", Ledger(tmp_path / "ledger.json"), T0, streams=streams)
    plain = Plain(T0, theirs, streams, most_tails)
    chunks: list[Chunk] = []
    time_us = T0
    for address, port, step_us, parts in heard:
        time_us += step_us
        data = b""
        for number, cut, keep_front in parts:
            frame = _FRAMES[number]
            data += frame[: cut % (len(frame) + 1)] if keep_front else frame[cut % (len(frame) + 1) :]
        chunks.append(Chunk(time_us, address, port, data))
    samples: list[Sample] = []
    rejections: list[Rejection] = []
    for at in range(0, len(chunks), at_once):
        taken = listener.take(chunks[at : at + at_once])
        samples += [] if not len(taken.samples) else as_samples(taken.samples)
        rejections += taken.rejections
    for chunk in chunks:
        plain.take(chunk)
    # A stream's link begins with its first chunk.
    assert [(s.link, s.seq, s.event_time_us, s.lat_e7, s.mode) for s in samples] == [
        (s.link, s.seq, s.event_time_us, s.lat_e7, s.mode) for s in plain.samples
    ]
    assert rejections == plain.rejections
    assert counts == theirs
