"""`wedgetail import`: a log into history, at its own times, through the same rules as live flights.

Everything derives from the file's bytes (link, epoch 0, each frame's number), so that a second import, or one after a kill
in the middle, sends the same records again and changes nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from core import block, kafka
from core.identity import operator_id, partition_of
from core.records import LinkListened, Listened, encode
from core.settings import Settings
from core.topics import PARTITIONS, REJECTED, TELEMETRY_IMPORT
from core.units import to_us
from ingest.counts import Counts
from ingest.errors import ImportBroken
from ingest.fleet import Fleet, Piece, Taken
from ingest.links import FILE_EPOCH, Link, file_link
from ingest.mavlink import Rejected
from ingest.packer import Record, block_record, control_record
from ingest.samples import Waiting
from ingest.settled import settled
from ingest.summary import Summary, print_summary
from ingest.terrain import terrain_of
from ingest.tlog import Entry, LogFile, opened

_LISTENED_US = 1_000_000
_MOST_UNDER_WAY = 1_000
_MOST_REJECTIONS = 10_000  # told one by one for a file; the rest is counted
_AT_ONCE = 1_000  # entries that are taken at once at the most


@dataclass(frozen=True, slots=True)
class Moved:
    """How far an import is. settling: all is sent, and is being judged and stored. waits: for whom it waits, in words."""

    bytes_read: int
    bytes: int
    samples: int
    rejected: int
    settling: bool = False
    waits: str = ""


async def run(settings: Settings, file: Path, start: datetime | None = None) -> None:
    """Imports a log, with a progress bar, and prints the summary. start dates the first frame of a raw stream."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task(f"importing {file.name}", total=None)

        def told(now: Moved) -> None:
            what = "judging and storing" if now.settling else f"importing {file.name}"
            progress.update(bar, completed=now.bytes_read, total=now.bytes, description=what)
            if now.waits:
                progress.console.print(now.waits)

        summary = await import_file(settings, file, start, told)
        progress.update(bar, description=f"imported {file.name}")
    print_summary(summary, console)


async def import_file(
    settings: Settings,
    file: Path,
    start: datetime | None = None,
    told: Callable[[Moved], object] = lambda now: None,
    wait: bool = True,
) -> Summary:
    """Sends a log to the import topic and returns when all of it is judged and recorded (unless wait is False). told: hears
    how far it is.

    Raises UnreadableFile, NotMavlink, NoTimes, SettingError, BrokerUnreachable, TopicMismatch, and ImportBroken when sending
    fails.
    """
    with opened(file, None if start is None else to_us(start)) as log:
        await kafka.ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
        sending = _Sending(settings, log)
        try:
            summary = await sending.run(told)
        except KafkaError as error:
            raise ImportBroken(file=file, detail=str(error)) from error
        if wait and sending.targets:
            told(sending.moved(settling=True))
            await settled(settings, sending.targets, lambda words: told(sending.moved(settling=True, waits=words)))
    return summary


