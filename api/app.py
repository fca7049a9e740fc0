"""The application: routes under /api/v1, the page at /, the guard around both."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import export, facts, fleet, gaps, health, live, pilot, problems, rulebook, watch, zone_files, zones
from api.around import Surroundings
from api.consumer import Feed
from api.fleet import Pool
from api.guard import Guard, Hosts
from api.page import Page
from api.pilot_links import PilotLinks
from api.world import WorldPublisher
from core.settings import Settings

_ABOUT = """Where the aircraft are, what is wrong, and who has seen it. Times are ISO 8601 with Z; every number has its unit in
its name; ids are UUIDs. What is live comes over the WebSocket `/api/v1/live` (docs/live.md). Everything but health and ready
wants `Authorization: Bearer TOKEN`: the dispatcher's, and for /api/v1/pilot that of a pilot's link. Failures are problem JSON
(RFC 9457) that name the field."""
_OPEN = frozenset({"/api/v1/health", "/api/v1/ready"})


def build(
    settings: Settings,
    token: str,
    pilots: PilotLinks,
    feed: Feed,
    publisher: WorldPublisher,
    pool: Pool,
    now_us: Callable[[], int],
    page: Path,
) -> FastAPI:
    """Everything is given: nothing is started here."""
    app = FastAPI(
        title="Wedgetail", version=live.program_version(), description=_ABOUT,
        openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None,
    )  # fmt: skip
    state = {
        "settings": settings, "token": token, "pilots": pilots, "feed": feed, "publisher": publisher, "pool": pool,
        "now_us": now_us, "surroundings": Surroundings(pilots.operator_id, pool, publisher),
    }  # fmt: skip
    for name, value in state.items():
        setattr(app.state, name, value)
    problems.install(app)
    for room in (fleet, gaps, watch, zones, zone_files, facts, rulebook, export, pilot, health, live):
        app.include_router(room.router)
    app.include_router(pilot.links)
    app.mount("/", Page(page))
    app.add_middleware(Guard, hosts=Hosts.of(settings.api), map_origin=settings.map.origin)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, object]:
    """FastAPI's, with the token said for every route that wants it."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for path, operations in schema["paths"].items():
            if path not in _OPEN:
                for operation in operations.values():
                    operation["security"] = [{"token": []}]
        app.openapi_schema = schema
    return app.openapi_schema
