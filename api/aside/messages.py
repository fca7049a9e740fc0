"""What the door and the process beside it say to each other, a line of JSON each. One request; then lines until the end."""

from typing import Any
from uuid import UUID

import msgspec

from core.errors import WedgetailError
from streams.whatif import Other


class RerunAsked(msgspec.Struct, frozen=True, tag="rerun"):
    """Flights through the rules again. other: None, as they were judged; else what if."""

    settings: dict[str, Any]
    aircraft_ids: tuple[UUID, ...]
    from_us: int | None
    to_us: int | None
    other: Other | None


class ImportAsked(msgspec.Struct, frozen=True, tag="import"):
    """A log into history. name: as the person who sent it knows it."""

    settings: dict[str, Any]
    file: str
    name: str
    start_us: int | None


Asked = RerunAsked | ImportAsked


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    told: msgspec.Raw


class Result(msgspec.Struct, frozen=True, tag="result"):
    told: msgspec.Raw


class Failure(msgspec.Struct, frozen=True):
    """As in a problem (RFC 9457), without a status: the request that asks how it went succeeds."""

    type: str
    title: str
    detail: str

    @staticmethod
    def of(error: WedgetailError) -> "Failure":
        return Failure(error.urn, error.title, str(error))


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    told: Failure


Line = Progress | Result | Failed
