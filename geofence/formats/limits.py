"""Floors and ceilings as airspace is published: SFC, 3000FT, 700 AGL, FL180, UNL, NOTAM, BCTA.

A limit that is absent or cannot be read is never guessed into something smaller: a floor is then the ground, a ceiling is
none, and a remark says so.
"""

import re
from typing import NamedTuple

from core.units import FOOT_M
from geofence.words import flight_level
from geofence.zone import Datum, ZoneVersion

_GROUND = re.compile(r"SFC|GND|SURFACE|GROUND|0+ *(FT|F|M)? *(AGL|GND|SFC)?")
_UNLIMITED = re.compile(r"UNL|UNLTD|UNLIM|UNLIMITED")
_LEVEL = re.compile(r"FL *(\d{1,3})|(\d+(?:\.\d+)?) *(FT|F|M)? *STD")
_HEIGHT = re.compile(r"(-?\d+(?:\.\d+)?) *(FT|FEET|F|M)? *(AGL|GND|ASFC|SFC|AMSL|MSL|ASL|ALT)?")
_ABOVE_GROUND = {"AGL", "GND", "ASFC", "SFC"}
# Words that are understood, and give no figure.
_BY_WORD = {
    "NOTAM": "given by NOTAM",
    "BCTA": "the base of the control area above it (BCTA)",
}
_NO_FIGURE_M = 30_000.0  # 99999 and its like stand for "unlimited"


class Limit(NamedTuple):
    """metres None: the ground for a floor, none for a ceiling. remark: what was assumed. odd: it could not be understood."""

    metres: float | None
    datum: Datum
    remark: str | None = None
    odd: bool = False


def read_floor(text: str | None) -> Limit:
    return _read(text, "floor", Datum.SFC, "taken from the ground up")


def read_ceiling(text: str | None) -> Limit:
    return _read(text, "ceiling", Datum.AGL, "taken as without limit")


def words(zone: ZoneVersion) -> str:
    """Floor to ceiling, as people say it: "SFC to 1067 m AMSL", "FL125 to unlimited"."""
    floor = "SFC" if zone.floor_m is None else _words(zone.floor_m, zone.floor_datum)
    return f"{floor} to {'unlimited' if zone.ceiling_m is None else _words(zone.ceiling_m, zone.ceiling_datum)}"


def _words(metres: float, datum: Datum) -> str:
    return flight_level(metres) if datum is Datum.FL else f"{metres:.0f} m {datum.value}"


def _read(text: str | None, side: str, open_datum: Datum, assumed: str) -> Limit:
    said = " ".join((text or "").upper().split())
    if side == "floor" and _GROUND.fullmatch(said):
        return Limit(None, open_datum)
    if side == "ceiling" and _UNLIMITED.fullmatch(said):
        return Limit(None, open_datum)
    if said in _BY_WORD:
        return Limit(None, open_datum, f"its {side} is {_BY_WORD[said]}: {assumed}")
    if not said:
        return Limit(None, open_datum, f"it has no {side}: {assumed}", odd=True)
    found = _figure(said)
    if found is None or (side == "ceiling" and found[1] is Datum.AGL and found[0] <= 0):
        return Limit(None, open_datum, f"its {side} {_short(text)} cannot be read: {assumed}", odd=True)
    metres, datum = found
    if abs(metres) > _NO_FIGURE_M:
        return Limit(None, open_datum, f"its {side} {_short(text)} is no height: {assumed}", odd=side == "floor")
    return Limit(metres, datum)


def _figure(said: str) -> tuple[float, Datum] | None:
    """Metres and what they are measured from. A height without a word is above mean sea level, as OpenAir has it."""
    if level := _LEVEL.fullmatch(said):
        if level[1]:
            return int(level[1]) * 100 * FOOT_M, Datum.FL
        return float(level[2]) * _unit_m(level[3]), Datum.FL
    if height := _HEIGHT.fullmatch(said):
        return float(height[1]) * _unit_m(height[2]), Datum.AGL if height[3] in _ABOVE_GROUND else Datum.AMSL
    return None


def _unit_m(unit: str | None) -> float:
    return 1.0 if unit == "M" else FOOT_M


def _short(text: str | None) -> str:
    return repr((text or "").strip()[:40])
