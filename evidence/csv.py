"""A flight as CSV (RFC 4180, UTF-8): a row for each sample and each gap. Nothing between two commas: not known."""

import io

from pyarrow import csv

from evidence.flight import Flight


def write(flight: Flight) -> bytes:
    """Times as 2015-07-05 00:26:43.484195Z; numbers with as many digits as tell them apart."""
    buffer = io.BytesIO()
    csv.write_csv(flight.records, buffer)
    return buffer.getvalue()
