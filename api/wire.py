"""A viewer's connection: uvicorn's WebSocket, to which a text that many are told is written straight, framed once for all.

A server's frames are not masked, so they are the same bytes for everyone; compression is off.
"""

import asyncio
from asyncio.transports import BaseTransport
from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

_EXTENSION = "wedgetail.wire"


class Wire(WebSocketsSansIOProtocol):
    """ws= of uvicorn's settings. What is written goes out whole and in order, between what ASGI sends."""

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        # Full as soon as the kernel does not take all of it: what waits here grows old, what waits in the hub is replaced.
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=1, low=0)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            cast(dict[str, Any], self.scope["extensions"])[_EXTENSION] = self

    async def until_free(self) -> None:
        """Returns when a text may be written: also when the viewer is gone, which write() then says."""
        await self.writable.wait()

    def write_at_once(self, text: str) -> bool:
        """False: nothing was written, because something waits already or the viewer is gone."""
        return self.writable.is_set() and self.write(text)

    def write(self, text: str) -> bool:
        """False: the viewer is gone, or going."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(framed(text))
        return True


def wire_of(scope: Any) -> Wire:
    """The wire of a WebSocket's ASGI scope."""
    wire: Wire = scope["extensions"][_EXTENSION]
    return wire


@lru_cache(maxsize=1)
def framed(text: str) -> bytes:
    """As it goes over the wire. The last one is kept: the viewers of a channel are told one after the other."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
