"""Apache Kafka's libraries: fetched once by jgo into the user's cache, each held to the SHA-256 of the committed lock."""

import fcntl
import hashlib
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import requests
from jgo.maven import Artifact, MavenContext

from wedgetail.local.errors import JarChanged, JarMissing

LOCK = Path(__file__).with_name("kafka.lock.toml")
_AT_ONCE = 8
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def cache_dir() -> Path:
    """Where libraries stay between installations, clones and RESET=1."""
    return platformdirs.user_cache_path("wedgetail", appauthor=False)


def locked(lock: Path = LOCK) -> tuple[Jar, ...]:
    """The libraries of the committed lock, in classpath order."""
    return tuple(Jar(**entry) for entry in tomllib.loads(lock.read_text())["jar"])


def ready(cache: Path | None = None) -> bool:
    """Whether nothing needs to be downloaded."""
    maven = _maven(cache or cache_dir())
    return all(_path(maven, jar).exists() for jar in locked())


def classpath(cache: Path | None = None, tell: Callable[[str], None] = lambda line: None) -> str:
    """All libraries, downloaded if need be and checked each time (0.1 s), joined for java -cp.

    Raises JarMissing, JarChanged.
    """
    cache = cache or cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    jars = locked()
    # Two that start at once must not write into the same file.
    with (cache / "lock").open("w") as lock, ThreadPoolExecutor(_AT_ONCE) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        maven = _maven(cache)
        absent = sum(not _path(maven, jar).exists() for jar in jars)
        if absent:
            tell(f"downloading Apache Kafka: {absent} libraries, 43 MB, once")
        paths = list(pool.map(lambda jar: checked(maven, jar), jars))
    return ":".join(str(path) for path in paths)


def _maven(cache: Path) -> MavenContext:
    return MavenContext(repo_cache=cache / "maven", timeout=_TIMEOUT_S)


def _artifact(maven: MavenContext, jar: Jar) -> Artifact:
    return maven.project(jar.group, jar.artifact).at_version(jar.version).artifact()


def _path(maven: MavenContext, jar: Jar) -> Path:
    path = _artifact(maven, jar).cached_path
    if path is None:
        raise JarMissing(name=jar.name, detail="jgo has no cache directory")
    return path


def checked(maven: MavenContext, jar: Jar) -> Path:
    """The library's file, downloaded if it is absent or not what the lock says. Raises JarMissing, JarChanged."""
    path = _path(maven, jar)
    if path.exists() and sha256_of(path) != jar.sha256:
        path.unlink()  # a download that was cut short, or a file that somebody changed
    try:
        path = _artifact(maven, jar).resolve()
    except (requests.RequestException, RuntimeError, OSError) as error:
        path.unlink(missing_ok=True)
        raise JarMissing(name=jar.name, detail=str(error)) from error
    found = sha256_of(path)
    if found != jar.sha256:
        path.unlink()
        raise JarChanged(name=jar.name, found=found, expected=jar.sha256)
    return path


def sha256_of(path: Path) -> str:
    """A file's sum in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":  # `make setup`: so that the first start is as fast as the second
    classpath(tell=print)
