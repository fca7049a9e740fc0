"""The ground below a position, from tiles made here."""

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.settings import Settings
from core.settings import Terrain as TerrainSettings
from ingest.terrain import Terrain, bilinear, terrain_of
from tests.unit.ingest.tiles import VOID, geotiff, ground, hgt, of
from tests.unit.ingest.told import Told

STEP = 1 / 1_200
ROUNDING = 1e-9  # of a step


def slope(lon: Any, lat: Any) -> Any:
    """Whole metres at the posts of a 3 arc second tile."""
    return np.round((lon - 149) * 1_200 + (lat + 36) * 2_400)


def test_an_hgt_tile_begins_with_its_north_western_post_and_is_bilinear_between_posts(tmp_path: Path) -> None:
    hgt(tmp_path, "S36E149.hgt", of(slope, 149, -35, STEP, 1_201, 1_201))
    terrain = Terrain(tmp_path)
    assert ground(terrain, (149, -35), (150, -35), (149, -36), (150, -36)) == [2_400, 3_600, 0, 1_200]
    assert ground(terrain, (149.5, -35.5), (149.5 + STEP / 2, -35.5), (149.5, -35.5 - STEP / 4)) == [1_800, 1_800.5, 1_799.5]


def test_one_arc_second_is_told_by_the_size(tmp_path: Path) -> None:
    heights = np.zeros((3_601, 3_601), np.int16)
    heights[1_800, 900:902] = 100, 200
    hgt(tmp_path, "n10w060.HGT", heights, 3_601)
    assert ground(Terrain(tmp_path), (-59.75, 10.5), (-59.75 + 1 / 7_200, 10.5)) == [100, 150]


