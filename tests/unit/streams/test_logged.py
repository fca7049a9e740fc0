"""A record as the recorder reads it: what cannot be read is marked with its reason, and never an error."""

from uuid import UUID

import pyarrow as pa
import pytest

from core import block
from core.identity import aircraft_id
from core.records import Tick, block_headers, control_headers, encode
from core.sample import Sample
from streams.logged import UNREADABLE, alert_entry, telemetry_entry

OPERATOR = UUID(int=1)
AIRCRAFT = aircraft_id(OPERATOR, "udp:1/x", 1)
BATCH = block.from_samples([Sample(OPERATOR, AIRCRAFT, "udp:1/x", 1, 5, n, 1_000_000 + n, mode="AUTO") for n in range(3)])
HEADERS = dict(block_headers(1, [AIRCRAFT]))


def replaced(name: str, array: pa.Array) -> bytes:
    columns = [array if field.name == name else column for field, column in zip(BATCH.schema, BATCH.columns, strict=True)]
    return block.encode(pa.RecordBatch.from_arrays(columns, schema=BATCH.schema))


def test_a_block_is_read_with_its_version() -> None:
    entry = telemetry_entry(7, 99, HEADERS, block.encode(BATCH))
    assert (entry.offset, entry.append_time_us, entry.kind, entry.schema_version) == (7, 99, "block", 1)
    assert entry.batch is not None and entry.batch.equals(BATCH)


def test_a_control_record_keeps_its_exact_text() -> None:
    entry = telemetry_entry(0, 0, dict(control_headers(Tick())), encode(Tick()))
    assert (entry.kind, entry.body) == ("tick", "{}")


@pytest.mark.parametrize(
    ("headers", "value", "why"),
    [
        (HEADERS, b"no arrow", "cannot be read"),
        (HEADERS, None, "no value"),
        (HEADERS | {"schema": b"99"}, block.encode(BATCH), "version 99"),
        (HEADERS | {"schema": b"x"}, block.encode(BATCH), "invalid literal"),
        ({"kind": b"surprise"}, b"{}", "'surprise'"),
        ({}, b"{}", "kind is ''"),
        ({"kind": b"marker"}, b"{}", "world"),
        ({"kind": b"marker"}, b'{"world": "\xff"}', "cannot be read"),
        (HEADERS, replaced("event_time_us", pa.array([1, 2, 1 << 62])), "outside the calendar"),
        (HEADERS, replaced("link", pa.DictionaryArray.from_arrays(pa.array([0, 0, 0], pa.int16()), ["a\0"])), "NUL"),
        (
            HEADERS,
            replaced("mode", pa.DictionaryArray.from_arrays(pa.array([0, 9, 0], pa.int16()), pa.array(["a"]), safe=False)),
            "cannot be read",
        ),
    ],
)
def test_what_cannot_be_read_is_marked_with_the_reason(headers: dict[str, bytes], value: bytes | None, why: str) -> None:
    entry = telemetry_entry(3, 0, headers, value)
    assert entry.kind == UNREADABLE and entry.batch is None
    assert entry.body is not None and why in entry.body


def test_a_null_where_none_may_be_is_unreadable() -> None:
    entry = telemetry_entry(3, 0, HEADERS, replaced("seq", pa.array([1, None, 3], pa.int64())))
    assert entry.kind == UNREADABLE and entry.body is not None and "seq has a null" in entry.body


def test_an_alert_that_is_none_is_marked() -> None:
    assert alert_entry(1, 0, b'{"n": 1}').kind == UNREADABLE
    assert alert_entry(1, 0, None).kind == UNREADABLE
