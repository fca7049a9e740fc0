"""Elevation tiles in GeoTIFF (OGC 19-008r4), as every tool writes them. tifffile knows the file, imagecodecs its compressions;
here is what makes a picture a grid of heights: where its posts are, which of them are void, and that it is metres.

Not GDAL: it would be 36 MB more of wheels, opens whatever lies in a folder, and is configured by the environment.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from tifffile import TiffFile, TiffPage

from ingest.errors import UnfitTile
from ingest.tiles import Posts, Tile

# Tags, and keys within the last of them.
_SCALE, _TIEPOINT, _KEYS = 33_550, 33_922, 34_735
_GDAL_METADATA, _GDAL_NODATA = 42_112, 42_113
_MODEL_TYPE, _RASTER_TYPE, _GEODETIC_CRS, _ANGLES, _VERTICAL_UNITS = 1_024, 1_025, 2_048, 2_054, 4_099
_GEOGRAPHIC, _IS_POINT, _DEGREES, _METRES = 2, 2, 9_102, 9_001
# WGS 84; and GDA94, GDA2020: within two metres of it, where posts are thirty apart.
_WGS84 = (4_326, 4_283, 7_844)
_FINEST_DEG = 1e-7  # the last digit of a position
_LARGEST_PIECE = 1 << 22  # posts that can only be decoded together: more would hold up whoever waits
# What a damaged file makes of the code that reads it.
_DAMAGE = (
    OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GeoTiff(Tile):
    """void: the value of posts that have none, beside NaN."""

    void: float | None

    @classmethod
    def opened(cls, path: Path) -> "GeoTiff":
        """Raises OSError, UnfitTile."""
        with _page(path) as page:
            keys = _keys(page)
            detail = _unfit(page, keys)
            if detail is not None:
                raise UnfitTile(file=path, detail=detail)
            step_lon, step_lat = (float(step) for step in page.tags.valueof(_SCALE)[:2])
            column, row, _, lon, lat, _ = (float(value) for value in page.tags.valueof(_TIEPOINT)[:6])
            if keys.get(_RASTER_TYPE) != _IS_POINT:  # the tie is the corner of an area, its post stands in the middle
                column, row = column - 0.5, row - 0.5
            west, north = lon - column * step_lon, lat + row * step_lat
            rows, columns = page.shape
            void = page.tags.valueof(_GDAL_NODATA)
            tile = cls(path, west, north, step_lon, step_lat, rows, columns, None if void is None else float(void))
        if not (min(step_lon, step_lat) > _FINEST_DEG and tile.north_deg <= 91 and tile.north_deg - (rows - 1) * step_lat >= -91
                and abs(west) <= 361 and columns * step_lon <= 361):  # fmt: skip
            raise UnfitTile(file=path, detail="its place is not on Earth")
        return tile

    def read(self, row: int, column: int, rows: int, columns: int) -> Posts:
        found = np.full((rows, columns), np.nan, np.float32)
        with _page(self.path) as page:
            if page.shape != (self.rows, self.columns):
                raise UnfitTile(file=self.path, detail="it is not the file any more that it was")
            high, wide = page.chunks
            across = ceil(self.columns / wide)
            for down in range(row // high, (row + rows - 1) // high + 1):
                for right in range(column // wide, (column + columns - 1) // wide + 1):
                    piece = _decoded(page, down * across + right)
                    if piece is not None:
                        _lay(piece, down * high - row, right * wide - column, found)
        if self.void is not None:
            found[found == np.float32(self.void)] = np.nan
        return found


@contextmanager
def _page(path: Path) -> Iterator[TiffPage]:
    """A file's first picture: the whole, before its overviews. Whatever is wrong with the file comes out as UnfitTile."""
    try:
        with TiffFile(path) as file:
            page = file.pages.first
            if not isinstance(page, TiffPage):
                raise UnfitTile(file=path, detail="it has no picture")
            yield page
    except _DAMAGE as error:
        raise UnfitTile(file=path, detail=f"it cannot be read ({type(error).__name__}: {str(error)[:200]})") from error


def _keys(page: TiffPage) -> dict[int, int]:
    """The geo keys that are plain numbers: rows of key, place of the value (0: here), count, value."""
    found = page.tags.valueof(_KEYS) or ()
    rows = (found[at : at + 4] for at in range(4, len(found) - 3, 4))
    return {key: value for key, place, _, value in rows if place == 0}


def _unfit(page: TiffPage, keys: dict[int, int]) -> str | None:
    """Why a picture is no grid of heights that can be used."""
    if page.tags.valueof(_SCALE) is None or page.tags.valueof(_TIEPOINT) is None:
        return "it does not say where it is (no pixel scale and tie point: a plain or a rotated picture)"
    if keys.get(_MODEL_TYPE) != _GEOGRAPHIC or keys.get(_GEODETIC_CRS) not in _WGS84:
        return "it is not in degrees WGS 84 (EPSG:4326): gdalwarp -t_srs EPSG:4326 makes it so"
    if keys.get(_ANGLES, _DEGREES) != _DEGREES:
        return "its angles are not in degrees"
    if keys.get(_VERTICAL_UNITS, _METRES) != _METRES or 'role="scale"' in str(page.tags.valueof(_GDAL_METADATA, "")):
        return "its heights are not in metres"
    if page.ndim != 2 or page.dtype is None or page.dtype.kind not in "iuf" or min(page.shape) < 2:
        return f"it is no grid of heights ({page.dtype} of {page.shape})"
    if page.chunks[0] * page.chunks[1] > _LARGEST_PIECE:
        return "it is in pieces too large to read a part of it: gdal_translate -co TILED=YES makes it so"
    return None


def _decoded(page: TiffPage, number: int) -> Any:
    """A tile or strip as (rows, columns), None for one that was never written."""
    size = page.databytecounts[number]
    if not size:
        return None
    file = page.parent.filehandle
    file.seek(page.dataoffsets[number])
    piece = page.decode(file.read(size), number)[0]
    return None if piece is None else piece[0, :, :, 0]


def _lay(piece: Any, row: int, column: int, onto: Posts) -> None:
    """Copies what of a piece that begins at this row and column, which may be negative, lies on `onto`."""
    top, left = max(row, 0), max(column, 0)
    part = piece[top - row : onto.shape[0] - row, left - column : onto.shape[1] - column]
    onto[top : top + part.shape[0], left : left + part.shape[1]] = part
