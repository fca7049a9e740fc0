"""The pages at / and /replay: the files that the web's build made, or a plain word that they are not there."""

import os
from importlib.resources import files
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Wedgetail</title>
<h1>The page is not built</h1>
<p>The door itself works: <a href="/api/v1/health">/api/v1/health</a>,
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
<p>To build the page, in a checkout: <code>make web</code> (or <code>npm ci</code> and <code>npm run build</code> in
<code>dashboards/web</code>), then load this address again.</p></html>
"""
_PAGES = {"replay"}  # addresses without .html, as people read and send them
_FOR_EVER = "public, max-age=31536000, immutable"  # their names hold a hash of what is in them


def built_files() -> Path:
    """Where the build puts them, in a checkout and in an installed package."""
    return Path(str(files("dashboards"))) / "web" / "dist"


class Page:
    """ASGI. Looks at each request: the page may be built while the door is open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = _Files(directory=folder, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (self._folder / "index.html").is_file():
            await self._files(scope, receive, send)
        else:
            await HTMLResponse(_NOT_BUILT, 503)(scope, receive, send)


class _Files(StaticFiles):
    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        return f"{path}.html" if path in _PAGES else path

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = Path(full_path).parent.name == "assets"
        response.headers["Cache-Control"] = _FOR_EVER if hashed else "no-cache"
        return response
