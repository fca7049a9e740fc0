"""The block: up to 1,000 samples of one partition, the value of one Kafka record, as columns of numpy.

On the wire it is an Arrow IPC stream: any language with Arrow reads it. The record's headers repeat the schema version
and name the aircraft, so that a block nobody can decode still says whom it concerns. Columns are only ever added, and
nullable; the version goes up with each (core.columns).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core import arrow, foreign
from core.columns import BY_NAME, COLUMNS, NAMES, SCHEMA_VERSION, Array, Kind, Mask, Words
from core.errors import UnknownBlockVersion
from core.sample import Sample

MAX_SAMPLES = 1_000

Headers = list[tuple[str, bytes]]

_COLUMNS = tuple((c.name, c.kind.dtype, c.nullable, c.kind.of_words) for c in COLUMNS)
_NULL, _FIRST = np.int16(-1), np.int16(0)
_T = TypeVar("_T", bound=NDArray[Any])


class _Source(Protocol):
    """Where a block's columns come from: memory, or the bytes of the wire."""

    rows: int

    def array(self, name: str) -> Array: ...
    def valid(self, name: str) -> Mask | None: ...
    def has_null(self, name: str) -> bool: ...
    def words(self, name: str) -> Words: ...
    def whole(self) -> NDArray[np.int64]: ...
    def encode(self) -> bytes: ...


class Block:
    """Samples by column. Immutable; a column is unpacked when it is first asked for. Made by decode and from_...()."""

    __slots__ = ("_aircraft", "_codes", "_source", "_valid", "_values", "_whole", "num_rows")

    def __init__(self, source: _Source) -> None:
        self.num_rows = source.rows
        self._source = source
        self._values: dict[str, Array] = {}
        self._valid: dict[str, Mask] = {}
        self._codes: dict[str, NDArray[np.int16]] = {}
        self._aircraft: tuple[UUID, ...] | None = None
        self._whole: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return self.num_rows

    def values(self, name: str) -> Array:
        """A plain column's values, (n,), 0 where null: look at valid()."""
        values = self._values.get(name)
        if values is None:
            if BY_NAME[name].kind.of_words:
                raise KeyError(f"{name} has codes and a dictionary")
            values, valid = self._source.array(name), self._source.valid(name)
            if valid is not None:
                values = np.multiply(values, valid, dtype=values.dtype)
            self._values[name] = values = _fixed(values)
        return values

    def valid(self, name: str) -> Mask:
        """Where a column has a value, (n,) bool."""
        valid = self._valid.get(name)
        if valid is None:
            valid = self._source.valid(name)
            self._valid[name] = valid = _everywhere(self.num_rows) if valid is None else _fixed(valid)
        return valid

    def has_null(self, name: str) -> bool:
        return self._source.has_null(name)

    def codes(self, name: str) -> NDArray[np.int16]:
        """A column of words as codes into its dictionary, (n,) int16, -1 where null."""
        codes = self._codes.get(name)
        if codes is None:
            raw, valid = self._source.array(name), self._source.valid(name)
            self._codes[name] = codes = _fixed(raw if valid is None else np.where(valid, raw, _NULL))
        return codes

    def dictionary(self, name: str) -> Words:
        """The distinct values behind a column's codes."""
        return self._source.words(name)

    @property
    def aircraft(self) -> tuple[UUID, ...]:
        """The distinct aircraft, in the order of their codes."""
        if self._aircraft is None:
            self._aircraft = tuple(_uuid(key) for key in self._source.words("aircraft_id"))
        return self._aircraft

    def whole(self) -> NDArray[np.int64]:
        """Every column as whole numbers, (columns, n) in the order of core.columns: codes of words, 0 and 1 of truths, NULL
        where null. All at once costs less than a few columns one by one."""
        if self._whole is None:
            self._whole = _fixed(self._source.whole())
        return self._whole

    def value(self, name: str, row: int) -> Any:
        """One value of any column as Python has it: a number, an id as 16 bytes, a text; None where null."""
        if BY_NAME[name].kind.of_words:
            code = int(self.codes(name)[row])
            return None if code < 0 else self.dictionary(name)[code]
        return self.values(name)[row].item() if self.valid(name)[row] else None

    def row(self, row: int) -> dict[str, Any]:
        """One sample, every value()."""
        return {name: self.value(name, row) for name in NAMES}

    def rows(self) -> list[dict[str, Any]]:
        return [self.row(row) for row in range(self.num_rows)]

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> "Block":
        """These rows, in this order, as a block of its own; its dictionaries stay whole."""
        chosen = np.asarray(rows, np.intp)
        arrays: dict[str, Array | None] = {}
        valid: dict[str, Mask] = {}
        for column in COLUMNS:
            arrays[column.name] = self._source.array(column.name)[chosen]
            mask = self._source.valid(column.name)
            if mask is not None:
                valid[column.name] = mask[chosen]
        words = {column.name: self._source.words(column.name) for column in COLUMNS if column.kind.of_words}
        return Block(arrow.Columns(len(chosen), arrays, valid, words))

    def encode(self) -> bytes:
        """As one self-describing Arrow IPC stream."""
        return self._source.encode()

    def wire(self) -> arrow.Wire:
        """Its bytes, and where in them each column is."""
        wire = self._source if isinstance(self._source, arrow.Wire) else arrow.read(self.encode())
        assert wire is not None, "what is written can be read"
        return wire

    def __eq__(self, other: object) -> bool:
        """The same rows with the same codes and dictionaries."""
        if not isinstance(other, Block):
            return NotImplemented
        return self.num_rows == other.num_rows and all(self._same(other, column.name, column.kind) for column in COLUMNS)

    __hash__ = None  # type: ignore[assignment]

    def _same(self, other: "Block", name: str, kind: Kind) -> bool:
        if kind.of_words:
            return np.array_equal(self.codes(name), other.codes(name)) and self.dictionary(name) == other.dictionary(name)
        return np.array_equal(self.values(name), other.values(name)) and np.array_equal(self.valid(name), other.valid(name))