@pytest.mark.parametrize(
    "how",
    [
        {"tile": (64, 48)},
        {"tile": (64, 64), "compression": "deflate", "predictor": 3},
        {"tile": (256, 256), "compression": "lzw", "predictor": True, "byteorder": ">"},
        {"rowsperstrip": 1},
        {"rowsperstrip": 7, "compression": "lzw"},
        {"rowsperstrip": 16, "compression": "zstd", "byteorder": ">"},
        {"rowsperstrip": 300, "bigtiff": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["f4", "i2", "f8"])
def test_a_geotiff_gives_the_same_however_it_is_laid_out(how: dict[str, Any], kind: str, tmp_path: Path) -> None:
    if how.get("predictor") == 3 and kind == "i2":
        how = how | {"predictor": 2}
    west, north, step, rows, columns = 149.0, -35.0, 0.001, 300, 270
    heights = of(lambda lon, lat: np.round((lon - 149) * 3_000 + (lat + 36) * 1_000), west, north, step, rows, columns)
    geotiff(tmp_path, "dem.tif", heights.astype(kind), west - step / 2, north + step / 2, step, **how)
    terrain = Terrain(tmp_path)
    lon = np.random.default_rng(1).uniform(149, 149.269, 200)
    lat = np.random.default_rng(2).uniform(-35.299, -35, 200)
    assert terrain.ground_m(lon, lat) == pytest.approx((lon - 149) * 3_000 + (lat + 36) * 1_000, abs=1e-3)


def test_a_pixel_is_an_area_whose_post_is_its_middle_unless_the_file_says_that_it_is_a_point(tmp_path: Path) -> None:
    heights = np.arange(6, dtype="f4").reshape(2, 3)
    geotiff(tmp_path, "area.tif", heights, 10, 50, 1.0)
    assert ground(Terrain(tmp_path), (10.5, 49.5), (11.5, 49.5), (12.5, 48.5), (11, 49.5)) == [0, 1, 5, 0.5]
    (tmp_path / "area.tif").unlink()
    geotiff(tmp_path, "point.tif", heights, 10, 50, 1.0, keys={1024: 2, 1025: 2, 2048: 4326})
    assert ground(Terrain(tmp_path), (10, 50), (11, 50), (12, 49), (10.5, 50)) == [0, 1, 5, 0.5]
    (tmp_path / "point.tif").unlink()
    geotiff(tmp_path, "tied.tif", heights, 0, 0, 1.0, tie=(1.5, 0.5, 0, 11.5, 49.5, 0))
    assert ground(Terrain(tmp_path), (11.5, 49.5)) == [1], "the tie point is that of any pixel"


def test_the_seam_between_areas_belongs_to_either_and_the_edge_is_no_place_to_fall_off(tmp_path: Path) -> None:
    geotiff(tmp_path, "west.tif", np.full((4, 4), 100, "f4"), 10, 50, 0.25)
    geotiff(tmp_path, "east.tif", np.full((4, 4), 200, "f4"), 11, 50, 0.25)
    terrain = Terrain(tmp_path)
    assert ground(terrain, (10.999, 49.5), (11.001, 49.5), (10.001, 49.999), (11.999, 49.001)) == [100, 200, 100, 200]
    assert ground(terrain, (11, 49.5))[0] in (100, 200)
    assert ground(terrain, (9.999, 49.5), (12.001, 49.5), (10.5, 50.001), (10.5, 48.999)) == [None] * 4


def test_a_point_on_the_edge_of_hgt_tiles_is_served_by_either(tmp_path: Path) -> None:
    places = [(150.0, -35.5), (150.0, -35.0), (149.5, -35.0), (149.0, -36.0)]
    hgt(tmp_path, "S36E149.hgt", 590)
    alone = ground(Terrain(tmp_path), *places)
    for name in ("S36E150.hgt", "S35E149.hgt", "S35E150.hgt"):
        hgt(tmp_path, name, 590)
    assert alone == ground(Terrain(tmp_path), *places) == [590] * 4
    (tmp_path / "S36E149.hgt").unlink()
    assert ground(Terrain(tmp_path), *places) == [590, 590, 590, None]


@pytest.mark.parametrize("names", [("N10E179.hgt",), ("N10W180.hgt",), ("N10E179.hgt", "N10W180.hgt")])
def test_longitude_180_is_both(names: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        hgt(tmp_path, name, 7)
    assert ground(Terrain(tmp_path), (180.0, 10.5), (-180.0, 10.5), (180.0, 11.0), (-180.0, 10.0)) == [7] * 4
    assert ground(Terrain(tmp_path), (179.9, 10.5), (-179.9, 10.5)) == [
        7 if "N10E179.hgt" in names else None,
        7 if "N10W180.hgt" in names else None,
    ]


def test_a_geotiff_may_lie_across_longitude_180_count_to_360_or_go_around_the_world(tmp_path: Path) -> None:
    point = {1024: 2, 1025: 2, 2048: 4326}
    geotiff(tmp_path, "across.tif", np.array([[1, 2, 3]] * 2, "f4"), 179, 1, 1.0, keys=point)
    assert ground(Terrain(tmp_path), (179.5, 0.5), (180, 0.5), (-180, 0.5), (-179.5, 0.5)) == [1.5, 2, 2, 2.5]
    geotiff(tmp_path, "across.tif", np.array([[1, 2, 3]] * 2, "f4"), 239, 1, 1.0, keys=point)
    assert ground(Terrain(tmp_path), (-120.5, 0.5), (-119.5, 0.5)) == [1.5, 2.5]
    geotiff(tmp_path, "across.tif", np.full((180, 360), 5, "f4"), -180, 90, 1.0)
    assert ground(Terrain(tmp_path), (180, 0), (-180, 0), (179.9, 90), (0.2, -90), (-179.9, 12)) == [5] * 5


def test_next_to_a_void_nothing_is_known_and_on_a_post_beside_it_that_post(tmp_path: Path) -> None:
    heights = np.full((1_201, 1_201), 100)
    heights[600, 600] = VOID
    hgt(tmp_path, "S36E149.hgt", heights)
    at = [(0, 0), (0.5, -0.5), (0.99, 0.01), (1, 0), (-2, 0), (-1, -1)]
    known = ground(Terrain(tmp_path), *((149.5 + right * STEP, -35.5 + up * STEP) for right, up in at))
    assert known == [None, None, None, 100, 100, 100]


@pytest.mark.parametrize(
    ("heights", "void"), [([1, -9_999], "-9999"), ([1, math.nan], None), ([1, -3.4028235e38], "-3.4028234663852886e+38"),
                          ([1, 32_767], None), ([1, 0], "0")]
)  # fmt: skip
def test_whatever_a_geotiff_has_for_a_void_is_none(heights: list[float], void: str | None, tmp_path: Path) -> None:
    geotiff(tmp_path, "dem.tif", np.array([heights] * 2, "f4"), 10, 50, 1.0, void=void)
    assert ground(Terrain(tmp_path), (10.5, 49), (11.5, 49), (11.2, 49)) == [1, None, None]


def test_where_the_finer_tile_is_void_the_coarser_one_is_asked(tmp_path: Path) -> None:
    heights = np.full((1_201, 1_201), 100)
    heights[:600] = VOID
    hgt(tmp_path, "S36E149.hgt", heights)
    geotiff(tmp_path, "a_whole_country.tif", np.full((10, 10), 300, "f4"), 145, -30, 1.0)
    assert ground(Terrain(tmp_path), (149.5, -35.2), (149.5, -35.8), (151.5, -35.5)) == [300, 100, 300]


def test_many_places_at_once_are_each_what_they_are_alone(tmp_path: Path) -> None:
    hgt(tmp_path, "S36E149.hgt", of(slope, 149, -35, STEP, 1_201, 1_201))
    hgt(tmp_path, "S36E150.hgt", of(slope, 150, -35, STEP, 1_201, 1_201))
    random = np.random.default_rng(3)
    lon, lat = random.uniform(148.9, 151.1, 300), random.uniform(-36.1, -34.9, 300)
    lon[:20] = np.round(lon[:20])
    terrain = Terrain(tmp_path)
    together = terrain.ground_m(lon, lat)
    alone = [terrain.ground_m(lon[i : i + 1], lat[i : i + 1])[0] for i in range(len(lon))]
    assert np.array_equal(together, alone, equal_nan=True)
    inside = np.isfinite(together)
    assert np.array_equal(inside, (lon >= 149) & (lon <= 151) & (lat >= -36) & (lat <= -35))
    assert together[inside] == pytest.approx(((lon - 149) * 1_200 + (lat + 36) * 2_400)[inside], abs=1e-6)
    assert terrain.ground_m(np.zeros(0), np.zeros(0)).shape == (0,)


def test_what_is_remembered_of_tiles_is_bounded_and_changes_nothing(tmp_path: Path) -> None:
    hgt(tmp_path, "S36E149.hgt", of(slope, 149, -35, STEP, 1_201, 1_201))
    lon, lat = np.random.default_rng(4).uniform(149, 150, 500), np.random.default_rng(5).uniform(-36, -35, 500)
    small = Terrain(tmp_path, cache_bytes=200_000)
    assert np.array_equal(small.ground_m(lon, lat), Terrain(tmp_path).ground_m(lon, lat))
    assert sum(window.nbytes for window in small._windows.values()) <= 200_000


def plain(posts: Any, x: float, y: float) -> float:
    """The height at x, y of the surface that is linear along each line of the grid: first along two rows, then between."""
    column, row = min(math.floor(x), posts.shape[1] - 2), min(math.floor(y), posts.shape[0] - 2)

    def between(a: float, b: float, at: float) -> float:
        return a if at <= ROUNDING else b if 1 - at <= ROUNDING else a + (b - a) * at

    upper = between(posts[row, column], posts[row, column + 1], x - column)
    lower = between(posts[row + 1, column], posts[row + 1, column + 1], x - column)
    return between(upper, lower, y - row)


PART = st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])


@given(
    st.integers(2, 5), st.integers(2, 5), st.integers(0, 2**32), st.lists(st.tuples(PART, PART), min_size=1, max_size=20)
)  # fmt: skip
def test_the_surface_is_bilinear(rows: int, columns: int, seed: int, at: list[tuple[float, float]]) -> None:
    random = np.random.default_rng(seed)
    posts = random.uniform(-400, 8_000, (rows, columns)).astype(np.float32)
    posts[random.random((rows, columns)) < 0.1] = np.nan
    x, y = (np.array(part) * size for part, size in zip(zip(*at, strict=True), (columns - 1, rows - 1), strict=True))
    heights = np.empty(len(x))
    bilinear.run(posts, x, y, heights)
    wanted = [plain(posts.astype(float), x[i], y[i]) for i in range(len(x))]
    assert heights == pytest.approx(wanted, abs=1e-4, nan_ok=True)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"keys": {1024: 1, 1025: 1, 3072: 28355}}, "not in degrees WGS 84"),
        ({"keys": {1024: 2, 1025: 1, 2048: 4267}}, "not in degrees WGS 84"),
        ({"keys": {}}, "not in degrees WGS 84"),
        ({"keys": {1024: 2, 2048: 4326, 4099: 9002}}, "not in metres"),
        ({"keys": {1024: 2, 2048: 4326, 2054: 9105}}, "angles"),
        ({"scale": ()}, "does not say where it is"),
        ({"scale": (1.0, 0.0, 0.0)}, "not on Earth"),
        ({"north": 95}, "not on Earth"),
        ({"west": math.nan}, "not on Earth"),
        ({"heights_m": np.zeros((2, 2, 3), "u1")}, "no grid of heights"),
        ({"heights_m": np.zeros((1, 5), "f4")}, "no grid of heights"),
        ({"heights_m": np.zeros((2, 2), "c8")}, "no grid of heights"),
        ({"heights_m": np.zeros((2_100, 2_100), "i2"), "step": 0.001}, "pieces too large"),
        ({"also": ((42112, "s", 0, '<GDALMetadata><Item name="SCALE" role="scale">0.1</Item></GDALMetadata>'),)}, "in metres"),
        ({"void": "none"}, "ValueError"),
    ],
)
def test_a_geotiff_that_cannot_be_used_says_why(facts: dict[str, Any], why: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"heights_m": np.zeros((2, 2), "f4"), "west": 10, "north": 50, "step": 1.0} | facts
    if given["heights_m"].ndim == 3:
        given |= {"planarconfig": "contig"}
    geotiff(tmp_path, "dem.tif", **given)
    terrain = Terrain(tmp_path)
    assert terrain.tiles == ()
    assert why in str(terrain.refused[0])


