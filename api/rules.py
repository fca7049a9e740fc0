"""Is anybody checking? Each second a worker says how far it has judged each partition; this holds what it said.

A partition judged last at least five seconds ago, by the broker's clock, is not running. Pure: time is an argument.
"""

from dataclasses import dataclass

from api.shapes import Rules
from core.records import Judged
from core.units import US_PER_S
from geofence.moments import iso

SILENT_AFTER_US = 5 * US_PER_S


@dataclass(frozen=True, slots=True)
class Progress:
    """The last word about one partition."""

    next: int
    append_time_us: int
    world: int
    worker: str
    stopped: str | None


class RulesClock:
    """How far each live partition is judged. began_us: when this door opened, before which it knows nothing."""

    def __init__(self, partitions: int, began_us: int) -> None:
        self.progress: dict[int, Progress] = {}
        self._partitions = partitions
        self._began_us = began_us

    def note(self, judged: Judged) -> bool:
        """True where a partition stopped, or stands no longer. An older word than the last one is no news."""
        held = self.progress.get(judged.partition)
        if held is not None and judged.append_time_us < held.append_time_us:
            return False
        self.progress[judged.partition] = Progress(
            judged.next, judged.append_time_us, judged.world, judged.worker, judged.stopped
        )
        return (held.stopped if held else None) != judged.stopped

    def stopped(self, partition: int) -> str | None:
        """Why a partition is not judged, as its worker says."""
        held = self.progress.get(partition)
        return held.stopped if held else None

    def silent(self, now_us: int) -> dict[int, int | None]:
        """The partitions that nobody judges, each with the time up to which it was judged, None if that is not known.

        One never heard of counts only when this door has listened for five seconds.
        """
        found: dict[int, int | None] = {}
        for partition in range(self._partitions):
            held = self.progress.get(partition)
            if now_us - (held.append_time_us if held else self._began_us) >= SILENT_AFTER_US:
                found[partition] = held.append_time_us if held else None
        return found

    def status(self, now_us: int) -> Rules:
        """For every message: the partition furthest behind speaks for all."""
        known = [held.append_time_us for held in self.progress.values()]
        complete = len(known) == self._partitions
        silent = self.silent(now_us)
        stopped = [held.append_time_us for held in self.progress.values() if held.stopped is not None]
        since = [time for time in silent.values() if time is not None] + stopped
        return {
            "judged_up_to": iso(min(known)) if complete else None,
            "running": complete and not silent and not stopped,
            "since": iso(min(since)) if since else None,
        }
