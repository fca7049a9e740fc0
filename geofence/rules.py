"""The rules in the air, by identifier: what each says, to what an authorisation may relax it, and whether it is checked here.

Those of CASA are from reference/casa-rules.md, checked 2026-11. A rule without any source of evidence here is not checked: it
has no colour and no alert, and says what it lacks.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Value(NamedTuple):
    """What a rule is relaxed to: from low to high, in the unit."""

    unit: str
    low: float
    high: float


class Limit(NamedTuple):
    """A limit of a rule that people may state (geofence.facts.Limits): from low to high, in the unit. otherwise: the rule's
    own, where nobody stated any; None: it does not ask."""

    unit: str
    low: float
    high: float
    otherwise: float | None


class Rule(NamedTuple):
    """says: what it asks. checked: on which evidence; None: not at all. lacking: what is not checked, or assumed, and why.

    value: what an authorisation may relax it to; None: it has none, so an authorisation can only say that it does not ask.
    relaxable: whether an authorisation may name it. limits: those of LIMITS by which it judges.
    """

    says: str
    checked: str | None
    lacking: str = ""
    value: Value | None = None
    relaxable: bool = True
    limits: tuple[str, ...] = ()


BATTERY_WARN_PCT, BATTERY_BREACH_PCT = 30.0, 15.0
THREE_DIMENSIONAL, RTK_FIXED = 3, 6  # MAVLink GPS_FIX_TYPE: below three dimensions positions and heights are worth little
# A heartbeat comes each second, and a link is lost when 4 or 5 are missed (reference/standards.md, MAVLink). Heartbeats alone
# make a sample every two seconds at worst: below three seconds an aircraft that is in order would be lost. A nonconformance of
# over 60 s is no longer recoverable (ASTM F3548-21): by then a person must know that nobody knows.
LINK_LOST_S, LINK_LOST_RANGE_S = 5.0, (3.0, 60.0)

LIMITS: Mapping[str, Limit] = {
    "vlos_m": Limit("m", 1, 1_000_000, None),
    "battery_warn_pct": Limit("%", 0, 100, BATTERY_WARN_PCT),
    "battery_breach_pct": Limit("%", 0, 100, BATTERY_BREACH_PCT),
    "fix_type_min": Limit("GPS_FIX_TYPE", THREE_DIMENSIONAL, RTK_FIXED, THREE_DIMENSIONAL),
    "link_lost_s": Limit("s", *LINK_LOST_RANGE_S, LINK_LOST_S),
}

_HEIGHT = Value("metres above ground", 0, 30_000)
_WEIGHT = "without a stated weight an aircraft is assumed to be over 250 g"

RULES: Mapping[str, Rule] = {
    "AU-101.085-HEIGHT": Rule(
        "at most 120 m above the ground or water below",
        "terrain report, terrain model or height above take-off, each with its margin; and where its climb leads within 10 s",
        value=_HEIGHT,
    ),
    "AU-101.245-PEOPLE": Rule(
        "at least 30 m from people not involved", None, "nobody knows here where people are", Value("metres from people", 0, 30)
    ),
    "AU-101.025-POPULOUS": Rule("not over populous areas", None, "nobody publishes them; draw them as keep-out zones"),
    "AU-VLOS": Rule(
        "in sight of the pilot: within a distance from the pilot's station",
        "positions, and the distance and station stated for the aircraft",
        "not checked where no distance is stated; without a station it is assumed where the aircraft took off",
        Value("metres from the pilot's station", 1, 1_000_000),
        limits=("vlos_m",),
    ),
    "AU-DAY": Rule(
        "by day only: the sun at most 6 degrees below the horizon", "position and time", "the boundary of the day is unverified"
    ),
    "AU-VMC": Rule(
        "at least 5,000 m of visibility, not in cloud", None, "no weather here", Value("metres of visibility", 0, 5_000)
    ),
    "AU-ONE-RPA": Rule(
        "one aircraft for each remote pilot", None, "nobody knows here who flies what", Value("aircraft of one pilot", 1, 1_000)
    ),
    "AU-EMERGENCY": Rule("not over emergencies without approval", None, "no emergencies are published; draw them as zones"),
    "AU-PRD": Rule(
        "prohibited and restricted areas by permission only",
        "imported zones of these classes, their hours, and what people say of their activation",
        "an area whose activation nobody knows is UNKNOWN",
    ),
    "AU-AERO-3NM": Rule(
        "not within 3 NM of a controlled aerodrome; up to 250 g at most 45 m, and not inside its boundary",
        "zones built from runways and tower hours",
        f"{_WEIGHT}; unknown hours are taken as controlled; the boundary is the runway strip",
        _HEIGHT,
    ),
    "AU-AERO-PATH7": Rule(
        "not in approach and departure paths to 3.8 NM", "zones built from runways and tower hours", "the splay is unverified",
        _HEIGHT,
    ),
    "AU-AERO-PATH8.5": Rule(
        "at most 90 m in approach and departure paths to 4.6 NM", "zones built from runways and tower hours",
        "the splay is unverified", _HEIGHT,
    ),
    "AU-AERO-UNCONTROLLED": Rule(
        "away from crewed aircraft at aerodromes without a tower", None, "nobody knows here where crewed aircraft are"
    ),
    "GEOFENCE-KEEP-IN": Rule("inside one of the keep-in zones that apply", "positions, and where they lead within 3 s"),
    "GEOFENCE-KEEP-OUT": Rule("outside every keep-out zone", "positions, and where they lead within 10 s"),
    "BATTERY": Rule(
        "enough battery left: the operator's limits", "battery reports", relaxable=False,
        limits=("battery_warn_pct", "battery_breach_pct"),
    ),
    "FIX-QUALITY": Rule(
        "a three-dimensional fix, or the better one that is stated", "what the receiver says of it", relaxable=False,
        limits=("fix_type_min",),
    ),
    "LINK-LOST": Rule(
        "heard from at least each 5 s, or as often as is stated, while it may be in the air",
        "the time of its last sample, and up to when ingest listened to its link without a break", relaxable=False,
        limits=("link_lost_s",),
    ),
}  # fmt: skip
KNOWN = frozenset(name for name, rule in RULES.items() if rule.relaxable)

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
