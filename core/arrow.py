"""The block's bytes: an Arrow IPC stream, written and read here without Arrow's library.

Each stream is written in one form that follows from its counts alone: rows, words, bytes of text. So the reader compares
what stands before it with what the writer would have put there, byte for byte, and knows where everything is; there is
nothing to parse, and no offset to believe. It reads its own writer's streams and no others: those that differ in
anything, damaged ones among them, are for `core.foreign`, which asks Arrow's library and says what is wrong.

The form (Arrow columnar format, "Encapsulated message format" and the flatbuffers Message.fbs): the schema, a dictionary
batch for each column of words, one record batch in which each nullable column has its validity bitmap, and the end.
Buffers are padded to 8 bytes. Of a flatbuffer's table every field has its fixed place here.
"""

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.columns import COLUMNS, NULL, SCHEMA_VERSION, Array, Kind, Mask, Words
from core.units import YEAR_10000_US
from core.whole import gather

_ARROW: dict[Kind, pa.DataType] = {
    Kind.ID: pa.dictionary(pa.int16(), pa.binary(16)),
    Kind.TEXT: pa.dictionary(pa.int16(), pa.utf8()),
    Kind.BOOL: pa.bool_(),
    Kind.UINT8: pa.uint8(),
    Kind.UINT16: pa.uint16(),
    Kind.INT16: pa.int16(),
    Kind.INT32: pa.int32(),
    Kind.INT64: pa.int64(),
}
SCHEMAS: dict[int, pa.Schema] = {
    version: pa.schema([pa.field(c.name, _ARROW[c.kind], nullable=c.nullable) for c in COLUMNS if c.since <= version])
    for version in range(1, SCHEMA_VERSION + 1)
}
MAX_ROWS = int(np.iinfo(np.int16).max)

_SCHEMA = bytes(SCHEMAS[SCHEMA_VERSION].serialize())
_END = b"\xff\xff\xff\xff\0\0\0\0"
_WORDS = tuple((column.name, column.kind) for column in COLUMNS if column.kind.of_words)  # by dictionary number
_NULLABLE = np.array([i for i, column in enumerate(COLUMNS) if column.nullable])
_DTYPES = {column.name: column.kind.dtype for column in COLUMNS}
_PLAN = tuple((column.name, column.nullable, column.kind is Kind.BOOL) for column in COLUMNS)
_INDEX = {column.name: i for i, column in enumerate(COLUMNS)}
_MODE, _TIMES = _INDEX["mode"], _INDEX["event_time_us"]
_WORDS_COLUMNS = [_INDEX[name] for name, _ in _WORDS]
_REQUIRED_WORDS = 3
_ROW = sum(column.kind.dtype.itemsize for column in COLUMNS if column.kind is not Kind.BOOL)
assert all(c.kind.of_words and not c.nullable for c in COLUMNS[:_REQUIRED_WORDS])  # they stand together at the start

_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3  # MessageHeader
_PREFIX = 8  # a message's continuation mark and length
_ROWS_AT = _PREFIX + 56  # in a record batch
_NODES_AT = _PREFIX + 72
_WORDS_AT = _PREFIX + 88  # in a dictionary batch
_TEXT_SIZE_AT = _PREFIX + 168
_NODES = struct.Struct(f"<{2 * len(COLUMNS)}q")


def _padded(size: int) -> int:
    return size + -size % 8


def _batch(at: int, length: int, nodes: Sequence[int], buffers: Sequence[int]) -> bytes:
    """A RecordBatch table behind its vtable, to stand at a place of its flatbuffer: length, nodes, buffers."""
    gap = -(at + 10) % 8
    to_buffers = 12 + 8 * len(nodes)
    return struct.pack(
        f"<5H{gap}xiIqII{len(nodes)}q4xI{len(buffers)}q",
        10, 20, 8, 4, 16,  # vtable: its size, the table's, where length, nodes and buffers are
        10 + gap, 16, length, to_buffers,
        len(nodes) // 2, *nodes,
        len(buffers) // 2, *buffers,
    )  # fmt: skip


def _message(header: int, tables: bytes, body: int) -> bytes:
    """An encapsulated message whose header's table begins at byte 48 of the flatbuffer."""
    message = struct.pack("<I6HiIqhBx", 16, 12, 20, 16, 18, 4, 8, 12, 28, body, 4, header)  # 4: metadata version V5
    return struct.pack("<iI", -1, len(message) + len(tables)) + message + tables


