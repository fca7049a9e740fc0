"""Hears of what people did with alerts when it is committed, whichever door it came to; and every ten seconds reads
what says nothing by itself: names, and which pilots' links were ended."""

import asyncio
import logging
from collections.abc import Callable

import psycopg

from alerts.handling import Acknowledgement
from alerts.store import read_row
from api.consumer import Feed
from api.pilot_links import PilotLinks, ended
from core.errors import UnreadableRecord
from core.records import decode
from core.settings import Settings
from storage.pool import connect
from storage.queries import load

_AGAIN_S = 1.0
_RENAME_S = 10.0

log = logging.getLogger(__name__)


async def listen(settings: Settings, feed: Feed, pilots: PilotLinks, now_us: Callable[[], int]) -> None:
    """Until cancelled. Each time it connects it first reads what it may have missed."""
    await feed.loaded.wait()
    away = False
    while True:
        try:
            conn = await connect(settings.database.url, name="wedgetail-api-listen")
            try:
                queries = load("api")
                await conn.execute(queries["listen_handling"])
                known = [case.last.alert_id for case in feed.picture.cases()]
                cursor = await conn.execute(queries["handling_of"], {"alert_ids": known})
                for row in await cursor.fetchall():
                    _take(feed, read_row(row))
                if away:
                    log.info("listening for acknowledgements again")
                away = False
                while True:
                    pilots.ended = await ended(conn, pilots.operator_id, now_us())
                    async for notice in conn.notifies(timeout=_RENAME_S):
                        _hear(feed, notice.payload)
                    cursor = await conn.execute(queries["names"], {"operator_id": feed.picture.operator_id})
                    feed.picture.rename(dict(await cursor.fetchall()))
                    feed.hub.publish()
            finally:
                await conn.close()
        except psycopg.OperationalError as error:
            if not away:
                log.warning("acknowledgements of other doors are not heard for now: %s", error)
            away = True
        await asyncio.sleep(_AGAIN_S)  # the database does not tell when it is back


def _hear(feed: Feed, payload: str) -> None:
    try:
        _take(feed, decode(Acknowledgement, payload.encode()))
    except UnreadableRecord as error:
        log.error("a notice of an acknowledgement: %s", error)


def _take(feed: Feed, one: Acknowledgement) -> None:
    if feed.picture.apply_acknowledgement(one):
        feed.hub.publish()
