"""What the door says about zones, field by field: as a client sends them, as they are told, and what an import changed."""

from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import Field
from typing_extensions import TypedDict

from api.shapes import Id, Time

DatumWord = Literal["SFC", "AGL", "AMSL", "TAKEOFF", "FL", "WGS84"]
WeightWord = Literal["micro", "very_small", "small", "medium", "large"]


class Span(TypedDict):
    """Local times (HH:MM, or BMCT, SR, SS, EECT with minutes such as SS-30); an end that is not later is on the next day."""

    start: Annotated[str, Field(examples=["08:00"])]
    end: Annotated[str, Field(examples=["SS-30"])]
    days: NotRequired[Annotated[list[int], Field(description="on which it begins: 0 Monday to 6 Sunday; empty: every day")]]


class Timetable(TypedDict):
    timezone: Annotated[str, Field(examples=["Australia/Sydney"])]
    spans: list[Span]


Switch = TypedDict("Switch", {"from": Time, "to": Time, "active": bool})
Switch.__doc__ = "A word that the zone is active, or is not, for a time."


class ZoneProperties(TypedDict, total=False):
    """What a zone says. name and kind are needed; what the server adds (version, world, ...) is ignored when it comes back."""

    operator_id: Id
    zone_id: Id
    version: int
    world: Annotated[int, Field(description="the world in which this version became known")]
    name: Required[Annotated[str, Field(examples=["Stromlo training area"])]]
    kind: Required[
        Annotated[
            Literal["keep_in", "keep_out", "information"], Field(description="information asks nothing, and never alarms")
        ]
    ]
    radius_m: Annotated[float | None, Field(description="of a circle, whose geometry is a Point")]
    floor_m: Annotated[float | None, Field(description="null: from the ground up")]
    floor_datum: DatumWord
    ceiling_m: Annotated[float | None, Field(description="null: without limit")]
    ceiling_datum: DatumWord
    valid_from: Time | None
    valid_to: Time | None
    aircraft_ids: Annotated[list[Id] | None, Field(description="null: all aircraft of the operator")]
    raise_beyond_m: float
    raise_after_s: float
    clear_inside_m: float
    clear_after_s: float
    warn_within_s: Annotated[float | None, Field(description="seconds to its boundary that warn; null: by what it is")]
    rule: Annotated[str | None, Field(description="what its alerts cite; null: the geofence's own", examples=["AU-PRD"])]
    source: Annotated[
        str | None,
        Field(description="COLLECTION/IDENTIFIER of its import; told, never taken from a client"),
    ]
    airspace_class: Annotated[str | None, Field(description="in the source's own words", examples=["R"])]
    remarks: Annotated[list[str], Field(description="what was assumed, and what the source says beside")]
    weights: Annotated[
        list[WeightWord] | None,
        Field(description="null: aircraft of any weight"),
    ]
    activation: Annotated[
        Literal["always", "timetable", "by_hand", "unknown"],
        Field(description="when it asks what it asks; by_hand: only while switched active; unknown: by NOTAM, or not readable"),
    ]
    timetable: Timetable | None
    switched: Annotated[list[Switch], Field(description="what people said: the last word decides")]
    ended: bool
    recorded_at: Time


class Geometry(TypedDict):
    """GeoJSON (RFC 7946): longitude before latitude."""

    type: Literal["Polygon", "MultiPolygon", "Point"]
    coordinates: list[Any]


class ZoneFeature(TypedDict):
    """A zone, or one version of it."""

    type: Literal["Feature"]
    id: NotRequired[Id]
    geometry: Geometry
    properties: ZoneProperties


class ZoneAnswer(ZoneFeature):
    """in_force: every partition of the stream judges by it from now on."""

    in_force: bool
    detail: NotRequired[str]


class ZoneCollection(TypedDict):
    type: Literal["FeatureCollection"]
    features: list[ZoneFeature]


class ImportedZone(TypedDict):
    zone_id: Id
    name: str
    airspace_class: str | None
    version: int


class ChangedZone(ImportedZone):
    """fields: what differs from the version before."""

    fields: list[str]


class ImportTrouble(TypedDict):
    """What was not understood. lost: the zone is left out; else it is in, and this is to be known about it."""

    where: Annotated[str, Field(examples=["line 12 (R122 NORTH WEST CAPE)"])]
    detail: str
    lost: bool


class ZoneImport(TypedDict):
    """What a file changed, or would change. kept: zones that it names, but of which nothing in it can be read."""

    collection: str
    format: Annotated[str, Field(examples=["OpenAir"])]
    dry_run: bool
    added: list[ImportedZone]
    changed: list[ChangedZone]
    ended: list[ImportedZone]
    unchanged: int
    kept: list[ImportedZone]
    troubles: list[ImportTrouble]
    in_force: Annotated[bool, Field(description="every partition judges by it; true too where nothing was to be changed")]
