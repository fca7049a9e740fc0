"""A partition's state as records of the checkpoint topic: chunks that name N and their writer; the highest complete N counts.

Checkpoint N says: every record below N is judged and told.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.block import Headers
from streams.state import State

CHUNK_BYTES = 500_000  # below the 512 kB that a record may have


@dataclass(frozen=True, slots=True)
class Checkpoint:
    next: int
    state: State


def chunks(state: State, next_offset: int, writer: str) -> list[tuple[Headers, bytes]]:
    """The records, headers and value, that keep this state."""
    data = zlib.compress(state.dump(), 1)
    parts = [data[i : i + CHUNK_BYTES] for i in range(0, len(data), CHUNK_BYTES)]
    return [
        (
            [
                ("next", str(next_offset).encode()),
                ("writer", writer.encode()),
                ("chunk", str(number).encode()),
                ("chunks", str(len(parts)).encode()),
            ],
            part,
        )
        for number, part in enumerate(parts)
    ]


def latest(records: Iterable[tuple[Sequence[tuple[str, bytes]], bytes]]) -> Checkpoint | None:
    """The complete checkpoint with the highest N among these records, in the order of the log; None if there is none."""
    parts: dict[tuple[int, bytes], dict[int, bytes]] = {}
    complete: dict[int, bytes] = {}
    for headers, value in records:
        named = dict(headers)
        key, wanted = (int(named["next"]), named["writer"]), int(named["chunks"])
        held = parts.setdefault(key, {})
        held[int(named["chunk"])] = value
        if len(held) == wanted:
            complete[key[0]] = b"".join(held[i] for i in range(wanted))
    if not complete:
        return None
    highest = max(complete)
    return Checkpoint(highest, State.load(zlib.decompress(complete[highest])))
