"""The block: up to 1,000 samples of one partition as an Arrow IPC stream, the value of one Kafka record.

Any language with Arrow reads it. The record's headers repeat the schema version and name the aircraft, so that a block
nobody can decode still says whom it concerns. Columns are only ever added, and nullable; the version goes up with each.
"""

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import UnknownBlockVersion, UnreadableRecord
from core.sample import Sample
from core.units import YEAR_10000_US

SCHEMA_VERSION = 1
MAX_SAMPLES = 1_000

_ID = pa.dictionary(pa.int16(), pa.binary(16))
_WORD = pa.dictionary(pa.int16(), pa.utf8())
_REQUIRED = False
_NULLABLE = True

# name, type, nullable: in the order of core.sample.Sample, whose fields they are (a test holds them together)
_COLUMNS: tuple[tuple[str, pa.DataType, bool], ...] = (
    ("operator_id", _ID, _REQUIRED),
    ("aircraft_id", _ID, _REQUIRED),
    ("link", _WORD, _REQUIRED),  # udp:PORT/ADDRESS, file:SHA256, replay:SHA256@START
    ("system_id", pa.uint8(), _REQUIRED),
    ("epoch", pa.int64(), _REQUIRED),  # the link's start, microseconds since 1970; 0 for a file
    ("seq", pa.int64(), _REQUIRED),  # number of the frame on its link
    ("event_time_us", pa.int64(), _REQUIRED),  # receive time at ingest, microseconds since 1970, UTC
    ("kind", pa.uint8(), _REQUIRED),  # SampleKind
    ("vehicle_type", pa.uint8(), _NULLABLE),  # MAV_TYPE
    ("vehicle_time_ms", pa.int64(), _NULLABLE),  # time_boot_ms: kept, never judged by
    ("lon_e7", pa.int32(), _NULLABLE),  # degrees WGS84 x 1e7
    ("lat_e7", pa.int32(), _NULLABLE),
    ("no_position", pa.uint8(), _REQUIRED),  # NoPosition
    ("amsl_mm", pa.int32(), _NULLABLE),  # above mean sea level
    ("amsl_source", pa.uint8(), _REQUIRED),  # HeightSource
    ("takeoff_height_mm", pa.int32(), _NULLABLE),  # above home
    ("takeoff_source", pa.uint8(), _REQUIRED),
    ("agl_mm", pa.int32(), _NULLABLE),  # above ground
    ("agl_source", pa.uint8(), _REQUIRED),
    ("agl_age_ms", pa.int32(), _NULLABLE),
    ("velocity_north_cmps", pa.int16(), _NULLABLE),
    ("velocity_east_cmps", pa.int16(), _NULLABLE),
    ("velocity_down_cmps", pa.int16(), _NULLABLE),
    ("heading_cdeg", pa.uint16(), _NULLABLE),  # of the nose, degrees true x 100; never the course
    ("fix_type", pa.uint8(), _NULLABLE),  # GPS_FIX_TYPE
    ("satellites", pa.uint8(), _NULLABLE),
    ("hdop_e2", pa.uint16(), _NULLABLE),  # horizontal dilution of precision x 100
    ("fix_age_ms", pa.int32(), _NULLABLE),
    ("battery_pct", pa.uint8(), _NULLABLE),
    ("battery_mv", pa.uint16(), _NULLABLE),
    ("battery_age_ms", pa.int32(), _NULLABLE),
    ("mode", _WORD, _NULLABLE),
    ("mode_age_ms", pa.int32(), _NULLABLE),
    ("armed", pa.bool_(), _NULLABLE),
    ("airborne", pa.bool_(), _NULLABLE),
    ("ambiguous", pa.bool_(), _REQUIRED),  # two senders at once under this identity
)
SCHEMA = pa.schema([pa.field(name, kind, nullable=null) for name, kind, null in _COLUMNS])
_REQUIRED_NAMES = tuple(name for name, _, null in _COLUMNS if not null)
_DICTIONARIES = tuple((name, kind is _WORD) for name, kind, _ in _COLUMNS if kind is _ID or kind is _WORD)
COLUMNS = tuple(name for name, _, _ in _COLUMNS)
_SAMPLE_FIELDS = tuple(field.name for field in fields(Sample))

