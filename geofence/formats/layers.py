"""Floors and ceilings as ED-269 and ED-318 write them: numbers, a unit for both, and for each what it is measured from."""

from typing import Any, NamedTuple

from core.units import FOOT_M
from geofence.footprint import finite
from geofence.zone import Datum

UNLIMITED_M = 30_000.0  # 99999, in either unit, and its like
_LOWEST_M = -500.0
_UNITS = {"M": 1.0, "FT": FOOT_M}
_DATUMS = {"AGL": Datum.AGL, "AMSL": Datum.AMSL, "MSL": Datum.AMSL, "WGS84": Datum.WGS84, "SFC": Datum.SFC, "GND": Datum.SFC}


class Given(NamedTuple):
    """Limits in a file's own values, whatever they are."""

    lower: object = None
    lower_from: object = None
    upper: object = None
    upper_from: object = None
    unit: object = None


def read_limits(given: Given, doubts: list[str]) -> dict[str, Any]:
    """floor_m, ceiling_m and their datums. A limit that cannot be read limits nothing: an aircraft does not pass by it."""
    floor, ceiling = _height("lower", given, doubts), _height("upper", given, doubts)
    if floor and (floor[1] is Datum.SFC or (floor[1] is Datum.AGL and floor[0] <= 0) or floor[0] < _LOWEST_M):
        floor = None
    if ceiling and ceiling[0] > UNLIMITED_M:
        ceiling = None
    if floor and floor[0] > UNLIMITED_M:
        doubts.append(f"the lower limit {floor[0]:g} m is no height: taken from the ground up")
        floor = None
    if ceiling and (ceiling[1] is Datum.SFC or (ceiling[1] is Datum.AGL and ceiling[0] <= 0) or ceiling[0] < _LOWEST_M):
        doubts.append(f"the upper limit {ceiling[0]:g} m {ceiling[1]} leaves nothing: taken as without upper limit")
        ceiling = None
    if floor and ceiling and floor[1] is ceiling[1] and floor[0] >= ceiling[0]:
        doubts.append(f"the upper limit {ceiling[0]:g} m is not above the lower {floor[0]:g} m: neither is used")
        floor = ceiling = None
    floor_m, floor_datum = floor or (None, Datum.SFC)
    ceiling_m, ceiling_datum = ceiling or (None, Datum.AGL)
    return {"floor_m": floor_m, "floor_datum": floor_datum, "ceiling_m": ceiling_m, "ceiling_datum": ceiling_datum}


def metres(value: object, unit: object) -> float | None:
    """A length in its unit (M, FT, m, ft); None for what is none. Feet are rounded to 0.1 mm: 914.4, not 914.4000000000001."""
    number, metre = finite(value), _UNITS.get(unit.strip().upper()) if isinstance(unit, str) else None
    if number is None or metre is None:
        return None
    return number if metre == 1 else round(number * metre, 4)


def _height(side: str, given: Given, doubts: list[str]) -> tuple[float, Datum] | None:
    value, named = (given.lower, given.lower_from) if side == "lower" else (given.upper, given.upper_from)
    open_end = "from the ground up" if side == "lower" else "without upper limit"
    if value is None:
        if side == "upper":
            doubts.append(f"no upper limit is published: taken as {open_end}")
        return None
    datum = _DATUMS.get(named.strip().upper()) if isinstance(named, str) else None
    if side == "lower" and value == 0 and datum is not Datum.AMSL and datum is not Datum.WGS84:
        return 0.0, Datum.SFC
    if finite(value) is None:
        doubts.append(f"the {side} limit is no number: taken as {open_end}")
    elif datum is None:
        doubts.append(f"the {side} limit {value} is measured from something unknown ({_shown(named)}): taken as {open_end}")
    elif (height_m := metres(value, given.unit)) is None:
        doubts.append(f"the {side} limit {value} has no unit that is known ({_shown(given.unit)}): taken as {open_end}")
    else:
        return height_m, datum
    return None


def _shown(value: object) -> str:
    return ascii(value)[:40] if value is not None else "none is given"