def decode(value: bytes, version: int = SCHEMA_VERSION) -> Block:
    """A record's value as a block.

    Raises UnknownBlockVersion for a newer writer, UnreadableRecord for bytes that are no block.
    """
    if version > SCHEMA_VERSION:
        raise UnknownBlockVersion(version=version, known=SCHEMA_VERSION)
    own = arrow.read(value) if version == SCHEMA_VERSION else None
    return Block(foreign.read(value, version) if own is None else own)


def from_columns(
    columns: Mapping[str, Array | None], valid: Mapping[str, Mask], dictionaries: Mapping[str, Sequence[Any]]
) -> Block:
    """A block of columns as they are, not copied: nobody may change them afterwards.

    columns: by name, (n,) of exactly its kind's type (core.columns); of words int16 codes, -1 where null. A nullable
    column that is None or absent is null throughout. valid: (n,) bool where a column has a value, absent if everywhere;
    what stands where it has none does not matter. dictionaries: of each column of words its distinct values.
    Raises ValueError for columns that are no block.
    """
    rows = len(columns["seq"])  # type: ignore[arg-type]
    arrays: dict[str, Array | None] = {}
    masks = dict(valid)
    for name, dtype, nullable, of_words in _COLUMNS:
        array = arrays[name] = columns.get(name)
        if array is None:
            if not nullable:
                raise ValueError(f"{name} may not be null")
            continue
        if array.dtype != dtype or array.shape != (rows,):
            raise ValueError(f"{name} is {array.dtype} of {array.shape}, not {dtype} of ({rows},)")
        if of_words and rows and int(np.maximum.reduce(array.view(np.uint16))) >= len(dictionaries[name]):
            masks[name] = present = array >= 0
            arrays[name] = array = np.where(present, array, _FIRST)
            if present.any() and int(array.max()) >= len(dictionaries[name]):
                raise ValueError(f"{name} has a code beyond its dictionary")
        if not nullable and name in masks and not masks.pop(name).all():
            raise ValueError(f"{name} may not be null")
    words = {name: list(dictionaries.get(name, ())) for name, _, _, of_words in _COLUMNS if of_words}
    return Block(arrow.Columns(rows, arrays, masks, words))


def from_samples(samples: Sequence[Sample]) -> Block:
    """Rows to columns. A value that its column cannot hold raises OverflowError: ingest checks before."""
    columns: dict[str, Array | None] = {}
    valid: dict[str, Mask] = {}
    dictionaries: dict[str, list[Any]] = {}
    for column in COLUMNS:
        name, kind = column.name, column.kind
        values = [getattr(sample, name) for sample in samples]
        if kind.of_words:
            codes: dict[Any, int] = {}
            values = [-1 if value is None else codes.setdefault(value, len(codes)) for value in values]
            dictionaries[name] = [key.bytes for key in codes] if kind is Kind.ID else list(codes)
        elif None in values:
            there = [value is not None for value in values]
            if True not in there:
                continue
            valid[name] = np.array(there, np.bool_)
            values = [0 if value is None else value for value in values]
        columns[name] = np.array(values, kind.dtype)
    return from_columns(columns, valid, dictionaries)


@lru_cache(maxsize=65_536)
def _uuid(key: bytes) -> UUID:
    return UUID(bytes=key)


@lru_cache(maxsize=1024)
def _everywhere(rows: int) -> Mask:
    return _fixed(np.ones(rows, np.bool_))


def _fixed(array: _T) -> _T:
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view
