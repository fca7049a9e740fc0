"""Pilots' links as they are made, ended and admitted.

The key stands in a file of its own beside the door's token, not derived from it: a pilot holds signatures, and must not be able
to try out short tokens of the dispatcher's against them. Checking a token reads nothing. What it cannot know, that a link was
ended before its time, is a short list in memory, read from the database every ten seconds, and by who ended it at once.
"""

import os
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from api import pilot_token
from api.pilot_token import PilotLink
from api.problems import LinkOver, NotReady, Unauthorized
from core.units import to_us, utc
from storage.queries import load

KEY_FILE = "pilot-links.key"
_KEY_BYTES = 32
Connection = AsyncConnection[tuple[Any, ...]]


class PilotLinks:
    """Who of those with a pilot's token may look. ended is None until it was read: till then nobody may."""

    def __init__(self, operator_id: UUID, key: bytes) -> None:
        self.operator_id = operator_id
        self.ended: frozenset[UUID] | None = None
        self._key = key

    def token(self, link: PilotLink) -> str:
        return pilot_token.sign(link, self.operator_id, self._key)

    def admit(self, token: str, now_us: int) -> PilotLink:
        """The link of a token. Raises Unauthorized, LinkOver, NotReady."""
        link = pilot_token.read(token, self.operator_id, self._key)
        if link is None:
            raise Unauthorized
        self.hold(link, now_us)
        return link

    def hold(self, link: PilotLink, now_us: int) -> None:
        """Raises LinkOver once it has expired or was ended, NotReady while nobody knows."""
        if link.expired(now_us):
            raise LinkOver(detail=f"expired at {utc(link.expires_us):%Y-%m-%d %H:%M:%S} UTC")
        if self.ended is None:
            raise NotReady(detail="which pilot links were ended is not read yet")
        if link.link_id in self.ended:
            raise LinkOver(detail="was ended by dispatch")


def key_of(data_dir: Path) -> bytes:
    """The key of this data directory: made once, readable by its owner alone. Without the file every link ends."""
    path = data_dir / KEY_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
    if not path.exists():
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        try:
            os.link(new, path)  # of two doors that start at once one makes it
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return path.read_bytes()


async def add(conn: Connection, operator_id: UUID, link: PilotLink, now_us: int) -> None:
    given = {
        "link_id": link.link_id, "operator_id": operator_id, "aircraft_id": link.aircraft_id, "name": link.name,
        "made_at": utc(now_us), "expires_at": utc(link.expires_us),
    }  # fmt: skip
    await conn.execute(load("api")["add_pilot_link"], given)


async def standing(conn: Connection, operator_id: UUID, aircraft_id: UUID | None, now_us: int) -> list[PilotLink]:
    """Those that may still be used, the oldest first."""
    given = {"operator_id": operator_id, "aircraft_id": aircraft_id, "now": utc(now_us)}
    rows = await (await conn.execute(load("api")["pilot_links"], given)).fetchall()
    return [PilotLink(link_id, aircraft, name, to_us(expires_at)) for link_id, aircraft, name, expires_at in rows]


async def end(conn: Connection, operator_id: UUID, link_id: UUID, now_us: int) -> bool:
    """False: there is no such link. Ending one again changes nothing."""
    given = {"operator_id": operator_id, "link_id": link_id, "now": utc(now_us)}
    return await (await conn.execute(load("api")["end_pilot_link"], given)).fetchone() is not None


async def ended(conn: Connection, operator_id: UUID, now_us: int) -> frozenset[UUID]:
    given = {"operator_id": operator_id, "now": utc(now_us)}
    rows = await (await conn.execute(load("api")["ended_pilot_links"], given)).fetchall()
    return frozenset(link_id for (link_id,) in rows)
