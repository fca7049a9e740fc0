"""All columns of a block as one table of whole numbers, compiled: for who needs a few rows of every column."""

# mypy: allow-untyped-defs

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from core.columns import COLUMNS, NULL, Kind
from core.compiled import given, kernel

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
    for column in range(len(sizes)):
        validity, data, size = at + places[0, column], at + places[1, column], int64(sizes[column])
        for row in range(found.shape[1]):
            if optional[column] and not (value[validity + (row >> 3)] >> (row & 7)) & 1:
                found[column, row] = _NULL
            elif size == 0:
                found[column, row] = (value[data + (row >> 3)] >> (row & 7)) & 1
            else:
                number, begin = int64(0), data + row * size
                for byte in range(size):
                    number |= int64(value[begin + byte]) << (8 * byte)
                unused = 64 - 8 * size
                if not unsigned[column] and unused:
                    number = (number << unused) >> unused
                found[column, row] = number