def test_other_files_in_the_folder_are_told_by_name_with_the_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "south").mkdir()
    hgt(tmp_path / "south", "S36E149.hgt", 590)
    (tmp_path / "S36E150.hgt").write_bytes(b"short")
    (tmp_path / "canberra.hgt").write_bytes(b"")
    hgt(tmp_path, "S95E150.hgt", 0)
    (tmp_path / "readme.txt").write_text("elevation")
    (tmp_path / ".hidden").write_text("nobody's business")
    (tmp_path / "broken.tif").write_bytes(b"II*\0" + bytes(range(60)))
    (tmp_path / "empty.tiff").write_bytes(b"")
    caplog.set_level(logging.INFO)
    terrain = terrain_of(Settings(terrain=TerrainSettings(folder=tmp_path)))
    assert terrain is not None and ground(terrain, (149.5, -35.5)) == [590]
    told = [record.message for record in caplog.records if record.name == "ingest.terrain"]
    assert told[-1] == f"terrain of {tmp_path}: 1 elevation tile, longitude 149.00 to 150.00, latitude -36.00 to -35.00"
    assert [Path(line.split(" is no")[0]).name for line in told[:-1]] == [
        "S36E150.hgt", "S95E150.hgt", "broken.tif", "canberra.hgt", "empty.tiff", "readme.txt",
    ]  # fmt: skip
    assert "it has 5 bytes: not 1 nor 3 arc seconds" in told[0] and "neither HGT" in told[5]


