"""What the door says to pilots, and to dispatch about their links, field by field; for the rest see api.shapes."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.shapes import Aircraft, Alert, Id, Time


class HeightLimit(TypedDict):
    """How high it may be above ground."""

    m: float
    datum: Literal["AGL"]
    by: Annotated[str, Field(description="a rule, authorisations, or a zone's name", examples=["AU-101.085-HEIGHT"])]


class NearBoundary(TypedDict):
    """The boundary that matters most, sideways: the one that is met first, else the nearest."""

    zone_id: Id
    zone_name: str
    kind: Literal["keep_in", "keep_out", "information"]
    inside: bool
    distance_m: float
    bearing_deg: Annotated[float, Field(description="from the aircraft, degrees true")]
    seconds: Annotated[float | None, Field(description="until it is met, flying on like this; null: not within 10 s")]


class Around(TypedDict):
    """What is around an aircraft at its last position."""

    as_of: Annotated[Time | None, Field(description="when that position was received")]
    limit: Annotated[HeightLimit | None, Field(description="null: nothing limits it, or problem says why nobody knows")]
    boundary: Annotated[NearBoundary | None, Field(description="null: none within reach_m, or problem")]
    reach_m: float
    problem: Annotated[str | None, Field(description="why nothing is known")]


class PilotView(TypedDict):
    """What a pilot sees. aircraft is null while nobody has heard of it."""

    server_time: Time
    name: str
    expires_at: Time
    aircraft_id: Id
    aircraft: Aircraft | None
    alerts: list[Alert]
    around: Around


class PilotLinkShape(TypedDict):
    """A link that a pilot may open."""

    link_id: Id
    aircraft_id: Id
    name: Annotated[str, Field(description="of who looks, as dispatch calls them")]
    expires_at: Time
    url: Annotated[str, Field(description="with the token in its fragment")]
    beyond_this_machine: Annotated[bool, Field(description="false: it opens on this machine only, see docs/pilot.md")]


class PilotLinkList(TypedDict):
    server_time: Time
    links: list[PilotLinkShape]


class LinkEnded(TypedDict):
    link_id: Id
    ended: bool
