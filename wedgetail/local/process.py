"""A server process that ends with us, however we end, and that a later start finds if it did not."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from wedgetail.local.errors import ServerDied, ServerLeftover, ServerSilent

_PR_SET_PDEATHSIG = 1
_ASK_EVERY_S = 0.05
_TAIL_LINES = 12
_FRAMES = ("\tat ", "\t... ")  # Java's stacks: the line that says what happened stands above them

# Loaded here: between fork and exec is no place to look for a library.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(how: signal.Signals) -> Callable[[], None]:
    """For preexec_fn: has the kernel send this signal when the thread that started the child ends, even by SIGKILL.

    Start such a child from the main thread only. Linux alone has this; elsewhere the next start ends what was left.
    """
    parent = os.getpid()

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return prepare


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log without Java's stacks, indented for a message; says so if there are none."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        text = ""
    found = [line for line in text.splitlines() if line.strip() and not line.startswith(_FRAMES)][-lines:]
    return "\n".join(f"  {line}" for line in found) or "  (nothing)"


class ServerProcess:
    """One server, its log and its lock. Usable as a context manager once spawned.

    The child inherits a lock on `lock`, so the file is locked exactly as long as the child or one of its own lives,
    and a number that another process has been given since cannot be mistaken for it.
    """

    def __init__(self, name: str, lock: Path, log: Path, stop_with: signal.Signals, user: str | None = None) -> None:
        self.name = name
        self.log = log
        self._lock = lock
        self._stop_with = stop_with
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def spawn(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Starts it, after ending what an earlier supervisor left behind. Main thread only."""
        with self._lock.open("a+b") as lock:
            self._end_earlier(lock)
            if self.log.exists():
                self.log.replace(self.log.with_suffix(".log.1"))
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=None if environment is None else dict(environment),
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is for us: we stop things in their order
                    pass_fds=[lock.fileno()],
                    user=self._user,
                    group=self._user,
                    extra_groups=None if self._user is None else [],
                    preexec_fn=end_with_parent(self._stop_with),
                )
            lock.truncate(0)
            lock.write(str(self._process.pid).encode())
            lock.flush()

    def evict(self) -> None:
        """Ends what an earlier supervisor left behind. Raises ServerLeftover."""
        if self._lock.exists():
            with self._lock.open("a+b") as lock:
                self._end_earlier(lock)

    def wait_until(self, answers: Callable[[], bool], seconds: float) -> None:
        """Asks until it answers. Raises ServerDied at once when it ends, ServerSilent when the time is over."""
        end = time.monotonic() + seconds
        while True:
            self.check()
            if answers():
                return
            if time.monotonic() > end:
                raise ServerSilent(server=self.name, seconds=seconds, log=self.log, tail=tail(self.log))
            self.await_end(_ASK_EVERY_S)

    def check(self) -> None:
        """Raises ServerDied if it has ended, by itself or because it was stopped meanwhile."""
        code = "stopped" if self._process is None else self._process.poll()
        if code is not None:
            raise ServerDied(server=self.name, code=code, log=self.log, tail=tail(self.log))

    def stop(self, seconds: float = 20.0) -> None:
        """Ends it and waits for its end; twice does no harm."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self._stop_with)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def await_end(self, seconds: float | None = None) -> None:
        """Returns when it has ended, or the time is over."""
        if (process := self._process) is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)

    def _end_earlier(self, lock: IO[bytes]) -> None:
        for how, seconds in ((self._stop_with, 15.0), (signal.SIGKILL, 5.0)):
            if _take(lock, 0.0):
                return
            lock.seek(0)
            pid = int(lock.read() or b"0")
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
            if _take(lock, seconds):
                return
        raise ServerLeftover(server=self.name, pid=pid, directory=self._lock.parent)


def _take(lock: IO[bytes], seconds: float) -> bool:
    """A lock that may be given up at any moment, by a process that is not ours to wait for."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_ASK_EVERY_S)
        else:
            return True
