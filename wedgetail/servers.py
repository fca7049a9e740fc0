"""Which servers this installation uses: those that are configured, else embedded ones in its data directory."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from core.settings import Settings
from wedgetail.local.kafka import LocalKafka
from wedgetail.local.postgres import LocalPostgres
from wedgetail.local.process import tail

_PAUSE_S = 1.0


class Servers:
    """Kafka and PostgreSQL, each embedded unless the settings name one."""

    def __init__(self, settings: Settings, directory: Path, tell: Callable[[str], None]) -> None:
        self._tell = tell
        kafka_given = "bootstrap" in settings.kafka.model_fields_set
        database_given = "url" in settings.database.model_fields_set
        self.kafka = None if kafka_given else LocalKafka(directory / "kafka", tell=tell)
        self.postgres = None if database_given else LocalPostgres(directory / "postgres", tell=tell)
        self._embedded: list[LocalKafka | LocalPostgres] = [server for server in (self.postgres, self.kafka) if server]

    @property
    def embedded_addresses(self) -> tuple[str | None, str | None]:
        """Bootstrap and database URL, each None where a configured server is used."""
        return self.kafka.bootstrap if self.kafka else None, self.postgres.url() if self.postgres else None

    def evict(self) -> None:
        """Ends what a killed supervisor left in these directories."""
        for server in self._embedded:
            server.process.evict()

    async def start(self) -> None:
        """Starts the embedded ones side by side, and returns when both answer."""
        async with asyncio.TaskGroup() as group:
            for server in self._embedded:
                group.create_task(self._start(server))

    async def keep(self) -> None:
        """Starts again what ends by itself; returns only by being cancelled."""
        async with asyncio.TaskGroup() as group:
            for server in self._embedded:
                group.create_task(self._keep(server))

    async def stop(self) -> None:
        """Kafka last: what still flows into it shall not be lost."""
        for server in self._embedded:
            await asyncio.to_thread(server.stop)

    async def _start(self, server: LocalKafka | LocalPostgres) -> None:
        await asyncio.to_thread(server.prepare)
        server.spawn()  # not in a thread: it would end with the thread
        await asyncio.to_thread(server.wait)

    async def _keep(self, server: LocalKafka | LocalPostgres) -> None:
        while True:
            await asyncio.to_thread(server.process.await_end)
            self._tell(f"the embedded {server.process.name} ended by itself, starting it again. Its last words:")
            self._tell(tail(server.log, lines=5))
            await asyncio.sleep(_PAUSE_S)
            await self._start(server)
