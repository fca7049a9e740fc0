"""What had to be dropped on its way to Kafka, counted, and told on the stream at the place where it is missing."""

from uuid import UUID

from core import block
from core.records import Gap, GapReason, Listened, decode
from ingest.counts import Counts
from ingest.packer import Record, control_record

_Key = tuple[str, UUID | None, GapReason]


class Losses:
    """For each partition one gap for each aircraft that lost samples since the stream was last told."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._untold: dict[int, dict[_Key, Gap]] = {}

    def add(self, record: Record) -> None:
        """Takes a telemetry record that was dropped."""
        gaps = _lost_samples(record) if record.is_block else decode(Listened, record.value).gaps
        if record.is_block:
            self._counts.dropped_blocks += 1
            self._counts.dropped_samples += record.samples
        untold = self._untold.setdefault(record.partition, {})
        for gap in gaps:
            key = (gap.link, gap.aircraft_id, gap.reason)
            untold[key] = together(untold[key], gap) if key in untold else gap

    def notice(self, partition: int) -> Record | None:
        """The record that tells of what was dropped since the last one; None if nothing was. It must be sent before all that
        is still waiting."""
        untold = self._untold.pop(partition, None)
        return control_record(partition, Listened((), tuple(untold.values()))) if untold else None


def together(one: Gap, other: Gap) -> Gap:
    """Two gaps of the same as one."""
    count = None if one.count is None or other.count is None else one.count + other.count
    from_us, to_us = min(one.from_us, other.from_us), max(one.to_us, other.to_us)
    return Gap(one.operator_id, one.link, one.aircraft_id, from_us, to_us, count, one.reason)


def _lost_samples(record: Record) -> list[Gap]:
    samples = block.decode(record.value)
    times, aircraft = samples.values("event_time_us"), samples.codes("aircraft_id")
    gaps = []
    for code, aircraft_id in enumerate(samples.aircraft):
        rows = (aircraft == code).nonzero()[0]
        if len(rows):
            operator, link = samples.value("operator_id", rows[0]), samples.value("link", rows[0])
            from_us, to_us = int(times[rows].min()), int(times[rows].max())
            gaps.append(Gap(UUID(bytes=operator), link, aircraft_id, from_us, to_us, len(rows), GapReason.DROPPED))
    return gaps
