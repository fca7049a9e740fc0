"""A flight written as a list of moments, for tests of the engine: what it says is what the test means."""

from collections.abc import Iterable

import msgspec

from core import block
from core.identity import aircraft_id, operator_id
from core.records import AlertEvent, Control, LinkListened, Listened, Tick
from core.sample import HeightSource, NoPosition, Sample
from geofence.altitude import LIMIT_M
from geofence.facts import FactVersion
from geofence.world import World
from geofence.zone import ZoneKind, ZoneVersion
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State

OPERATOR = operator_id("test")
LINK = "udp:14550/127.0.0.1"
S = 1_000_000
T0 = 1_700_000_000 * S
LON, LAT = 149.1, -35.3
SQUARE = [[149.0, -35.4], [149.2, -35.4], [149.2, -35.2], [149.0, -35.2], [149.0, -35.4]]


def zone(kind: ZoneKind = ZoneKind.KEEP_OUT, ring: list[list[float]] | None = None, **more: object) -> ZoneVersion:
    facts: dict[str, object] = {
        "operator_id": OPERATOR,
        "zone_id": operator_id("zone"),
        "version": 1,
        "world": 1,
        "name": "Tower",
        "kind": kind,
        "geometry": {"type": "Polygon", "coordinates": [ring or SQUARE]},
    }
    return msgspec.convert(facts | more, ZoneVersion)


def at(
    seconds: float,
    lon: float | None = LON,
    lat: float = LAT,
    *,
    agl_m: float | None = None,
    takeoff_m: float | None = 50.0,
    armed: bool | None = True,
    seq: int | None = None,
    system: int = 1,
    link: str = LINK,
    **more: object,
) -> Sample:
    """One sample, seconds after T0; lon None: it has no position."""
    sample = Sample(
        OPERATOR, aircraft_id(OPERATOR, link, system), link, system, T0 if link == LINK else 0,
        seq if seq is not None else round(seconds * 1_000) + 1, T0 + round(seconds * S), armed=armed,
        takeoff_height_mm=None if takeoff_m is None else round(takeoff_m * 1_000),
        agl_mm=None if agl_m is None else round(agl_m * 1_000),
        agl_source=HeightSource.NONE if agl_m is None else HeightSource.TERRAIN_REPORT,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip
    if lon is None:
        sample.no_position = NoPosition.ZERO
    else:
        sample.lon_e7, sample.lat_e7 = round(lon * 1e7), round(lat * 1e7)
    return sample


class Engine:
    """One partition of the engine, fed by hand. Append times follow the event times unless given."""

    def __init__(
        self,
        *zones: ZoneVersion,
        world: int = 1,
        live: bool = True,
        facts: Iterable[FactVersion] = (),
        height_limit_m: float = LIMIT_M,
    ) -> None:
        self.world = World(zones, world, facts, height_limit_m)
        self.state = State.empty()
        self.state.world = world
        self.live = live
        self.offset = 0
        self.events: list[AlertEvent] = []

    def fly(self, *samples: Sample, appended: float | None = None) -> list[AlertEvent]:
        last_us = max(sample.event_time_us for sample in samples)
        when = last_us + 50_000 if appended is None else T0 + round(appended * S)
        return self._take(Entry(0, self.offset, when, self.live, block.from_samples(samples)))

    def listened(self, seconds: float, link: str = LINK, closed: bool = False, epoch: int = T0) -> list[AlertEvent]:
        up_to = T0 + round(seconds * S)
        return self.control(Listened((LinkListened(OPERATOR, link, epoch, up_to, closed),)), seconds)

    def tick(self, seconds: float) -> list[AlertEvent]:
        return self.control(Tick(), seconds)

    def control(self, body: Control, seconds: float) -> list[AlertEvent]:
        return self._take(Entry(0, self.offset, T0 + round(seconds * S), self.live, body))

    def _take(self, entry: Entry) -> list[AlertEvent]:
        events = advance(self.state, entry, self.world)
        self.offset += 1
        self.events += events
        return events


def told(events: list[AlertEvent]) -> list[tuple[str, str, str]]:
    """Rule, condition and level of each event."""
    return [(event.rule, event.condition.value, event.level.value) for event in events]
