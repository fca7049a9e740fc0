"""What travels on a telemetry topic beside blocks, and the events that come out: JSON bodies, the kind in a Kafka header.

Times in bodies are whole microseconds since 1970, so that a second run writes the same bytes.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import msgspec

from core.block import Headers
from core.colour import Level
from core.errors import UnreadableRecord


class Kind(StrEnum):
    BLOCK = "block"
    LISTENED = "listened"
    TICK = "tick"
    MARKER = "marker"
    ENGINE = "engine"


class LinkListened(msgspec.Struct, frozen=True):
    """Ingest has listened to this link without a break from its epoch (a file: its beginning) up to this event time."""

    operator_id: UUID
    link: str
    epoch: int
    up_to_us: int
    closed: bool = False  # the last word of a file: nothing more will come


class GapReason(StrEnum):
    """Why something may be missing, and what a gap's count then counts."""

    DROPPED = "dropped"  # samples: Kafka was away for longer than ingest's buffer lasts
    NO_ROOM = "no_room"  # datagrams of any link of the listener: the kernel had no room for them
    NOT_LISTENING = "not_listening"  # frames: ingest was away, or the link's connection was down
    NOTHING_CAME = "nothing_came"  # frames: ingest listened, and the aircraft was not heard


class Gap(msgspec.Struct, frozen=True):
    """Between these event times something that was sent may be missing."""

    operator_id: UUID
    link: str  # or a listener, such as udp:14550, where its links cannot be told apart
    aircraft_id: UUID | None  # None: of any aircraft there
    from_us: int
    to_us: int
    count: int | None  # how many, None where nobody can tell
    reason: GapReason


class Listened(msgspec.Struct, frozen=True, omit_defaults=True):
    """Each second, to each partition: the links that have aircraft there; and what ingest had to leave out before."""

    links: tuple[LinkListened, ...]
    gaps: tuple[Gap, ...] = ()


class Tick(msgspec.Struct, frozen=True):
    """A worker is alive: only the broker's time of appending counts."""


class Marker(msgspec.Struct, frozen=True):
    """From here on, judge by this world."""

    world: int


class Engine(msgspec.Struct, frozen=True):
    """From here on, this version of the engine judges."""

    version: str


Control = Listened | Tick | Marker | Engine
CONTROLS: dict[str, type[Control]] = {
    Kind.LISTENED: Listened, Kind.TICK: Tick, Kind.MARKER: Marker, Kind.ENGINE: Engine,
}  # fmt: skip


class Condition(StrEnum):
    RAISED = "raised"
    WORSENED = "worsened"
    CLEARED = "cleared"


class AlertEvent(msgspec.Struct, frozen=True):
    """One step in the condition of one alert. When it was published is the record's own timestamp, not its body."""

    alert_id: UUID
    n: int  # 1, 2, 3, ... within the alert
    operator_id: UUID
    aircraft_id: UUID
    link: str
    system_id: int
    rule: str
    zone_id: UUID | None
    zone_name: str | None
    zone_versions: tuple[int, ...]  # every version that this alert was judged by, oldest first
    level: Level  # the alert's level now; for "cleared", the level it had
    condition: Condition
    start_us: int  # judged time of the first sample of the raw condition, before any delay
    at_us: int  # event time of what triggered this step
    what: str  # "12 m above the 120 m limit, 132 m AGL from terrain report"
    way_back: str | None  # "FLY 240 degrees true, 85 m"
    beyond_m: float | None  # how far outside or above, at this step
    height_m: float | None
    height_datum: str | None  # AGL, AMSL, above take-off
    height_source: str | None
    lon_deg: float | None
    lat_deg: float | None
    world: int
    engine: str
    partition: int
    offset: int
    row: int  # row in the block; -1 when a control record triggered it


class Guidance(msgspec.Struct, frozen=True):
    """Where an open alert stands now, from the last judged sample: told each second, never stored."""

    alert_id: UUID
    at_us: int
    what: str
    way_back: str | None
    beyond_m: float | None
    ahead_s: float | None = None  # of a warning: seconds from at_us until what it warns of, if nothing changes


class Judged(msgspec.Struct, frozen=True):
    """Each second, for each partition a worker owns: everything below next is judged and told."""

    topic: str  # telemetry or telemetry-import
    partition: int
    next: int
    append_time_us: int  # broker time of the last record judged
    world: int
    worker: str
    stopped: str | None = None  # why this partition is not being judged, when it is not
    guidance: tuple[Guidance, ...] = ()


class Rejection(msgspec.Struct, frozen=True):
    """A frame that ingest could not use, whole, with its reason."""

    operator_id: UUID
    link: str
    received_us: int
    reason: str
    data: bytes


T = TypeVar("T")


def encode(value: msgspec.Struct) -> bytes:
    """A body as JSON, fields in their order: equal values give equal bytes."""
    return msgspec.json.encode(value)


def decode(kind: type[T], body: bytes) -> T:
    """A body of a known kind; UnreadableRecord says what is wrong and where."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UnreadableRecord(kind=kind.__name__, detail=str(error)) from error


def control_headers(control: Control) -> Headers:
    kind = next(name for name, cls in CONTROLS.items() if isinstance(control, cls))
    return [("kind", kind.encode())]


def block_headers(version: int, aircraft: Sequence[UUID]) -> Headers:
    return [
        ("kind", Kind.BLOCK.encode()),
        ("schema", str(version).encode()),
        ("aircraft", b"".join(a.bytes for a in aircraft)),
    ]
