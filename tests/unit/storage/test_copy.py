"""Binary COPY, against the bytes that PostgreSQL's manual describes."""

import struct

import numpy as np
import pytest

from storage.copy import Column, PgType, encode
from storage.errors import UnfitValue


def test_rows_are_a_count_of_fields_then_lengths_and_bytes() -> None:
    columns = [
        Column("a", PgType.SMALLINT, np.array([1, 0], np.uint8), np.array([True, False])),
        Column("b", PgType.TEXT, np.array([1, 0], np.int16), words=[b"x", "héé".encode()]),
        Column("c", PgType.BOOLEAN, np.array([True, False])),
    ]
    first = struct.pack(">hihi5sib", 3, 2, 1, 5, "héé".encode(), 1, 1)
    second = struct.pack(">hiicib", 3, -1, 1, b"x", 1, 0)
    assert b"".join(encode(columns)) == first + second


def test_no_rows_are_no_bytes() -> None:
    assert b"".join(encode([Column("a", PgType.BIGINT, np.array([], np.int64))])) == b""


def test_a_number_that_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(UnfitValue, match="Column height cannot be stored"):
        list(encode([Column("height", PgType.SMALLINT, np.array([40_000], np.int64))]))


def test_a_number_that_does_not_fit_but_is_null_is_no_matter() -> None:
    column = Column("height", PgType.SMALLINT, np.array([40_000], np.int64), np.array([False]))
    assert b"".join(encode([column])) == struct.pack(">hi", 1, -1)


def test_a_text_with_a_nul_is_refused() -> None:
    with pytest.raises(UnfitValue, match="NUL"):
        list(encode([Column("mode", PgType.TEXT, np.array([0], np.int16), words=[b"a\0"])]))


def test_columns_of_different_lengths_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        list(encode([Column("a", PgType.BIGINT, np.arange(2)), Column("b", PgType.BIGINT, np.arange(3))]))
