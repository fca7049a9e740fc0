"""Ids that anyone can derive again, so that a second run names the same things."""

import zlib
from uuid import UUID, uuid5

_WEDGETAIL = UUID("5f1d5a52-7a0b-5d0e-9a6b-3c5d7f1e2a90")


def operator_id(name: str) -> UUID:
    """The operator's id from its short name in the settings."""
    return uuid5(_WEDGETAIL, name)


def aircraft_id(operator: UUID, link: str, system_id: int) -> UUID:
    """An aircraft is who the link says it is, with its MAVLink system id."""
    return uuid5(operator, f"{link}/{system_id}")


def alert_id(operator: UUID, aircraft: UUID, rule: str, zone: UUID | None, start_us: int) -> UUID:
    """One condition of one aircraft under one rule (and zone), from the judged time at which it began."""
    return uuid5(operator, f"{aircraft}/{rule}/{zone or '-'}/{start_us}")


def partition_of(aircraft: UUID, partitions: int) -> int:
    """The partition that carries everything about an aircraft: CRC-32 of its 16 bytes."""
    return zlib.crc32(aircraft.bytes) % partitions


def link_name(link: str) -> str:
    """A link as people read it: what kind and from where, a file's hash cut to its first eight digits."""
    kind, _, rest = link.partition(":")
    return f"{kind} {rest[:8]}" if kind in {"file", "replay"} else link
