"""All columns of a block as one table of whole numbers, compiled: for who needs a few rows of every column."""

# mypy: allow-untyped-defs, allow-untyped-calls

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from core.columns import COLUMNS, NAMES, NULL, Kind
from core.compiled import given, kernel, part

# Rows of the table, for compiled loops. Columns are only ever added, so these stay what they are.
(
    AIRCRAFT, LINK, EPOCH, SEQ, TIME, KIND, LON, LAT, NO_POSITION, AMSL, TAKEOFF, AGL, AGL_SOURCE, ARMED, AIRBORNE, AMBIGUOUS,
    NORTH, EAST, DOWN, FIX_TYPE, BATTERY, GROUND,
) = map(NAMES.index, (
    "aircraft_id", "link", "epoch", "seq", "event_time_us", "kind", "lon_e7", "lat_e7", "no_position", "amsl_mm",
    "takeoff_height_mm", "agl_mm", "agl_source", "armed", "airborne", "ambiguous",
    "velocity_north_cmps", "velocity_east_cmps", "velocity_down_cmps", "fix_type", "battery_pct", "ground_amsl_mm",
))  # fmt: skip
_NULL = int(NULL)
_OPTIONAL = np.array([column.nullable for column in COLUMNS], np.uint8)
_BYTES = np.array([0 if column.kind is Kind.BOOL else column.kind.dtype.itemsize for column in COLUMNS], np.uint8)
_UNSIGNED = np.array([column.kind.dtype.kind == "u" for column in COLUMNS], np.uint8)


def gather(value: NDArray[np.uint8], at: int, places: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """(columns, rows) from the bytes of a record batch whose body begins at `at`; places: (2, columns), where in the body
    each column's validity and its data are. The bytes were checked: nothing is read beyond them."""
    found = np.empty((len(COLUMNS), rows), np.int64)
    _gather.run(value, at, places, _OPTIONAL, _BYTES, _UNSIGNED, found)
    return found


@kernel(given(uint8), int64, given(int64, 2), given(uint8), given(uint8), given(uint8), int64[:, ::1])
def _gather(value, at, places, optional, sizes, unsigned, found):
    rows = found.shape[1]
    for column in range(len(sizes)):
        data, size, numbers = at + places[1, column], sizes[column], found[column]
        if size == 0:
            for row in range(rows):
                numbers[row] = (value[data + (row >> 3)] >> (row & 7)) & 1
        elif size == 1:
            for row in range(rows):
                numbers[row] = value[data + row]
        elif size == 2 and unsigned[column]:
            _copy(value[data : data + 2 * rows].view(np.uint16), numbers)
        elif size == 2:
            _copy(value[data : data + 2 * rows].view(np.int16), numbers)
        elif size == 4:
            _copy(value[data : data + 4 * rows].view(np.int32), numbers)
        else:
            _copy(value[data : data + 8 * rows].view(np.int64), numbers)
        if optional[column]:
            validity = at + places[0, column]
            for row in range(rows):
                if not (value[validity + (row >> 3)] >> (row & 7)) & 1:
                    numbers[row] = _NULL


@part
def _copy(values, numbers):
    for row in range(len(numbers)):
        numbers[row] = values[row]