@lru_cache(maxsize=4096)
def _ids_head(number: int, count: int) -> bytes:
    """What stands before the ids of a dictionary."""
    return _dictionary(number, count, [0, 0, 0, 16 * count])


@lru_cache(maxsize=4096)
def _texts_head(number: int, count: int, size: int) -> bytes:
    """What stands before a dictionary's offsets and text. size: bytes of the text."""
    offsets = 4 * (count + 1)
    return _dictionary(number, count, [0, 0, 0, offsets, _padded(offsets), size])


def _dictionary(number: int, count: int, buffers: list[int]) -> bytes:
    table = struct.pack("<4H4xiIq", 8, 16, 8, 4, 12, 28, number)  # vtable, table: number, data
    body = _padded(buffers[-2] + buffers[-1])
    return _message(_DICTIONARY_BATCH, table + _batch(64, count, [count, 0], buffers), body)


class Layout:
    """Where everything of a record batch with so many rows is. Offsets are from the beginning of its body."""

    def __init__(self, rows: int) -> None:
        self.rows, self.bits = rows, (rows + 7) // 8
        self.validity: list[int] = []
        self.data: list[int] = []
        self.nothing: list[bytes] = []  # each column's data where all is null, with its padding
        self.padding: list[bytes] = []
        at, buffers = 0, []
        for column in COLUMNS:
            valid = self.bits if column.nullable else 0
            size = self.bits if column.kind is Kind.BOOL else rows * column.kind.dtype.itemsize
            self.validity.append(at)
            self.data.append(at + _padded(valid))
            self.nothing.append(bytes(_padded(size)))
            self.padding.append(bytes(-size % 8))
            buffers += [at, valid, self.data[-1], size]
            at = self.data[-1] + _padded(size)
        self.nodes = np.array([(rows, 0)] * len(COLUMNS), np.int64)
        head = _message(_RECORD_BATCH, _batch(36, rows, self.nodes.ravel().tolist(), buffers), at)
        self.head, self.buffers = head[:_NODES_AT], head[_NODES_AT + self.nodes.nbytes :]
        self.body, self.body_size = len(head), at  # body: from the beginning of the message
        self.times = self.body + self.data[_TIMES]
        self.places = np.array([self.data, self.validity], np.int64).T.copy()  # (columns, 2)
        self.begins = np.array([0, rows], np.int64)
        self.modes = self.body + self.data[_MODE]
        self.validity_words = np.array(self.validity)[_NULLABLE, None] // 8 + np.arange(_padded(self.bits) // 8)
        self.ones = int.to_bytes((1 << rows) - 1, _padded(self.bits), "little")
        self.zeros = bytes(_padded(self.bits))
        self.whole = np.frombuffer(self.ones, "<u8")

    def bitmap(self, mask: Mask) -> tuple[bytes, int]:
        """Bits as Arrow has them, and how many are 0."""
        raw = mask.tobytes()
        unset = raw.count(0)
        if not unset or unset == self.rows:
            return (self.zeros if unset else self.ones), unset
        bits = np.packbits(mask, bitorder="little").tobytes()
        return bits + bytes(-len(bits) % 8), unset


_layout = lru_cache(maxsize=1024)(Layout)


