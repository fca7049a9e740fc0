"""An end that comes: a process that has failed must not live on because some library does not let go of it."""

import os
import sys
import threading

FAILED = 2


def end_within(seconds: float, why: BaseException) -> None:
    """Ends this process with these last words if it is still there after so many seconds."""

    def end() -> None:
        print(f"wedgetail: {why}", file=sys.stderr, flush=True)
        os._exit(FAILED)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
