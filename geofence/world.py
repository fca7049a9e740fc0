"""Every version of zones and facts that a process knows; and of each world that its partitions judge by, what watches."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import TypeVar

from geofence.altitude import LIMIT_M
from geofence.chart import Chart
from geofence.facts import FactVersion
from geofence.index import Entry, Outline, compile_entries
from geofence.known import Facts, Locals
from geofence.monitor import Monitor
from geofence.zone import ZoneVersion

T = TypeVar("T")

_KEPT = 3  # a live partition uses one world, one that lags another, an import a third
_FEW, _SHARE = 64, 16  # so many zones, and one in so many of a chart, may have changed before all are laid out again


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
        self._versions: dict[bytes, dict[int, ZoneVersion]] = {}  # by zone
        self._changes: list[tuple[int, bytes]] = []  # in which world of which zone there is a version, in order
        self._whole: tuple[int, Chart] | None = None  # the latest world of which all zones were laid out
        self._charts: dict[int, Chart] = {}  # by the world of the last zone in it
        self._monitors: dict[int, Monitor] = {}
        self._outlines: dict[tuple[bytes, int], Outline] = {}
        self._fact_versions: dict[tuple[bytes, int], FactVersion] = {}
        self._fact_worlds: list[int] = []
        self._facts: dict[int, Facts] = {}  # by the world of the last fact in it
        self._locals: Locals = {}
        for version in versions:
            self.add(version)
        for fact in facts:
            self.add_fact(fact)

    def add(self, version: ZoneVersion) -> None:
        self._versions.setdefault(version.zone_id.bytes, {})[version.version] = version
        insort(self._changes, (version.world, version.zone_id.bytes))
        # A version belongs to its world and those after it; what is made of earlier worlds stays right.
        self._monitors = {number: held for number, held in self._monitors.items() if number < version.world}
        self._charts = {number: held for number, held in self._charts.items() if number < version.world}
        if self._whole is not None and self._whole[0] >= version.world:
            self._whole = None

    def add_fact(self, version: FactVersion) -> None:
        self._fact_versions[version.fact_id.bytes, version.version] = version
        insort(self._fact_worlds, version.world)
        self._facts = {number: held for number, held in self._facts.items() if number < version.world}
        self._monitors = {number: held for number, held in self._monitors.items() if number < version.world}

    def prepare(self, number: int) -> None:
        """Builds what a world needs, in a thread, aside, while nothing is added."""
        self.monitor(number)

    def monitor(self, number: int) -> Monitor:
        """What watches the zones after the marker of this world, by the facts that are stated there."""
        if number not in self._monitors:
            _make_room(self._monitors)
            self._monitors[number] = Monitor(self._chart(number), self.facts(number), self._height_limit_m)
        return self._monitors[number]

    def facts(self, number: int) -> Facts:
        """What is stated after the marker of this world: the facts of an earlier one, where only zones have changed since."""
        at = bisect_right(self._fact_worlds, number)
        facts_of = self._fact_worlds[at - 1] if at else 0
        if facts_of not in self._facts:
            _make_room(self._facts)
            self._facts[facts_of] = Facts(self._fact_versions.values(), facts_of, self._locals)
        return self._facts[facts_of]

    def _chart(self, number: int) -> Chart:
        """The zones of a world: those of an earlier one, where only facts have changed since."""
        at = self._changes_up_to(number)
        zones_of = self._changes[at - 1][0] if at else 0
        if zones_of not in self._charts:
            _make_room(self._charts)
            self._charts[zones_of] = self._laid_out(zones_of)
        return self._charts[zones_of]

    def _laid_out(self, number: int) -> Chart:
        if self._whole is None or self._whole[0] > number:
            chart = Chart.of(self._compiled(self._versions, number))
            if self._whole is None:
                self._whole = number, chart
            return chart
        before, whole = self._whole
        since = self._changes[self._changes_up_to(before) : self._changes_up_to(number)]
        zones = {zone_id for _, zone_id in since}
        added = self._compiled(zones, number)
        if len(zones) <= _FEW + len(whole.entries) // _SHARE:
            return whole.changed(zones, added)
        chart = Chart.of([*whole.without(zones), *added])
        self._whole = number, chart
        return chart

    def _changes_up_to(self, number: int) -> int:
        return bisect_right(self._changes, number, key=lambda change: change[0])

    def _compiled(self, zones: Iterable[bytes], number: int) -> list[Entry]:
        versions = (version for zone in zones for version in self._versions[zone].values())
        return compile_entries(versions, number, self._outlines)


def _make_room(held: dict[int, T]) -> None:
    if len(held) >= _KEPT:
        held.pop(min(held), None)
