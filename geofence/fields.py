"""Reading an object's members one after another, noting what is wrong with each by its path and reason."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from geofence.footprint import finite, shown
from geofence.moments import read_time

Word = TypeVar("Word", bound=StrEnum)

_MOST = 10_000  # objects in one list


class Problem(NamedTuple):
    """One thing that is wrong, and where: a dotted path such as properties.floor_m."""

    field: str
    detail: str


class Fields:
    """One object's members. A wrong one is noted and reads as absent."""

    def __init__(self, given: Mapping[Any, Any], problems: list[Problem], path: str = "properties") -> None:
        self._given = given
        self._problems = problems
        self._path = f"{path}." if path else ""

    def get(self, name: str) -> Any:
        return self._given.get(name)

    def wrong(self, name: str, detail: str) -> None:
        self._problems.append(Problem(f"{self._path}{name}", detail))

    def refuse_unknown(self, known: Collection[str]) -> None:
        for name in self._given:
            if name not in known:
                self.wrong(shown(name), "there is no such property")

    def text(self, name: str) -> str:
        value = self.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
            self.wrong(name, "a name of 1 to 200 printable characters is expected")
            return ""
        return value.strip()

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.get(name)
        if value is None:
            return None
        number = finite(value)
        if number is None:
            self.wrong(name, "a finite number is expected")
        elif not low <= number <= high:
            self.wrong(name, f"{number:g} is not from {low:g} to {high:g}")
            return None
        return number

    def word(self, name: str, words: type[Word]) -> Word | None:
        value = self.get(name)
        if value is None:
            return None
        found = _word(value, words)
        if found is None:
            self.wrong(name, f"one of {', '.join(words)} is expected")
        return found

    def words(self, name: str, words: type[Word]) -> tuple[Word, ...] | None:
        """A list of different ones."""
        value = self.get(name)
        if value is None:
            return None
        found = [_word(item, words) for item in value] if isinstance(value, list) else []
        known = tuple(word for word in found if word is not None)
        if not known or len(set(known)) < len(found):
            self.wrong(name, f"a list of {', '.join(words)} is expected, each once, or null for all")
            return None
        return known

    def matching(self, name: str, pattern: re.Pattern[str], what: str) -> str | None:
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.wrong(name, f"{what} is expected")
            return None
        return value

    def texts(self, name: str, most: int, longest: int) -> tuple[str, ...]:
        value = self.get(name)
        if value is None:
            return ()
        fits = isinstance(value, list) and len(value) <= most
        if not fits or not all(isinstance(item, str) and len(item) <= longest and _printable(item) for item in value):
            self.wrong(name, f"a list of at most {most} printable texts of up to {longest} characters is expected")
            return ()
        return tuple(value)

    def time(self, name: str) -> int | None:
        value = self.get(name)
        if value is None:
            return None
        try:
            return read_time(value)
        except ValueError as error:
            self.wrong(name, str(error))
            return None

    def ids(self, name: str) -> tuple[UUID, ...] | None:
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not value:
            self.wrong(name, "a list of aircraft ids is expected, or null for all aircraft")
            return None
        found = []
        for position, item in enumerate(value):
            try:
                found.append(UUID(item))
            except (ValueError, TypeError, AttributeError):
                self.wrong(f"{name}[{position}]", "an aircraft's id (a UUID) is expected")
        return tuple(found)

    def object(self, name: str) -> "Fields | None":
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.wrong(name, "an object is expected")
            return None
        return Fields(value, self._problems, f"{self._path}{name}")

    def objects(self, name: str) -> "list[Fields]":
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > _MOST:
            self.wrong(name, f"a list of at most {_MOST} objects is expected")
            return []
        found = []
        for position, item in enumerate(value):
            if isinstance(item, Mapping):
                found.append(Fields(item, self._problems, f"{self._path}{name}[{position}]"))
            else:
                self.wrong(f"{name}[{position}]", "an object is expected")
        return found


def _word(value: object, words: type[Word]) -> Word | None:
    return words(value) if isinstance(value, str) and value in {word.value for word in words} else None


def _printable(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)
