"""A block comes back as it went out, any Arrow reads it, and what is damaged is refused whichever way it is read."""

from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import arrow, block, foreign
from core.block import Block
from core.columns import BY_NAME, COLUMNS, NAMES, NULL, SCHEMA_VERSION, Kind
from core.errors import UnknownBlockVersion, UnreadableRecord
from core.sample import Sample
from core.units import YEAR_10000_US

_IDS = st.integers(0, 3).map(lambda n: UUID(int=n << 64 | 7))
_TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=6)
_BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.ID: _IDS,
    Kind.TEXT: st.sampled_from(["", "AUTO", "udp:1/10.0.0.1", "größer"]) | _TEXTS,
    Kind.BOOL: st.booleans(),
} | {
    kind: st.integers(int(np.iinfo(kind.dtype).min), int(np.iinfo(kind.dtype).max))
    for kind in Kind
    if not kind.of_words and kind is not Kind.BOOL
}
_COLUMNS = {c.name: st.none() | _BY_KIND[c.kind] if c.nullable else _BY_KIND[c.kind] for c in COLUMNS}
_COLUMNS["event_time_us"] = st.integers(0, YEAR_10000_US - 1)
_SAMPLES = st.lists(st.builds(Sample, **_COLUMNS), max_size=20)


def written_by_arrow(batch: pa.RecordBatch, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return bytes(memoryview(sink.getvalue()))


def read_by_arrow(value: bytes) -> pa.RecordBatch:
    batch = pa.ipc.open_stream(value).read_next_batch()
    batch.validate(full=True)
    return batch


def outcome(value: bytes, version: int = SCHEMA_VERSION) -> Block | str:
    try:
        return block.decode(value, version)
    except UnreadableRecord:
        return "refused"


def outcome_by_arrow(value: bytes) -> Block | str:
    try:
        return Block(foreign.read(value, SCHEMA_VERSION))
    except UnreadableRecord:
        return "refused"


def as_row(sample: Sample) -> dict[str, Any]:
    return {name: value.bytes if isinstance(value, UUID) else value for name, value in asdict(sample).items()}


SOME = [
    Sample(UUID(int=1), UUID(int=2 + n % 2), "udp:1/10.0.0.1", 1, 5, n, 1_000_000 + n, lon_e7=n, mode="AUTO" if n else None,
           armed=bool(n % 2), frame_seq=n)
    for n in range(11)
]  # fmt: skip


def test_the_columns_are_the_fields_of_a_sample() -> None:
    assert tuple(field.name for field in fields(Sample)) == NAMES


@given(_SAMPLES)
def test_samples_come_back_and_any_arrow_reads_them(samples: list[Sample]) -> None:
    sent = block.from_samples(samples)
    value = sent.encode()
    read = block.decode(value)
    assert read.rows() == [as_row(sample) for sample in samples]
    assert arrow.read(value) is not None, "the own form is read without Arrow"
    assert read == outcome_by_arrow(value) == block.from_samples(samples)
    batch = read_by_arrow(value)
    assert batch.schema == arrow.SCHEMAS[SCHEMA_VERSION]
    assert batch.to_pylist() == read.rows()
    numbers = [[_number(sent, name, getattr(row, name)) for row in samples] for name in NAMES]
    assert read.whole().tolist() == block.from_samples(samples).whole().tolist() == numbers
    for name in ("lon_e7", "frame_seq", "armed"):
        assert read.valid(name).tolist() == [getattr(sample, name) is not None for sample in samples]
        assert read.values(name).tolist() == [getattr(sample, name) or 0 for sample in samples]


def _number(sent: Block, name: str, value: Any) -> int:
    if value is None:
        return NULL
    key = value.bytes if isinstance(value, UUID) else value
    return sent.dictionary(name).index(key) if BY_NAME[name].kind.of_words else int(value)


@given(_SAMPLES, st.sampled_from([{}, {"compression": "lz4"}, {"compression": "zstd"}, {"emit_dictionary_deltas": True}]))
@settings(max_examples=40)
def test_another_writers_block_is_the_same_block(samples: list[Sample], options: dict[str, Any]) -> None:
    sent = block.from_samples(samples)
    value = written_by_arrow(read_by_arrow(sent.encode()), **options)
    assert arrow.read(value) is None
    assert block.decode(value) == sent


@pytest.mark.parametrize(("version", "later"), [(1, ["frame_seq", "ground_amsl_mm"]), (2, ["ground_amsl_mm"])])
@given(samples=_SAMPLES)
@settings(max_examples=40)
def test_a_block_of_an_earlier_version_lacks_what_came_later(version: int, later: list[str], samples: list[Sample]) -> None:
    sent = block.from_samples(samples)
    value = written_by_arrow(read_by_arrow(sent.encode()).drop_columns(later))
    read = block.decode(value, version)
    assert read.rows() == [row | dict.fromkeys(later) for row in sent.rows()]
    assert not any(read.valid(name).any() for name in later)
    assert {outcome(value, other) for other in range(1, SCHEMA_VERSION + 1) if other != version} == {"refused"}
    assert outcome(sent.encode(), version) == "refused"


# How, where (modulo what there is), with what.
_DAMAGE = st.tuples(
    st.sampled_from(["flip", "flip", "write", "cut", "leave out", "insert", "copy"]),
    st.integers(0, 1 << 20),
    st.sampled_from([b"\0", b"\x01", b"\xff", b"\x7f", b"\xed\xa0\x80", b"\xff" * 8, bytes(8), bytes(64)]),
)


def damaged(value: bytes, how: str, where: int, what: bytes) -> bytes:
    at = where % max(1, len(value))
    match how:
        case "flip":
            return value[:at] + bytes(byte ^ 1 << where % 8 for byte in value[at : at + 1]) + value[at + 1 :]
        case "write":
            return value[:at] + what + value[at + len(what) :]
        case "cut":
            return value[:at]
        case "leave out":
            return value[:at] + value[at + len(what) :]
        case "insert":
            return value[:at] + what + value[at:]
    other = where // 3 % max(1, len(value))
    return value[:at] + value[other : other + len(what)] + value[at + len(what) :]


@given(_SAMPLES, st.lists(_DAMAGE, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_damaged_block_is_read_or_refused_in_the_same_way_on_both_ways(
    samples: list[Sample], damage: list[tuple[str, int, bytes]]
) -> None:
    value = block.from_samples(samples).encode()
    for each in damage:
        value = damaged(value, *each)
    assert outcome(value) == outcome_by_arrow(value)


def test_a_bit_behind_the_last_row_makes_up_for_no_null() -> None:
    value = bytearray(block.from_samples([SOME[0], replace(SOME[1], ground_amsl_mm=590_000)]).encode())
    bitmap = len(value) - 24  # of ground_amsl_mm: before its data and the end of the stream, 8 bytes each
    assert value[bitmap] == 0b10
    value[bitmap] = 0b100  # both are null now, while the count says one
    assert outcome(bytes(value)) == outcome_by_arrow(bytes(value)) == "refused"


@pytest.mark.parametrize("column", [c.name for c in COLUMNS])
def test_what_stands_under_a_null_does_not_matter(column: str) -> None:
    batch = block.from_samples(SOME)
    whole = {
        name: batch.codes(name) if name in ("operator_id", "aircraft_id", "link", "mode") else batch.values(name)
        for name in NAMES
    }
    valid = {name: batch.valid(name) for name in NAMES if name != "mode" and batch.has_null(name)}
    words = {name: batch.dictionary(name) for name in ("operator_id", "aircraft_id", "link", "mode")}
    if column in valid:
        whole[column] = np.where(valid[column], whole[column], np.array(1, whole[column].dtype))
    made = block.from_columns(whole, valid, words)
    assert made == batch == block.decode(made.encode())


def test_rows_are_taken_in_the_order_given() -> None:
    taken = block.from_samples(SOME).take([3, 0])
    assert taken.rows() == [as_row(SOME[3]), as_row(SOME[0])]
    assert block.decode(taken.encode()) == taken
    assert len(taken) == 2 and taken.aircraft == (UUID(int=2), UUID(int=3))


def test_a_view_of_a_block_cannot_be_written_to() -> None:
    for made in (block.from_samples(SOME), block.decode(block.from_samples(SOME).encode())):
        for array in (made.values("seq"), made.values("lon_e7"), made.valid("armed"), made.valid("seq"), made.codes("mode")):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seq": np.zeros(2, np.int32)}, "seq is int32"),
        ({"kind": None}, "kind may not be null"),
        ({"kind": np.zeros(3, np.uint8)}, r"kind is uint8 of \(3,\)"),
        ({"link": np.array([0, -1], np.int16)}, "link may not be null"),
        ({"mode": np.array([0, 5], np.int16)}, "beyond its dictionary"),
    ],
)
def test_columns_that_are_no_block_are_refused(changes: dict[str, Any], why: str) -> None:
    columns: dict[str, Any] = {c.name: np.zeros(2, c.kind.dtype) for c in COLUMNS if not c.nullable}
    words = {"operator_id": [bytes(16)], "aircraft_id": [bytes(16)], "link": ["x"], "mode": ["A"]}
    assert len(block.from_columns(columns, {}, words)) == 2
    with pytest.raises(ValueError, match=why):
        block.from_columns(columns | changes, {}, words)


def test_a_value_that_its_column_cannot_hold_is_refused() -> None:
    with pytest.raises(OverflowError):
        block.from_samples([Sample(UUID(int=1), UUID(int=2), "x", 256, 0, 0, 0)])


def test_a_newer_writer_is_told_apart_from_damage() -> None:
    with pytest.raises(UnknownBlockVersion, match="version 99"):
        block.decode(b"", 99)
