"""A ZoneIndex in which few zones have changed since a large one was laid out: that one, and a small one over it."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from geofence.grid import GridIndex

if TYPE_CHECKING:
    from geofence.index import Entry, Met, Near, Pairs, ZoneIndex

F = TypeVar("F", bound=tuple[NDArray[Any], ...])


class LayeredIndex:
    """The entries of the one below, then the added ones. Those that are gone keep their numbers and are never found."""

    def __init__(self, below: "ZoneIndex", gone: Iterable[int], added: Sequence["Entry"]) -> None:
        self.entries = below.entries + tuple(added)
        self._below, self._above = below, GridIndex(added)
        self._stays = np.ones(len(below.entries), np.bool_)
        self._stays[list(gone)] = False

    def containing(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> "Pairs":
        return self._both(lambda index: index.containing(lon_deg, lat_deg))

    def crossing(self, paths_deg: NDArray[np.float64]) -> "Pairs":
        return self._both(lambda index: index.crossing(paths_deg))

    def meeting(self, paths_deg: NDArray[np.float64]) -> "Met":
        return self._both(lambda index: index.meeting(paths_deg))

    def within(self, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], reach_m: float) -> "Near":
        return self._both(lambda index: index.within(lon_deg, lat_deg, reach_m))

    def _both(self, ask: Callable[["ZoneIndex"], F]) -> F:
        below, above = ask(self._below), ask(self._above)
        stays = self._stays[below[1]]
        rows, entries, *numbers = (np.concatenate((low[stays], high)) for low, high in zip(below, above, strict=True))
        entries[len(entries) - len(above[1]) :] += len(self._stays)
        return cast(F, (rows, entries, *numbers))
