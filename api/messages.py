"""What clients say on the WebSocket, checked, and how the server's messages are put together. Pure."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from api import box
from api.box import Box
from api.shapes import Rules
from core.errors import WedgetailError
from geofence.moments import iso

DEFAULT_INTERVAL_MS = 100  # the page's; 0: each change as it comes


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class Authenticate(_Message, frozen=True, tag="authenticate"):
    token: str


class Subscribe(_Message, frozen=True, tag="subscribe"):
    """aircraft None: all."""

    id: Annotated[str, Meta(min_length=1, max_length=64)] = "main"
    bbox: Box | None = None
    aircraft: Annotated[frozenset[UUID], Meta(max_length=10_000)] | None = None
    alerts: bool = True
    interval_ms: Annotated[int, Meta(ge=0, le=60_000)] = DEFAULT_INTERVAL_MS

    def wants(self, aircraft: UUID) -> bool:
        """By the list of aircraft alone: what also holds for alerts, which no box ever hides."""
        return self.aircraft is None or aircraft in self.aircraft

    def sees(self, position: tuple[float, float] | None) -> bool:
        """By the box. An aircraft whose position nobody knows is in every box: it must not vanish."""
        if self.bbox is None or position is None:
            return True
        west, south, east, north = self.bbox
        lon, lat = position
        return south <= lat <= north and (west <= lon <= east if west <= east else lon >= west or lon <= east)


class Unsubscribe(_Message, frozen=True, tag="unsubscribe"):
    id: str


Said = Authenticate | Subscribe | Unsubscribe


class BadMessage(WedgetailError):
    """{detail}"""

    def __init__(self, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail=detail)
        self.code, self.detail, self.field = code, detail, field


def read(text: str | bytes) -> Said:
    """A client's message. Raises BadMessage naming the field."""
    try:
        said: Said = msgspec.json.decode(text, type=Said)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `$")
        named = detail.split("`")[1] if " field `" in detail else where.strip("`.")
        raise BadMessage("invalid", detail, named or None) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("not_json", f"a message is one JSON object: {error}") from error
    if isinstance(said, Subscribe) and said.bbox is not None:
        problem = box.wrong(said.bbox)
        if problem is not None:
            raise BadMessage("invalid", problem, "bbox")
    return said


def message(kind: str, now_us: int, rules: Rules, **facts: Any) -> str:
    """A server's message; every one says the server's time and whether the rules run."""
    return msgspec.json.encode({"type": kind, "server_time": iso(now_us), "rules": rules, **facts}).decode()


def error_message(bad: BadMessage) -> str:
    return msgspec.json.encode({"type": "error", "code": bad.code, "detail": bad.detail, "field": bad.field}).decode()