class Columns:
    """Columns in memory. arrays: by name, None where all are null, codes where of words; valid: absent where all are."""

    __slots__ = ("_arrays", "_valid", "_words", "rows")

    def __init__(
        self, rows: int, arrays: Mapping[str, Array | None], valid: Mapping[str, Mask], words: Mapping[str, Words]
    ) -> None:
        self.rows, self._arrays, self._valid, self._words = rows, arrays, valid, words

    def array(self, name: str) -> Array:
        """(n,), anything where null."""
        array = self._arrays[name]
        return np.zeros(self.rows, _DTYPES[name]) if array is None else array

    def valid(self, name: str) -> Mask | None:
        """(n,), None: all are valid."""
        return np.zeros(self.rows, np.bool_) if self._arrays[name] is None else self._valid.get(name)

    def has_null(self, name: str) -> bool:
        return self._arrays[name] is None or name in self._valid

    def words(self, name: str) -> Words:
        return self._words[name]

    def whole(self) -> NDArray[np.int64]:
        found = np.full((len(COLUMNS), self.rows), NULL)
        for row, column in zip(found, COLUMNS, strict=True):
            array, valid = self._arrays[column.name], self._valid.get(column.name)
            if array is not None and valid is None:
                row[:] = array
            elif array is not None:
                row[valid] = array[valid]
        return found

    def encode(self) -> bytes:
        layout = _layout(self.rows)
        parts = [_SCHEMA]
        for number, (name, kind) in enumerate(_WORDS):
            parts += (_ids if kind is Kind.ID else _texts)(number, self._words[name])
        nodes: list[int] = []
        body: list[bytes] = []
        for i, (name, nullable, is_bool) in enumerate(_PLAN):
            array, valid, nulls = self._arrays[name], self._valid.get(name), 0
            if nullable:
                bits = layout.ones
                if array is None:
                    bits, nulls = layout.zeros, layout.rows
                elif valid is not None:
                    bits, nulls = layout.bitmap(valid)
                body.append(bits)
            nodes += (layout.rows, nulls)
            if array is None:
                body.append(layout.nothing[i])
            elif is_bool:
                body.append(layout.bitmap(array)[0])
            else:
                body += (array.tobytes(), layout.padding[i])
        return b"".join((*parts, layout.head, _NODES.pack(*nodes), layout.buffers, *body, _END))


def _ids(number: int, words: Sequence[bytes | str]) -> tuple[bytes, ...]:
    return (_ids_head(number, len(words)), *words)  # type: ignore[arg-type]


def _texts(number: int, words: Sequence[bytes | str]) -> tuple[bytes, ...]:
    texts = [word.encode() for word in words]  # type: ignore[union-attr]
    text = b"".join(texts)
    offsets = struct.pack(f"<{len(texts) + 1}i", 0, *accumulate(map(len, texts)))
    return _texts_head(number, len(texts), len(text)), offsets, bytes(-len(offsets) % 8), text, bytes(-len(text) % 8)


class Wire:
    """A stream of our own writer, checked, its columns looked at only when asked for: views of its bytes where they can."""

    __slots__ = ("_at", "_layout", "_nulls", "_words", "_words_at", "rows", "value")

    def __init__(
        self, value: bytes, at: int, layout: Layout, nulls: list[int], words: dict[str, Words], words_at: list[tuple[int, int]]
    ) -> None:
        self.rows, self.value = layout.rows, value
        self._at, self._layout, self._nulls, self._words, self._words_at = at, layout, nulls, words, words_at

    def array(self, name: str) -> Array:
        """(n,), anything where null."""
        dtype, at = _DTYPES[name], self._at + self._layout.data[_INDEX[name]]
        return self._bits(at) if dtype == np.bool_ else np.frombuffer(self.value, dtype, self.rows, at)

    def valid(self, name: str) -> Mask | None:
        """(n,), None: all are valid."""
        i = _INDEX[name]
        return self._bits(self._at + self._layout.validity[i]) if self._nulls[i] else None

    def has_null(self, name: str) -> bool:
        return self._nulls[_INDEX[name]] > 0

    def words(self, name: str) -> Words:
        return self._words[name]

    def whole(self) -> NDArray[np.int64]:
        return gather(np.frombuffer(self.value, np.uint8), (self._layout.places + self._at)[None], self._layout.begins)

    def encode(self) -> bytes:
        return self.value

    def _bits(self, at: int) -> Mask:
        packed = np.frombuffer(self.value, np.uint8, self._layout.bits, at)
        return np.unpackbits(packed, count=self.rows, bitorder="little").view(np.bool_)


def places(wires: Sequence[Wire]) -> NDArray[np.int64]:
    """(streams, columns, 4): where in its bytes each column of a stream has its data and its validity bitmap, and of words the
    ids, or the offsets and the text."""
    found = np.zeros((len(wires), len(COLUMNS), 4), np.int64)
    if wires:
        bodies = np.array([wire._at for wire in wires])
        found[:, :, :2] = np.stack([wire._layout.places for wire in wires]) + bodies[:, None, None]
        found[:, _WORDS_COLUMNS, 2:] = np.array([wire._words_at for wire in wires])
    return found


