"""One part of the house as a child process: its log, its end, and its restart with a growing pause."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from wedgetail.errors import PartFailed
from wedgetail.local.process import end_with_parent, tail

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0  # who ran this long begins again with the shortest pause
_ENDS_IN_S = 10.0
_TRIES_AT_START = 2
_EXPLAINED = 2
_LAST_WORDS = 5  # lines
_LONGEST_LOG_BYTES = 10_000_000


class Part:
    """`python -m wedgetail COMMAND`, kept alive until stopped. `keep` runs it, and returns only by being cancelled.

    Before `settled` is set a part that keeps dying raises PartFailed, since then something is wrong with the whole.
    """

    def __init__(
        self, name: str, arguments: list[str], log: Path, environment: Mapping[str, str], tell: Callable[[str], None]
    ) -> None:
        self.name = name
        self.log = log
        self.settled = False
        self._command = [sys.executable, "-m", "wedgetail", *arguments]
        self._environment = dict(environment)
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None

    async def spawn(self) -> None:
        """Starts it. From the main thread, whose end it does not outlive."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LONGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for the supervisor, who knows the order
                preexec_fn=end_with_parent(signal.SIGKILL),
            )

    async def keep(self) -> None:
        """Waits for its end and starts it again, for ever. Raises PartFailed when it cannot even begin."""
        pause, failures = _FIRST_PAUSE_S, 0
        while True:
            began = time.monotonic()
            code = await self._ended()
            failures += 1
            # Code 2 is a failure that the part itself has explained: a second try would say the same.
            if not self.settled and (code == _EXPLAINED or failures > _TRIES_AT_START):
                raise PartFailed(part=self.name, code=code, log=self.log, tail=tail(self.log, _LAST_WORDS))
            if time.monotonic() - began > _STEADY_S:
                pause = _FIRST_PAUSE_S
            self._tell(f"{self.name} ended by itself (exit code {code}), starting again in {pause:.0f} s. Its last words:")
            self._tell(tail(self.log, _LAST_WORDS))
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            await self.spawn()

    async def stop(self) -> None:
        """Ends it cleanly, or after 10 s by force. Call once `keep` is cancelled."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _ENDS_IN_S)
        except TimeoutError:
            self._tell(f"{self.name} does not end, killing it")
            process.kill()
            await process.wait()

    async def _ended(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()
