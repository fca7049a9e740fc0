"""Blocks become the rows that the plain encoder makes of their samples, in the order of aircraft and time."""

from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import block
from core.columns import COLUMNS, Kind
from core.sample import Sample
from core.units import YEAR_10000_US
from storage.copy import Column, PgType, encode
from streams.laid import lay
from streams.rows import NAMES, telemetry_rows
from streams.screen import Verdicts

TYPES = {
    Kind.ID: PgType.UUID, Kind.TEXT: PgType.TEXT, Kind.BOOL: PgType.BOOLEAN, Kind.UINT8: PgType.SMALLINT,
    Kind.INT16: PgType.SMALLINT, Kind.UINT16: PgType.INTEGER, Kind.INT32: PgType.INTEGER, Kind.INT64: PgType.BIGINT,
}  # fmt: skip
STOOD = {
    "partition": PgType.SMALLINT, "offset": PgType.BIGINT, "append_time": PgType.TIMESTAMPTZ, "late": PgType.BOOLEAN,
    "row": PgType.SMALLINT,
}  # fmt: skip
PARTITION = 300
LONGEST = "x" * 300_000  # longer than a piece


def numbers(kind: Kind) -> st.SearchStrategy[int]:
    return st.integers(int(np.iinfo(kind.dtype).min), int(np.iinfo(kind.dtype).max))


_VALUES: dict[str, st.SearchStrategy[Any]] = {c.name: numbers(c.kind) for c in COLUMNS if c.kind is not Kind.BOOL}
_VALUES |= {
    "operator_id": st.just(UUID(int=1)),
    "aircraft_id": st.integers(0, 3).map(lambda n: UUID(int=n << 90 | 5)),
    "link": st.sampled_from(["udp:1/10.0.0.1", "file:größer", ""]),
    "event_time_us": st.integers(0, 3) | st.integers(0, YEAR_10000_US - 1),
    "mode": st.sampled_from(["AUTO", "", "ü"]),
    "armed": st.booleans(),
    "airborne": st.booleans(),
    "ambiguous": st.booleans(),
}
_SAMPLE = st.builds(Sample, **{c.name: st.none() | _VALUES[c.name] if c.nullable else _VALUES[c.name] for c in COLUMNS})
# Of each row: the sample, whether it is kept, whether it is late.
_BLOCK = st.lists(st.tuples(_SAMPLE, st.sampled_from([True, True, False]), st.booleans()), min_size=1, max_size=12)


def plainly(groups: list[list[tuple[Sample, bool, bool]]]) -> bytes:
    """What the encoder of columns makes of the same rows."""
    rows = [
        (sample, {"partition": PARTITION, "offset": 70_000 + n, "append_time": n, "late": late, "row": row})
        for n, group in enumerate(groups)
        for row, (sample, keep, late) in enumerate(group)
        if keep
    ]
    rows.sort(key=lambda each: (each[0].aircraft_id.bytes, each[0].event_time_us, each[1]["offset"], each[1]["row"]))
    columns = []
    for column in COLUMNS:
        held = [getattr(sample, column.name) for sample, _ in rows]
        if column.kind.of_words:
            words = [b"" if value is None else value.bytes if isinstance(value, UUID) else value.encode() for value in held]
            codes = np.array([-1 if value is None else n for n, value in enumerate(held)], np.int32)
            uuids = [word or bytes(16) for word in words] if column.kind is Kind.ID else words
            columns.append(Column(column.name, TYPES[column.kind], codes, words=uuids))
            continue
        kind = PgType.TIMESTAMPTZ if column.name == "event_time_us" else TYPES[column.kind]
        valid = np.array([value is not None for value in held], np.bool_)
        columns.append(Column(column.name, kind, np.array([value or 0 for value in held], column.kind.dtype), valid))
    stood = [Column(name, kind, np.array([said[name] for _, said in rows], np.int64)) for name, kind in STOOD.items()]
    stood[3] = Column("late", PgType.BOOLEAN, np.array([said["late"] for _, said in rows], np.bool_))
    return b"".join(encode([*columns, *stood]))


@given(st.lists(_BLOCK, min_size=1, max_size=5))
@example([[(Sample(UUID(int=1), UUID(int=2), "x", 1, 0, n, n, mode=LONGEST), True, False) for n in range(3)]])
@settings(max_examples=60, deadline=None)
def test_rows_of_blocks_are_those_of_their_samples(groups: list[list[tuple[Sample, bool, bool]]]) -> None:
    sent = []
    for n, group in enumerate(groups):
        batch = block.from_samples([sample for sample, _, _ in group])
        sent.append(block.decode(batch.encode()) if n % 2 else batch)  # from the wire, or made here: no difference
    keep, late = (np.array([each[i] for group in groups for each in group], np.bool_) for i in (1, 2))
    verdicts = Verdicts(keep, late, np.zeros(len(keep), np.bool_), keep & ~late)
    times = np.arange(len(groups))
    assert b"".join(telemetry_rows(lay(sent), verdicts, PARTITION, 70_000 + times, times)) == plainly(groups)


def test_names_are_the_columns_in_their_order() -> None:
    assert [("event_time" if c.name == "event_time_us" else c.name) for c in COLUMNS] + list(STOOD) == NAMES
