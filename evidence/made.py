"""Who makes an export, when, with what."""

from typing import NamedTuple


class Made(NamedTuple):
    """by: as claimed. program: version of Wedgetail. engine: of that program's rules; what judged may have been another."""

    at_us: int
    by: str
    program: str
    engine: str
