"""Facts, field by field, as api.shapes has everything else that the door says."""

from typing import Annotated, Literal, NotRequired, Required

from pydantic import Field
from typing_extensions import TypedDict

from api.shapes import Id, Time
from api.zone_shapes import Geometry, Timetable

Area = Annotated[Geometry | None, Field(description="null: everywhere; a Point is a circle and needs radius_m")]
Radius = Annotated[float | None, Field(description="of an area that is a Point")]


class FactVersion(TypedDict, total=False):
    """What every fact has. What the server adds (fact_id, version, world, ...) is ignored when it comes back."""

    valid_from: Time | None
    valid_to: Time | None
    operator_id: Id
    fact_id: Annotated[Id, Field(description="from operator, kind and subject: the same whenever it is stated again")]
    version: int
    world: Annotated[int, Field(description="the world in which this version became known")]
    ended: bool
    recorded_at: Time
    in_force: Annotated[bool, Field(description="every partition of the stream judges by it from now on")]
    detail: str


class Limits(FactVersion, total=False):
    """What is stated in the place of the rules' own limits; null: it is not."""

    vlos_m: Annotated[float | None, Field(description="how far it may be from the pilot's station")]
    battery_warn_pct: float | None
    battery_breach_pct: float | None
    fix_type_min: Annotated[float | None, Field(description="the least GPS_FIX_TYPE (MAVLink), 3 to 6; the rule's own: 3")]
    link_lost_s: Annotated[float | None, Field(description="so long silent, and it is lost; 3 to 60 s; the rule's own: 5 s")]


class OperatorFact(Limits, total=False):
    """Of all aircraft of the operator, wherever an aircraft's own fact says nothing else."""

    kind: Required[Literal["operator"]]


class AircraftFact(Limits, total=False):
    """Of one aircraft; of what is null the operator's limit holds, or the rule's own, or it is assumed."""

    kind: Required[Literal["aircraft"]]
    aircraft_id: Required[Id]
    weight_g: Annotated[float | None, Field(description="at take-off; null: over 250 g, assumed")]
    station_lon_deg: Annotated[float | None, Field(description="the pilot's station; null: the take-off point, assumed")]
    station_lat_deg: float | None
    assumed: Annotated[list[str], Field(examples=[["over 250 g (assumed)"]])]


class Relaxed(TypedDict):
    """A rule that an authorisation relaxes, and to what; null: it does not ask."""

    rule: Annotated[str, Field(examples=["AU-101.085-HEIGHT"])]
    to: NotRequired[Annotated[float | None, Field(description="in the rule's own unit")]]


class Authorisation(FactVersion, total=False):
    """Relaxes exactly the rules that it names, inside its area and its validity, which it must have."""

    kind: Required[Literal["authorisation"]]
    number: Required[str]
    issuer: Required[str]
    type: Required[Annotated[str, Field(examples=["night"])]]
    relaxes: Required[list[Relaxed]]
    aircraft_ids: Annotated[list[Id] | None, Field(description="null: all aircraft of the operator")]
    area: Area
    radius_m: Radius


class TowerHours(FactVersion, total=False):
    """When an aerodrome is controlled."""

    kind: Required[Literal["tower"]]
    aerodrome: Required[Annotated[str, Field(examples=["YSCB"])]]
    timetable: Required[Timetable]


class Pressure(FactVersion, total=False):
    """QNH in an area: what flight levels need."""

    kind: Required[Literal["pressure"]]
    name: Required[Annotated[str, Field(examples=["Canberra"])]]
    qnh_hpa: Required[float]
    area: Area
    radius_m: Radius


Fact = Annotated[AircraftFact | OperatorFact | Authorisation | TowerHours | Pressure, Field(discriminator="kind")]


class FactList(TypedDict):
    """assumed: what is assumed of each aircraft of which nothing is stated."""

    facts: list[Fact]
    assumed: list[str]
