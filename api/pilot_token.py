"""A pilot's token: which aircraft, whose phone, until when, signed. Pure: nothing is stored to check one.

    pilot.PAYLOAD.SIGNATURE    both base64url; payload: link id (16 bytes), aircraft id (16), expiry (4, seconds), name (UTF-8)

The signature (HMAC-SHA256, its first 16 bytes) is over the operator and the payload, so that a token of another operator's is
no token here, even where two share a key.
"""

import base64
import binascii
import hmac
from uuid import UUID

import msgspec

from core.units import US_PER_S

MAX_NAME_BYTES = 80
_PREFIX = "pilot."
_MADE_FOR = b"wedgetail pilot 1\0"
_FIXED = 36  # bytes before the name
_SIGNED = 16


class PilotLink(msgspec.Struct, frozen=True):
    """name: of who looks, as dispatch calls them. It stands beside what they saw."""

    link_id: UUID
    aircraft_id: UUID
    name: str
    expires_us: int

    def expired(self, now_us: int) -> bool:
        return now_us >= self.expires_us


def sign(link: PilotLink, operator_id: UUID, key: bytes) -> str:
    """The token of a link: the same each time. Expiry in whole seconds."""
    payload = link.link_id.bytes + link.aircraft_id.bytes + (link.expires_us // US_PER_S).to_bytes(4) + link.name.encode()
    return f"{_PREFIX}{_text(payload)}.{_text(_signature(payload, operator_id, key))}"


def read(token: str, operator_id: UUID, key: bytes) -> PilotLink | None:
    """The link of a token; None: nobody here made it. Whether it is over is another question."""
    parts = token.removeprefix(_PREFIX).split(".")
    if not token.startswith(_PREFIX) or len(parts) != 2:
        return None
    try:
        payload, signature = _bytes(parts[0]), _bytes(parts[1])
        if not hmac.compare_digest(signature, _signature(payload, operator_id, key)):
            return None
        name = payload[_FIXED:].decode()
    except (binascii.Error, ValueError):
        return None
    return PilotLink(UUID(bytes=payload[:16]), UUID(bytes=payload[16:32]), name, int.from_bytes(payload[32:36]) * US_PER_S)


def _signature(payload: bytes, operator_id: UUID, key: bytes) -> bytes:
    return hmac.digest(key, _MADE_FOR + operator_id.bytes + payload, "sha256")[:_SIGNED]


def _text(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError, or binascii.Error, for what _text cannot have made: one token has one form."""
    some = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    if _text(some) != text:
        raise ValueError(text)
    return some
