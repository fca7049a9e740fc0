"""Every zone version that a process knows, and the monitor of each world that its partitions judge by."""

from collections.abc import Iterable

from geofence.grid import GridIndex
from geofence.index import Outline, compile_entries
from geofence.monitor import Monitor
from geofence.zone import ZoneVersion

_KEPT = 3  # a live partition uses one world, one that lags another, an import a third


class World:
    """complete: the highest world number whose versions are all here. A monitor is built once a world, when asked for."""

    def __init__(self, versions: Iterable[ZoneVersion] = (), complete: int = 0) -> None:
        self.complete = complete
        self._versions: dict[tuple[bytes, int], ZoneVersion] = {}
        self._monitors: dict[int, Monitor] = {}
        self._outlines: dict[tuple[bytes, int], Outline] = {}
        for version in versions:
            self.add(version)

    def add(self, version: ZoneVersion) -> None:
        self._versions[version.zone_id.bytes, version.version] = version
        # A version belongs to its world and those after it; the monitors of earlier worlds stay right.
        self._monitors = {number: held for number, held in self._monitors.items() if number < version.world}

    def monitor(self, number: int) -> Monitor:
        """What watches the zones after the marker of this world. May be asked in a thread, aside, while nothing is added."""
        if number not in self._monitors:
            if len(self._monitors) >= _KEPT:
                self._monitors.pop(min(self._monitors), None)
            self._monitors[number] = Monitor(GridIndex(compile_entries(self._versions.values(), number, self._outlines)))
        return self._monitors[number]
