"""The WebSocket /api/v1/live: a token first, then snapshots and changes. docs/live.md tells its messages."""

import asyncio
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.consumer import Feed
from api.guard import same
from api.hub import MAX_SUBSCRIPTIONS, Viewer
from api.messages import DEFAULT_INTERVAL_MS, Authenticate, BadMessage, Subscribe, error_message, message, read
from api.picture import Picture
from core.settings import Settings

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
    if not await _authenticated(socket):
        await socket.close(REFUSED, "the first message must be authenticate with the token")
        return
    if not feed.loaded.is_set():
        await socket.close(AGAIN_LATER, "the picture is not loaded yet")
        return
    settings: Settings = socket.app.state.settings
    viewer = feed.hub.join(lambda picture, now_us: _hello(settings, picture, now_us))
    tasks = [
        asyncio.create_task(_listen(socket, feed, viewer), name="viewer-listens"),
        asyncio.create_task(_speak(socket, viewer), name="viewer-hears"),
        asyncio.create_task(viewer.closed.wait(), name="viewer-closes"),
    ]
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


async def _authenticated(socket: WebSocket) -> bool:
    try:
        async with asyncio.timeout(TOKEN_WITHIN_S):
            said = read(await _receive(socket))
    except (TimeoutError, BadMessage):
        return False
    return isinstance(said, Authenticate) and same(socket.app.state.token, said.token)


async def _receive(socket: WebSocket) -> str | bytes:
    """Raises WebSocketDisconnect when the viewer is gone."""
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text: str | None = event.get("text")
    return text if text is not None else event.get("bytes") or b""


async def _listen(socket: WebSocket, feed: Feed, viewer: Viewer) -> None:
    wrong = 0
    while True:
        text = await _receive(socket)
        try:
            said = read(text)
            if isinstance(said, Subscribe):
                if said.id not in viewer.subscriptions and len(viewer.subscriptions) >= MAX_SUBSCRIPTIONS:
                    raise BadMessage("too_many", f"{MAX_SUBSCRIPTIONS} subscriptions are the most", "id")
                await viewer.caught_up.wait()  # who asks for snapshots faster than it takes them waits
                feed.hub.subscribe(viewer, said)
            elif isinstance(said, Authenticate):
                raise BadMessage("authenticated", "this connection is authenticated already", "type")
            elif not feed.hub.unsubscribe(viewer, said.id):
                raise BadMessage("unknown_subscription", f"there is no subscription {said.id!r}", "id")
        except BadMessage as bad:
            wrong += 1
            viewer.say(error_message(bad))
            if wrong >= MAX_WRONG:
                viewer.close(POLICY)


async def _speak(socket: WebSocket, viewer: Viewer) -> None:
    while True:
        text = viewer.take()
        if text is None:
            await viewer.wake.wait()
        else:
            await socket.send_text(text)


def _hello(settings: Settings, picture: Picture, now_us: int) -> str:
    operator = settings.operator
    return message(
        "hello", now_us, picture.rules(now_us), version=program_version(),
        operator={"id": str(picture.operator_id), "name": operator.name, "title": operator.title},
        timezone=operator.timezone, heartbeat_ms=1_000, frame_ms=DEFAULT_INTERVAL_MS,
    )  # fmt: skip
