"""Elevation tiles: grids of posts with the ground's height, read in parts. HGT is read here, GeoTIFF in `ingest.geotiff`."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.errors import UnfitTile

Posts = NDArray[np.float32]  # metres above mean sea level, NaN where void

_HGT_NAME = re.compile(r"([NS])(\d\d)([EW])(\d{3})", re.IGNORECASE)
_HGT_SIDES = {2 * side * side: side for side in (3_601, 1_201)}  # by the file's size: 1 and 3 arc seconds
_HGT_VOID = -32_768


@dataclass(frozen=True, slots=True)
class Tile:
    """A grid of posts, evenly spaced in degrees WGS84. West and north: of its first post, which is the north-western one."""

    path: Path
    west_deg: float
    north_deg: float
    step_lon_deg: float
    step_lat_deg: float
    rows: int
    columns: int

    def read(self, row: int, column: int, rows: int, columns: int) -> Posts:
        """(rows, columns) of its posts, rows from north to south. Raises OSError, UnfitTile."""
        raise NotImplementedError


class Hgt(Tile):
    """As the Shuttle Radar Topography Mission gives them: one degree square, rows from the north, both edges in it, 16-bit
    big-endian metres, -32768 void; the name says the south-western post (USGS, SRTM Topography, sections 2.1 and 2.2)."""

    __slots__ = ()

    @classmethod
    def opened(cls, path: Path) -> "Hgt":
        """Raises OSError, UnfitTile."""
        name = _HGT_NAME.match(path.name)
        if name is None:
            raise UnfitTile(file=path, detail="its name does not say its place, as S36E149.hgt does")
        side = _HGT_SIDES.get(path.stat().st_size)
        if side is None:
            raise UnfitTile(file=path, detail=f"it has {path.stat().st_size} bytes: not 1 nor 3 arc seconds of one degree")
        south = int(name[2]) * (-1 if name[1] in "Ss" else 1)
        west = int(name[4]) * (-1 if name[3] in "Ww" else 1)
        if not (-90 <= south < 90 and -180 <= west < 180):
            raise UnfitTile(file=path, detail="its name says a place that is not on Earth")
        return cls(path, west, south + 1, 1 / (side - 1), 1 / (side - 1), side, side)

    def read(self, row: int, column: int, rows: int, columns: int) -> Posts:
        whole = np.memmap(self.path, ">i2", "r", shape=(self.rows, self.columns))
        part = whole[row : row + rows, column : column + columns]
        return np.where(part == _HGT_VOID, np.float32(np.nan), part.astype(np.float32))
