"""A flight as Parquet: the rows and columns of the CSV with their types; each column's metadata says what it is."""

import io

from pyarrow import parquet

from evidence.flight import Flight


def write(flight: Flight) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(flight.records, buffer, compression="zstd")
    return buffer.getvalue()
