"""SQL by name: storage/queries/<room>.sql, in blocks that begin with a line `-- name: latest_samples`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from storage.errors import QueryFileWrong, UnknownQuery

FOLDER = Path(__file__).parent / "queries"
_HEAD = re.compile(r"^-- name:(.*)$", re.MULTILINE)
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


class Queries(Mapping[str, bytes]):
    """The queries of one room. A name that is not there raises UnknownQuery, which lists those that are."""

    def __init__(self, file: str, blocks: Mapping[str, bytes]) -> None:
        self._file = file
        self._blocks = blocks

    def __getitem__(self, name: str) -> bytes:
        if name not in self._blocks:
            raise UnknownQuery(name=name, file=self._file, known=", ".join(sorted(self._blocks)) or "none")
        return self._blocks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    def __contains__(self, name: object) -> bool:
        return name in self._blocks


@cache
def load(room: str, *names: str) -> Queries:
    """The queries of a room, as bytes that psycopg executes; read once.

    names, if given, are those that the caller will ask for: one that is missing is an error now and not at its first
    use. Raises QueryFileWrong (no file, text before the first name, a name twice, an empty block) or UnknownQuery.
    """
    path = FOLDER / f"{room}.sql"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise QueryFileWrong(file=path.name, detail=str(error)) from error
    queries = Queries(path.name, parse(path.name, text))
    for name in names:
        queries[name]
    return queries


def parse(file: str, text: str) -> dict[str, bytes]:
    """Blocks by name, in their order, without comment lines and closing semicolon."""
    parts = _HEAD.split(text)
    if _statement(parts[0]):
        raise QueryFileWrong(file=file, detail="there is text before the first name")
    blocks: dict[str, bytes] = {}
    for head, body in zip(parts[1::2], parts[2::2], strict=True):
        name, statement = head.strip(), _statement(body)
        if not _NAME.match(name):
            raise QueryFileWrong(file=file, detail=f"{name!r} is no name")
        if name in blocks:
            raise QueryFileWrong(file=file, detail=f"{name} stands there twice")
        if not statement:
            raise QueryFileWrong(file=file, detail=f"{name} is empty")
        blocks[name] = statement.encode()
    return blocks


def _statement(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";").rstrip()
