"""A raw finding about one aircraft at one moment, before any delay: what geofence and streams see and alerts act on."""

from dataclasses import dataclass
from uuid import UUID

from core.colour import Level


@dataclass(frozen=True, slots=True)
class Delays:
    """Hysteresis: raised beyond raise_beyond_m for raise_after_us; cleared clear_inside_m inside for clear_after_us."""

    raise_beyond_m: float = 0.0
    raise_after_us: int = 1_000_000
    clear_inside_m: float = 3.0
    clear_after_us: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Observed:
    """One rule (and zone) at one moment. tiers: worst first, how far beyond each tier's limit in metres; positive violates.

    A tier that is not listed is not violated. at_once: there is no delay, the thing is already done (a zone was crossed).
    ahead_s: the warning is of what comes, in so many seconds; its tier's figure is then no distance.
    """

    rule: str
    zone_id: UUID | None
    tiers: tuple[tuple[Level, float], ...]
    what: str
    way_back: str | None = None
    zone_name: str | None = None
    zone_version: int | None = None
    delays: Delays = Delays()
    at_once: bool = False
    ahead_s: float | None = None
    slot: str = "-"  # what tells this condition from others under the same rule: the zone, unless one stands for all

    @property
    def key(self) -> str:
        return f"{self.rule}/{self.slot}"

    def beyond_m(self, level: Level) -> float | None:
        return next((beyond for tier, beyond in self.tiers if tier is level), None)
