"""The aircraft of one partition. What kernels read and write stands in columns; an Aircraft is one row of them with its name.

Of most rows of most blocks nothing is said but where their aircraft is now: that is a few numbers in these columns, and no
Python at all (streams/glance.py).
"""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alerts.lifecycle import Condition
from core.sample import HeightSource
from geofence.monitor import Monitor
from geofence.vertical import Fix
from streams.screen import NEVER

# standing: it has conditions, pending ones included. -1: not known whether it is armed, airborne.
SEEN = np.dtype(
    [("heard_us", "i8"), ("off_time_us", "i8"), ("armed", "i1"), ("airborne", "i1"), ("ended", "?"), ("standing", "?")],
    align=True,
)
# A Fix, field by field. time_us is NEVER where there is none.
FIX = np.dtype(
    [
        ("time_us", "i8"), ("lon_deg", "f8"), ("lat_deg", "f8"), ("agl_m", "f8"), ("margin_m", "f8"), ("agl_source", "u1"),
        ("amsl_m", "f8"), ("takeoff_m", "f8"), ("refused_m", "f8"), ("refused_model_m", "f8"),
    ],
    align=True,
)  # fmt: skip
# How it moves, as of since_us (NEVER: not known): speed over ground and climb, m/s, and what they lose each second. ground:
# where it was last seen on the ground, NaN if it never was.
MOTION = np.dtype(
    [
        ("since_us", "i8"), ("speed_mps", "f8"), ("climb_mps", "f8"), ("slowing_mps2", "f8"), ("levelling_mps2", "f8"),
        ("ground_lon_deg", "f8"), ("ground_lat_deg", "f8"),
    ],
    align=True,
)  # fmt: skip
UNMOVED = (NEVER, 0.0, 0.0, 0.0, 0.0, float("nan"), float("nan"))
_BEGIN = 64  # rows
_TRISTATE = (False, True, None)


class Aircraft:
    """One aircraft as far as it was judged. conditions: change them by `hold` and `release`."""

    __slots__ = ("_fleet", "aircraft_id", "conditions", "link", "operator_id", "row", "system_id")

    def __init__(self, fleet: "Fleet", row: int, operator_id: UUID, aircraft_id: UUID, link: str, system_id: int) -> None:
        self._fleet, self.row = fleet, row
        self.operator_id, self.aircraft_id = operator_id, aircraft_id
        self.link, self.system_id = link, system_id
        self.conditions: dict[str, Condition] = {}

    def hold(self, key: str, condition: Condition) -> None:
        self.conditions[key] = condition
        self._fleet.seen[self.row]["standing"] = True

    def release(self, key: str) -> Condition:
        """Raises KeyError where it does not stand."""
        condition = self.conditions.pop(key)
        self._fleet.seen[self.row]["standing"] = bool(self.conditions)
        return condition

    def heard(self, time_us: int, armed: bool | None, airborne: bool | None) -> None:
        """A sample of it was judged."""
        known = (-1 if armed is None else armed, -1 if airborne is None else airborne)
        self._fleet.seen[self.row] = (time_us, NEVER, *known, False, bool(self.conditions))

    @property
    def heard_us(self) -> int:
        """Event time of its last judged sample."""
        return self._fleet.heard_us.item(self.row)

    @property
    def off_time_us(self) -> int | None:
        """Event time of the first of a run of late or ahead samples."""
        time_us = int(self._fleet.seen[self.row]["off_time_us"])
        return None if time_us == NEVER else time_us

    @off_time_us.setter
    def off_time_us(self, time_us: int | None) -> None:
        self._fleet.seen[self.row]["off_time_us"] = NEVER if time_us is None else time_us

    @property
    def armed(self) -> bool | None:
        return _TRISTATE[self._fleet.seen[self.row]["armed"]]

    @property
    def airborne(self) -> bool | None:
        return _TRISTATE[self._fleet.seen[self.row]["airborne"]]

    @property
    def alarmed(self) -> bool:
        """Airborne, or perhaps: rules of airspace and height are not for an aircraft on the bench."""
        return self.armed is not False and self.airborne is not False

    @property
    def ended(self) -> bool:
        return bool(self._fleet.seen[self.row]["ended"])

    @ended.setter
    def ended(self, ended: bool) -> None:
        self._fleet.seen[self.row]["ended"] = ended

    @property
    def motion(self) -> tuple[float, ...]:
        """The fields of MOTION."""
        values: tuple[float, ...] = self._fleet.motions[self.row].item()
        return values

    @motion.setter
    def motion(self, values: tuple[float, ...]) -> None:
        self._fleet.motions[self.row] = values

    @property
    def last(self) -> Fix | None:
        """Its last judged position."""
        time_us, lon, lat, agl, margin, source, amsl, takeoff, *refused = self._fleet.fixes[self.row].item()
        if time_us == NEVER:
            return None
        return Fix(time_us, lon, lat, agl, margin, HeightSource(source), amsl, takeoff, *refused)

    @last.setter
    def last(self, fix: Fix) -> None:
        self._fleet.fixes[self.row] = (
            fix.time_us, fix.lon_deg, fix.lat_deg, fix.agl_m, fix.margin_m, fix.agl_source,
            fix.amsl_m, fix.takeoff_m, fix.refused_m, fix.refused_model_m,
        )  # fmt: skip


