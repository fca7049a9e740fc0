"""Reading an object's members one after another, noting what is wrong with each by its path and reason."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from core.errors import WedgetailError
from geofence.footprint import finite, shown
from geofence.moments import read_time

Word = TypeVar("Word", bound=StrEnum)

_MOST = 10_000  # objects in one list


class Problem(NamedTuple):
    """One thing that is wrong, and where: a dotted path such as properties.floor_m."""

    field: str
    detail: str


class Wrong(WedgetailError):
    """{detail}"""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(detail="; ".join(f"{field}: {detail}" for field, detail in problems))
        self.problems = problems


class Fields:
    """One object's members. A wrong one is noted and reads as absent. path: where the object stands; empty: at the top."""

    def __init__(self, given: Mapping[Any, Any], problems: list[Problem], path: str = "") -> None:
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
            self.wrong(name, "a text of 1 to 200 printable characters is expected")
            return ""
        return value.strip()

    def number(self, name: str, low: float, high: float, unit: str = "") -> float | None:
        value = self.get(name)
        if value is None:
            return None
        number = finite(value)
        if number is None:
            self.wrong(name, "a finite number is expected")
        elif not low <= number <= high:
            self.wrong(name, f"{number:g} is not from {low:g} to {high:g} {unit}".rstrip())
            return None
        return number

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in words:
            self.wrong(name, f"one of {', '.join(words)} is expected")
            return None
        return value

    def word(self, name: str, words: type[Word]) -> Word | None:
        value = self.one_of(name, [word.value for word in words])
        return None if value is None else words(value)

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
        found = [self._uuid(f"{name}[{position}]", item) for position, item in enumerate(value)]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def id(self, name: str) -> UUID | None:
        return self._uuid(name, self.get(name))

    def member(self, name: str, known: Collection[str]) -> "Fields | None":
        """known: what may stand in it."""
        value = self.get(name)
        return None if value is None else self._within(name, value, known)

    def members(self, name: str, known: Collection[str]) -> "list[Fields]":
        """A list of them, empty where there is none; what is no object is left out. known: what may stand in each."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > _MOST:
            self.wrong(name, f"a list of at most {_MOST} objects is expected")
            return []
        found = [self._within(f"{name}[{position}]", item, known) for position, item in enumerate(value)]
        return [one for one in found if one is not None]

    def _within(self, name: str, value: object, known: Collection[str]) -> "Fields | None":
        if not isinstance(value, Mapping):
            self.wrong(name, f"an object with {', '.join(known)} is expected")
            return None
        fields = Fields(value, self._problems, f"{self._path}{name}")
        fields.refuse_unknown(known)
        return fields

    def _uuid(self, name: str, value: object) -> UUID | None:
        if isinstance(value, str):
            with suppress(ValueError):
                return UUID(value)
        self.wrong(name, "an aircraft's id (a UUID) is expected")
        return None


def _word(value: object, words: type[Word]) -> Word | None:
    return words(value) if isinstance(value, str) and value in {word.value for word in words} else None


def _printable(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)
