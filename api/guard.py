"""Who may come in: by our own names only, no foreign origin, a token; and what every answer's headers forbid.

A page of another site can make a browser call 127.0.0.1, or rebind a name of its own to it (DNS rebinding): the Host and
Origin that the browser then sends give it away. An address in digits is nobody's name, so nobody can rebind it.

There are two kinds of token. The dispatcher's opens everything but the pilot's routes; a pilot's opens those alone
(api.pilot). So a route is closed to pilots unless it was made for them.
"""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.pilot_token import PilotLink
from api.problems import Forbidden, NotForPilots, OnlyForPilots, TooLarge, Unauthorized, describe, respond
from core.settings import Api

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
MAX_BODY = 8 << 20
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?", re.IGNORECASE)

# blob: is what MapLibre starts its workers from, and data: what it draws its images with
_POLICY = (
    "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:{map}",
    "worker-src 'self' blob:", "child-src 'self' blob:", "connect-src 'self' ws://127.0.0.1:* ws://localhost:*{map}",
    "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
)  # fmt: skip
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_policy(map_origin: str | None = None) -> str:
    """What the pages may load and ask: this door, and the host of an online map where one is set."""
    return "; ".join(_POLICY).format(map="" if map_origin is None else f" {map_origin}")


def same(token: str, shown: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(token.encode(), shown.encode("utf-8", "surrogatepass"))


def host_of(text: str) -> str | None:
    """The name or address in a Host header or an origin, without its port; None if it is none."""
    match = _HOST.fullmatch(text)
    return None if match is None else match[1].lower()


def is_loopback_host(host: str) -> bool:
    return host_of(host) in LOOPBACK


def is_loopback_origin(origin: str) -> bool:
    """A page served from this machine, at whatever port: its own development server is one."""
    return is_loopback_host(_place_of(origin))


def _place_of(origin: str) -> str:
    """HOST:PORT of a page; empty if it is none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") and not parts.path.strip("/") else ""


@dataclass(frozen=True)
class Hosts:
    """By which names this door may be asked. digits: also by any address in digits."""

    names: frozenset[str] = LOOPBACK
    digits: bool = False

    @staticmethod
    def of(api: Api) -> "Hosts":
        """Loopback; and where others are listened for, the machine's addresses and the name that the settings give it."""
        named = host_of(_place_of(api.address))
        return Hosts(LOOPBACK | ({named} if named else set()), bool(api.listen))

    def hold(self, host: str) -> bool:
        name = host_of(host)
        return name is not None and (name in self.names or (self.digits and _in_digits(name)))

    def let_ask(self, origin: str, host: str) -> bool:
        """Is a page that was loaded from there one of this machine, or this door's own."""
        return is_loopback_origin(origin) or (_place_of(origin) == host and self.hold(host))


def _in_digits(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def require_token(request: Request) -> None:
    """A dependency of every route of the dispatcher's. Raises Unauthorized, and NotForPilots for a pilot's token."""
    shown = _shown(request)
    if not same(request.app.state.token, shown):
        request.app.state.pilots.admit(shown, request.app.state.now_us())
        raise NotForPilots


def require_pilot(request: Request) -> PilotLink:
    """A dependency of every route of a pilot's. Raises Unauthorized, LinkOver, NotReady, OnlyForPilots."""
    shown = _shown(request)
    if same(request.app.state.token, shown):
        raise OnlyForPilots
    link: PilotLink = request.app.state.pilots.admit(shown, request.app.state.now_us())
    return link


def _shown(request: Request) -> str:
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise Unauthorized
    return shown.strip()


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

    def __init__(self, app: ASGIApp, hosts: Hosts, map_origin: str | None = None) -> None:
        self._app, self._hosts = app, hosts
        self._headers = SECURITY_HEADERS | {"Content-Security-Policy": content_policy(map_origin)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        refused = None
        if len(headers.getlist("host")) != 1 or not self._hosts.hold(headers["host"]):
            refused = Forbidden(detail="the Host header names another")
        elif origin is not None and not self._hosts.let_ask(origin, headers["host"]):
            refused = Forbidden(detail="a page of another site may not ask")
        if refused is not None and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "forbidden"})  # before accept: 403
            return

        async def dress(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent: Any = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    sent[name] = value
                sent.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._app if refused is None else respond(describe(refused))
        await answer(scope, receive, dress if scope["type"] == "http" else send)
