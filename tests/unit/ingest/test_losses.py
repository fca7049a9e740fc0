"""What the buffer had to drop is told as a gap for each aircraft, once, and nothing told is forgotten."""

from uuid import UUID

from core import block
from core.records import Gap, GapReason, LinkListened, Listened, decode
from core.sample import Sample
from ingest.counts import Counts
from ingest.losses import Losses
from ingest.packer import Record, block_record, control_record

OPERATOR, LINK = UUID(int=1), "udp:1/a"


def _block(partition: int, *sent: tuple[int, int]) -> Record:
    """sent: (aircraft, event time)."""
    return block_record(
        partition, block.from_samples([Sample(OPERATOR, UUID(int=who), LINK, who, 5, at, at) for who, at in sent])
    )


def _told(record: Record | None) -> list[tuple[int, int, int, int | None]]:
    assert record is not None
    said = decode(Listened, record.value)
    assert said.links == ()
    for gap in said.gaps:
        assert (gap.operator_id, gap.link, gap.reason) == (OPERATOR, LINK, GapReason.DROPPED)
    return [(gap.aircraft_id.int if gap.aircraft_id else 0, gap.from_us, gap.to_us, gap.count) for gap in said.gaps]


def test_dropped_blocks_are_one_gap_for_each_aircraft_of_their_partition() -> None:
    counts = Counts()
    losses = Losses(counts)
    losses.add(_block(3, (7, 100), (8, 110), (7, 120)))
    losses.add(_block(3, (7, 130)))
    losses.add(_block(4, (9, 140)))
    assert _told(losses.notice(3)) == [(7, 100, 130, 3), (8, 110, 110, 1)]
    assert losses.notice(3) is None
    assert _told(losses.notice(4)) == [(9, 140, 140, 1)]
    assert (counts.dropped_blocks, counts.dropped_samples) == (3, 5)


def test_a_dropped_word_of_listening_loses_none_of_the_gaps_in_it() -> None:
    losses = Losses(Counts())
    losses.add(control_record(0, Listened((LinkListened(OPERATOR, LINK, 5, 9),))))
    assert losses.notice(0) is None
    losses.add(_block(0, (7, 100)))
    first = losses.notice(0)
    assert first is not None
    kernel = Gap(OPERATOR, "udp:1", None, 10, 20, 5, GapReason.NO_ROOM)
    losses.add(control_record(0, Listened((), (kernel, kernel))))
    losses.add(first)
    losses.add(_block(0, (7, 200)))
    notice = losses.notice(0)
    assert notice is not None
    assert decode(Listened, notice.value).gaps == (
        Gap(OPERATOR, "udp:1", None, 10, 20, 10, GapReason.NO_ROOM),
        Gap(OPERATOR, LINK, UUID(int=7), 100, 200, 2, GapReason.DROPPED),
    )
