"""OpenAir 1.x and 2.x: airspace as glider and drone pilots exchange it, one record a line, a zone from AC to the next AC.

The format is that of Naviter's specification 2.1 and of files older than it. What a class means is the operator's table.
What is ambiguous is read so that a zone never becomes smaller, shorter or silent, and its remarks say what was assumed.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from core.units import NAUTICAL_MILE_M
from geofence.formats import arcs, limits
from geofence.formats import hours as hours_of
from geofence.formats.found import Found, Trouble, zone_id
from geofence.formats.gathering import ROUND_THE_WORLD
from geofence.formats.meaning import Meaning
from geofence.formats.mending import NoOutline, Outline, read_outline
from geofence.zone import Datum, ZoneKind, ZoneVersion

Position = tuple[float, float]

_ANGLE = r"(\d{1,3}(?:\.\d+)?)(?::(\d{1,2}(?:\.\d+)?))?(?::(\d{1,2}(?:\.\d+)?))?\s*"
_POSITION = re.compile(_ANGLE + r"([NS])[\s,]*" + _ANGLE + r"([EW])", re.IGNORECASE)
_RECORD = re.compile(r"([A-Z][A-Z0-9]?)(?:\s+(.*))?", re.IGNORECASE)
_RECOGNISED = re.compile(r"^[ \t]*AC[ \t]+\S", re.MULTILINE | re.IGNORECASE)
_UNHEARD = {"AF", "AG", "AX", "AT", "AS", "AP", "SP", "SB", "SE"}  # frequencies, stations, labels, colours
_OTHER_BLOCKS = {"TO": "terrain", "TC": "terrain"}
_RADII_DIFFER_M = 0.1 * NAUTICAL_MILE_M
_SMALL_CIRCLE_M = 10_000.0  # up to here a circle that is round in the plane of its centre is round within six metres
_DECIMALS = 7
_CIRCLE_M = (1.0, 500_000.0)


def recognised(text: str) -> bool:
    """Whether a text is OpenAir: it has a line that begins a zone."""
    return _RECOGNISED.search(text) is not None


def read(text: str, operator_id: UUID, collection: str, meanings: Mapping[str, Meaning]) -> Found:
    """The zones of a file, in its order. Never raises: what is wrong is a trouble with its line."""
    troubles: list[Trouble] = []
    read_as: list[tuple[_Block, ZoneVersion]] = []
    for block in _blocks(text.removeprefix("\ufeff"), troubles):
        zone = _zone(block, operator_id, meanings, troubles)
        if zone is not None:
            read_as.append((block, zone))
    zones: dict[str, ZoneVersion] = {}
    for (block, zone), identifier in zip(read_as, _identifiers(read_as), strict=True):
        source = f"{collection}/{identifier}"
        if source in zones:
            troubles.append(Trouble(block.where, "the same zone stands in the file before: read once", lost=False))
            continue
        zones[source] = msgspec.structs.replace(zone, source=source, zone_id=zone_id(operator_id, source))
    return Found(list(zones.values()), troubles)


@dataclass
class _Block:
    """What a file says of one zone, as far as it is text; ring and circle in degrees and metres."""

    line: int
    airspace_class: str
    name: str = ""
    type: str = ""
    floor: str | None = None
    ceiling: str | None = None
    times: list[str] = field(default_factory=list)
    identifier: str = ""
    comments: list[str] = field(default_factory=list)
    ring: list[Position] = field(default_factory=list)
    circle: tuple[Position, float] | None = None
    centre: Position | None = None
    clockwise: bool = True
    remarks: list[str] = field(default_factory=list)
    lost: tuple[int, str] | None = None  # line and reason

    @property
    def where(self) -> str:
        return _where(self.line, self.name)


class _Unreadable(ValueError):
    """A record that makes no sense. The text says why."""


def _where(line: int, name: str) -> str:
    return f"line {line} ({name})" if name else f"line {line}"


def _blocks(text: str, troubles: list[Trouble]) -> Iterator[_Block]:
    block: _Block | None = None
    pending: list[str] = []  # comments: they belong to a zone if another record of it follows
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith(("*", ";")):
            pending.append(line.strip("*; \t"))
            continue
        if not line:
            continue
        match = _RECORD.fullmatch(line)
        tag, rest = (match[1].upper(), (match[2] or "").strip()) if match else ("", line)
        if tag != "AN":  # names have asterisks of their own
            rest = re.split(r"[*;]", rest, maxsplit=1)[0].strip()
        if tag == "AC" or tag in _OTHER_BLOCKS:
            if block is not None:
                yield block
            block, pending = _Block(number, _class(rest)), []
            if tag in _OTHER_BLOCKS:
                block.lost = number, f"{_OTHER_BLOCKS[tag]} is no airspace"
        elif block is None:
            troubles.append(Trouble(f"line {number}", f"{_short(line)} stands before the first zone (AC)", lost=False))
        else:
            block.comments += pending
            pending = []
            _take(block, number, tag, rest, line, troubles)
    if block is not None:
        yield block


def _take(block: _Block, number: int, tag: str, rest: str, line: str, troubles: list[Trouble]) -> None:
    if tag in _TEXTS:
        _TEXTS[tag](block, rest)
    elif tag in _SHAPES:
        try:
            _SHAPES[tag](block, rest)
        except _Unreadable as error:
            block.lost = block.lost or (number, f"{_short(line)}: {error}")
    elif tag not in _UNHEARD:
        troubles.append(Trouble(_where(number, block.name), f"{_short(line)} is no record of OpenAir: passed over", lost=False))


def _name(block: _Block, rest: str) -> None:
    block.name = "".join(letter for letter in rest if letter.isprintable())[:200].strip()


def _floor(block: _Block, rest: str) -> None:
    block.floor = rest if block.floor is None else f"{block.floor} and {rest}"


def _ceiling(block: _Block, rest: str) -> None:
    block.ceiling = rest if block.ceiling is None else f"{block.ceiling} and {rest}"


def _type(block: _Block, rest: str) -> None:
    block.type = _class(rest)


def _identifier(block: _Block, rest: str) -> None:
    block.identifier = "".join(letter for letter in rest if letter.isprintable())[:100].strip()


def _times(block: _Block, rest: str) -> None:
    block.times.append(rest)


def _variable(block: _Block, rest: str) -> None:
    name, _, value = (part.strip() for part in rest.partition("="))
    if name.upper() == "X":
        block.centre = _position(value)
    elif name.upper() == "D":
        if value not in ("+", "-"):
            raise _Unreadable("a direction is + or -")
        block.clockwise = value == "+"
    elif name.upper() not in ("W", "Z", "T"):  # an airway's width, a zoom, a label's place
        raise _Unreadable("there is no such variable")


def _point(block: _Block, rest: str) -> None:
    block.ring.append(_position(rest))


def _arc_between(block: _Block, rest: str) -> None:
    found = list(_POSITION.finditer(rest))
    if len(found) != 2 or _POSITION.sub("", rest).strip(" ,\t"):
        raise _Unreadable("two positions are expected")
    start, end = (_position(one[0]) for one in found)
    points, longest_m, differ_m = arcs.arc_between(_centre(block), start, end, block.clockwise)
    if longest_m > _CIRCLE_M[1]:
        raise _Unreadable(f"an end is {longest_m / 1000:.0f} km from the centre")
    if differ_m > _RADII_DIFFER_M:
        block.remarks.append(
            f"the ends of an arc differ by {differ_m / 1000:.1f} km in radius: drawn evenly from one to the other"
        )
    block.ring += points


def _arc_of_bearings(block: _Block, rest: str) -> None:
    radius, first, last = _numbers(rest, 3)
    if not (abs(first) <= 360 and abs(last) <= 360):
        raise _Unreadable("a bearing is from 0 to 360 degrees")
    block.ring += arcs.arc_of_bearings(_centre(block), _radius_m(radius), first, last, block.clockwise)


def _circle(block: _Block, rest: str) -> None:
    (radius,) = _numbers(rest, 1)
    if block.circle is not None:
        raise _Unreadable("a second circle in one zone")
    block.circle = _centre(block), _radius_m(radius)


def _airway(block: _Block, rest: str) -> None:
    raise _Unreadable("airways are not read")


_TEXTS: Mapping[str, Callable[[_Block, str], None]] = {
    "AN": _name, "AL": _floor, "AH": _ceiling, "AY": _type, "AI": _identifier, "AA": _times,
}  # fmt: skip
_SHAPES: Mapping[str, Callable[[_Block, str], None]] = {
    "V": _variable, "DP": _point, "DB": _arc_between, "DA": _arc_of_bearings, "DC": _circle, "DY": _airway,
}  # fmt: skip


def _class(text: str) -> str:
    return " ".join("".join(letter for letter in text.upper() if letter.isprintable()).split())[:40]


def _centre(block: _Block) -> Position:
    if block.centre is None:
        raise _Unreadable("its centre (V X=) is missing")
    return block.centre


def _radius_m(radius_nm: float) -> float:
    low, high = _CIRCLE_M
    if not low <= radius_nm * NAUTICAL_MILE_M <= high:
        raise _Unreadable(f"a radius of {radius_nm:g} NM")
    return radius_nm * NAUTICAL_MILE_M


def _numbers(text: str, count: int) -> list[float]:
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    if len(parts) != count or not all(re.fullmatch(r"[+-]?\d+(\.\d*)?|\.\d+", part) for part in parts):
        raise _Unreadable(f"{count} number{'s' if count > 1 else ''} expected")
    return [float(part) for part in parts]


def _position(text: str) -> Position:
    match = _POSITION.fullmatch(text.strip())
    if match is None:
        raise _Unreadable("a position such as 35:18:25 S 149:11:42 E is expected")
    lat, lon = _degrees(match[1], match[2], match[3]), _degrees(match[5], match[6], match[7])
    if lat > 90 or lon > 180:
        raise _Unreadable("a latitude is up to 90 degrees, a longitude up to 180")
    return (-lon if match[8] in "Ww" else lon), (-lat if match[4] in "Ss" else lat)


def _degrees(degrees: str, minutes: str | None, seconds: str | None) -> float:
    minute, second = float(minutes or 0), float(seconds or 0)
    if minute > 60 or second > 60 or ("." in degrees and minutes):
        raise _Unreadable("minutes and seconds are up to 60")
    return float(degrees) + minute / 60 + second / 3600


def _zone(block: _Block, operator_id: UUID, meanings: Mapping[str, Meaning], troubles: list[Trouble]) -> ZoneVersion | None:
    """None where it is lost; then a trouble says why."""
    if block.lost is not None:
        line, reason = block.lost
        troubles.append(Trouble(_where(line, block.name), reason))
        return None
    try:
        outline = _footprint(block)
    except NoOutline as error:
        troubles.append(Trouble(block.where, str(error)))
        return None

    remarks = list(block.remarks)

    def noted(remark: str) -> None:
        remarks.append(remark)
        troubles.append(Trouble(block.where, remark, lost=False))

    meaning, airspace_class = _meaning(block, meanings)
    if meaning is None:
        meaning = Meaning(ZoneKind.INFORMATION)
        noted(f"its class {airspace_class!r} is not in the table of classes: shown as information only")
    elif meaning.why and meaning.kind is not ZoneKind.INFORMATION:
        remarks.append(meaning.why)
    remarks += outline.doubts
    if outline.round_the_world and meaning.kind is not ZoneKind.INFORMATION:
        meaning = Meaning(ZoneKind.INFORMATION)
        noted(ROUND_THE_WORLD)
    name = block.name
    if not name:
        name = f"{airspace_class or 'zone'} without a name"
        noted("it has no name (AN)")
    lower, upper = limits.read_floor(block.floor), limits.read_ceiling(block.ceiling)
    for limit in (lower, upper):
        if limit.remark is not None:
            (noted if limit.odd else remarks.append)(limit.remark)
    if lower.metres is not None and upper.metres is not None and lower.datum is upper.datum and lower.metres >= upper.metres:
        noted(f"its floor {block.floor} is not below its ceiling {block.ceiling}: taken from the ground up, without limit")
        lower, upper = limits.Limit(None, Datum.SFC), limits.Limit(None, Datum.AGL)
    hours = (
        hours_of.from_intervals(block.times)
        if block.times
        else hours_of.from_words(block.name, block.comments, block.floor or "", block.ceiling or "")
    )
    if hours.remark is not None:
        (noted if hours.odd else remarks.append)(hours.remark)
    elif meaning.kind is not ZoneKind.INFORMATION:
        remarks.append("nothing is said of hours: taken as always active")
    return ZoneVersion(
        operator_id=operator_id, zone_id=UUID(int=0), version=0, world=0, name=name, kind=meaning.kind,
        geometry=outline.geometry, radius_m=outline.radius_m, floor_m=lower.metres, floor_datum=lower.datum,
        ceiling_m=upper.metres, ceiling_datum=upper.datum, valid_from_us=hours.valid[0], valid_to_us=hours.valid[1],
        rule=meaning.rule, airspace_class=airspace_class or None, remarks=tuple(dict.fromkeys(remarks)),
        activation=hours.activation,
    )  # fmt: skip


def _footprint(block: _Block) -> Outline:
    """Raises NoOutline."""
    ring = block.ring
    if block.circle is not None:
        if ring:
            raise NoOutline(detail="a circle and an outline in one zone")
        (lon, lat), radius_m = block.circle
        if radius_m <= _SMALL_CIRCLE_M and abs(lat) <= 85:
            return Outline({"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]}, radius_m)
        ring = arcs.whole_circle((lon, lat), radius_m)
    corners = _corners(ring)
    if len(corners) < 4:
        raise NoOutline(detail=f"an outline needs three different points, not {max(len(corners) - 1, 0)}")
    return read_outline({"type": "Polygon", "coordinates": [corners]})


def _corners(ring: list[Position]) -> list[list[float]]:
    """To the centimetre, without repeats, within 180 degrees, and closed: in this format no ring need be."""
    corners: list[list[float]] = []
    for lon, lat in ring:
        corner = [round(lon if abs(lon) <= 180 else (lon + 180.0) % 360.0 - 180.0, _DECIMALS), round(lat, _DECIMALS)]
        if not corners or corner != corners[-1]:
            corners.append(corner)
    if corners and (len(corners) == 1 or corners[0] != corners[-1]):
        corners.append(corners[0])
    return corners


def _meaning(block: _Block, meanings: Mapping[str, Meaning]) -> tuple[Meaning | None, str]:
    """By class and by type (OpenAir 2 has both): the one that forbids, if one does; and the word that decided."""
    said = [word for word in (block.type, block.airspace_class) if word]
    known = [word for word in said if word in meanings]
    for word in known:
        if meanings[word].kind is not ZoneKind.INFORMATION:
            return meanings[word], word
    if known:
        return meanings[known[0]], known[0]
    return None, said[0] if said else ""


def _identifiers(read_as: list[tuple[_Block, ZoneVersion]]) -> list[str]:
    """One for each zone, the same in the next edition: the file's own, else class and name.

    Where several share them the limits are added, and where that is not enough a hash of the outline.
    """
    plain = [
        block.identifier or f"{zone.airspace_class or '-'} {hours_of.without_brackets(zone.name)}" for block, zone in read_as
    ]
    for more in (_limits, _outline_hash):
        often = Counter(plain)
        plain = [f"{one} {more(zone)}" if often[one] > 1 else one for one, (_, zone) in zip(plain, read_as, strict=True)]
    return plain


def _limits(zone: ZoneVersion) -> str:
    return f"({limits.words(zone)})"


def _outline_hash(zone: ZoneVersion) -> str:
    shape = json.dumps([zone.geometry, zone.radius_m], sort_keys=True)
    return hashlib.sha256(shape.encode()).hexdigest()[:8]


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
