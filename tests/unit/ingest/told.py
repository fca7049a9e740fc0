"""What a fleet makes of frames, as tests read it: samples with names instead of rows of integers."""

from collections.abc import Callable
from dataclasses import fields
from uuid import UUID

from core import block, identity
from core.columns import BY_NAME, Kind
from core.records import Rejection
from core.sample import Sample
from ingest.counts import Counts
from ingest.fleet import Fleet, Piece
from ingest.samples import Samples

OPERATOR = identity.operator_id("test")
T0 = 1_800_000_000_000_000
LINK = "udp:14550/10.0.0.1"
_NAMES = [field.name for field in fields(Sample)]


def as_samples(samples: Samples) -> list[Sample]:
    """By way of the block, so that what is told here is what is sent."""
    if not len(samples):
        return []
    told = []
    for row in block.decode(samples.block().encode()).rows():
        row |= {name: UUID(bytes=row[name]) for name in _NAMES if BY_NAME[name].kind is Kind.ID}
        told.append(Sample(**row))
    return told


class Told:
    """A link that is fed frames at times, in seconds."""

    def __init__(self, admit: Callable[[UUID], bool] = lambda aircraft_id: True, epoch: int = 5) -> None:
        self.counts = Counts()
        self.fleet = Fleet(OPERATOR, self.counts)
        self.link = self.fleet.link(LINK, epoch, admit)
        self.samples: list[Sample] = []
        self.rejections: list[Rejection] = []

    def hear(self, data: bytes, at_s: float = 0.0, port: int = 1) -> "Told":
        return self.hear_all([(data, at_s, port)])

    def hear_all(self, heard: list[tuple[bytes, float, int]]) -> "Told":
        """At once, as a batch of the socket."""
        taken = self.fleet.taken()
        self.fleet.take([Piece(self.link, T0 + round(at_s * 1e6), port, data) for data, at_s, port in heard], taken)
        self.samples += as_samples(taken.samples)
        self.rejections += taken.rejections
        assert self.counts.adds_up()
        return self

    @property
    def last(self) -> Sample:
        return self.samples[-1]
