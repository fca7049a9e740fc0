"""What the door says, field by field: one definition for REST, its OpenAPI and the WebSocket.

Times are ISO 8601 with Z; ids are UUID strings; numbers carry their unit in their name (lon and lat are degrees WGS84).
"""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

Time = Annotated[str, Field(examples=["2026-07-01T03:12:04.120000Z"], description="ISO 8601 with Z, microseconds")]
Id = Annotated[str, Field(examples=["6f0f3a0e-5c1c-5d8b-9a54-0b9f4d8e1a11"], description="a UUID")]
AheadSeconds = Annotated[
    float | None,
    Field(description="of a warning: seconds from guidance_at until what it warns of, if nothing changes; told live only"),
]
LevelWord = Literal["breach", "lost", "warning", "unknown", "clear"]


class Reason(TypedDict):
    """Why an aircraft has its level. alert_id is null where no alert stands behind it: rules not running."""

    alert_id: Id | None
    rule: Annotated[str, Field(examples=["AU-101.085-HEIGHT"])]
    level: LevelWord
    what: Annotated[str, Field(examples=["12 m above the 120 m limit, 132 m AGL from terrain report"])]


class Height(TypedDict):
    """The best height at hand; margin_m is how far it may be wrong, null where that is not known."""

    m: float
    datum: Literal["AGL", "above take-off", "AMSL"]
    source: Annotated[str, Field(examples=["terrain report"])]
    margin_m: float | None


class Measured(TypedDict):
    """Heights and motion of one sample."""

    amsl_m: Annotated[float | None, Field(description="above mean sea level, as the autopilot says")]
    takeoff_height_m: float | None
    agl_m: Annotated[float | None, Field(description="above ground, as reported by agl_source")]
    agl_source: Literal["terrain report", "rangefinder", "terrain model"] | None
    speed_mps: float | None
    climb_mps: float | None
    heading_deg: Annotated[float | None, Field(description="of the nose, degrees true; never the course")]


class Aircraft(Measured):
    """The latest state of one aircraft."""

    id: Id
    operator_id: Id
    name: Annotated[str | None, Field(description="from the register; null: not registered")]
    link: str
    link_name: Annotated[str, Field(description="the link as people read it", examples=["udp:14550/127.0.0.1"])]
    system_id: int
    vehicle_type: Annotated[int | None, Field(description="MAV_TYPE")]
    replay: Annotated[bool, Field(description="a recorded flight, played as if it flew now")]
    partition: int
    event_time: Annotated[Time, Field(description="when ingest received the last sample")]
    position_time: Annotated[Time | None, Field(description="of the last sample that had a position")]
    lon: Annotated[float | None, Field(description="last known position, degrees", examples=[149.165751])]
    lat: Annotated[float | None, Field(examples=[-35.3623302])]
    no_position: Annotated[
        Literal["not sent", "zero", "impossible"] | None,
        Field(description="why the last position message had none; null: it had one"),
    ]
    course_deg: Annotated[float | None, Field(description="over ground, degrees true; null: it stands still, or nobody knows")]
    height: Height | None
    battery_pct: int | None
    battery_age_s: Annotated[float | None, Field(description="its age at event_time")]
    fix_type: Annotated[int | None, Field(description="GPS_FIX_TYPE")]
    satellites: int | None
    mode: str | None
    mode_age_s: float | None
    armed: bool | None
    airborne: bool | None
    ended: Annotated[bool, Field(description="silent, and last heard disarmed or landed")]
    level: Annotated[LevelWord, Field(description="the worst of its reasons")]
    reasons: list[Reason]


class Seen(TypedDict):
    """An acknowledgement: by whom, as claimed, and up to which n."""

    n: int
    station: str
    at: Time


class Handled(Seen):
    """Something that a person did with an alert."""

    action: Annotated[Literal["acknowledged", "pilot_saw"], Field(description="a pilot's word acknowledges nothing")]


