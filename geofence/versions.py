"""What zones and facts have in common: they are never overwritten, each change is a version.

A version has a validity (event time) and a world number (when we knew). What decides at time t in world W is the highest
version known in W that has begun by t, until its validity is over: a version replaces those before it from its beginning
on, and they do not come back when it ends. An ending is a version too, from the end on, that says nothing.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar
from uuid import UUID

_ALWAYS = (-(1 << 62), 1 << 62)


class Version:
    """One version of something. What it is a version of is known by its key."""

    __slots__ = ()
    version: int
    world: int
    valid_from_us: int | None
    valid_to_us: int | None
    ended: bool

    @property
    def key(self) -> UUID:
        raise NotImplementedError

    def begun_at(self, time_us: int) -> bool:
        return self.valid_from_us is None or self.valid_from_us <= time_us

    def over_at(self, time_us: int) -> bool:
        return self.ended or (self.valid_to_us is not None and self.valid_to_us <= time_us)


V = TypeVar("V", bound=Version)


def in_force(versions: Iterable[V], world: int, time_us: int) -> list[V]:
    """The versions that decide at a time in a world, by key; those that are over left out."""
    highest: dict[UUID, V] = {}
    for version in versions:
        if version.world <= world and version.begun_at(time_us):
            held = highest.get(version.key)
            if held is None or version.version > held.version:
                highest[version.key] = version
    return sorted((v for v in highest.values() if not v.over_at(time_us)), key=lambda v: v.key.bytes)


def deciding(versions: Iterable[V], world: int) -> Iterator[tuple[V, int, int]]:
    """The versions known in a world, by key, each with every stretch of time in which it decides: from_us <= t < to_us."""
    histories: dict[bytes, list[V]] = {}
    for version in versions:
        if version.world <= world:
            histories.setdefault(version.key.bytes, []).append(version)
    for _, history in sorted(histories.items()):
        claimed: list[tuple[int, int]] = []  # what higher versions decide
        for version in sorted(history, key=lambda v: -v.version):
            validity = (
                _ALWAYS[0] if version.valid_from_us is None else version.valid_from_us,
                _ALWAYS[1] if version.valid_to_us is None else version.valid_to_us,
            )
            free = _without(validity, claimed)
            claimed.append((validity[0], _ALWAYS[1]))
            if not version.ended:
                for start, end in free:
                    yield version, start, end


def _without(span: tuple[int, int], taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a half-open span when others are cut out."""
    left = [span]
    for start, end in taken:
        left = [
            piece for low, high in left for piece in ((low, min(high, start)), (max(low, end), high)) if piece[0] < piece[1]
        ]
    return left