class _Sending:
    """One pass over a log. targets: for each partition the offset behind its last record."""

    def __init__(self, settings: Settings, log: LogFile) -> None:
        self._settings = settings
        self._log = log
        self._operator = operator_id(settings.operator.name)
        self._counts = Counts()
        self._aircraft: dict[int, UUID] = {}
        self._fleet = Fleet(self._operator, self._counts, terrain_of(settings))
        self._link = self._fleet.link(file_link(log.sha256), FILE_EPOCH, arrived=self._arrived)
        self._waiting = Waiting()
        self._under_way: deque[tuple[int, asyncio.Future[RecordMetadata]]] = deque()
        self._told = 0
        self._read = 0
        self.targets: dict[int, int] = {}

    def moved(self, settling: bool = False, waits: str = "") -> Moved:
        counts = self._counts
        return Moved(self._read, len(self._log.data), counts.samples, counts.rejected.total(), settling, waits)

    async def run(self, told: Callable[[Moved], object]) -> Summary:
        first_us: int | None = None
        last_us: int | None = None
        listened_us = 0
        producer = kafka.producer(self._settings.kafka.bootstrap)
        await producer.start()
        try:
            entries: list[Entry] = []
            for number, entry in enumerate(self._log.entries()):
                time_us = entry.time_us
                if last_us is None or first_us is None:
                    first_us, last_us, listened_us = time_us, time_us, time_us
                if time_us - listened_us >= _LISTENED_US:
                    await self._take(producer, entries)
                    await self._tell_listened(producer, time_us, closed=False)
                    entries, listened_us = [], time_us
                last_us = max(last_us, time_us)
                entries.append(entry)
                if number % _AT_ONCE == 0:
                    await self._take(producer, entries)
                    entries = []
                    self._read = entry.item.end
                    told(self.moved())
            await self._take(producer, entries)
            if last_us is not None:
                await self._tell_listened(producer, last_us, closed=True)
            while self._under_way:
                await self._arrival()
            self._read = len(self._log.data)
            told(self.moved())
        finally:
            await producer.stop()
        return Summary(self._log.path, self._link.name, self._counts, self._aircraft, first_us, last_us)

    async def _take(self, producer: AIOKafkaProducer, entries: list[Entry]) -> None:
        taken = take_entries(self._link, self._log, entries)
        self._waiting.add(taken.samples)
        for partition in self._waiting.full(block.MAX_SAMPLES):
            await self._send(producer, block_record(partition, self._waiting.take(partition, block.MAX_SAMPLES).block()))
        for rejection in taken.rejections:
            if self._told >= _MOST_REJECTIONS:
                self._counts.rejections_untold += 1
                continue
            self._told += 1
            await producer.send(
                self._settings.kafka.prefix + REJECTED.name, encode(rejection), partition=0, headers=[("kind", b"rejection")]
            )

    async def _tell_listened(self, producer: AIOKafkaProducer, up_to_us: int, closed: bool) -> None:
        listened = Listened((LinkListened(self._operator, self._link.name, FILE_EPOCH, up_to_us, closed),))
        for partition in sorted({partition_of(aircraft, PARTITIONS) for aircraft in self._aircraft.values()}):
            await self._flush(producer, partition)
            await self._send(producer, control_record(partition, listened))

    async def _flush(self, producer: AIOKafkaProducer, partition: int) -> None:
        while self._waiting.number(partition):
            await self._send(producer, block_record(partition, self._waiting.take(partition, block.MAX_SAMPLES).block()))

    async def _send(self, producer: AIOKafkaProducer, record: Record) -> None:
        topic = self._settings.kafka.prefix + TELEMETRY_IMPORT.name
        future = await producer.send(topic, record.value, partition=record.partition, headers=record.headers)
        self._under_way.append((record.partition, future))
        if len(self._under_way) > _MOST_UNDER_WAY:
            await self._arrival()

    async def _arrival(self) -> None:
        partition, future = self._under_way.popleft()
        metadata = await future
        self.targets[partition] = metadata.offset + 1

    def _arrived(self, link: Link, system_id: int, aircraft_id: UUID) -> None:
        self._aircraft[system_id] = aircraft_id


def take_entries(link: Link, log: LogFile, entries: Sequence[Entry]) -> Taken:
    """What a log's next entries, in their order, tell of a link."""
    taken = link.fleet.taken()
    pieces: list[Piece] = []
    for time_us, item in entries:
        if isinstance(item, Rejected):
            link.fleet.take(pieces, taken)
            pieces = []
            taken.rejections.append(link.reject(item.reason, log.data[item.start : item.end], time_us))
        else:
            pieces.append(Piece(link, time_us, 0, log.frame(item)))
            link.fleet.counts.bytes += log.stamp
    link.fleet.take(pieces, taken)
    return taken
