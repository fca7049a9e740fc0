"""A stored flight through the same engine again, from the database alone; and whether it says what it said then."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from core import records
from core.topics import TELEMETRY
from geofence import store
from geofence.world import World
from storage.history import StoredRecord, flight_events, read_flight
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State


@dataclass(frozen=True, slots=True)
class Rerun:
    """before: the bodies that are stored; again: those of this run. Equal, byte for byte and in order, when all is well."""

    before: tuple[bytes, ...]
    again: tuple[bytes, ...]

    @property
    def same(self) -> bool:
        return self.before == self.again


async def rerun(conn: AsyncConnection[Any], link: str) -> Rerun:
    """Runs a flight from its first contact. Raises storage.history.NoSuchFlight."""
    flight = await read_flight(conn, link)
    versions = await store.versions_between(conn, 0, await store.world_number(conn))
    again = judge_again(flight, World(versions))
    return Rerun(tuple(await flight_events(conn, link)), tuple(again))


def judge_again(flight: Iterable[StoredRecord], world: World) -> list[bytes]:
    """The bodies of the alert events of a stored flight, partition by partition, each from an empty state."""
    bodies: list[bytes] = []
    states: dict[int, State] = {}
    for record in flight:
        state = states.setdefault(record.partition, State.empty())
        body = record.batch if record.batch is not None else records.decode(records.CONTROLS[record.kind], record.body or b"")
        live = record.topic == TELEMETRY.name
        entry = Entry(record.partition, record.offset, record.append_time_us, live, body, record.rows)
        bodies += [records.encode(event) for event in advance(state, entry, world)]
    return bodies
