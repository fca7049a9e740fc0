"""`wedgetail replay`: a recorded flight as if it flew now, on the live topic, under a link that names it a replay."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from core import kafka
from core.identity import operator_id, partition_of
from core.records import LinkListened, Listened
from core.settings import Settings
from core.topics import PARTITIONS, REJECTED, TELEMETRY
from core.units import to_us, utc
from ingest.counts import Counts
from ingest.errors import NoTimes, StartOutsideLog
from ingest.fleet import Fleet
from ingest.importer import take_entries
from ingest.links import FILE_EPOCH, Link, replay_link
from ingest.losses import Losses
from ingest.outbox import Carrier, Outbox
from ingest.packer import Packer
from ingest.rejections import BUDGET_BYTES, Rejections, untold
from ingest.service import tasks_of_one, until_signal
from ingest.summary import Summary, print_summary
from ingest.terrain import terrain_of
from ingest.tlog import Entry, LogFile, opened
from ingest.udp import clock_us

_LISTENED_S = 1.0
_TURN = 256  # frames between two turns of the event loop
_STEP_S = 0.005  # frames that are due within this time go together
_DRAIN_S = 10.0
_DAY_US = 86_400_000_000
_TIME_OF_DAY_YEAR = 1900  # what a parser of "00:35:00" makes of a day that was not given


async def run(settings: Settings, file: Path, speed: float = 1.0, start: datetime | None = None) -> None:
    """Plays a log until its end or Ctrl-C, with a progress bar, and prints the summary.

    start is a time within the log, or a time of day (a datetime of the year 1900). Raises as replay_file does.
    """
    console = Console(stderr=True)
    with until_signal() as stopped:
        summary = await replay_file(settings, file, speed, start, stopped, console)
    print_summary(summary, console)


async def replay_file(
    settings: Settings,
    file: Path,
    speed: float,
    start: datetime | None,
    stopped: asyncio.Event,
    console: Console | None = None,
) -> Summary:
    """Plays a log from its first frame (or start) at this speed: each frame's event time is the moment at which it is played.

    Raises UnreadableFile, NotMavlink, NoTimes, StartOutsideLog, SettingError, BrokerUnreachable, TopicMismatch.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"))
    with opened(file) as log, Progress(*columns, TimeElapsedColumn(), console=console or Console(quiet=True)) as progress:
        first_us, last_us = _span(log)
        from_us = first_us if start is None else _within(start, first_us, last_us)
        await kafka.ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
        bar = progress.add_task(f"replaying {file.name}", total=max(1, last_us - from_us), at="")
        counts = Counts()
        carrier = Carrier(settings.kafka.bootstrap)
        async with tasks_of_one() as tasks:
            prefix = settings.kafka.prefix
            budget = settings.ingest.buffer_mb << 20
            losses = Losses(counts)
            outbox = Outbox(tasks, carrier, prefix + TELEMETRY.name, budget, losses.add, losses.notice)
            refused = Outbox(tasks, carrier, prefix + REJECTED.name, BUDGET_BYTES, lambda record: untold(counts))
            playing = _Playing(settings, log, from_us, speed, counts, outbox, Rejections(refused, counts))
            try:
                await playing.run(
                    stopped, lambda at_us: progress.update(bar, completed=at_us - from_us, at=f"{utc(at_us):%H:%M:%S} UTC")
                )
            finally:
                await outbox.drain(_DRAIN_S)
                await refused.drain(_DRAIN_S)
                await outbox.close()
                await refused.close()
                await carrier.close()
    return playing.summary()


