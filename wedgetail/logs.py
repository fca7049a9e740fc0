"""How a part logs: UTC, to stderr; and what a library repeats many times a second is said now and then."""

import logging
import time

NOW_AND_THEN_S = 30.0
_REPEATING = ("aiokafka", "psycopg")  # libraries that say every try


class Sparingly(logging.Filter):
    """Lets one record of a logger through in a while, with the number of those held back since the last."""

    def __init__(self, seconds: float = NOW_AND_THEN_S) -> None:
        super().__init__()
        self._seconds = seconds
        self._next: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created < self._next.get(record.name, 0.0):
            self._held[record.name] = self._held.get(record.name, 0) + 1
            return False
        held = self._held.pop(record.name, 0)
        if held:
            record.msg, record.args = f"{record.getMessage()} (and {held} more like it)", ()
        self._next[record.name] = record.created + self._seconds
        return True


def configure() -> None:
    """For the process of one part."""
    logging.Formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"))
    sparingly = Sparingly()
    handler.addFilter(lambda record: not record.name.startswith(_REPEATING) or sparingly.filter(record))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("aiokafka", "httpx", "faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what is wrong with a tile is told with its name
