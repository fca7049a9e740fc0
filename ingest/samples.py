"""Samples as the kernel leaves them, rows of integers, and the block that they become."""

from functools import lru_cache
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pymavlink import mavutil

from core import block
from core.block import Block
from core.columns import BY_NAME
from core.sample import NoPosition
from core.topics import PARTITIONS
from ingest import following
from ingest.reading import NULL, Ints

if TYPE_CHECKING:
    from ingest.fleet import Fleet
    from ingest.links import Link
    from ingest.terrain import Terrain


class Aircraft(NamedTuple):
    """Whose the samples are that name its slot. key: the id's bytes."""

    aircraft_id: UUID
    key: bytes
    link: "Link"
    system_id: int


class Samples:
    """Rows in the order in which they were made. See following.ROW_NAMES for their columns."""

    __slots__ = ("_number", "_parts", "fleet")

    def __init__(self, fleet: "Fleet", *parts: Ints) -> None:
        self.fleet = fleet
        self._parts = list(parts)
        self._number = sum(map(len, parts))

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, chosen: slice) -> "Samples":
        return Samples(self.fleet, self.rows[chosen])

    def add(self, rows: Ints) -> None:
        """Takes rows, which nobody may change afterwards."""
        self._parts.append(rows)
        self._number += len(rows)

    @property
    def rows(self) -> Ints:
        """(n, following.ROW)"""
        if len(self._parts) != 1:
            self._parts = [np.concatenate([np.zeros((0, following.ROW), np.int64), *self._parts])]
        return self._parts[0]

    def block(self) -> Block:
        return _block(self.fleet, self.rows)


class Waiting:
    """Samples that wait for others of their partition, in the order in which they came. All of one fleet."""

    def __init__(self) -> None:
        self._samples: Samples | None = None
        self._numbers = [0] * PARTITIONS

    def add(self, samples: Samples) -> None:
        if not len(samples):
            return
        rows = samples.rows
        for partition in samples.fleet.partitions[rows[:, following.SLOT]].tolist():
            self._numbers[partition] += 1
        if self._samples is None:
            self._samples = Samples(samples.fleet, rows)
        else:
            self._samples.add(rows)

    def busy(self) -> int:
        """The number of partitions for which samples wait."""
        return PARTITIONS - self._numbers.count(0)

    def full(self, most: int) -> list[int]:
        """Those partitions for which so many wait."""
        return [partition for partition, number in enumerate(self._numbers) if number >= most]

    def number(self, partition: int) -> int:
        return self._numbers[partition]

    def take(self, partition: int, most: int) -> Samples:
        """The first samples of a partition, which wait no more."""
        assert self._samples is not None
        fleet, rows = self._samples.fleet, self._samples.rows
        own = np.flatnonzero(fleet.partitions[rows[:, following.SLOT]] == partition)[:most]
        self._numbers[partition] -= len(own)
        self._samples = Samples(fleet, np.delete(rows, own, axis=0))
        return Samples(fleet, rows[own])

    def take_all(self) -> list[tuple[int, Samples]]:
        """All, by partition, the one whose oldest has waited longest first."""
        if self._samples is None:
            return []
        fleet, rows = self._samples.fleet, self._samples.rows
        self._samples, self._numbers = None, [0] * PARTITIONS
        if len(rows) == 1:
            return [(int(fleet.partitions[rows[0, following.SLOT]]), Samples(fleet, rows))]
        partitions = fleet.partitions[rows[:, following.SLOT]]
        order = np.argsort(partitions, kind="stable")
        starts = [0, *(np.flatnonzero(np.diff(partitions[order])) + 1).tolist(), len(rows)]
        groups = sorted((order[start:end] for start, end in pairwise(starts)), key=lambda own: int(own[0]))
        return [(int(partitions[own[0]]), Samples(fleet, rows[own])) for own in groups]


def _groups() -> list[tuple[Any, int, int]]:
    """Columns of the same type stand together: type, first, behind the last."""
    groups: list[tuple[Any, int, int]] = []
    for at, name in enumerate(following.ROW_NAMES, following.PLAIN):
        dtype = BY_NAME[name].kind.dtype
        first = groups.pop()[1] if groups and groups[-1][0] == dtype else at
        groups.append((dtype, first, at + 1))
    return groups


_GROUPS = _groups()


def _block(fleet: "Fleet", rows: Ints) -> Block:
    columns: dict[str, Any] = {}
    valid: dict[str, Any] = {}
    for dtype, first, end in _GROUPS:
        part = rows[:, first:end].T
        typed = part == 1 if dtype == np.bool_ else part.astype(dtype, order="C")
        columns |= zip(following.ROW_NAMES[first - following.PLAIN : end - following.PLAIN], typed, strict=True)
    there = rows.T != NULL
    whole = there.all(axis=1).tolist()
    for at, name in enumerate(following.ROW_NAMES, following.PLAIN):
        if not whole[at]:
            valid[name] = there[at]

    if fleet.terrain is not None:
        columns["ground_amsl_mm"], valid["ground_amsl_mm"] = _ground(fleet.terrain, rows)

    slots: dict[int, int] = {}
    columns["aircraft_id"] = np.array(
        [slots.setdefault(slot, len(slots)) for slot in rows[:, following.SLOT].tolist()], np.int16
    )
    aircraft = [fleet.aircraft[slot] for slot in slots]
    links: dict[str, int] = {}
    of_aircraft = [links.setdefault(one.link.name, len(links)) for one in aircraft]
    columns["link"] = np.array(of_aircraft, np.int16)[columns["aircraft_id"]]
    columns["operator_id"] = np.zeros(len(rows), np.int16)
    words: dict[str, int] = {}
    modes = {NULL: -1}
    for mode in dict.fromkeys(rows[:, following.MODE_WORD].tolist()):
        if mode != NULL:
            word = mode_word(mode)
            modes[mode] = words.setdefault(word, len(words))
    columns["mode"] = np.array([modes[mode] for mode in rows[:, following.MODE_WORD].tolist()], np.int16)
    dictionaries: dict[str, list[Any]] = {
        "operator_id": [fleet.operator_id.bytes],
        "aircraft_id": [one.key for one in aircraft],
        "link": list(links),
        "mode": list(words),
    }
    return block.from_columns(columns, valid, dictionaries)


def _ground(terrain: "Terrain", rows: Ints) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The ground below each row, and where it is known."""
    placed = np.flatnonzero(rows[:, following.R_NO_POSITION] == NoPosition.PRESENT)
    ground_m = np.full(len(rows), np.nan)
    ground_m[placed] = terrain.ground_m(rows[placed, following.R_LON] / 1e7, rows[placed, following.R_LAT] / 1e7)
    known = np.isfinite(ground_m)
    return np.rint(np.where(known, ground_m, 0.0) * 1_000).astype(np.int32), known


@lru_cache(maxsize=4_096)
def mode_word(mode: int) -> str:
    """The name of a flight mode, from what a heartbeat says: type, autopilot, base mode, custom mode, from the lowest bits."""
    heartbeat = SimpleNamespace(
        type=mode & 0xFF,
        autopilot=mode >> 8 & 0xFF,
        base_mode=mode >> 16 & 0xFF,
        custom_mode=mode >> 24,
        get_type=lambda: "HEARTBEAT",
    )
    word: str = mavutil.mode_string_v10(heartbeat)
    return word
