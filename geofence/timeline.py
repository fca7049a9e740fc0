"""Things by whom they are about, each over a stretch of time: from_us <= t < to_us."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Timeline(Generic[T]):
    """About whom: any tuple."""

    def __init__(self) -> None:
        self._held: dict[tuple[object, ...], list[tuple[int, int, T]]] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        return iter(self._held)

    def add(self, about: tuple[object, ...], thing: T, from_us: int, to_us: int) -> None:
        self._held.setdefault(about, []).append((from_us, to_us, thing))

    def stretches(self, about: tuple[object, ...]) -> list[tuple[int, int, T]]:
        return self._held.get(about, [])

    def at(self, about: tuple[object, ...], time_us: int) -> list[T]:
        return [thing for from_us, to_us, thing in self._held.get(about, ()) if from_us <= time_us < to_us]
