"""What a worker hands the recorder so that a flight can be run again from the database alone (topic `rerun`).

A state: the partition's, exactly before record `next`; it comes in chunks, as a checkpoint does. Said at the first tick of
each hour of the broker's time: the state itself knows when it last saw a tick, so any worker would say the same. Besides
where another engine begins to judge, and behind a gap that a person accepted: what was judged before does not lead there.
An unjudged record: whom its header names and why, so that a re-run is in the same doubt.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.block import Headers
from core.errors import UnreadableRecord
from core.records import Engine, Tick
from streams import checkpoint
from streams.entry import Entry, Unjudged
from streams.state import ENGINE, State

STATE, UNJUDGED = "state", "unjudged"


@dataclass(frozen=True, slots=True)
class StateChunk:
    """A piece of a state. append_time_us: of the record `next`."""

    topic_id: str
    partition: int
    next: int
    append_time_us: int
    engine: str
    after_gap: bool
    writer: str
    chunk: int
    chunks: int
    data: bytes


@dataclass(frozen=True, slots=True)
class UnjudgedMark:
    """body: the Unjudged as JSON."""

    topic_id: str
    partition: int
    offset: int
    body: str


Kept = StateChunk | UnjudgedMark


def due(state: State, entry: Entry, every_us: int) -> bool:
    """Is this the first tick of an hour (or whatever the interval is), or the word that another engine judges from here?"""
    match entry.body:
        case Tick():
            return entry.append_time_us // every_us > state.broker_us // every_us
        case Engine():
            return entry.body.version != state.engine
    return False


def state_records(state: State, entry: Entry, topic_id: str, after_gap: bool, writer: str) -> list[tuple[Headers, bytes]]:
    """The records, headers and value, that say the state before an entry."""
    said: Headers = [
        ("kind", STATE.encode()),
        ("topic_id", topic_id.encode()),
        ("partition", str(entry.partition).encode()),
        ("append_time", str(entry.append_time_us).encode()),
        ("engine", ENGINE.encode()),
        ("after_gap", b"1" if after_gap else b"0"),
    ]
    return [(said + headers, part) for headers, part in checkpoint.chunks(state, entry.offset, writer)]


def load_state(data: bytes) -> State | None:
    """A state from the bytes of its chunks; None if this engine cannot read it."""
    try:
        return State.load(zlib.decompress(data))
    except (zlib.error, msgspec.MsgspecError):
        return None


def unjudged_record(entry: Entry, body: Unjudged, topic_id: str) -> tuple[Headers, bytes]:
    headers = [
        ("kind", UNJUDGED.encode()),
        ("topic_id", topic_id.encode()),
        ("partition", str(entry.partition).encode()),
        ("offset", str(entry.offset).encode()),
    ]
    return headers, msgspec.json.encode(body)


def read(headers: Sequence[tuple[str, bytes]], value: bytes) -> Kept:
    """A consumed record. Raises UnreadableRecord."""
    named = {name: each.decode(errors="replace") for name, each in headers}
    kind = named.get("kind", "(none)")
    try:
        topic_id, partition = named["topic_id"], int(named["partition"])
        if kind == STATE:
            return StateChunk(
                topic_id, partition, int(named["next"]), int(named["append_time"]), named["engine"],
                named["after_gap"] == "1", named["writer"], int(named["chunk"]), int(named["chunks"]), value,
            )  # fmt: skip
        if kind == UNJUDGED:
            msgspec.json.decode(value, type=Unjudged)
            return UnjudgedMark(topic_id, partition, int(named["offset"]), value.decode())
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
        raise UnreadableRecord(kind=kind, detail=str(error)) from error
    raise UnreadableRecord(kind=kind, detail="no such kind")
