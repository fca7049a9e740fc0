"""A file as bytes, text or JSON, whichever a format needs; each is made once, when it is first asked for."""

import json
from functools import cached_property
from typing import Any


class Content:
    """What a file or a request holds."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def text(self) -> str:
        """UTF-8, with or without a byte order mark, UTF-16 with one; else Latin-1, which older airspace files are in."""
        if self.raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.raw.decode("utf-16", "replace")
        try:
            return self.raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.raw.decode("latin-1")

    @cached_property
    def json(self) -> object:
        """None where it is no JSON."""
        try:
            return read_json(self.text)
        except (ValueError, RecursionError):
            return None


def read_json(text: str | bytes) -> object:
    """JSON in which no name stands twice: of two readings each would take another value. Raises ValueError, RecursionError."""
    found: object = json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return members


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
