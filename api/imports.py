"""REST: a recorded log from a person's disk into history, with progress."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.requests import ClientDisconnect

from api.aside.messages import ImportAsked
from api.fleet import answer, loaded
from api.guard import require_token
from api.job_shapes import Import, ImportList
from api.jobs import Jobs
from api.problems import BrokenOff, NoSpace, TooLarge, WrongField, parameter_id, parameter_text, parameter_time, responses
from core.settings import Settings

FOLDER = "uploads"  # of the data directory
_PIECE = 1 << 20  # bytes written at once

router = APIRouter(prefix="/api/v1/imports", tags=["evidence"], dependencies=[Depends(require_token)])

_LOG_IN = {
    "requestBody": {
        "required": True,
        "description": "the log itself: .tlog, or a raw MAVLink stream",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("", status_code=202, response_model=Import, responses=responses(413, 422, 429, 503, 507), openapi_extra=_LOG_IN)
async def take_in(
    request: Request,
    name: Annotated[str, Query(description="what the file is called", min_length=1, max_length=200)],
    start: Annotated[
        str | None, Query(description="when a raw stream, which has no times, began: ISO 8601 with its zone")
    ] = None,
) -> Response:
    """Takes a log in, and begins to import it as `wedgetail import` does. Ask for it at the address that Location names.

    A second time changes nothing, and says so. An upload that breaks off leaves nothing behind.
    """
    jobs: Jobs = request.app.state.imports
    settings: Settings = request.app.state.settings
    loaded(request)
    start_us = parameter_time("start", start)
    called = (parameter_text("name", name) or "").strip()
    if not called.isprintable() or not called:
        raise WrongField(field="name", detail="a file's name is expected")
    jobs.check_room()
    with ExitStack() as held:
        file = held.enter_context(_kept(settings.data_dir.absolute() / FOLDER))
        await _receive(request, file, settings.api.upload_mb << 20)
        asked = ImportAsked(settings.model_dump(mode="json"), str(file), called, start_us)
        job = jobs.begin({"name": called}, asked, held.pop_all())
    return answer(job.told(), 202, {"Location": f"/api/v1/imports/{job.job_id}"})


@router.get("", response_model=ImportList, responses=responses())
async def imports(request: Request) -> Response:
    """Those under way and the last twenty that are over, the first first; and how large a file may be."""
    jobs: Jobs = request.app.state.imports
    settings: Settings = request.app.state.settings
    return answer({"most_bytes": settings.api.upload_mb << 20, "imports": [job.told() for job in jobs.all]})


@router.get("/{import_id}", response_model=Import, responses=responses(404, 422))
async def look(request: Request, import_id: str) -> Response:
    """How far it is, or what came of it."""
    jobs: Jobs = request.app.state.imports
    return answer(jobs.get(parameter_id("import_id", import_id)).told())


@router.delete("/{import_id}", response_model=Import, responses=responses(404, 422))
async def stop(request: Request, import_id: str) -> Response:
    """Ends it where it is: what has arrived stays, once, and importing the log again completes it."""
    jobs: Jobs = request.app.state.imports
    return answer((await jobs.stop(parameter_id("import_id", import_id))).told())


def clear(settings: Settings) -> None:
    """Removes what a door that was killed left of its uploads."""
    shutil.rmtree(settings.data_dir.absolute() / FOLDER, ignore_errors=True)


@contextmanager
def _kept(folder: Path) -> Iterator[Path]:
    """A file of our own, until it is not needed any more."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".log", delete=False) as made:
            file = Path(made.name)
    except OSError as error:
        raise NoSpace(folder=folder, detail=error.strerror or str(error)) from error
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


async def _receive(request: Request, file: Path, most: int) -> None:
    """The body into a file. Raises TooLarge as soon as it is, NoSpace, BrokenOff."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise TooLarge(limit=most)
    size, piece = 0, bytearray()
    try:
        with file.open("wb") as out:
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise TooLarge(limit=most)
                piece += part
                if len(piece) >= _PIECE:
                    await asyncio.to_thread(out.write, piece)
                    piece = bytearray()
            await asyncio.to_thread(out.write, piece)
    except OSError as error:
        raise NoSpace(folder=file.parent, detail=error.strerror or str(error)) from error
    except ClientDisconnect as error:
        raise BrokenOff(size=size) from error
