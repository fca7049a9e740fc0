"""Blocks to the columns of a telemetry table: duplicates left out, sorted by (aircraft, time), still without any loop
over rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.block import Block
from core.columns import COLUMNS, Kind
from storage.copy import Column, PgType
from streams.screen import Verdicts

_TYPES = {
    Kind.ID: PgType.UUID,
    Kind.TEXT: PgType.TEXT,
    Kind.BOOL: PgType.BOOLEAN,
    Kind.UINT8: PgType.SMALLINT,
    Kind.INT16: PgType.SMALLINT,
    Kind.UINT16: PgType.INTEGER,
    Kind.INT32: PgType.INTEGER,
    Kind.INT64: PgType.BIGINT,
}


@dataclass(frozen=True, slots=True)
class Screened:
    """A block with what its screen said, and where it stood on the stream."""

    batch: Block
    verdicts: Verdicts
    partition: int
    offset: int
    append_time_us: int


def telemetry_columns(blocks: Sequence[Screened]) -> list[Column]:
    """The columns of the rows to keep, sorted by (aircraft, event time, offset, row). blocks: at least one."""
    kept = [np.flatnonzero(each.verdicts.keep) for each in blocks]
    words: dict[str, list[bytes]] = {}
    arrays: dict[str, NDArray[np.generic]] = {}
    nulls: dict[str, NDArray[np.bool_]] = {}
    for column in COLUMNS:
        name = column.name
        if column.kind.of_words:
            words[name], arrays[name] = _one_dictionary(blocks, kept, name)
        else:
            arrays[name] = np.concatenate([b.batch.values(name)[rows] for b, rows in zip(blocks, kept, strict=True)])
            if any(b.batch.has_null(name) for b in blocks):
                nulls[name] = np.concatenate([b.batch.valid(name)[rows] for b, rows in zip(blocks, kept, strict=True)])
    counts = [len(rows) for rows in kept]
    stood: dict[str, tuple[PgType, NDArray[np.generic]]] = {
        "partition": (PgType.SMALLINT, np.repeat(np.array([b.partition for b in blocks], np.int16), counts)),
        "offset": (PgType.BIGINT, np.repeat(np.array([b.offset for b in blocks], np.int64), counts)),
        "row": (PgType.SMALLINT, np.concatenate(kept).astype(np.int16)),
        "late": (PgType.BOOLEAN, np.concatenate([_late(b.verdicts)[rows] for b, rows in zip(blocks, kept, strict=True)])),
        "append_time": (PgType.TIMESTAMPTZ, np.repeat(np.array([b.append_time_us for b in blocks], np.int64), counts)),
    }
    ids = words["aircraft_id"]
    rank = np.empty(len(ids), np.int64)
    rank[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    order = np.lexsort(
        (stood["row"][1], stood["offset"][1], arrays["event_time_us"], rank[arrays["aircraft_id"].astype(np.int64)])
    )
    columns = [
        Column(
            "event_time" if column.name == "event_time_us" else column.name,
            PgType.TIMESTAMPTZ if column.name == "event_time_us" else _TYPES[column.kind],
            arrays[column.name][order],
            nulls[column.name][order] if column.name in nulls else None,
            words.get(column.name, ()),
        )
        for column in COLUMNS
    ]
    return columns + [Column(name, kind, values[order]) for name, (kind, values) in stood.items()]


def _late(verdicts: Verdicts) -> NDArray[np.bool_]:
    return verdicts.late | verdicts.ahead


def _one_dictionary(
    blocks: Sequence[Screened], kept: Sequence[NDArray[np.intp]], name: str
) -> tuple[list[bytes], NDArray[np.generic]]:
    """The blocks' dictionaries as one, and the kept rows' codes into it, -1 where null."""
    codes: dict[bytes, int] = {}
    parts = []
    for each, rows in zip(blocks, kept, strict=True):
        own = [word.encode() if isinstance(word, str) else word for word in each.batch.dictionary(name)]
        table = np.array([codes.setdefault(word, len(codes)) for word in own] + [-1], np.int32)  # code -1: the last
        parts.append(table[each.batch.codes(name)[rows]])
    return list(codes), np.concatenate(parts)
