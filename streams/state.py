"""What one partition knows: everything that `advance` carries from one record to the next, and that a checkpoint keeps."""

from uuid import UUID

import msgspec

from alerts.lifecycle import Condition
from core.sample import HeightSource
from geofence.vertical import Fix
from streams.fleet import UNMOVED, Aircraft, Fleet
from streams.screen import KeptScreen, Screen

ENGINE = "4"  # goes up with every change that can give another event for the same records


class Link(msgspec.Struct):
    """How far ingest has listened to a link. told_us: broker time of the last record that said so. gap_us: up to where ingest
    had to drop samples of it, which proves nobody silent."""

    epoch: int
    up_to_us: int
    told_us: int
    gap_us: int = 0


class State:
    """One partition. broker_us: the running maximum of the ticks' append times."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.fleet = Fleet()
        self.links: dict[str, Link] = {}
        self.broker_us = 0
        self.world = 0
        self.engine = ""

    @property
    def aircraft(self) -> dict[bytes, Aircraft]:
        return self.fleet.by_id

    @staticmethod
    def empty() -> "State":
        return State()

    def dump(self) -> bytes:
        """What `load` takes. Equal states give equal bytes, whatever their columns hold beside."""
        aircraft = {key: _KeptAircraft.of(each) for key, each in self.aircraft.items()}
        kept = _Kept(self.screen.kept(), aircraft, self.links, self.broker_us, self.world, self.engine)
        return msgspec.msgpack.encode(kept)

    @staticmethod
    def load(data: bytes) -> "State":
        kept = msgspec.msgpack.decode(data, type=_Kept)
        state = State()
        state.screen = Screen(kept.screen)
        state.links, state.broker_us, state.world, state.engine = kept.links, kept.broker_us, kept.world, kept.engine
        for each in kept.aircraft.values():
            each.join(state.fleet)
        return state


class _KeptFix(msgspec.Struct, array_like=True, frozen=True):
    """A fix as a checkpoint keeps it; None where a height is not known."""

    time_us: int
    lon_deg: float
    lat_deg: float
    agl_m: float | None
    margin_m: float
    agl_source: int
    amsl_m: float | None
    takeoff_m: float | None
    refused_m: float | None
    refused_model_m: float | None = None

    @staticmethod
    def of(fix: Fix) -> "_KeptFix":
        def known(value: float) -> float | None:
            return None if value != value else value

        return _KeptFix(
            fix.time_us, fix.lon_deg, fix.lat_deg, known(fix.agl_m), fix.margin_m, int(fix.agl_source),
            known(fix.amsl_m), known(fix.takeoff_m), known(fix.refused_m), known(fix.refused_model_m),
        )  # fmt: skip

    def fix(self) -> Fix:
        def number(value: float | None) -> float:
            return float("nan") if value is None else value

        return Fix(
            self.time_us, self.lon_deg, self.lat_deg, number(self.agl_m), self.margin_m, HeightSource(self.agl_source),
            number(self.amsl_m), number(self.takeoff_m), number(self.refused_m), number(self.refused_model_m),
        )  # fmt: skip


class _KeptAircraft(msgspec.Struct):
    """An aircraft as a checkpoint keeps it."""

    operator_id: UUID
    aircraft_id: UUID
    link: str
    system_id: int
    heard_us: int
    armed: bool | None = None
    airborne: bool | None = None
    ended: bool = False
    off_time_us: int | None = None
    last: _KeptFix | None = None
    conditions: dict[str, Condition] = {}
    motion: tuple[float | None, ...] | None = None  # the fields of streams.fleet.MOTION, None where nothing is known of it

    @staticmethod
    def of(it: Aircraft) -> "_KeptAircraft":
        last = it.last
        return _KeptAircraft(
            it.operator_id, it.aircraft_id, it.link, it.system_id, it.heard_us, it.armed, it.airborne, it.ended,
            it.off_time_us, _KeptFix.of(last) if last else None, it.conditions, _kept_motion(it.motion),
        )  # fmt: skip

    def join(self, fleet: Fleet) -> None:
        it = fleet.meet(self.operator_id, self.aircraft_id, self.link, self.system_id, self.heard_us)
        it.heard(self.heard_us, self.armed, self.airborne)
        it.ended, it.off_time_us = self.ended, self.off_time_us
        if self.last is not None:
            it.last = self.last.fix()
        if self.motion is not None:
            it.motion = tuple(float("nan") if value is None else value for value in self.motion)
        for key, condition in self.conditions.items():
            it.hold(key, condition)


def _kept_motion(motion: tuple[float, ...]) -> tuple[float | None, ...] | None:
    kept = _without_nan(motion)
    return None if kept == _without_nan(UNMOVED) else kept


def _without_nan(values: tuple[float, ...]) -> tuple[float | None, ...]:
    return tuple(None if value != value else value for value in values)


class _Kept(msgspec.Struct):
    """The form of a checkpoint."""

    screen: KeptScreen
    aircraft: dict[bytes, _KeptAircraft] = {}
    links: dict[str, Link] = {}
    broker_us: int = 0
    world: int = 0
    engine: str = ""
