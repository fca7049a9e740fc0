"""What is exported: a flight, and an incident, which is a flight with all that it was judged by and what people did. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alerts.handling import Acknowledgement, State, state_of, worst_n
from core.colour import Level
from core.identity import link_name
from core.records import AlertEvent, Condition, Gap
from core.units import US_PER_S
from evidence import columns
from geofence.facts import FactVersion
from geofence.versions import Version
from geofence.zone import ZoneVersion

_STRAIGHT_US = 5 * US_PER_S  # longer than this between two positions nobody knows the path (as geofence.track has it)
V = TypeVar("V", bound=Version)


class Aircraft(NamedTuple):
    id: UUID
    link: str
    system_id: int
    name: str | None  # in the register

    @property
    def known_as(self) -> str:
        return self.name or f"{link_name(self.link)} / {self.system_id}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Positions of one aircraft between which its path is known. rows: of the flight's samples, in the order of time."""

    aircraft: Aircraft
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Flight:
    """Aircraft in a window of event time, from_us <= t < to_us. raw: stored samples, by aircraft and then by time."""

    name: str  # as it was asked for
    operator_id: UUID
    operator: str
    timezone: str  # in which the operator reads times
    aircraft: tuple[Aircraft, ...]
    imported: bool
    from_us: int
    to_us: int
    raw: pa.Table  # columns.RAW
    gaps: tuple[Gap, ...]

    @cached_property
    def samples(self) -> pa.Table:
        """columns.COLUMNS, in the same order."""
        return columns.samples(self.raw)

    @cached_property
    def records(self) -> pa.Table:
        """Samples and gaps, in the order of aircraft and time; gaps of nobody known stand last."""
        order = [("aircraft_id", "ascending"), ("event_time_utc", "ascending"), ("record", "descending"),
                 ("stream_offset", "ascending"), ("stream_row", "ascending")]  # fmt: skip
        return pa.concat_tables([self.samples, columns.gaps(self.gaps)]).sort_by(order).combine_chunks()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of samples, NaN where null."""
        if name not in self._numbers:
            self._numbers[name] = np.asarray(self.samples[name].cast(pa.float64()).to_numpy(zero_copy_only=False))
        return self._numbers[name]

    @cached_property
    def _numbers(self) -> dict[str, NDArray[np.float64]]:
        return {}

    @cached_property
    def times_us(self) -> NDArray[np.int64]:
        return np.asarray(self.samples["event_time_utc"].cast(pa.int64()).to_numpy())

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """(n, 2): longitude and latitude of the samples, NaN where not known."""
        return np.column_stack((self.numbers("lon_wgs84_deg"), self.numbers("lat_wgs84_deg")))

    def rows_of(self, aircraft: Aircraft) -> NDArray[np.int64]:
        return self._rows.get(str(aircraft.id), np.empty(0, np.int64))

    @cached_property
    def _rows(self) -> dict[str, NDArray[np.int64]]:
        """By aircraft."""
        ids = self.raw["aircraft_id"].combine_chunks().dictionary_encode()
        codes = ids.indices.to_numpy()
        return {word: np.flatnonzero(codes == code) for code, word in enumerate(ids.dictionary.to_pylist())}

    def gaps_of(self, aircraft: Aircraft) -> list[Gap]:
        """Its own, and those of its link and listener that nobody can lay to one aircraft."""
        links = {aircraft.link, aircraft.link.partition("/")[0]}
        return [gap for gap in self.gaps if gap.aircraft_id == aircraft.id or (gap.aircraft_id is None and gap.link in links)]

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        return tuple(stretch for aircraft in self.aircraft for stretch in self._stretches(aircraft))

    def _stretches(self, aircraft: Aircraft) -> Iterator[Stretch]:
        rows = self.rows_of(aircraft)
        rows = rows[~np.isnan(self.places[rows, 0])]
        times_us = self.times_us[rows]
        broken = np.diff(times_us) > _STRAIGHT_US
        for gap in self.gaps_of(aircraft):
            # It breaks the path where it lies between two positions; one through which positions came does not.
            after = int(np.searchsorted(times_us, gap.to_us))
            if 0 < after < len(rows) and times_us[after - 1] <= gap.from_us:
                broken[after - 1] = True
        for piece in np.split(rows, np.flatnonzero(broken) + 1):
            if len(piece):
                yield Stretch(aircraft, piece)


class Step(NamedTuple):
    """An event of an alert, and when the broker took it."""

    event: AlertEvent
    published_us: int


@dataclass(frozen=True)
class Alert:
    """All that is known of one alert, in its order, steps outside the window too."""

    steps: tuple[Step, ...]
    handling: tuple[Acknowledgement, ...]

    @property
    def first(self) -> AlertEvent:
        return self.steps[0].event

    @property
    def last(self) -> AlertEvent:
        return self.steps[-1].event

    @property
    def worst(self) -> AlertEvent:
        """The step that tells most: of the worst level, the farthest beyond."""
        events = [step.event for step in self.steps if step.event.condition is not Condition.CLEARED] or [self.first]
        return min(events, key=lambda event: (event.level.rank, -(event.beyond_m or 0.0)))

    @property
    def level(self) -> Level:
        return self.worst.level

    @property
    def cleared_us(self) -> int | None:
        return self.last.at_us if self.last.condition is Condition.CLEARED else None

    @property
    def state(self) -> State:
        seen = max((one.n for one in self.handling), default=None)
        return state_of(self.cleared_us is not None, worst_n(step.event for step in self.steps), seen)


@dataclass(frozen=True, slots=True)
class InForce(Generic[V]):
    """A version that decided at some time of the window, by what was known then. None: without beginning, or end."""

    version: V
    recorded_at: datetime
    from_us: int | None
    to_us: int | None


@dataclass(frozen=True)
class Incident:
    """worlds: numbers of what was known (zones and facts) while it was judged, first and last.

    engines: versions of the engine that judged it, as far as the record says so.
    """

    flight: Flight
    alerts: tuple[Alert, ...]
    zones: tuple[InForce[ZoneVersion], ...]
    facts: tuple[InForce[FactVersion], ...]
    worlds: tuple[int, int]
    engines: tuple[str, ...]

    @property
    def actions(self) -> list[Acknowledgement]:
        return sorted(
            (one for alert in self.alerts for one in alert.handling), key=lambda one: (one.at_us, str(one.request_id))
        )


def aircraft_named(aircraft: Sequence[Aircraft], wanted: UUID) -> str:
    return next((one.known_as for one in aircraft if one.id == wanted), str(wanted))
