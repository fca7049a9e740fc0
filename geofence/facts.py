"""Facts that rules need and that no register holds yet: versioned like zones, known from a world on, valid for a time.

What decides at time t in world W is, as for zones, the highest version known in W that has begun by t, until it is over.
What nobody stated is assumed, and shown as assumed: over 250 g, and the pilot's station at the take-off point.
"""

from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from geofence.times import Timetable
from geofence.versions import Version
from geofence.zone import Weight

WEIGHT_LIMITS_G = ((250.0, Weight.MICRO), (2_000.0, Weight.VERY_SMALL), (25_000.0, Weight.SMALL), (150_000.0, Weight.MEDIUM))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What people put in the place of a rule's own limit (geofence.rules.LIMITS has units and bounds); None: not stated."""

    vlos_m: float | None = None  # how far it may be from the pilot's station
    battery_warn_pct: float | None = None
    battery_breach_pct: float | None = None
    fix_type_min: float | None = None  # MAVLink GPS_FIX_TYPE
    link_lost_s: float | None = None  # so long silent, and it is lost

    def over(self, wider: "Limits") -> "Limits":
        """These where they are stated, else the wider ones."""
        said = {name: getattr(self, name) for name in Limits.__struct_fields__}
        return Limits(**{name: getattr(wider, name) if value is None else value for name, value in said.items()})


class AircraftFact(Limits, frozen=True, kw_only=True, tag="aircraft", tag_field="kind"):
    """Of one aircraft; of what is None the operator's limit holds, or the rule's own, or it is assumed."""

    aircraft_id: UUID
    weight_g: float | None = None
    station_lon_deg: float | None = None
    station_lat_deg: float | None = None


class OperatorFact(Limits, frozen=True, kw_only=True, tag="operator", tag_field="kind"):
    """Of all aircraft of an operator, wherever an aircraft's own fact says nothing else."""


class Relaxed(msgspec.Struct, frozen=True):
    """A rule that an authorisation relaxes. to: the value it is relaxed to, in the rule's own unit; None: it does not ask."""

    rule: str
    to: float | None = None


class Authorisation(msgspec.Struct, frozen=True, kw_only=True, tag="authorisation", tag_field="kind"):
    """Relaxes exactly the rules that it names, inside its area (GeoJSON, as a zone's; None: anywhere) and its validity."""

    number: str
    issuer: str
    type: str  # of reference/casa-rules.md: above_400ft_controlled, night, ...
    relaxes: tuple[Relaxed, ...]
    aircraft_ids: tuple[UUID, ...] | None = None  # None: all of the operator's
    area: dict[str, Any] | None = None
    radius_m: float | None = None


class TowerHours(msgspec.Struct, frozen=True, kw_only=True, tag="tower", tag_field="kind"):
    """When an aerodrome is controlled. Without this fact its hours are unknown: taken as controlled."""

    aerodrome: str  # ICAO code
    timetable: Timetable


class Pressure(msgspec.Struct, frozen=True, kw_only=True, tag="pressure", tag_field="kind"):
    """QNH in an area (GeoJSON; None: everywhere): what flight levels need."""

    name: str
    qnh_hpa: float
    area: dict[str, Any] | None = None
    radius_m: float | None = None


Fact = AircraftFact | OperatorFact | Authorisation | TowerHours | Pressure


class FactVersion(Version, msgspec.Struct, frozen=True, kw_only=True):
    """One version of one fact. fact_id: see fact_id(), so that whoever states a fact again means the same one."""

    operator_id: UUID
    fact_id: UUID
    version: int
    world: int
    fact: Fact
    valid_from_us: int | None = None
    valid_to_us: int | None = None
    ended: bool = False

    @property
    def key(self) -> UUID:
        return self.fact_id


class Weighed(NamedTuple):
    """assumed: nobody stated it, and a person must be told so."""

    weight: Weight
    assumed: bool


def kind_of(fact: Fact) -> str:
    return str(fact.__struct_config__.tag)


def subject(fact: Fact) -> str:
    """What a fact of its kind is about: there is one for each."""
    match fact:
        case AircraftFact():
            return str(fact.aircraft_id)
        case OperatorFact():
            return "all aircraft"
        case Authorisation():
            return fact.number
        case TowerHours():
            return fact.aerodrome
        case Pressure():
            return fact.name


def fact_id(operator_id: UUID, fact: Fact) -> UUID:
    """From operator, kind and subject."""
    return uuid5(operator_id, f"fact:{kind_of(fact)}:{subject(fact)}")


def weight_class(weight_g: float) -> Weight:
    return next((weight for limit_g, weight in WEIGHT_LIMITS_G if weight_g <= limit_g), Weight.LARGE)


def weighed(fact: AircraftFact | None) -> Weighed:
    """An aircraft's weight class; without its weight the lightest one over 250 g, assumed."""
    if fact is None or fact.weight_g is None:
        return Weighed(Weight.VERY_SMALL, assumed=True)
    return Weighed(weight_class(fact.weight_g), assumed=False)


def assumed(fact: AircraftFact | None) -> list[str]:
    """What is assumed of an aircraft because nobody stated it, in words."""
    found = ["over 250 g (assumed)"] if weighed(fact).assumed else []
    if fact is None or fact.station_lon_deg is None:
        found.append("the pilot's station is at the take-off point (assumed)")
    return found
