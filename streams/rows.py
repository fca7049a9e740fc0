"""Blocks to the columns of a telemetry table: duplicates left out, sorted by (aircraft, time), still without any loop
over rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core import block
from storage.copy import Column, PgType
from streams.screen import Verdicts

_TYPES = {
    pa.uint8(): PgType.SMALLINT,
    pa.int16(): PgType.SMALLINT,
    pa.uint16(): PgType.INTEGER,
    pa.int32(): PgType.INTEGER,
    pa.int64(): PgType.BIGINT,
    pa.bool_(): PgType.BOOLEAN,
    pa.binary(16): PgType.UUID,
    pa.utf8(): PgType.TEXT,
}


@dataclass(frozen=True, slots=True)
class Screened:
    """A block with what its screen said, and where it stood on the stream."""

    batch: pa.RecordBatch
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
    for field in block.SCHEMA:
        name = field.name
        if pa.types.is_dictionary(field.type):
            words[name], arrays[name] = _one_dictionary(blocks, kept, name)
        else:
            arrays[name] = np.concatenate([block.values(b.batch, name)[rows] for b, rows in zip(blocks, kept, strict=True)])
            if field.nullable and any(b.batch.column(name).null_count for b in blocks):
                nulls[name] = np.concatenate([block.valid(b.batch, name)[rows] for b, rows in zip(blocks, kept, strict=True)])
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
            "event_time" if field.name == "event_time_us" else field.name,
            PgType.TIMESTAMPTZ if field.name == "event_time_us" else _type(field.type),
            arrays[field.name][order],
            nulls[field.name][order] if field.name in nulls else None,
            words.get(field.name, ()),
        )
        for field in block.SCHEMA
    ]
    return columns + [Column(name, kind, values[order]) for name, (kind, values) in stood.items()]


def _late(verdicts: Verdicts) -> NDArray[np.bool_]:
    return verdicts.late | verdicts.ahead


def _type(kind: pa.DataType) -> PgType:
    return _TYPES[kind.value_type if pa.types.is_dictionary(kind) else kind]


def _one_dictionary(
    blocks: Sequence[Screened], kept: Sequence[NDArray[np.intp]], name: str
) -> tuple[list[bytes], NDArray[np.generic]]:
    """The blocks' dictionaries as one, and the kept rows' codes into it, -1 where null."""
    codes: dict[bytes, int] = {}
    parts = []
    for each, rows in zip(blocks, kept, strict=True):
        own = [word.encode() if isinstance(word, str) else word for word in block.dictionary(each.batch, name)]
        table = np.array([codes.setdefault(word, len(codes)) for word in own] + [-1], np.int32)  # code -1: the last
        parts.append(table[block.codes(each.batch, name)[rows]])
    return list(codes), np.concatenate(parts)
