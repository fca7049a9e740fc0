"""The formats that can be read: one table. A file's format is known by what is in it; its name may say anything."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID

from core.errors import WedgetailError
from geofence.formats import features, openair
from geofence.formats.content import Content, read_json
from geofence.formats.found import Found
from geofence.formats.meaning import Meaning

Meanings = Mapping[str, Meaning]


class Format(NamedTuple):
    """recognises: never raises. read: never raises either, what cannot be understood is among the troubles."""

    name: str
    recognises: Callable[[Content], bool]
    read: Callable[[Content, UUID, str, Meanings], Found]


# The first that recognises a file reads it: what is GeoJSON too, but more than that, stands before GeoJSON.
FORMATS: tuple[Format, ...] = (
    Format(
        "GeoJSON",
        lambda content: features.recognised(content.json),
        lambda content, *told: features.read(content.json, *told),
    ),
    Format(
        "OpenAir",
        lambda content: openair.recognised(content.text),
        lambda content, *told: openair.read(content.text, *told),
    ),
)

_COLLECTION = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_DATE = re.compile(r"(?<!\d)(?:\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{4}[-_.]\d{2}|\d{2}[-_.]\d{2}[-_.]\d{4})(?!\d)")


class UnknownFormat(WedgetailError):
    """This is no file of zones{detail}: it was not recognised as any of {known}."""


class WrongCollection(WedgetailError):
    """{name!r} is no name for a collection: small letters, digits, dots, dashes and underscores are, up to 60."""


def read(raw: bytes, operator_id: UUID, collection: str, meanings: Meanings) -> tuple[str, Found]:
    """The format's name and what it holds. Raises UnknownFormat, WrongCollection."""
    check(collection)
    content = Content(raw)
    for format in FORMATS:
        if format.recognises(content):
            return format.name, format.read(content, operator_id, collection, meanings)
    raise UnknownFormat(detail=_why_no_json(content), known=", ".join(format.name for format in FORMATS))


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


def _why_no_json(content: Content) -> str:
    if not content.text.lstrip().startswith(("{", "[")) or content.json is not None:
        return ""
    try:
        read_json(content.text)
    except (ValueError, RecursionError) as error:
        return f" (as JSON it cannot be read: {error})"
    return ""
