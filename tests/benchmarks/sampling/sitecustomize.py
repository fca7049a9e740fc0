"""Where the processor time of a Python process goes. Every process of a system under measurement loads this at its start,
because its directory is on their PYTHONPATH; it samples only while the file `go` stands in SAMPLES_IN.

Each 5 ms every thread's processor time since the last look is put down to the Python function that it is in, so that waiting
costs nothing. What a function has compiled code do counts as its own.
"""

import json
import os
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

_LOOK_S, _ASK_S = 0.005, 0.25


def _wait(directory: Path) -> None:
    while True:
        time.sleep(_ASK_S)
        if (directory / "go").exists():
            _sample(directory)


def _sample(directory: Path) -> None:
    spent: dict[str, float] = defaultdict(float)
    before: dict[int, float] = {}
    while (directory / "go").exists():
        frames = sys._current_frames()
        for thread in threading.enumerate():
            frame = frames.get(thread.ident or 0)
            if frame is None or thread is threading.current_thread():
                continue
            assert thread.ident is not None
            now = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            code = frame.f_code
            spent[f"{'/'.join(Path(code.co_filename).parts[-2:])} {code.co_qualname}"] += now - before.get(thread.ident, now)
            before[thread.ident] = now
        time.sleep(_LOOK_S)
    name = sys.argv[1] if len(sys.argv) > 1 else "python"
    (directory / f"{name}.json").write_text(json.dumps(spent))


if "SAMPLES_IN" in os.environ:
    threading.Thread(target=_wait, args=(Path(os.environ["SAMPLES_IN"]),), name="samples", daemon=True).start()
