"""Blocks that are not in this program's own form: other writers, earlier versions, damage. Arrow's library reads them, and
every check is made that `core.arrow` makes: what one refuses the other would too."""

import numpy as np
import pyarrow as pa

from core.arrow import MAX_ROWS, SCHEMAS, Columns
from core.columns import COLUMNS, Array, Kind, Mask, Words
from core.errors import UnreadableRecord
from core.units import YEAR_10000_US


def read(value: bytes, version: int) -> Columns:
    """Any Arrow stream of the version's columns; a column that came later is null. Raises UnreadableRecord."""
    try:
        batch = pa.ipc.open_stream(value).read_next_batch()
    except (pa.ArrowException, StopIteration, OSError) as error:
        raise _unreadable(str(error)[:200]) from error
    if version not in SCHEMAS or batch.schema != SCHEMAS[version]:
        raise _unreadable("its columns are not those of its version")
    _check(batch)
    return _columns(batch)


def _unreadable(detail: str) -> UnreadableRecord:
    return UnreadableRecord(kind="block", detail=detail)


def _check(batch: pa.RecordBatch) -> None:
    """Refuse what Arrow reads without complaint and nobody can use or store: codes beyond their dictionary, nulls where
    none may be, broken text, times outside the calendar."""
    try:
        batch.validate(full=True)
    except pa.ArrowException as error:
        raise _unreadable(str(error)[:200]) from error
    if batch.num_rows > MAX_ROWS:
        raise _unreadable(f"{batch.num_rows} rows")
    for column in COLUMNS:
        if column.nullable and not column.kind.of_words:
            continue
        array = batch.column(column.name)
        if not column.nullable and array.null_count:
            raise _unreadable(f"{column.name} has a null")
        if not column.kind.of_words:
            continue
        if array.dictionary.null_count:
            raise _unreadable(f"{column.name} has a null")
        if column.kind is Kind.TEXT and any("\0" in word for word in array.dictionary.to_pylist()):
            raise _unreadable(f"{column.name} has a NUL")
    times = batch.column("event_time_us").to_numpy(zero_copy_only=False)
    if len(times) and not (int(times.min()) >= 0 and int(times.max()) < YEAR_10000_US):
        raise _unreadable("an event time outside the calendar")


def _columns(batch: pa.RecordBatch) -> Columns:
    arrays: dict[str, Array | None] = dict.fromkeys(column.name for column in COLUMNS)
    valid: dict[str, Mask] = {}
    words: dict[str, Words] = {}
    for field in batch.schema:
        name, array = field.name, batch.column(field.name)
        if pa.types.is_dictionary(field.type):
            words[name] = array.dictionary.to_pylist()
            array = array.indices
        if array.null_count:
            valid[name] = np.asarray(array.is_valid().to_numpy(zero_copy_only=False))
            array = array.fill_null(False if pa.types.is_boolean(field.type) else 0)
        arrays[name] = np.asarray(array.to_numpy(zero_copy_only=False))
    return Columns(batch.num_rows, arrays, valid, words)