def test_no_folder_no_terrain_and_a_folder_that_is_not_there_is_a_wrong_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert terrain_of(Settings()) is None
    with pytest.raises(SettingError, match="there is no folder"):
        terrain_of(Settings(terrain=TerrainSettings(folder=tmp_path / "gone")))
    terrain = terrain_of(Settings(terrain=TerrainSettings(folder=tmp_path)))
    assert terrain is not None and ground(terrain, (149.5, -35.5)) == [None]
    assert "no elevation tiles" in caplog.messages[-1]


@pytest.mark.parametrize("name", ["S36E149.hgt", "dem.tif"])
def test_a_tile_that_breaks_while_it_is_used_is_told_once_and_another_serves(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if name.endswith("hgt"):
        path = hgt(tmp_path, name, 100)
    else:
        path = geotiff(tmp_path, name, np.full((300, 300), 100, "i2"), 149, -35, 0.003, tile=(64, 64), compression="lzw")
    geotiff(tmp_path, "coarse.tif", np.full((10, 10), 300, "f4"), 145, -30, 1.0)
    terrain = Terrain(tmp_path)
    assert ground(terrain, (149.1, -35.1)) == [100]
    path.write_bytes(path.read_bytes()[: 4_000 if name.endswith("tif") else 100])
    assert ground(terrain, (149.8, -35.8), (149.6, -35.6)) == [300, 300]
    assert len([line for line in caplog.messages if name in line]) == 1


def test_samples_know_the_ground_below_their_position(
    tmp_path: Path, position: Callable[..., bytes], heartbeat: Callable[..., bytes]
) -> None:
    heights = np.full((1_201, 1_201), 590)
    heights[:300] = VOID
    hgt(tmp_path, "S36E149.hgt", heights)
    told = Told()
    told.fleet.terrain = Terrain(tmp_path)
    told.hear(position())
    told.hear(position(lat=-351_000_000))
    told.hear(position(lat=-371_000_000))
    told.hear(position(lat=0, lon=0))
    told.hear(heartbeat(), at_s=2.0)
    assert [sample.ground_amsl_mm for sample in told.samples] == [590_000, None, None, None, None]
    told.samples.clear()
    told.hear_all([(position(lat=lat), 3.0, 1) for lat in (-353_623_302, 0, -371_000_000, -353_623_301)])
    assert [sample.ground_amsl_mm for sample in told.samples] == [590_000, None, None, 590_000]


@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_geotiff_is_left_out_or_gives_heights_but_never_an_accident(
    damaged_files: Path, damage: list[tuple[int, int]]
) -> None:
    whole = bytearray((damaged_files / "whole").read_bytes())
    for at, value in damage:
        whole[at % min(len(whole), 600)] = value
    (damaged_files / "dem.tif").write_bytes(whole)
    terrain = Terrain(damaged_files)
    assert len(terrain.tiles) + len(terrain.refused) == 2
    terrain.ground_m(np.array([149.1, 149.3]), np.array([-35.1, -35.3]))


@pytest.fixture(scope="session")
def damaged_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    made = geotiff(folder, "dem.tif", np.full((100, 100), 100, "i2"), 149, -35, 0.01, tile=(32, 32), compression="lzw")
    made.rename(folder / "whole")
    return folder
