import json
import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import hatch_build


def pages(directory: Path, build: str) -> Path:
    """A tiny web project whose build is this JavaScript; npm needs no network for it."""
    (directory / "package.json").write_text(f'{{"name": "x", "version": "1.0.0", "scripts": {{"build": "{build}"}}}}')
    (directory / "package-lock.json").write_text(
        '{"name": "x", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "x", "version": "1.0.0"}}}'
    )
    return directory


BUILD = "mkdir -p dist && echo built >> dist/index.html"


def test_without_pages_the_build_does_nothing(tmp_path: Path) -> None:
    hatch_build.build(tmp_path)
    assert not (tmp_path / "dist").exists()


def test_pages_are_built_again_only_when_a_source_changed(tmp_path: Path) -> None:
    web = pages(tmp_path, BUILD)
    hatch_build.build(web)
    hatch_build.build(web)
    assert (web / "dist/index.html").read_text() == "built\n"
    (web / "main.ts").write_text("1")
    hatch_build.build(web)
    assert (web / "dist/index.html").read_text() == "built\nbuilt\n"


def test_a_build_that_fails_says_which_command_and_what_it_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(hatch_build.PagesNotBuilt, match=r"npm run build in .* ended with code 3"):
        hatch_build.build(pages(tmp_path, "echo type error in main.ts; exit 3"))
    assert "type error in main.ts" in capsys.readouterr().err


def test_a_build_that_makes_no_page_is_no_build(tmp_path: Path) -> None:
    with pytest.raises(hatch_build.PagesNotBuilt, match=r"index\.html"):
        hatch_build.build(pages(tmp_path, "true"))


def test_the_aerodromes_of_the_base_map_come_from_their_package(tmp_path: Path) -> None:
    hatch_build.write_aerodromes(tmp_path)
    told = {one["code"]: one for one in json.loads((tmp_path / "made/aerodromes.json").read_text())}
    assert told["YSCB"]["iata"] and (round(told["YSCB"]["lon"], 1), round(told["YSCB"]["lat"], 1)) == (149.2, -35.3)
    assert all(112 < one["lon"] < 170 or one["lon"] < 106 for one in told.values()), "all are Australia's"


def test_without_that_package_the_build_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", absent)
    with pytest.raises(hatch_build.PagesNotBuilt, match="airportsdata, a build requirement"):
        hatch_build.build(pages(tmp_path, BUILD))


def test_a_machine_without_node_builds_with_that_of_the_build_requirement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "env", "mkdir"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    (tmp_path / "web").mkdir()
    web = pages(tmp_path / "web", "mkdir -p dist && node --version > dist/index.html")
    hatch_build.build(web)
    assert (web / "dist/index.html").read_text().startswith("v")
