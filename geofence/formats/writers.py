"""The formats that can be written: one table. What a format cannot say is refused by the zone's name, never left out."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import NamedTuple

from core.errors import WedgetailError
from geofence.formats import ed318, features, kml
from geofence.zone import ZoneVersion


class Writer(NamedTuple):
    """suffix: of files in it. write: raises NotWritten."""

    suffix: str
    media_type: str
    write: Callable[[Sequence[ZoneVersion]], bytes]


WRITERS = {
    "geojson": Writer(".geojson", "application/geo+json", features.write),
    "ed318": Writer(".json", "application/geo+json", ed318.write),  # which is GeoJSON with more in it
    "kml": Writer(".kml", "application/vnd.google-earth.kml+xml", kml.write),
}


class UnknownSuffix(WedgetailError):
    """{file} does not say in which format: its name ends with one of {known}."""


def writer_of(file: PurePath) -> Writer:
    """By the end of a file's name. Raises UnknownSuffix."""
    for writer in WRITERS.values():
        if file.suffix.lower() == writer.suffix:
            return writer
    known = ", ".join(f"{writer.suffix} ({word})" for word, writer in WRITERS.items())
    raise UnknownSuffix(file=file, known=known)
