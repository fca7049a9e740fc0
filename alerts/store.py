"""Acknowledgements in the database. The stream may know an alert before the database does: then its n counts as known."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from alerts.handling import Acknowledgement, Action, NotDurable, RequestReused, decide
from core.records import encode
from core.units import to_us, utc
from storage.queries import load

Row = tuple[Any, ...]


async def acknowledge(
    pool: AsyncConnectionPool[AsyncConnection[Row]], asked: Acknowledgement, seen_on_stream_n: int | None
) -> Acknowledgement:
    """Decide, store and commit. Gives the acknowledgement that answers: the one asked for, or what its request id made before.

    Raises what alerts.handling.decide raises, and NotDurable when it is not stored or nobody can say whether it is.
    """
    queries = load("alerts")
    keys = {"alert_id": asked.alert_id, "request_id": asked.request_id}
    try:
        async with pool.connection() as conn, conn.transaction():
            await conn.execute(queries["lock_alert"], keys)
            stored = await (await conn.execute(queries["latest_n"], keys)).fetchone()
            known = [n for n in (seen_on_stream_n, stored[0] if stored else None) if n is not None]
            same = await (await conn.execute(queries["request"], keys)).fetchone()
            earlier = await (await conn.execute(queries["handling"], keys)).fetchall()
            decided = decide(
                asked, max(known, default=None), read_row(same) if same else None, [read_row(row) for row in earlier]
            )
            if decided is asked:
                await conn.execute(queries["add_handling"], _columns(asked))
            return decided
    except psycopg.errors.UniqueViolation as error:
        raise RequestReused(request_id=asked.request_id) from error
    except (psycopg.OperationalError, PoolTimeout) as error:
        # A connection lost at the commit leaves the outcome unknown: the same request id will tell.
        raise NotDurable(detail=str(error).strip() or type(error).__name__) from error


def read_row(row: Row) -> Acknowledgement:
    """operator_id, alert_id, request_id, n, station, at, action"""
    operator_id, alert_id, request_id, n, station, at, action = row
    assert isinstance(alert_id, UUID)
    return Acknowledgement(operator_id, alert_id, request_id, n, station, to_us(at), Action(action))


def _columns(one: Acknowledgement) -> dict[str, object]:
    return {
        "operator_id": one.operator_id, "alert_id": one.alert_id, "request_id": one.request_id, "n": one.n,
        "action": one.action.value, "station": one.station, "at": utc(one.at_us),
        "answer": Jsonb(one.answer()), "notice": encode(one).decode(),
    }  # fmt: skip
