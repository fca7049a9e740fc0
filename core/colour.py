"""What an aircraft's state means to a person: five levels, three colours. Shape and word always go with the colour."""

from enum import StrEnum


class Level(StrEnum):
    """How bad a condition is, worst first. LOST and UNKNOWN are amber: evidence is missing, and missing is never green."""

    BREACH = "breach"
    LOST = "lost"
    WARNING = "warning"
    UNKNOWN = "unknown"
    CLEAR = "clear"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return _RANKS[self]

    @property
    def colour(self) -> "Colour":
        if self is Level.BREACH:
            return Colour.RED
        return Colour.GREEN if self is Level.CLEAR else Colour.AMBER


_RANKS = {level: rank for rank, level in enumerate(Level)}


class Colour(StrEnum):
    RED = "red"
    AMBER = "amber"
    GREEN = "green"


def worst(levels: "list[Level]") -> Level:
    """The worst of them; CLEAR if there is none."""
    return min(levels, key=lambda level: level.rank, default=Level.CLEAR)
