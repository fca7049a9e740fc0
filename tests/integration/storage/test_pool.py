"""A database that has stopped answering: nobody waits for it longer than he said."""

import asyncio

import pytest

from storage.pool import pool, within


async def test_within_gives_up_in_time_although_the_statement_does_not_end(database_url: str) -> None:
    async with pool(database_url) as connections, connections.connection() as held:
        await held.execute("SELECT pg_advisory_lock(1)")
        let_go = asyncio.Event()

        async def stuck() -> None:
            try:
                async with connections.connection() as conn:
                    await conn.execute("SELECT pg_advisory_lock(1)")
            except asyncio.CancelledError:
                await let_go.wait()  # as long as a frozen server lets a cancellation wait
                raise

        with pytest.raises(TimeoutError):
            await within(0.1, stuck())
        assert not let_go.is_set()
        let_go.set()


async def test_within_gives_what_the_work_gives(database_url: str) -> None:
    async def seven() -> int:
        return 7

    assert await within(30, seven()) == 7
