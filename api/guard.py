"""Who may come in: loopback names only, no foreign origin, a token; and what every answer's headers forbid.

A page of another site can make a browser call 127.0.0.1, or rebind a name of its own to it (DNS rebinding): the Host and
Origin that the browser then sends give it away.
"""

import hmac
import re
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Forbidden, TooLarge, Unauthorized, describe, respond

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
MAX_BODY = 8 << 20
_HOST = re.compile(r"(\[::1\]|[a-z0-9.-]+)(:\d{1,5})?", re.IGNORECASE)

# blob: is what MapLibre starts its workers from, and data: what it draws its images with
_POLICY = "; ".join((
    "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:",
    "worker-src 'self' blob:", "child-src 'self' blob:", "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
    "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
))  # fmt: skip
SECURITY_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def same(token: str, shown: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(token.encode(), shown.encode("utf-8", "surrogatepass"))


def is_loopback_host(host: str) -> bool:
    match = _HOST.fullmatch(host)
    return match is not None and match[1].lower() in LOOPBACK


def is_loopback_origin(origin: str) -> bool:
    """A page served from this machine, at whatever port: its own development server is one."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and not parts.path.strip("/") and is_loopback_host(parts.netloc)


def require_token(request: Request) -> None:
    """A dependency of every route that is not open. Raises Unauthorized."""
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not same(request.app.state.token, shown.strip()):
        raise Unauthorized()


async def read_body(request: Request) -> bytes:
    """The whole body. Raises TooLarge as soon as it is."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise TooLarge(limit=MAX_BODY)
    return bytes(body)


class Guard:
    """ASGI around everything: Host and Origin in, security headers out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        refused = None
        if len(headers.getlist("host")) != 1 or not is_loopback_host(headers["host"]):
            refused = Forbidden(detail="the Host header names another")
        elif origin is not None and not is_loopback_origin(origin):
            refused = Forbidden(detail="a page of another site may not ask")
        if refused is not None and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "forbidden"})  # before accept: 403
            return

        async def dress(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent: Any = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    sent[name] = value
                sent.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._app if refused is None else respond(describe(refused))
        await answer(scope, receive, dress if scope["type"] == "http" else send)
