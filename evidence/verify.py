"""Is a bundle what it was when it was made? Needs no database. That it is authentic only its root hash can show, compared
with the one that the operator keeps."""

import hashlib
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from core.errors import WedgetailError
from evidence.bundle import FORMAT, MANIFEST, REPORT, SUMS, canonical, read_sums

_MOST = 64 << 20  # bytes of a manifest
_PIECE = 1 << 20
# What reading a ZIP raises that is damaged, or meant to harm. NotImplementedError is a RuntimeError.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError)


class NoBundle(WedgetailError):
    """{file} is no bundle: {detail}"""


@dataclass(frozen=True, slots=True)
class Verified:
    """By name what is changed, missing, added. root_hash, report_hash: as they are, None where the file is not there."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    files: int
    root_hash: str | None
    report_hash: str | None
    made: dict[str, Any]

    @property
    def unchanged(self) -> bool:
        return not (self.changed or self.missing or self.added)


class _Files(Protocol):
    names: list[str]

    def open(self, name: str) -> IO[bytes]: ...


def verify(path: Path) -> Verified:
    """A bundle's ZIP, or the folder that it was unpacked to. Raises NoBundle."""
    with _opened(path) as files:
        there = set(files.names)
        if not there & {MANIFEST, SUMS}:
            raise NoBundle(file=path, detail=f"it has neither {MANIFEST} nor {SUMS}")
        changed: set[str] = set()
        expected = {MANIFEST, REPORT, SUMS}
        found = {name: _sum(files, name) for name in sorted(there)}
        changed |= {name for name, hashed in found.items() if hashed is None}
        said = None if found.get(SUMS) is None else read_sums(_read(files, SUMS))
        if said is None:
            changed |= {SUMS} & there
        else:
            both = zip((MANIFEST, REPORT), said, strict=True)
            changed |= {f"{name}, or its sum in {SUMS}" for name, hashed in both if found.get(name) not in (hashed, None)}
        told = _manifest(files) if found.get(MANIFEST) is not None else None
        if told is None:
            changed |= {MANIFEST} & there
        else:
            expected |= set(told["files"])
            changed |= {name for name, one in told["files"].items() if found.get(name, one["sha256"]) != one["sha256"]}
        twice = {name for name in there if files.names.count(name) > 1}
        # Without its manifest nobody can say which other files belong to it.
        added = (there - expected if told is not None else set()) | twice
        return Verified(
            tuple(sorted(changed)), tuple(sorted(expected - there)), tuple(sorted(added)), len(there),
            found.get(MANIFEST), found.get(REPORT), told["made"] if told is not None else {},
        )  # fmt: skip


def _manifest(files: _Files) -> dict[str, Any] | None:
    """None: it is not as it was written, or of another format."""
    data = _read(files, MANIFEST)
    try:
        told = json.loads(data)
        whole = canonical(told) == data and told["format"] == FORMAT
        named = all(isinstance(one["sha256"], str) for one in told["files"].values())
        return told if whole and named and isinstance(told["made"], dict) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _read(files: _Files, name: str) -> bytes:
    with files.open(name) as file:
        return file.read(_MOST)


def _sum(files: _Files, name: str) -> str | None:
    """SHA-256 of a file; None: it cannot be read whole."""
    hashed = hashlib.sha256()
    try:
        with files.open(name) as file:
            while piece := file.read(_PIECE):
                hashed.update(piece)
    except _UNREADABLE:
        return None
    return hashed.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[_Files]:
    with ExitStack() as held:
        if path.is_dir():
            yield _Folder(path)
            return
        try:
            archive = held.enter_context(zipfile.ZipFile(path))
        except _UNREADABLE as error:
            raise NoBundle(file=path, detail=str(error) or "it cannot be read") from error
        yield _Zip(archive)


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names = [entry.filename for entry in archive.infolist()]

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = sorted(str(file.relative_to(path).as_posix()) for file in path.rglob("*") if not file.is_dir())

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")
