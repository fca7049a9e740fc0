"""The WebSocket /api/v1/live: a token first, then snapshots and changes. docs/live.md tells its messages.

A pilot's token sees its aircraft alone, as if nothing else flew, and is told besides what is around it.
"""

import asyncio
from importlib.metadata import PackageNotFoundError, version

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.around import Surroundings
from api.consumer import Feed
from api.guard import same
from api.hub import MAX_SUBSCRIPTIONS, Viewer
from api.messages import DEFAULT_INTERVAL_MS, Authenticate, BadMessage, Subscribe, error_message, message, read
from api.picture import Picture
from api.pilot_links import PilotLinks
from api.pilot_shapes import Around
from api.pilot_token import PilotLink
from api.problems import LinkOver, NotReady, Unauthorized
from api.wire import Wire, wire_of
from core.settings import Settings
from geofence.moments import iso

PROTOCOL = 1  # goes up when an old page would misread what is said; the page then stops and asks to be loaded again
AROUND_EVERY_S = 0.5
TOKEN_WITHIN_S = 5.0
CLOSE_WITHIN_S = 5.0
MAX_WRONG = 20  # messages that could not be understood, then the connection is closed
REFUSED = 4401
POLICY = 1008
AGAIN_LATER = 1013

router = APIRouter()


def program_version() -> str:
    try:
        return version("wedgetail")
    except PackageNotFoundError:  # run from a checkout
        return "0.0.0"


@router.websocket("/api/v1/live")
async def live(socket: WebSocket) -> None:
    """One viewer, until it goes, is too slow, or the door closes."""
    feed: Feed = socket.app.state.feed
    await socket.accept()
    try:
        pilot = await _admitted(socket)
    except Unauthorized:
        await socket.close(REFUSED, "the first message must be authenticate, with a token that opens this door")
        return
    except (LinkOver, NotReady) as error:
        await socket.close(REFUSED if isinstance(error, LinkOver) else AGAIN_LATER, str(error))
        return
    if not feed.loaded.is_set():
        await socket.close(AGAIN_LATER, "the picture is not loaded yet")
        return
    settings: Settings = socket.app.state.settings
    wire = wire_of(socket.scope)
    viewer = feed.hub.join(lambda picture, now_us: _hello(settings, picture, now_us, pilot), wire.write_at_once)
    tasks = [
        asyncio.create_task(_listen(socket, feed, viewer, pilot), name="viewer-listens"),
        asyncio.create_task(_speak(viewer, wire), name="viewer-hears"),
        asyncio.create_task(viewer.closed.wait(), name="viewer-closes"),
    ]
    if pilot is not None:
        tasks.append(asyncio.create_task(_accompany(socket, feed, viewer, pilot), name="pilot"))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        feed.hub.leave(viewer)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for one in ended:
        if isinstance(one, Exception) and not isinstance(one, WebSocketDisconnect):
            raise one
    if viewer.closed.is_set():
        # One that takes nothing does not take this either: after a while the connection goes without it.
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await socket.close(viewer.close_code)
        except (TimeoutError, WebSocketDisconnect):
            pass


async def _admitted(socket: WebSocket) -> PilotLink | None:
    """None: the dispatcher. Raises Unauthorized, LinkOver, NotReady."""
    try:
        async with asyncio.timeout(TOKEN_WITHIN_S):
            said = read(await _receive(socket))
    except (TimeoutError, BadMessage) as error:
        raise Unauthorized from error
    if not isinstance(said, Authenticate):
        raise Unauthorized
    if same(socket.app.state.token, said.token):
        return None
    link: PilotLink = socket.app.state.pilots.admit(said.token, socket.app.state.now_us())
    return link


async def _receive(socket: WebSocket) -> str | bytes:
    """Raises WebSocketDisconnect when the viewer is gone."""
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text: str | None = event.get("text")
    return text if text is not None else event.get("bytes") or b""


async def _listen(socket: WebSocket, feed: Feed, viewer: Viewer, pilot: PilotLink | None) -> None:
    wrong = 0
    while True:
        text = await _receive(socket)
        try:
            said = read(text)
            if isinstance(said, Subscribe):
                if said.id not in viewer.subscriptions and len(viewer.subscriptions) >= MAX_SUBSCRIPTIONS:
                    raise BadMessage("too_many", f"{MAX_SUBSCRIPTIONS} subscriptions are the most", "id")
                await viewer.caught_up.wait()  # who asks for snapshots faster than it takes them waits
                feed.hub.subscribe(viewer, said if pilot is None else _narrowed(said, pilot))
            elif isinstance(said, Authenticate):
                raise BadMessage("authenticated", "this connection is authenticated already", "type")
            elif not feed.hub.unsubscribe(viewer, said.id):
                raise BadMessage("unknown_subscription", f"there is no subscription {said.id!r}", "id")
        except BadMessage as bad:
            wrong += 1
            viewer.say(error_message(bad))
            if wrong >= MAX_WRONG:
                viewer.close(POLICY)


def _narrowed(asked: Subscribe, pilot: PilotLink) -> Subscribe:
    """A pilot's subscription: whatever is left out means its aircraft. Raises BadMessage for one that asks for another."""
    if asked.aircraft is not None and asked.aircraft != {pilot.aircraft_id}:
        raise BadMessage("forbidden", "this link sees one aircraft: leave aircraft out", "aircraft")
    return msgspec.structs.replace(asked, aircraft=frozenset({pilot.aircraft_id}))


async def _accompany(socket: WebSocket, feed: Feed, viewer: Viewer, pilot: PilotLink) -> None:
    """Tells what is around the aircraft whenever that changed, until the link is over."""
    pilots: PilotLinks = socket.app.state.pilots
    surroundings: Surroundings = socket.app.state.surroundings
    told: Around | None = None
    while True:
        now_us = socket.app.state.now_us()
        try:
            pilots.hold(pilot, now_us)
        except LinkOver:
            viewer.close(REFUSED)
            return
        around = await surroundings.of(pilot.aircraft_id, feed.picture.held(pilot.aircraft_id))
        if around != told:
            text = message("around", now_us, feed.picture.rules(now_us), aircraft_id=str(pilot.aircraft_id), around=around)
            viewer.note("around", text)
            told = around
        await asyncio.sleep(AROUND_EVERY_S)


async def _speak(viewer: Viewer, wire: Wire) -> None:
    """What could not be written at once. It is asked for when there is room for it, so that it is the latest."""
    while True:
        await wire.until_free()
        text = viewer.take()
        if text is None:
            await viewer.wake.wait()
        elif not wire.write(text):
            raise WebSocketDisconnect(1006)


def _hello(settings: Settings, picture: Picture, now_us: int, pilot: PilotLink | None) -> str:
    operator = settings.operator
    link = pilot and {"name": pilot.name, "aircraft_id": str(pilot.aircraft_id), "expires_at": iso(pilot.expires_us)}
    return message(
        "hello", now_us, picture.rules(now_us), version=program_version(), protocol=PROTOCOL, pilot=link,
        operator={"id": str(picture.operator_id), "name": operator.name, "title": operator.title},
        timezone=operator.timezone, map_style=settings.map.style or None, heartbeat_ms=1_000, frame_ms=DEFAULT_INTERVAL_MS,
    )  # fmt: skip
