"""Blocks to rows of a telemetry table: duplicates left out, sorted by (aircraft, time), no Python for each row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.columns import COLUMNS, Column, Kind
from storage.gather import DATA, Field, Source, gather
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


@dataclass(frozen=True, slots=True)
class Screened:
    """A block with what its screen said, and where it stood on the stream."""

    batch: Block
    verdicts: Verdicts
    partition: int
    offset: int
    append_time_us: int


def telemetry_rows(blocks: Sequence[Screened]) -> Iterator[bytes]:
    """The rows to keep as COPY has them, in pieces. blocks: at least one, in the order of their offsets."""
    data, places = _together(blocks)
    messages, rows = _in_order(blocks)
    yield from gather(data, FIELDS, places, messages, rows)


def _together(blocks: Sequence[Screened]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All bytes in one array, and where in it each field of each block is. Behind the blocks stands what is said of them."""
    wires = [each.batch.wire() for each in blocks]
    late = [(each.verdicts.late | each.verdicts.ahead).tobytes() for each in blocks]
    stood = np.array([(each.partition, each.offset, each.append_time_us) for each in blocks], np.int64)
    parts = [*(wire.value for wire in wires), stood.tobytes(), *late]
    begins = np.cumsum([0, *map(len, parts)])
    places = np.zeros((len(blocks), len(FIELDS), 4), np.int64)
    places[:, : len(COLUMNS)] = np.stack([wire.places() for wire in wires])
    places[:, : len(COLUMNS)] += begins[: len(blocks), None, None]
    said = places[:, len(COLUMNS) :, DATA]
    said[:, :3] = begins[len(blocks)] + np.arange(stood.size).reshape(stood.shape) * stood.itemsize
    said[:, 3] = begins[len(blocks) + 1 : -1]
    return np.frombuffer(b"".join(parts), np.uint8), places


def _in_order(blocks: Sequence[Screened]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Block and row of each row to keep, sorted by (aircraft, event time, offset, row)."""
    kept = [np.flatnonzero(each.verdicts.keep) for each in blocks]
    messages = np.repeat(np.arange(len(blocks)), [len(rows) for rows in kept])
    ranks: dict[bytes, int] = {}
    codes = [
        np.array([ranks.setdefault(key, len(ranks)) for key in each.batch.dictionary("aircraft_id")])[
            each.batch.codes("aircraft_id")[rows]
        ]
        for each, rows in zip(blocks, kept, strict=True)
    ]
    rank = np.empty(len(ranks), np.int64)
    rank[[ranks[key] for key in sorted(ranks)]] = np.arange(len(ranks))
    times = np.concatenate([each.batch.values("event_time_us")[rows] for each, rows in zip(blocks, kept, strict=True)])
    order = np.lexsort((times, rank[np.concatenate(codes)]))  # stable: equal ones stay in the order of offset and row
    return messages[order], np.concatenate(kept)[order]
