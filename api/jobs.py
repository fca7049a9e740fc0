"""Work that takes longer than an answer may: begun by one request, done by a process beside the door, asked for by others.

What is known of it is kept while the door is open. A job that is stopped, or whose door closes, ends where it is: a re-run
leaves nothing behind anyway, and an import that is begun again goes on to the same end.
"""

import asyncio
import logging
import sys
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import msgspec

from api.aside.messages import Asked, Failure, Line, Progress, Result
from core.errors import WedgetailError

AT_ONCE = 2  # of a kind: each is a processor's work
MOST_WAITING = 8
_REMEMBERED = 20  # of a kind, once they are over
_LONGEST_LINE = 64 << 20

log = logging.getLogger(__name__)


class Busy(WedgetailError):
    """{most} of these are waiting already: try again when one is done."""


class UnknownJob(WedgetailError):
    """There is no {kind} {job_id}: it was never begun, or so long ago that it is forgotten, or the door was opened anew."""


class Broken(WedgetailError):
    """This is a fault of the program: its log says more."""


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        return self not in (JobState.WAITING, JobState.RUNNING)


@dataclass(slots=True)
class Job:
    """asked: what was asked for, as it is told. progress and result: as the process beside said them."""

    asked: dict[str, Any]
    job_id: UUID = field(default_factory=uuid4)
    state: JobState = JobState.WAITING
    progress: msgspec.Raw | None = None
    result: msgspec.Raw | None = None
    failed: Failure | None = None
    task: asyncio.Task[None] | None = None
    held: ExitStack = field(default_factory=ExitStack)  # closed when it is over, however it ends

    def told(self) -> dict[str, Any]:
        return {
            "id": str(self.job_id), "state": self.state.value, **self.asked,
            "progress": self.progress, "result": self.result, "problem": self.failed,
        }  # fmt: skip


class Jobs:
    """All of one kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._room = asyncio.Semaphore(AT_ONCE)
        self._jobs: dict[UUID, Job] = {}
        self._over: deque[UUID] = deque()

    @property
    def all(self) -> list[Job]:
        """The first first."""
        return list(self._jobs.values())

    def check_room(self) -> None:
        """Raises Busy."""
        if sum(job.state is JobState.WAITING for job in self._jobs.values()) >= MOST_WAITING:
            raise Busy(most=MOST_WAITING)

    def begin(self, asked: dict[str, Any], request: Asked, held: ExitStack | None = None) -> Job:
        """Begins one now, or when another is done. held: closed when it is over. Raises Busy."""
        self.check_room()
        job = Job(asked)
        if held is not None:
            job.held.enter_context(held)
        self._jobs[job.job_id] = job
        job.task = asyncio.create_task(self._run(job, request), name=f"{self._kind} {job.job_id}")
        return job

    def get(self, job_id: UUID) -> Job:
        """Raises UnknownJob."""
        if job_id not in self._jobs:
            raise UnknownJob(kind=self._kind, job_id=job_id)
        return self._jobs[job_id]

    async def stop(self, job_id: UUID) -> Job:
        """Returns when it is over; one that is over stays as it is. Raises UnknownJob."""
        job = self.get(job_id)
        await self._stop(job)
        return job

    async def close(self) -> None:
        """Stops all."""
        await asyncio.gather(*map(self._stop, self.all))

    async def _stop(self, job: Job) -> None:
        if job.task is not None and not job.state.over:
            job.task.cancel()
            await asyncio.wait([job.task])
            if not job.state.over:  # it was never run
                self._end(job, JobState.STOPPED)

    async def _run(self, job: Job, request: Asked) -> None:
        ended = JobState.STOPPED
        try:
            async with self._room:
                job.state = JobState.RUNNING
                await _aside(job, request)
            ended = JobState.FAILED if job.result is None else JobState.DONE
        except Exception:
            log.exception("%s %s", self._kind, job.job_id)
            ended, job.failed = JobState.FAILED, Failure.of(Broken())
        finally:
            self._end(job, ended)

    def _end(self, job: Job, state: JobState) -> None:
        job.held.close()
        job.state = state
        self._over.append(job.job_id)
        while len(self._over) > _REMEMBERED:
            del self._jobs[self._over.popleft()]


async def _aside(job: Job, request: Asked) -> None:
    """Has it done; result or failed is set then."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.aside", stdin=pipe, stdout=pipe, limit=_LONGEST_LINE
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        await process.stdin.drain()
        async for said in process.stdout:
            line: Line = msgspec.json.decode(said, type=Line)
            match line:
                case Progress():
                    job.progress = line.told
                case Result():
                    job.result = line.told
                case _:
                    job.failed = line.told
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if job.result is None and job.failed is None:
        log.error("the process beside ended with code %s and without a word", process.returncode)
        job.failed = Failure.of(Broken())
