"""`python -m api.aside`: a request on stdin, what comes of it on stdout. It ends by itself when nobody listens any more."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable

import msgspec
import psycopg

from api.aside import importing, rerunning
from api.aside.messages import Asked, Failed, Failure, ImportAsked, Line, Progress, Result
from core.errors import DatabaseAway, WedgetailError

_NICER = 5  # as the recorder: what people are looking at comes before what they wait for
_TELL_EVERY_S = 0.1


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the door's business: it ends us
    os.nice(_NICER)
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints shall not stand between our lines
    asked: Asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)

    def say(line: Line) -> None:
        data = memoryview(msgspec.json.encode(line) + b"\n")
        try:
            while data:
                data = data[os.write(out, data) :]
        except BrokenPipeError:
            os._exit(1)  # the door is gone

    try:
        result = asyncio.run(_do(asked, _now_and_then(say)))
    except WedgetailError as error:
        say(Failed(Failure.of(error)))
    except psycopg.OperationalError as error:
        say(Failed(Failure.of(DatabaseAway(detail=" ".join(str(error).split()) or type(error).__name__))))
    else:
        say(Result(msgspec.Raw(msgspec.json.encode(result))))


async def _do(asked: Asked, tell: Callable[[object, bool], None]) -> object:
    return await (importing.run(asked, tell) if isinstance(asked, ImportAsked) else rerunning.run(asked, tell))


def _now_and_then(say: Callable[[Line], None]) -> Callable[[object, bool], None]:
    """Tells progress, ten times a second at most; at once what a person must not miss."""
    told_s = 0.0

    def tell(progress: object, at_once: bool) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if at_once or now_s - told_s >= _TELL_EVERY_S:
            told_s = now_s
            say(Progress(msgspec.Raw(msgspec.json.encode(progress))))

    return tell


main()
