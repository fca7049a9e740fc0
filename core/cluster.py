"""Whether what answers at the broker's address is what this installation was made on: the same cluster, the same topics.

Offsets mean something in one topic of one cluster only. A part that went on in another one would skip records and not know.
"""

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

from core import kafka
from core.ending import end_within
from core.errors import BrokerUnreachable, WedgetailError
from core.settings import Settings

_ASK_EVERY_S = 2.0
_END_S = 20.0  # ingest tries for ten to get rid of what it holds


class AnotherCluster(WedgetailError):
    """Kafka at {bootstrap} is cluster {found}, this installation was made on {expected}. If that is meant, remove {file}"""


class TopicRemade(WedgetailError):
    """Topic {topic} was deleted and made anew while this was running: run wedgetail migrate, then start again."""


async def check(settings: Settings) -> dict[str, str]:
    """The ids of the topics that exist, by name. The first cluster that is seen is written down in the data directory.

    Raises AnotherCluster, TopicMismatch, BrokerUnreachable.
    """
    bootstrap = settings.kafka.bootstrap
    found, topics = await kafka.identity(bootstrap, settings.kafka.prefix)
    file = _file(settings)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.{os.getpid()}")  # several parts may be first
        new.write_text(found)
        new.replace(file)
    elif (expected := file.read_text().strip()) != found:
        raise AnotherCluster(bootstrap=bootstrap, found=found, expected=expected, file=file)
    return topics


async def watch(settings: Settings) -> NoReturn:
    """Asks again and again. Raises AnotherCluster, TopicMismatch, TopicRemade; a broker that is away is no change."""
    known: dict[str, str] = {}
    while True:
        try:
            topics = await check(settings)
        except BrokerUnreachable:
            topics = {}
        for name, topic_id in topics.items():
            if known.setdefault(name, topic_id) != topic_id:
                raise TopicRemade(topic=settings.kafka.prefix + name)
        await asyncio.sleep(_ASK_EVERY_S)  # a broker tells nobody that it has been replaced


async def guarded(settings: Settings, part: Coroutine[Any, Any, object]) -> None:
    """Runs a part as long as that holds; then it is cancelled, and the error of watch() raised."""
    try:
        await check(settings)
    except BrokerUnreachable:
        pass  # the part says so itself, and waits or ends as it sees fit
    except BaseException:
        part.close()
        raise
    working, watching = asyncio.create_task(part), asyncio.create_task(watch(settings))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done() and (error := watching.exception()) is not None:
            end_within(_END_S, error)
            raise error
        if working.exception() is not None:
            with contextlib.suppress(BrokerUnreachable, TimeoutError):
                async with asyncio.timeout(_ASK_EVERY_S):
                    await check(settings)  # if the cluster is another one, that is why it failed
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.wait({working, watching})
    await working


def _file(settings: Settings) -> Path:
    return settings.data_dir / "cluster"
