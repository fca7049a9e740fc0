"""The ground below a position, from a folder of elevation tiles.

It is looked up where samples become blocks, and stands in the block: what judges them reads no files, and judges a stored
flight as it judged it live, whatever has become of the folder since.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from math import floor
from pathlib import Path

import numpy as np
from numba import float32, float64
from numpy.typing import NDArray

from core.compiled import given, kernel
from core.errors import SettingError
from core.settings import Settings
from ingest.errors import UnfitTile
from ingest.tiles import Hgt, Posts, Tile

log = logging.getLogger(__name__)

# Land lies between -430 m (the Dead Sea) and 8,849 m: what is outside is a void by another name.
GROUND_RANGE_M = (-500.0, 9_000.0)
_WINDOW = 128  # steps from edge to edge: about 4 km of 1 arc second
_CACHE_BYTES = 128 << 20  # some 1,900 windows
_NO_WEIGHT = 1e-9  # of a step, which is what rounding leaves of none; a position's last digit is 3e-4
_NOWHERE = np.full((2, 2), np.nan, np.float32)

Degrees = NDArray[np.float64]


def terrain_of(settings: Settings) -> "Terrain | None":
    """The tiles of the folder that the settings name, told in the log; None where none is named. Raises SettingError."""
    folder = settings.terrain.folder
    if folder is None:
        return None
    if not folder.is_dir():
        raise SettingError(name="terrain.folder", detail=f"there is no folder {folder}")
    terrain = Terrain(folder)
    for refused in terrain.refused:
        log.warning("%s", refused)
    log.log(logging.INFO if terrain.tiles else logging.WARNING, "terrain of %s: %s", folder, terrain)
    return terrain


class Terrain:
    """Tiles by place, and the windows of them that were read last. Files may be added at the next start.

    Of tiles that lie over each other the finer one is asked first; where it is void, the others are.
    """

    def __init__(self, folder: Path, cache_bytes: int = _CACHE_BYTES) -> None:
        """Looks at every file in the folder and those within it. Raises OSError. refused: the files that are of no use."""
        self.refused: list[UnfitTile] = []
        tiles: list[Tile] = []
        for path in sorted(each for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")):
            try:
                tiles.append(_opened(path))
            except (UnfitTile, OSError) as error:
                self.refused.append(error if isinstance(error, UnfitTile) else UnfitTile(file=path, detail=str(error)))
        self.tiles = tuple(sorted(tiles, key=lambda tile: tile.step_lat_deg))
        self._by_cell: dict[int, list[int]] = {}
        for number, tile in enumerate(self.tiles):
            for cell in _cells(tile):
                self._by_cell.setdefault(cell, []).append(number)
        self._windows: OrderedDict[tuple[int, int, int], Posts] = OrderedDict()
        self._room_bytes = cache_bytes
        self._broken: set[int] = set()

    def __str__(self) -> str:
        if not self.tiles:
            return "no elevation tiles"
        west, east = min(t.west_deg for t in self.tiles), max(t.west_deg + t.columns * t.step_lon_deg for t in self.tiles)
        south, north = min(t.north_deg - t.rows * t.step_lat_deg for t in self.tiles), max(t.north_deg for t in self.tiles)
        count = f"{len(self.tiles)} elevation tile{'s' * (len(self.tiles) > 1)}"
        return f"{count}, longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}"

    def ground_m(self, lon_deg: Degrees, lat_deg: Degrees) -> NDArray[np.float64]:
        """(n,) metres above mean sea level (whatever the tiles mean by it: EGM96 or EGM2008), NaN where unknown.

        Between four posts the height is bilinear (Press et al., Numerical Recipes, 3.6); beyond a tile's outermost posts, up
        to half a step, that of its edge. A point next to a void is unknown. Reads what it needs, and waits for the disk.
        """
        cells = (np.floor(lon_deg).astype(np.int64) % 360) * 181 + np.floor(lat_deg).astype(np.int64) + 90
        found = np.full(len(cells), np.nan)
        for cell, rows in _groups(cells):
            tiles = self._by_cell.get(cell)
            if tiles is not None:
                found[rows] = self._of_tiles(tiles, lon_deg[rows], lat_deg[rows])
        return found

    def _of_tiles(self, numbers: Sequence[int], lon_deg: Degrees, lat_deg: Degrees) -> NDArray[np.float64]:
        found = np.full(len(lon_deg), np.nan)
        unknown = np.ones(len(lon_deg), np.bool_)
        for beyond in (0.0, 0.5):  # steps: a tile that has posts on all sides of a point knows it better
            for number in numbers:
                tile = self.tiles[number]
                half = tile.step_lon_deg / 2
                x = ((lon_deg - tile.west_deg + half) % 360.0 - half) / tile.step_lon_deg
                y = (tile.north_deg - lat_deg) / tile.step_lat_deg
                there = unknown & (x >= -beyond) & (x <= tile.columns - 1 + beyond)
                there &= (y >= -beyond) & (y <= tile.rows - 1 + beyond)
                if there.any():
                    heights = self._of_tile(number, x[there].clip(0, tile.columns - 1), y[there].clip(0, tile.rows - 1))
                    found[there] = heights
                    unknown = np.isnan(found)
                    if not unknown.any():
                        return found
        return found

    def _of_tile(self, number: int, x: Degrees, y: Degrees) -> NDArray[np.float64]:
        """x, y: steps from its north-western post, within it."""
        tile = self.tiles[number]
        down = np.minimum(y, tile.rows - 2).astype(np.int64) // _WINDOW
        right = np.minimum(x, tile.columns - 2).astype(np.int64) // _WINDOW
        across = -(-tile.columns // _WINDOW)
        found = np.empty(len(x))
        for window, rows in _groups(down * across + right):
            at_row, at_column = divmod(window, across)
            heights = np.empty(len(found[rows]))
            posts = self._window(number, at_row * _WINDOW, at_column * _WINDOW)
            bilinear.run(posts, x[rows] - at_column * _WINDOW, y[rows] - at_row * _WINDOW, heights)
            found[rows] = heights
        return found

    def _window(self, number: int, row: int, column: int) -> Posts:
        """The posts of a tile from here on, with those that the next windows begin with."""
        key = (number, row, column)
        held = self._windows.get(key)
        if held is not None:
            self._windows.move_to_end(key)
            return held
        posts = self._read(number, row, column)
        self._windows[key] = posts
        self._room_bytes -= posts.nbytes
        while self._room_bytes < 0 and len(self._windows) > 1:
            self._room_bytes += self._windows.popitem(last=False)[1].nbytes
        return posts

    def _read(self, number: int, row: int, column: int) -> Posts:
        tile = self.tiles[number]
        if number in self._broken:
            return _NOWHERE
        try:
            posts = tile.read(row, column, min(_WINDOW + 1, tile.rows - row), min(_WINDOW + 1, tile.columns - column))
        except (UnfitTile, OSError, ValueError) as error:  # it was whole when it was opened
            log.error("%s", error if isinstance(error, UnfitTile) else UnfitTile(file=tile.path, detail=str(error)))
            self._broken.add(number)
            return _NOWHERE
        posts[(posts < GROUND_RANGE_M[0]) | (posts > GROUND_RANGE_M[1])] = np.nan
        return posts


def _opened(path: Path) -> Tile:
    suffix = path.suffix.lower()
    if suffix == ".hgt":
        return Hgt.opened(path)
    if suffix in (".tif", ".tiff"):
        from ingest.geotiff import GeoTiff  # a tenth of a second, for those who have such tiles

        return GeoTiff.opened(path)
    raise UnfitTile(file=path, detail="neither HGT (.hgt) nor GeoTIFF (.tif)")


def _cells(tile: Tile) -> list[int]:
    """The degrees that a tile touches with its edges, as ground_m counts them."""
    half_lon, half_lat = tile.step_lon_deg / 2, tile.step_lat_deg / 2
    west, east = tile.west_deg - half_lon, tile.west_deg + (tile.columns - 1) * tile.step_lon_deg + half_lon
    south, north = tile.north_deg - (tile.rows - 1) * tile.step_lat_deg - half_lat, tile.north_deg + half_lat
    lons = range(floor(west), min(floor(east), floor(west) + 359) + 1)
    lats = range(max(floor(south), -90), min(floor(north), 90) + 1)
    return [lon % 360 * 181 + lat + 90 for lon in lons for lat in lats]


def _groups(keys: NDArray[np.int64]) -> list[tuple[int, NDArray[np.intp] | slice]]:
    """Each different key, and where it stands. Mostly there is one."""
    if not len(keys):
        return []
    if keys[0] == keys[-1] and (keys == keys[0]).all():
        return [(int(keys[0]), slice(None))]
    return [(key, np.flatnonzero(keys == key)) for key in np.unique(keys).tolist()]


@kernel(given(float32, 2), given(float64), given(float64), float64[::1])
def bilinear(posts: Posts, x: Degrees, y: Degrees, heights: NDArray[np.float64]) -> None:
    """heights (n,) at columns x and rows y of posts (at least 2 by 2, no point outside). A post without weight has no say,
    even if it is void."""
    for i in range(len(x)):
        column, row = min(int(x[i]), posts.shape[1] - 2), min(int(y[i]), posts.shape[0] - 2)
        right, down = x[i] - column, y[i] - row
        height = 0.0
        for step_down, weight_down in ((0, 1.0 - down), (1, down)):
            for step_right, weight_right in ((0, 1.0 - right), (1, right)):
                if weight_down > _NO_WEIGHT and weight_right > _NO_WEIGHT:
                    height += weight_down * weight_right * posts[row + step_down, column + step_right]
        heights[i] = height