Headers = list[tuple[str, bytes]]


def from_samples(samples: Sequence[Sample]) -> pa.RecordBatch:
    """Rows to columns. A value that its column cannot hold raises pyarrow.ArrowInvalid: ingest checks before."""
    arrays = []
    for name, kind, _ in _COLUMNS:
        values = [getattr(sample, name) for sample in samples]
        if kind is _ID:
            values = [value.bytes for value in values]
        if kind is _ID or kind is _WORD:
            codes: dict[object, int] = {}
            index = [None if value is None else codes.setdefault(value, len(codes)) for value in values]
            words = pa.array(list(codes), kind.value_type)
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(index, pa.int16()), words))
        else:
            arrays.append(pa.array(values, kind))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def encode(batch: pa.RecordBatch) -> bytes:
    """A batch as one self-describing Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(memoryview(sink.getvalue()))


def decode(value: bytes, version: int = SCHEMA_VERSION) -> pa.RecordBatch:
    """A record's value as a batch of this program's schema.

    Raises UnknownBlockVersion for a newer writer, UnreadableRecord for bytes that are no block.
    """
    if version > SCHEMA_VERSION:
        raise UnknownBlockVersion(version=version, known=SCHEMA_VERSION)
    try:
        batch = pa.ipc.open_stream(value).read_next_batch()
    except (pa.ArrowInvalid, StopIteration, OSError) as error:
        raise UnreadableRecord(kind="block", detail=str(error)[:200]) from error
    if batch.schema != SCHEMA:
        raise UnreadableRecord(kind="block", detail="its columns are not those of its version")
    _check(batch)
    return batch


def _check(batch: pa.RecordBatch) -> None:
    """Refuse what Arrow reads without complaint and nobody can use or store: codes beyond their dictionary, nulls where
    none may be, broken text, times outside the calendar."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        raise UnreadableRecord(kind="block", detail=str(error)[:200]) from error
    if batch.num_rows > np.iinfo(np.int16).max:
        raise UnreadableRecord(kind="block", detail=f"{batch.num_rows} rows")
    for name in _REQUIRED_NAMES:
        if batch.column(name).null_count:
            raise UnreadableRecord(kind="block", detail=f"{name} has a null")
    for name, is_text in _DICTIONARIES:
        words = batch.column(name).dictionary
        if words.null_count:
            raise UnreadableRecord(kind="block", detail=f"{name} has a null")
        if is_text and any("\0" in word for word in words.to_pylist()):
            raise UnreadableRecord(kind="block", detail=f"{name} has a NUL")
    times = values(batch, "event_time_us")
    if len(times) and not (int(times.min()) >= 0 and int(times.max()) < YEAR_10000_US):
        raise UnreadableRecord(kind="block", detail="an event time outside the calendar")


def aircraft_of(batch: pa.RecordBatch) -> list[UUID]:
    """The distinct aircraft in a batch, in the order of their codes."""
    return [UUID(bytes=value) for value in batch.column("aircraft_id").dictionary.to_pylist()]


def dictionary(batch: pa.RecordBatch, column: str) -> list[bytes] | list[str]:
    """The distinct values behind a dictionary column's codes."""
    values: list[bytes] | list[str] = batch.column(column).dictionary.to_pylist()
    return values


def codes(batch: pa.RecordBatch, column: str) -> NDArray[np.int16]:
    """A dictionary column's codes, (n,) int16, -1 where null."""
    indices = batch.column(column).indices
    return np.asarray((indices.fill_null(-1) if indices.null_count else indices).to_numpy(zero_copy_only=False))


def values(batch: pa.RecordBatch, column: str) -> NDArray[np.generic]:
    """A plain column's values, (n,), 0 where null: look at valid()."""
    array = batch.column(column)
    if array.null_count:
        array = array.fill_null(False if pa.types.is_boolean(array.type) else 0)
    return np.asarray(array.to_numpy(zero_copy_only=False))


def valid(batch: pa.RecordBatch, column: str) -> NDArray[np.bool_]:
    """Where a column has a value, (n,) bool."""
    array = batch.column(column)
    if not array.null_count:
        return np.ones(len(array), np.bool_)
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False))
