"""A record as the recorder reads it: what cannot be read is marked with its reason, and never an error."""

from uuid import UUID

import pyarrow as pa
import pytest

from core import block
from core.columns import SCHEMA_VERSION
from core.identity import aircraft_id
from core.records import Tick, block_headers, control_headers, encode
from core.sample import Sample
from streams.logged import UNREADABLE, alert_entry, telemetry_entry

OPERATOR = UUID(int=1)
AIRCRAFT = aircraft_id(OPERATOR, "udp:1/x", 1)
BATCH = block.from_samples([Sample(OPERATOR, AIRCRAFT, "udp:1/x", 1, 5, n, 1_000_000 + n, mode="AUTO") for n in range(3)])
HEADERS = dict(block_headers(SCHEMA_VERSION, [AIRCRAFT]))


def replaced(name: str, array: pa.Array) -> bytes:
    """BATCH as another writer would send it, with another column in place of one."""
    batch = pa.ipc.open_stream(BATCH.encode()).read_next_batch()
    batch = batch.set_column(batch.schema.get_field_index(name), batch.schema.field(name), array)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(memoryview(sink.getvalue()))


def test_a_block_is_read_with_its_version() -> None:
    entry = telemetry_entry(7, 99, HEADERS, BATCH.encode())
    assert (entry.offset, entry.append_time_us, entry.kind, entry.schema_version) == (7, 99, "block", SCHEMA_VERSION)
    assert entry.batch == BATCH


def test_a_control_record_keeps_its_exact_text() -> None:
    entry = telemetry_entry(0, 0, dict(control_headers(Tick())), encode(Tick()))
    assert (entry.kind, entry.body) == ("tick", "{}")


@pytest.mark.parametrize(
    ("headers", "value", "why"),
    [
        (HEADERS, b"no arrow", "cannot be read"),
        (HEADERS, None, "no value"),
        (HEADERS | {"schema": b"99"}, BATCH.encode(), "version 99"),
        (HEADERS | {"schema": b"x"}, BATCH.encode(), "invalid literal"),
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
