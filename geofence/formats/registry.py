"""The formats that can be read: one table. A file's format is known by what is in it; its name may say anything."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID

from core.errors import WedgetailError
from geofence.formats import ed269, ed318, features, kml, openair, qgc
from geofence.formats.content import Content
from geofence.formats.document import sized
from geofence.formats.found import Found
from geofence.formats.meaning import Meaning
from geofence.zone import ZoneKind

Meanings = Mapping[str, Meaning]


class Told(NamedTuple):
    """What a reader is told beside the file. kind: what zones ask that do not say it themselves."""

    operator_id: UUID
    collection: str
    meanings: Meanings
    kind: ZoneKind | None


class Format(NamedTuple):
    """recognises: never raises. read: raises Unreadable for a file that is wrong as a whole; the rest is among the troubles.

    kind_is_open: its zones need not say what they ask, so whoever imports them may.
    """

    name: str
    recognises: Callable[[Content], bool]
    read: Callable[[Content, Told], Found]
    kind_is_open: bool = False


# The first that recognises a file reads it: what is GeoJSON too, but more than that, stands before GeoJSON.
FORMATS: tuple[Format, ...] = (
    Format(
        "ED-318",
        lambda content: ed318.recognised(content.json),
        lambda content, told: ed318.read(content.json, told.operator_id, told.collection, told.meanings),
    ),
    Format(
        "GeoJSON",
        lambda content: features.recognised(content.json),
        lambda content, told: features.read(content.json, told.operator_id, told.collection),
    ),
    Format(
        "ED-269",
        lambda content: ed269.recognised(content.json),
        lambda content, told: ed269.read(content.json, told.operator_id, told.collection, told.meanings),
    ),
    Format(
        "QGroundControl plan",
        lambda content: qgc.recognised(content.json),
        lambda content, told: qgc.read(content.json, told.operator_id, told.collection),
    ),
    Format(
        "KML",
        lambda content: kml.recognised(content.raw),
        lambda content, told: kml.read(content.raw, told.operator_id, told.collection, told.kind),
        kind_is_open=True,
    ),
    Format(
        "OpenAir",
        lambda content: openair.recognised(content.text),
        lambda content, told: openair.read(content.text, told.operator_id, told.collection, told.meanings),
    ),
)

_COLLECTION = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_DATE = re.compile(r"(?<!\d)(?:\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{4}[-_.]\d{2}|\d{2}[-_.]\d{2}[-_.]\d{4})(?!\d)")


class UnknownFormat(WedgetailError):
    """This is no file of zones{detail}: it was not recognised as any of {known}."""


class KindNotOpen(WedgetailError):
    """A file of {format} says itself what its zones ask: import it without a kind."""


class WrongCollection(WedgetailError):
    """{name!r} is no name for a collection: small letters, digits, dots, dashes and underscores are, up to 60."""


def read(raw: bytes, operator_id: UUID, collection: str, meanings: Meanings, kind: ZoneKind | None = None) -> tuple[str, Found]:
    """The format's name and what it holds. Raises UnknownFormat, Unreadable, KindNotOpen, WrongCollection."""
    check(collection)
    content = Content(sized(raw))
    for format in FORMATS:
        if format.recognises(content):
            if kind is not None and not format.kind_is_open:
                raise KindNotOpen(format=format.name)
            return format.name, format.read(content, Told(operator_id, collection, meanings, kind))
    why = content.why_no_json
    detail = f" (as JSON it cannot be read: {why})" if why else ""
    raise UnknownFormat(detail=detail, known=", ".join(format.name for format in FORMATS))


def check(collection: str) -> str:
    """The name itself. Raises WrongCollection."""
    if not _COLLECTION.fullmatch(collection):
        raise WrongCollection(name=collection)
    return collection


def collection_of(file: str) -> str:
    """A file's name without extensions and dates, so that the next edition updates the same zones.

    australia-2024-11-28.openair.txt is of australia. Raises WrongCollection where nothing is left.
    """
    stem = _DATE.sub("", PurePath(file).name.lower().lstrip(".")).split(".")[0]
    return check(re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:60])
