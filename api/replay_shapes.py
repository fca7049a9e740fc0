"""What the door says to the replay page, field by field (docs/replay.md); samples go as binary columns, evidence.tracks."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.shapes import Alert, AlertStep, Gap, Handled, Id, Time
from api.zone_shapes import ZoneFeature


class Flown(TypedDict):
    """An aircraft that has samples; first and last: when they were received, of the range that was asked for."""

    id: Id
    name: Annotated[str | None, Field(description="from the register; null: not registered")]
    link: str
    link_name: str
    system_id: int
    imported: bool
    first: Time
    last: Time


class FlownList(TypedDict):
    """Who was heard last stands first."""

    aircraft: list[Flown]
    truncated: bool


class ReplayedAlert(TypedDict):
    """An alert as it stands today, each of its events, and what people did."""

    alert: Alert
    events: list[AlertStep]
    handling: list[Handled]


class Recorded(TypedDict):
    """What happened besides samples. truncated: there are more alerts or gaps than are told here."""

    timezone: Annotated[str, Field(description="in which the operator reads times")]
    map_style: Annotated[str | None, Field(description="address of an online map's style; null: the offline one")]
    aircraft: list[Flown]
    alerts: list[ReplayedAlert]
    gaps: list[Gap]
    truncated: bool


ZoneThen = TypedDict("ZoneThen", {"from": Time, "to": Time, "zone": ZoneFeature})
ZoneThen.__doc__ = "A version of a zone, and a time of the range in which it decided, by what was known then."


class ZonesThen(TypedDict):
    zones: list[ZoneThen]
