"""Where the embedded servers of a running `wedgetail up` answer, so that other commands find them without being told."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.settings import Settings
from wedgetail.errors import AlreadyRunning

LOCK = "up.lock"
_SERVERS = "servers.json"


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """One supervisor for a data directory. The lock ends with the process, however it ends. Raises AlreadyRunning."""
    with (directory / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(directory=directory, pid=lock.read().strip() or "unknown") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            (directory / _SERVERS).unlink(missing_ok=True)


def with_servers(settings: Settings, bootstrap: str | None, database_url: str | None) -> Settings:
    """The settings with the addresses of embedded servers, where there are any."""
    kafka = {} if bootstrap is None else {"bootstrap": bootstrap}
    database = {} if database_url is None else {"url": database_url}
    return settings.model_copy(
        update={"kafka": settings.kafka.model_copy(update=kafka), "database": settings.database.model_copy(update=database)}
    )


def note(directory: Path, bootstrap: str | None, database_url: str | None) -> None:
    """Writes down the embedded servers' addresses; nothing of servers that somebody configured, whose URL is a secret."""
    new = directory / f"{_SERVERS}.new"
    new.write_text(json.dumps({"bootstrap": bootstrap, "database_url": database_url}))
    new.replace(directory / _SERVERS)


def find(settings: Settings) -> Settings:
    """The settings, completed by the servers of the supervisor that runs on the data directory, if one does.

    What is configured stays as it is.
    """
    directory = settings.data_dir.absolute()
    try:
        with (directory / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return settings  # nobody holds it: what is noted there is of a run that was killed
    except FileNotFoundError:
        return settings
    except BlockingIOError:
        pass
    try:
        noted = json.loads((directory / _SERVERS).read_text())
    except FileNotFoundError:  # it is still starting
        return settings
    return with_servers(
        settings,
        None if "bootstrap" in settings.kafka.model_fields_set else noted["bootstrap"],
        None if "url" in settings.database.model_fields_set else noted["database_url"],
    )
