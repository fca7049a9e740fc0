"""What an airspace class means for a drone: a table with defaults, which an operator changes in the settings."""

from collections.abc import Mapping
from typing import NamedTuple

from geofence.zone import ZoneKind


class Meaning(NamedTuple):
    """kind: what a zone of the class asks. rule: what its alerts cite. why: the words that a person reads beside it."""

    kind: ZoneKind
    rule: str | None = None
    why: str = ""


PROHIBITED = Meaning(ZoneKind.KEEP_OUT, "AU-PRD", "by permission of the controlling authority")
INFORMATION = Meaning(ZoneKind.INFORMATION, None, "information")
BY_AERODROME_RULES = Meaning(ZoneKind.INFORMATION, None, "answered by the aerodrome and height rules")

# OpenAir's classes, as files for Australia use them (reference/casa-rules.md, AU-PRD: danger areas need no permission).
DEFAULTS: Mapping[str, Meaning] = {
    "P": PROHIBITED,
    "R": PROHIBITED,
    "Q": INFORMATION,
    "RMZ": INFORMATION,
    "A": INFORMATION,
    "E": INFORMATION,
    "G": INFORMATION,
    "C": BY_AERODROME_RULES,
    "D": BY_AERODROME_RULES,
    "CTR": BY_AERODROME_RULES,
}

# What an operator's settings say for a class ([airspace.classes] in the TOML file).
WORDS: Mapping[str, Meaning] = {
    "prohibited": PROHIBITED,
    "information": INFORMATION,
    "aerodrome-rules": BY_AERODROME_RULES,
}


def table(changes: Mapping[str, str]) -> Mapping[str, Meaning]:
    """The defaults with an operator's changes: class to one of WORDS, as core.settings has checked them."""
    return {**DEFAULTS, **{airspace_class: WORDS[word] for airspace_class, word in changes.items()}}
