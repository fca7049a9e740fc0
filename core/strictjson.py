"""JSON in which no name stands twice and every number is one: of two readers each would take another value."""

import json
from typing import Any


def loads(text: bytes | str) -> object:
    """Raises ValueError, which says what is wrong."""
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return members


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
