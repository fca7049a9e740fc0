"""JSON in which no name stands twice and every number is one: of two readers each would take another value."""

import json
from typing import Any


def loads(text: bytes | str, any_number: bool = False) -> object:
    """Raises ValueError, which says what is wrong.

    any_number: NaN and Infinity are let in, for a reader that refuses them where they stand and takes the rest.
    """
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=None if any_number else _no_number)
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
