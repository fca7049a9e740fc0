"""An end that comes: what is told to end must not live on because some library does not let go of it."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable

FAILED = 2


def end_within(seconds: float, why: BaseException) -> None:
    """Ends this process with these last words if it is still there after so many seconds."""

    def end() -> None:
        print(f"wedgetail: {why}", file=sys.stderr, flush=True)
        os._exit(FAILED)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


async def closed(closing: Awaitable[object]) -> None:
    """Closes something of aiokafka's to the end; a cancellation meanwhile is raised after that.

    Its client, closing, takes a cancellation for its own task's and swallows it: whoever was cancelled goes on for good.
    """
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
