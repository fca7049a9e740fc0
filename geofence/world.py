"""Every version of zones and facts that a process knows; and of each world that its partitions judge by, what watches."""

from collections.abc import Iterable

from geofence.altitude import LIMIT_M
from geofence.facts import FactVersion
from geofence.grid import GridIndex
from geofence.index import Outline, ZoneIndex, compile_entries
from geofence.known import Facts, Locals
from geofence.monitor import Monitor
from geofence.zone import ZoneVersion

_KEPT = 3  # a live partition uses one world, one that lags another, an import a third


class World:
    """complete: the highest world number whose versions are all here. What is made of a world is built once, when asked for.

    height_limit_m: above ground; another than the rule's own only for a what-if.
    """

    def __init__(
        self,
        versions: Iterable[ZoneVersion] = (),
        complete: int = 0,
        facts: Iterable[FactVersion] = (),
        height_limit_m: float = LIMIT_M,
    ) -> None:
        self.complete = complete
        self._height_limit_m = height_limit_m
        self._versions: dict[tuple[bytes, int], ZoneVersion] = {}
        self._monitors: dict[int, Monitor] = {}
        self._indexes: dict[int, ZoneIndex] = {}  # by the world of the last zone in it
        self._outlines: dict[tuple[bytes, int], Outline] = {}
        self._fact_versions: dict[tuple[bytes, int], FactVersion] = {}
        self._facts: dict[int, Facts] = {}
        self._locals: Locals = {}
        for version in versions:
            self.add(version)
        for fact in facts:
            self.add_fact(fact)

    def add(self, version: ZoneVersion) -> None:
        self._versions[version.zone_id.bytes, version.version] = version
        # A version belongs to its world and those after it; the monitors of earlier worlds stay right.
        self._monitors = {number: held for number, held in self._monitors.items() if number < version.world}
        self._indexes = {number: held for number, held in self._indexes.items() if number < version.world}

    def add_fact(self, version: FactVersion) -> None:
        self._fact_versions[version.fact_id.bytes, version.version] = version
        self._facts = {number: held for number, held in self._facts.items() if number < version.world}
        self._monitors = {number: held for number, held in self._monitors.items() if number < version.world}

    def prepare(self, number: int) -> None:
        """Builds what a world needs, in a thread, aside, while nothing is added."""
        self.monitor(number)

    def monitor(self, number: int) -> Monitor:
        """What watches the zones after the marker of this world, by the facts that are stated there."""
        if number not in self._monitors:
            if len(self._monitors) >= _KEPT:
                self._monitors.pop(min(self._monitors), None)
            self._monitors[number] = Monitor(self._index(number), self.facts(number), self._height_limit_m)
        return self._monitors[number]

    def _index(self, number: int) -> ZoneIndex:
        """The index of the zones of a world: that of an earlier one, where only facts have changed since."""
        zones_of = max((version.world for version in self._versions.values() if version.world <= number), default=0)
        if zones_of not in self._indexes:
            if len(self._indexes) >= _KEPT:
                self._indexes.pop(min(self._indexes), None)
            self._indexes[zones_of] = GridIndex(compile_entries(self._versions.values(), number, self._outlines))
        return self._indexes[zones_of]

    def facts(self, number: int) -> Facts:
        """What is stated after the marker of this world."""
        if number not in self._facts:
            if len(self._facts) >= _KEPT:
                self._facts.pop(min(self._facts), None)
            self._facts[number] = Facts(self._fact_versions.values(), number, self._locals)
        return self._facts[number]
