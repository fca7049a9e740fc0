"""What one partition knows: everything that `advance` carries from one record to the next, and that a checkpoint keeps."""

from uuid import UUID

import msgspec

from alerts.lifecycle import Condition
from core.sample import HeightSource
from geofence.vertical import Fix
from streams.screen import Screen

ENGINE = "1"  # goes up with every change that can give another event for the same records


class LastFix(msgspec.Struct, array_like=True, frozen=True):
    """A fix as a checkpoint keeps it; None where a height is not known (NaN has no place in JSON)."""

    time_us: int
    lon_deg: float
    lat_deg: float
    agl_m: float | None
    margin_m: float
    agl_source: int
    amsl_m: float | None
    takeoff_m: float | None
    refused_m: float | None

    @staticmethod
    def of(fix: Fix) -> "LastFix":
        def known(value: float) -> float | None:
            return None if value != value else value

        return LastFix(
            fix.time_us, fix.lon_deg, fix.lat_deg, known(fix.agl_m), fix.margin_m, int(fix.agl_source),
            known(fix.amsl_m), known(fix.takeoff_m), known(fix.refused_m),
        )  # fmt: skip

    def fix(self) -> Fix:
        def number(value: float | None) -> float:
            return float("nan") if value is None else value

        return Fix(
            self.time_us, self.lon_deg, self.lat_deg, number(self.agl_m), self.margin_m, HeightSource(self.agl_source),
            number(self.amsl_m), number(self.takeoff_m), number(self.refused_m),
        )  # fmt: skip


class Aircraft(msgspec.Struct):
    """One aircraft as far as it was judged. heard_us: event time of its last judged sample."""

    operator_id: UUID
    aircraft_id: UUID
    link: str
    system_id: int
    heard_us: int
    armed: bool | None = None
    airborne: bool | None = None
    ended: bool = False
    off_time_us: int | None = None  # event time of the first of a run of late or ahead samples
    last: LastFix | None = None
    conditions: dict[str, Condition] = {}

    @property
    def alarmed(self) -> bool:
        """Airborne, or perhaps: rules of airspace and height are not for an aircraft on the bench."""
        return self.armed is not False and self.airborne is not False


class Link(msgspec.Struct):
    """How far ingest has listened to a link. told_us: broker time of the last record that said so. gap_us: up to where ingest
    had to drop samples of it, which proves nobody silent."""

    epoch: int
    up_to_us: int
    told_us: int
    gap_us: int = 0


class State(msgspec.Struct):
    """One partition. broker_us: the running maximum of the ticks' append times."""

    screen: Screen
    aircraft: dict[bytes, Aircraft] = {}
    links: dict[str, Link] = {}
    broker_us: int = 0
    world: int = 0
    engine: str = ""

    @staticmethod
    def empty() -> "State":
        return State(Screen())

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @staticmethod
    def load(data: bytes) -> "State":
        return msgspec.msgpack.decode(data, type=State)