class _Playing:
    """A log's frames on their way, each at its moment."""

    def __init__(
        self,
        settings: Settings,
        log: LogFile,
        from_us: int,
        speed: float,
        counts: Counts,
        outbox: Outbox,
        rejections: Rejections,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._from_us = from_us
        self._speed = speed
        self._counts = counts
        self._outbox = outbox
        self._rejections = rejections
        self._packer = Packer()
        self._aircraft: dict[int, UUID] = {}
        self._skipped = 0
        self._last_us = from_us  # of the log, played
        self._began_us = clock_us()
        self._operator = operator_id(settings.operator.name)
        name = replay_link(log.sha256, self._began_us)
        fleet = Fleet(self._operator, counts, terrain_of(settings))
        self._link = fleet.link(name, FILE_EPOCH, arrived=self._arrived)

    async def run(self, stopped: asyncio.Event, moved: Callable[[int], object]) -> None:
        listen_at_s = self._loop.time() + _LISTENED_S
        played_us = self._began_us
        for number, entry in enumerate(self._entries()):
            if number % _TURN == 0:
                await asyncio.sleep(0)  # when the pace is more than can be kept, the sending must go on all the same
            due_us = self._moment_us(entry.time_us)
            while (ahead_s := (due_us - clock_us()) / 1e6) > 0 and not stopped.is_set():
                self._pack()
                moved(entry.time_us)
                await self._pause(stopped, min(max(ahead_s, _STEP_S), _LISTENED_S))
                if self._loop.time() >= listen_at_s:
                    # Everything due by now is on its way: what comes next is due later.
                    self._tell_listened(min(clock_us(), due_us), closed=False)
                    listen_at_s = self._loop.time() + _LISTENED_S
            if stopped.is_set():
                break
            if self._loop.time() >= listen_at_s:  # behind the pace: heard up to the last one
                self._tell_listened(played_us, closed=False)
                listen_at_s = self._loop.time() + _LISTENED_S
            played_us = max(played_us, due_us)
            self._last_us = max(self._last_us, entry.time_us)
            self._take(entry._replace(time_us=due_us))
        self._tell_listened(max(played_us, self._began_us), closed=True)

    def summary(self) -> Summary:
        last_us = self._last_us
        return Summary(
            self._log.path, self._link.name, self._counts, self._aircraft, self._from_us, last_us, skipped=self._skipped
        )

    def _entries(self) -> Iterator[Entry]:
        started = False
        for entry in self._log.entries():
            started = started or entry.time_us >= self._from_us
            if started:
                yield entry
            else:
                self._skipped += 1

    def _moment_us(self, time_us: int) -> int:
        return self._began_us + round((time_us - self._from_us) / self._speed)

    def _take(self, entry: Entry) -> None:
        now_s = self._loop.time()
        taken = take_entries(self._link, self._log, [entry])
        for rejection in taken.rejections:
            self._rejections.tell(rejection, now_s)
        if len(taken.samples):
            self._packer.add(taken.samples, now_s)
            for record in self._packer.due(now_s):
                self._outbox.put(record)

    def _pack(self) -> None:
        for partition in range(PARTITIONS):
            for record in self._packer.flush(partition, self._loop.time()):
                self._outbox.put(record)

    async def _pause(self, stopped: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stopped.wait()

    def _tell_listened(self, up_to_us: int, closed: bool) -> None:
        listened = Listened((LinkListened(self._operator, self._link.name, FILE_EPOCH, up_to_us, closed),))
        for partition in sorted({partition_of(aircraft, PARTITIONS) for aircraft in self._aircraft.values()}):
            for record in self._packer.listened(partition, listened, self._loop.time()):
                self._outbox.put(record)

    def _arrived(self, link: Link, system_id: int, aircraft_id: UUID) -> None:
        self._aircraft[system_id] = aircraft_id


def _span(log: LogFile) -> tuple[int, int]:
    """The first and the latest time in a log. A raw stream that nothing dates is played all the same: it begins now."""
    try:
        times = [entry.time_us for entry in log.entries()]
    except NoTimes:
        log.start_us = clock_us()
        times = [entry.time_us for entry in log.entries()]
    return times[0], max(times)


def _within(start: datetime, first_us: int, last_us: int) -> int:
    start_us = to_us(start if start.tzinfo else start.replace(tzinfo=UTC))
    if start.year == _TIME_OF_DAY_YEAR:
        # The first moment of the log at or after its beginning that has this time of day.
        start_us = first_us + (start_us - first_us) % _DAY_US
    if not first_us <= start_us <= last_us:
        raise StartOutsideLog(start=_text(start_us), first=_text(first_us), last=_text(last_us))
    return start_us


def _text(time_us: int) -> str:
    return f"{utc(time_us):%Y-%m-%dT%H:%M:%SZ}"