class Fleet:
    """The aircraft by id, in the order of their first contact, and by link; their columns, more of them than aircraft."""

    def __init__(self) -> None:
        self.by_id: dict[bytes, Aircraft] = {}
        self.row_of: dict[bytes, int] = {}
        self.at: dict[int, Aircraft] = {}  # by row
        self._by_link: dict[str, list[Aircraft]] = {}
        self._free: list[int] = []
        self._watched_by: Monitor | None = None
        self._hold(np.zeros(0, SEEN), np.zeros(0, FIX), np.zeros(0, MOTION), np.zeros((2, 0), np.int64))

    def _hold(
        self, seen: NDArray[np.void], fixes: NDArray[np.void], motions: NDArray[np.void], among: NDArray[np.int64]
    ) -> None:
        self.seen, self.fixes, self.motions = seen, fixes, motions
        self._among = among  # audience and group of limits, by the monitor that watches
        self._audience: NDArray[np.int64] = among[0]
        self._limit_group: NDArray[np.int64] = among[1]
        self.heard_us: NDArray[np.int64] = seen["heard_us"]

    def meet(self, operator_id: UUID, aircraft_id: UUID, link: str, system_id: int, heard_us: int) -> Aircraft:
        """One that is not known yet, without a fix."""
        if not self._free:
            self._grow()
        met = Aircraft(self, self._free.pop(), operator_id, aircraft_id, link, system_id)
        self.seen[met.row] = (heard_us, NEVER, -1, -1, False, False)
        self.fixes[met.row]["time_us"] = NEVER
        self.motions[met.row] = UNMOVED
        if self._watched_by is not None:
            self._find(met, self._watched_by)
        self.by_id[aircraft_id.bytes], self.row_of[aircraft_id.bytes], self.at[met.row] = met, met.row, met
        self._by_link.setdefault(link, []).append(met)
        return met

    def forget(self, aircraft: Aircraft) -> None:
        key = aircraft.aircraft_id.bytes
        del self.by_id[key], self.row_of[key], self.at[aircraft.row]
        others = self._by_link[aircraft.link]
        others.remove(aircraft)
        if not others:
            del self._by_link[aircraft.link]
        self.seen[aircraft.row]["heard_us"] = np.iinfo(np.int64).max  # a row of nobody is never the longest silent
        self._free.append(aircraft.row)

    def on_link(self, link: str) -> tuple[Aircraft, ...]:
        return tuple(self._by_link.get(link, ()))

    def silent_since(self, time_us: int) -> Iterator[Aircraft]:
        """Those not heard since before a time."""
        if self.heard_us.min(initial=time_us) < time_us:
            yield from [aircraft for aircraft in self.by_id.values() if aircraft.heard_us < time_us]

    def audiences(self, monitor: Monitor) -> NDArray[np.int64]:
        """By row, the audience among a monitor's zones."""
        self._watch(monitor)
        return self._audience

    def limit_groups(self, monitor: Monitor) -> NDArray[np.int64]:
        """By row, the group among the limits that are stated in its world."""
        self._watch(monitor)
        return self._limit_group

    def _watch(self, monitor: Monitor) -> None:
        if self._watched_by is not monitor:
            self._watched_by = monitor
            for aircraft in self.by_id.values():
                self._find(aircraft, monitor)

    def _find(self, aircraft: Aircraft, monitor: Monitor) -> None:
        who = aircraft.operator_id, aircraft.aircraft_id
        self._audience[aircraft.row], self._limit_group[aircraft.row] = monitor.audience(*who), monitor.facts.limits.group(*who)

    def _grow(self) -> None:
        rows = len(self.seen)
        more = max(rows, _BEGIN)
        seen, fixes, motions = (np.zeros(rows + more, dtype) for dtype in (SEEN, FIX, MOTION))
        among = np.zeros((2, rows + more), np.int64)
        seen["heard_us"] = np.iinfo(np.int64).max
        seen[:rows], fixes[:rows], motions[:rows] = self.seen, self.fixes, self.motions
        among[:, :rows] = self._among
        self._hold(seen, fixes, motions, among)
        self._free = list(range(rows + more - 1, rows - 1, -1))
