"""What is in a zone file: objects, lists, texts as a person may read them. Nothing in it is trusted to be what it should."""

from collections.abc import Mapping
from typing import Any

from core.errors import WedgetailError

MAX_BYTES = 50_000_000  # the airspace of a continent has 5; more is a mistake or an attack


class Unreadable(WedgetailError):
    """This {format} file cannot be read: {detail}"""


def sized(data: bytes, file_format: str = "zone") -> bytes:
    """The same bytes. Raises Unreadable where there are none, or too many."""
    if not data.strip():
        raise Unreadable(format=file_format, detail="it is empty")
    if len(data) > MAX_BYTES:
        raise Unreadable(format=file_format, detail=f"it has {len(data)} bytes, more than {MAX_BYTES}")
    return data


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    """The value if it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, most: int = 200) -> str:
    """A text on one line, without what cannot be printed; empty where the value is none.

    ED-318 writes texts as [{"text": ..., "lang": "en-GB"}]: the English one is taken, else the first.
    """
    if isinstance(value, list):
        texts = [entry.get("text") for entry in sorted(map(mapping, value[:20]), key=_foreign)]
        value = next((one for one in [*texts, *value[:1]] if isinstance(one, str)), None)
    if not isinstance(value, str):
        return ""
    words = " ".join(value.split())
    return "".join(letter for letter in words if letter.isprintable())[:most].strip()


def _foreign(entry: Mapping[str, Any]) -> bool:
    return not str(entry.get("lang")).lower().startswith("en")
