"""The formats of a flight: one table."""

from collections.abc import Callable
from typing import NamedTuple

from evidence import csv, czml, geojson, kml, parquet
from evidence.flight import Flight


class Format(NamedTuple):
    suffix: str
    media_type: str
    write: Callable[[Flight], bytes]


FORMATS = {
    "czml": Format(".czml", "application/json", czml.write),
    "kml": Format(".kml", "application/vnd.google-earth.kml+xml", kml.write),
    "geojson": Format(".geojson", "application/geo+json", geojson.write),
    "csv": Format(".csv", "text/csv; charset=utf-8", csv.write),
    "parquet": Format(".parquet", "application/vnd.apache.parquet", parquet.write),
}
