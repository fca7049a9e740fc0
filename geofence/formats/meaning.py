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
_CLASSES: Mapping[str, Meaning] = {
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

# ED-269's and ED-318's own words. Conditions are sentences for people: no program can say whether a flight keeps them, and
# an alarm over every flight that does would teach people to look away.
RESTRICTIONS: Mapping[str, Meaning] = {
    "PROHIBITED": Meaning(ZoneKind.KEEP_OUT, None, "flying is prohibited: only an authorisation for this zone relaxes it"),
    "REQ_AUTHORISATION": Meaning(ZoneKind.KEEP_OUT, None, "an authorisation of its authority relaxes it"),
    "CONDITIONAL": Meaning(
        ZoneKind.INFORMATION, None, "flying is allowed on conditions, which are not checked here: read them"
    ),
    "NO_RESTRICTION": Meaning(ZoneKind.INFORMATION, None, "no restriction"),
    "USPACE": Meaning(ZoneKind.INFORMATION, None, "U-space: its services are needed, which is not checked here"),
}

DEFAULTS: Mapping[str, Meaning] = {**_CLASSES, **RESTRICTIONS}

# What an operator's settings say for a class ([airspace.classes] in the TOML file).
WORDS: Mapping[str, Meaning] = {
    "prohibited": PROHIBITED,
    "information": INFORMATION,
    "aerodrome-rules": BY_AERODROME_RULES,
}


def table(changes: Mapping[str, str]) -> Mapping[str, Meaning]:
    """The defaults with an operator's changes: class to one of WORDS, as core.settings has checked them."""
    return {**DEFAULTS, **{spelled(airspace_class): WORDS[word] for airspace_class, word in changes.items()}}


def spelled(word: object) -> str:
    """A word as the table has it: both spellings of AUTHORISATION are in use, in either format."""
    return word.strip().upper().replace("AUTHORIZATION", "AUTHORISATION") if isinstance(word, str) else ""
