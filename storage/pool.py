"""Connections to the database: every one in UTC, none that can hang for ever."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

CONNECT_TIMEOUT_S = 5
T = TypeVar("T")


def pool(
    url: str,
    *,
    name: str = "wedgetail",
    min_size: int = 1,
    max_size: int = 8,
    statement_timeout_ms: int = 10_000,
    idle_in_transaction_timeout_ms: int = 10_000,
    wait_timeout_s: float = 5.0,
) -> AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]:
    """A pool that is not open yet: `async with pool(url) as connections`.

    wait_timeout_s: how long a caller waits for a free connection before psycopg_pool.PoolTimeout, which is also what a
    database that is away looks like from here.
    """

    async def configure(conn: AsyncConnection[Any]) -> None:
        await prepare(conn, statement_timeout_ms, idle_in_transaction_timeout_ms)

    return AsyncConnectionPool(
        url,
        kwargs={"autocommit": True, "connect_timeout": CONNECT_TIMEOUT_S, "application_name": name},
        configure=configure,
        min_size=min_size,
        max_size=max_size,
        timeout=wait_timeout_s,
        name=name,
        open=False,
    )


async def connect(
    url: str, *, name: str, statement_timeout_ms: int = 10_000, idle_in_transaction_timeout_ms: int = 10_000
) -> AsyncConnection[tuple[Any, ...]]:
    """One connection of one's own, in autocommit. Raises psycopg.OperationalError when the database is away."""
    conn = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name=name)
    await prepare(conn, statement_timeout_ms, idle_in_transaction_timeout_ms)
    return conn


async def prepare(conn: AsyncConnection[Any], statement_timeout_ms: int, idle_in_transaction_timeout_ms: int) -> None:
    """UTC, and the two timeouts without which a frozen client's locks block everyone behind it."""
    await conn.execute(
        "SELECT set_config('TimeZone', 'UTC', false), set_config('statement_timeout', %s, false),"
        " set_config('idle_in_transaction_session_timeout', %s, false)",
        [str(statement_timeout_ms), str(idle_in_transaction_timeout_ms)],
    )


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, or TimeoutError when the time is over, without waiting for its end.

    Cancelling a statement asks the server, and a frozen one does not answer that for ten seconds either.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody else looks
        raise TimeoutError
    return task.result()
