"""The rules that an authorisation may relax, and the types that CASA issues, as reference/casa-rules.md names them."""

from collections.abc import Mapping
from typing import NamedTuple


class Value(NamedTuple):
    """What a rule is relaxed to: from low to high, in the unit."""

    unit: str
    low: float
    high: float


_HEIGHT = Value("metres above ground", 0, 30_000)

# Every rule by its identifier; None: it has no value, so an authorisation can only say that it does not ask.
RULES: Mapping[str, Value | None] = {
    "AU-101.085-HEIGHT": _HEIGHT,
    "AU-101.245-PEOPLE": Value("metres from people", 0, 30),
    "AU-101.025-POPULOUS": None,
    "AU-VLOS": Value("metres from the pilot's station", 1, 1_000_000),
    "AU-DAY": None,
    "AU-VMC": Value("metres of visibility", 0, 5_000),
    "AU-ONE-RPA": Value("aircraft of one pilot", 1, 1_000),
    "AU-EMERGENCY": None,
    "AU-PRD": None,
    "AU-AERO-3NM": _HEIGHT,
    "AU-AERO-PATH7": _HEIGHT,
    "AU-AERO-PATH8.5": _HEIGHT,
    "AU-AERO-UNCONTROLLED": None,
    "GEOFENCE-KEEP-IN": None,
    "GEOFENCE-KEEP-OUT": None,
}
KNOWN = frozenset(RULES)

AUTHORISATION_TYPES = (
    "above_400ft_controlled",
    "above_400ft_uncontrolled",
    "within_3nm_controlled",
    "above_400ft_within_3nm_controlled",
    "over_movement_area_controlled",
    "approach_departure_path",
    "over_movement_area_uncontrolled",
    "evlos_class_1",
    "evlos_class_2",
    "bvlos",
    "night",
    "populous_area",
    "multiple_rpa",
    "automated_airspace",
)