class Alert(TypedDict):
    """One condition of one aircraft under one rule: its latest event, and how it was handled."""

    id: Id
    n: Annotated[int, Field(description="number of the last event: 1 raised, then each worsening and the clearing")]
    operator_id: Id
    aircraft_id: Id
    aircraft_name: str | None
    link_name: str
    system_id: int
    rule: str
    zone_id: Id | None
    zone_name: str | None
    zone_versions: list[int]
    level: LevelWord
    condition: Literal["raised", "worsened", "cleared"]
    state: Literal["unacknowledged", "acknowledged", "cleared_unacknowledged", "cleared"]
    start: Annotated[Time, Field(description="of the raw condition, before any delay")]
    triggered_at: Annotated[Time, Field(description="event time of the sample that triggered this n")]
    published_at: Annotated[Time, Field(description="when the broker took this n")]
    raised_at: Time
    cleared_at: Time | None
    what: str
    way_back: Annotated[str | None, Field(examples=["FLY 240° true, 85 m"])]
    guidance_at: Annotated[Time, Field(description="event time of the sample behind what and way_back")]
    beyond_m: float | None
    ahead_s: AheadSeconds
    height_m: float | None
    height_datum: str | None
    height_source: str | None
    lon: float | None
    lat: float | None
    acknowledged: Seen | None
    pilot_saw: Annotated[Seen | None, Field(description="its pilot saw it: that acknowledges nothing")]
    imported: bool
    confirmed: Annotated[bool, Field(description="false: its partition is not being judged")]


class Guidance(TypedDict):
    """Where an open alert stands now."""

    id: Id
    what: str
    way_back: str | None
    beyond_m: float | None
    ahead_s: AheadSeconds
    guidance_at: Time


class Rules(TypedDict):
    """Whether anybody checks. judged_up_to is that of the partition furthest behind, in broker time."""

    judged_up_to: Time | None
    running: bool
    since: Annotated[Time | None, Field(description="when not running: since when, if known")]


class TrackPoint(Measured):
    """One stored sample. Gaps are gaps: nothing is filled in."""

    event_time: Time
    lon: float | None
    lat: float | None
    no_position: Literal["not sent", "zero", "impossible"] | None
    battery_pct: int | None
    mode: str | None
    armed: bool | None
    airborne: bool | None
    late: Annotated[bool, Field(description="stored, and not judged")]


class AircraftList(TypedDict):
    server_time: Time
    aircraft: list[Aircraft]


Gap = TypedDict(
    "Gap",
    {
        "aircraft_id": Annotated[Id | None, Field(description="null: of any aircraft of the link, or of the listener")],
        "link": Annotated[str, Field(description="or a listener, such as udp:14550")],
        "from": Time,
        "to": Time,
        "count": Annotated[int | None, Field(description="how many, at least; null: nobody can tell")],
        "counted": Literal["samples", "datagrams", "frames"],
        "reason": Annotated[
            Literal["dropped", "no_room", "not_listening", "nothing_came"],
            Field(
                description="dropped: Kafka was away for longer than ingest's buffer lasts; no_room: the kernel had no room"
                " for datagrams; not_listening: ingest was away, or the link's connection was down; nothing_came: ingest"
                " listened, and an aircraft in the air was not heard"
            ),
        ],
        "imported": bool,
    },
)
Gap.__doc__ = "Between these event times something that was sent may be missing."


class GapList(TypedDict):
    gaps: list[Gap]
    truncated: bool


Track = TypedDict(
    "Track",
    {
        "aircraft_id": Id,
        "from": Time | None,
        "to": Time | None,
        "points": list[TrackPoint],
        "truncated": bool,
        "gaps": list[Gap],
    },
)
Track.__doc__ = (
    "from and to as asked for, null: open. truncated: there is more, ask again from the last point on."
    " gaps: the first 1,000 that touch this time."
)


class AlertList(TypedDict):
    server_time: Time
    alerts: list[Alert]
    truncated: bool


class AlertStep(TypedDict):
    """One event in an alert's condition."""

    n: int
    condition: Literal["raised", "worsened", "cleared"]
    level: LevelWord
    at: Time
    published_at: Time
    what: str
    way_back: str | None
    beyond_m: float | None
    height_m: float | None
    height_datum: str | None
    height_source: str | None
    lon: float | None
    lat: float | None
    world: int
    engine: str


class AlertHistory(TypedDict):
    server_time: Time
    alert: Alert
    events: list[AlertStep]
    handling: list[Handled]


class Acknowledged(TypedDict):
    alert_id: Id
    request_id: Id
    n: int
    station: str
    at: Time


class FieldProblem(TypedDict):
    field: str
    detail: str


class Problem(TypedDict):
    """RFC 9457. field and errors where a field of the request is wrong; first where another was first."""

    type: Annotated[str, Field(examples=["urn:wedgetail:wrong-zone"])]
    title: str
    status: int
    detail: str
    field: NotRequired[str | None]
    errors: NotRequired[list[FieldProblem]]
    first: NotRequired[Seen]
