"""Blocks to rows of a telemetry table: duplicates left out, sorted by (aircraft, time), no Python for each row."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.columns import COLUMNS, Column, Kind
from core.whole import AIRCRAFT, TIME
from storage.gather import DATA, Field, Source, gather
from streams.laid import Laid
from streams.screen import Verdicts

_SOURCES = {
    Kind.ID: (Source.ID, 16),
    Kind.TEXT: (Source.TEXT, 0),
    Kind.BOOL: (Source.BIT, 1),
    Kind.UINT8: (Source.UNSIGNED, 2),
    Kind.INT16: (Source.SIGNED, 2),
    Kind.UINT16: (Source.UNSIGNED, 4),
    Kind.INT32: (Source.SIGNED, 4),
    Kind.INT64: (Source.SIGNED, 8),
}


def _field(column: Column) -> Field:
    size, (source, width) = column.kind.dtype.itemsize, _SOURCES[column.kind]
    if column.name == "event_time_us":
        return Field("event_time", Source.TIME, size, size, width, False)
    return Field(column.name, source, size, size, width, column.nullable)


# The columns of core.block, then where the row stood on the stream.
FIELDS = [
    *(_field(column) for column in COLUMNS),
    Field("partition", Source.SIGNED, 2, 0, 2, False),
    Field("offset", Source.SIGNED, 8, 0, 8, False),
    Field("append_time", Source.TIME, 8, 0, 8, False),
    Field("late", Source.UNSIGNED, 1, 1, 1, False),
    Field("row", Source.ROW, 0, 0, 2, False),
]
NAMES = [field.name for field in FIELDS]


def telemetry_rows(
    laid: Laid, verdicts: Verdicts, partition: int, offsets: NDArray[np.int64], append_times_us: NDArray[np.int64]
) -> Iterator[bytes]:
    """The rows to keep as COPY has them, in pieces. offsets, append_times_us: of each block."""
    stood = np.column_stack((np.full(len(offsets), partition), offsets, append_times_us))
    late = (verdicts.late | verdicts.ahead).view(np.uint8)
    data = np.concatenate((laid.value, stood.view(np.uint8).ravel(), late))
    yield from gather(data, FIELDS, _places(laid, stood), *_in_order(laid, verdicts.keep))


def _places(laid: Laid, stood: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each field of each block is: its columns in its bytes; behind all blocks, where they stood and what is late."""
    places = np.zeros((len(stood), len(FIELDS), 4), np.int64)
    places[:, : len(COLUMNS)] = laid.places
    said = places[:, len(COLUMNS) :, DATA]
    said[:, :3] = laid.value.size + np.arange(stood.size).reshape(stood.shape) * stood.itemsize
    said[:, 3] = laid.value.size + stood.nbytes + laid.begins[:-1]
    return places


def _in_order(laid: Laid, keep: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Block and row of each row to keep, sorted by (aircraft, event time, offset, row)."""
    rank = np.empty(len(laid.aircraft), np.int64)
    rank[sorted(range(len(rank)), key=laid.aircraft.__getitem__)] = np.arange(len(rank))
    kept = np.flatnonzero(keep)
    order = np.lexsort((laid.table[TIME, kept], rank[laid.table[AIRCRAFT, kept]]))
    rows = kept[order]  # stable: equal ones stay in the order of offset and row
    blocks = laid.blocks[rows]
    return blocks, rows - laid.begins[blocks]