def read(value: bytes) -> Wire | None:
    """A stream of this writer, or None for any other: ask Arrow about that one.

    What it gives has been checked: codes within their dictionaries, no null where none may be, null counts that are
    those of the bitmaps, text that is UTF-8 without NUL, event times within the calendar.
    """
    if not value.startswith(_SCHEMA):
        return None
    at, words, words_at = len(_SCHEMA), dict[str, Words](), list[tuple[int, int]]()
    for number, (name, kind) in enumerate(_WORDS):
        found = (_read_ids if kind is Kind.ID else _read_texts)(value, at, number)
        if found is None:
            return None
        words[name], begin, text, at = found
        words_at.append((begin, text))
    return _read_batch(value, at, words, words_at)


_Found = tuple[Words, int, int, int]  # words; where their ids or offsets begin, and their text; and where they end


def _read_ids(value: bytes, at: int, number: int) -> _Found | None:
    count = int.from_bytes(value[at + _WORDS_AT : at + _WORDS_AT + 8], "little")
    if count * 16 > len(value):
        return None
    head = _ids_head(number, count)
    begin = at + len(head)
    end = begin + 16 * count
    if end > len(value) or not value.startswith(head, at):
        return None
    return [value[i : i + 16] for i in range(begin, end, 16)], begin, begin, end


def _read_texts(value: bytes, at: int, number: int) -> _Found | None:
    count = int.from_bytes(value[at + _WORDS_AT : at + _WORDS_AT + 8], "little")
    size = int.from_bytes(value[at + _TEXT_SIZE_AT : at + _TEXT_SIZE_AT + 8], "little")
    if count * 4 + size > len(value):
        return None
    head = _texts_head(number, count, size)
    offsets_at = at + len(head)
    begin = offsets_at + _padded(4 * (count + 1))
    end = begin + _padded(size)
    if end > len(value) or not value.startswith(head, at):
        return None
    text = value[begin : begin + size]
    offsets = struct.unpack_from(f"<{count + 1}i", value, offsets_at)
    if offsets[0] != 0 or offsets[-1] != size or 0 in text:
        return None
    try:
        words = [text[a:b].decode() for a, b in pairwise(offsets) if a <= b]
    except UnicodeDecodeError:
        return None
    return (words, offsets_at, begin, end) if len(words) == count else None


def _read_batch(value: bytes, at: int, words: dict[str, Words], words_at: list[tuple[int, int]]) -> Wire | None:
    rows = int.from_bytes(value[at + _ROWS_AT : at + _ROWS_AT + 8], "little")
    if rows > MAX_ROWS or rows * _ROW > len(value):
        return None
    layout = _layout(rows)
    body = at + layout.body
    nodes_end = body - len(layout.buffers)
    if not (
        len(value) == body + layout.body_size + len(_END)
        and value.startswith(layout.head, at)
        and value.startswith(layout.buffers, nodes_end)
        and value.endswith(_END)
    ):
        return None
    valid = np.frombuffer(value, "<u8", layout.body_size // 8, body)[layout.validity_words]
    valid &= layout.whole  # bits behind the last row say nothing
    nodes = layout.nodes.copy()
    nodes[_NULLABLE, 1] = rows - np.bitwise_count(valid).sum(1, np.int64)
    if nodes.tobytes() != value[at + _NODES_AT : nodes_end]:
        return None
    nulls: list[int] = nodes[:, 1].tolist()
    if rows and not _sound(value, at, layout, nulls, words):
        return None
    return Wire(value, body, layout, nulls, words, words_at)


def _sound(value: bytes, at: int, layout: Layout, nulls: list[int], words: dict[str, Words]) -> bool:
    """Codes within their dictionaries, times within the calendar; as unsigned numbers the negative ones are too large."""
    rows = layout.rows
    codes = np.frombuffer(value, "<u2", layout.data[_REQUIRED_WORDS] // 2, at + layout.body)
    highest = np.maximum.reduce(codes.reshape(_REQUIRED_WORDS, -1), axis=1).tolist()
    if any(code >= len(words[name]) for code, (name, _) in zip(highest, _WORDS, strict=False)):
        return False
    modes = np.frombuffer(value, "<u2", rows, at + layout.modes)
    if nulls[_MODE] < rows and int(np.maximum.reduce(modes)) >= len(words["mode"]):
        return False
    times = np.frombuffer(value, "<u8", rows, at + layout.times)
    return int(np.maximum.reduce(times)) < YEAR_10000_US
