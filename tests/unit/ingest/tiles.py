"""Elevation tiles as tests make them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ingest.terrain import Terrain

VOID = -32_768
KEYS = {1024: 2, 1025: 1, 2048: 4326}  # degrees, pixel is area, WGS 84


def hgt(folder: Path, name: str, heights_m: Any, side: int = 1_201) -> Path:
    """heights_m: (side, side) from the north-western post, or one for all."""
    path = folder / name
    np.broadcast_to(np.asarray(heights_m), (side, side)).astype(">i2").tofile(path)
    return path


def geotiff(
    folder: Path, name: str, heights_m: Any, west: float, north: float, step: float, *, keys: dict[int, int] | None = None,
    void: str | None = None, scale: tuple[float, ...] | None = None, tie: tuple[float, ...] | None = None,
    also: tuple[Any, ...] = (), **how: Any,
) -> Path:  # fmt: skip
    """west, north: of the tie point, which is that of the first pixel's corner (or post, by the keys)."""
    keys = KEYS if keys is None else keys
    directory = [1, 1, 0, len(keys), *(number for key, value in keys.items() for number in (key, 0, 1, value))]
    tags: list[Any] = [(34735, "H", len(directory), tuple(directory)), *also]
    if scale != ():
        tags += [(33550, "d", 3, scale or (step, step, 0.0)), (33922, "d", 6, tie or (0.0, 0.0, 0.0, west, north, 0.0))]
    if void is not None:
        tags.append((42113, "s", 0, void))
    path = folder / name
    tifffile.imwrite(path, heights_m, extratags=tags, photometric="minisblack", metadata=None, **how)
    return path


def ground(terrain: Terrain, *lon_lat: tuple[float, float]) -> list[float | None]:
    """Metres at these places, None where unknown."""
    lon, lat = np.array(lon_lat).T
    return [None if height != height else round(height, 6) for height in terrain.ground_m(lon, lat).tolist()]


def of(function: Callable[[Any, Any], Any], west: float, north: float, step: float, rows: int, columns: int) -> Any:
    """(rows, columns): what a function of longitude and latitude gives at posts from the north-west on."""
    lon, lat = west + step * np.arange(columns), north - step * np.arange(rows)
    return np.broadcast_to(function(lon[None, :], lat[:, None]), (rows, columns))
