"""What ED-269 and ED-318 share: a UAS geographical zone with one word for its restriction, some volumes, and its times."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from geofence.formats.applicability import Period, read_periods
from geofence.formats.document import items, mapping, text
from geofence.formats.gathering import Gathering
from geofence.formats.layers import Given, read_limits
from geofence.formats.meaning import RESTRICTIONS, Meaning, spelled
from geofence.formats.mending import NoOutline, read_outline
from geofence.moments import iso


class Volume(NamedTuple):
    """geometry: GeoJSON, with the radius in metres of a circle."""

    geometry: object
    radius_m: object
    limits: Given


class Geozone(NamedTuple):
    """One feature, in the file's own values. whole: the validity of the file that it stands in."""

    where: str
    identifier: str
    name: str
    word: object
    volumes: Sequence[Volume]
    applicability: object
    said: Sequence[str]
    doubts: Sequence[str] = ()
    whole: Period = Period()


def named(number: int, identifier: str) -> str:
    """Where a feature stands, for people."""
    return f"feature {number} ({identifier})" if identifier else f"feature {number}"


def _named_part(where: str, number: int) -> str:
    """Its identifier stays at the end: an import knows by it what the file still names."""
    feature, bracket, identifier = where.partition(" (")
    return f"{feature}, geometry {number}{bracket}{identifier}"


def add_geozone(zone: Geozone, meanings: Mapping[str, Meaning], gathering: Gathering) -> None:
    """One zone for each volume and each period that it applies in."""
    meaning = meanings.get(spelled(zone.word))
    if meaning is None:
        gathering.lost(zone.where, f"{text(zone.word, 40) or 'nothing'} is none of {', '.join(RESTRICTIONS)}")
        return
    if not zone.volumes:
        gathering.lost(zone.where, "it has no geometry")
        return
    doubts = list(zone.doubts)
    periods = []
    for period in read_periods(zone.applicability, doubts):
        left = period.within(zone.whole.from_us, zone.whole.to_us)
        if left is None:
            gathering.lost(zone.where, "one of its times lies outside the time that the file itself is valid for")
        else:
            periods.append(left)
    several = len(zone.volumes) > 1
    for number, volume in enumerate(zone.volumes, 1):
        where = _named_part(zone.where, number) if several else zone.where
        own = list(doubts)
        try:
            outline = read_outline(volume.geometry, volume.radius_m)
        except NoOutline as problem:
            gathering.lost(where, str(problem))
            continue
        limits = read_limits(volume.limits, own)
        for period in periods:
            unknown = [f"when it applies cannot be read: {period.unreadable}"] if period.unreadable else []
            gathering.add(
                where, _identifier(zone.identifier, number if several else None, period if len(periods) > 1 else None),
                outline, meaning.kind, [f"{text(zone.word)}: {meaning.why}", *zone.said], own + unknown,
                name=zone.name, rule=meaning.rule, airspace_class=text(zone.word), **limits, **period.facts(),
            )  # fmt: skip
            own = []  # told once


def _identifier(identifier: str, volume: int | None, period: Period | None) -> str:
    """Told apart by what stays the same when a publisher drops a period that is over."""
    if volume is not None:
        identifier += f".{volume}"
    if period is not None:
        identifier += f"@{(iso(period.from_us) or '')[:16] or '..'}"
    return identifier


def authorities(given: object) -> list[str]:
    """Who is to be asked, told or heard."""
    found = []
    for authority in map(mapping, items(given)):
        names = (text(authority.get("name")), text(authority.get("service")))
        reached = (text(authority.get(way)) for way in ("contactName", "email", "phone", "siteURL"))
        line = ", ".join(dict.fromkeys(word for word in (*names, *reached) if word))
        before = text(authority.get("intervalBefore"), 40)
        line += f", {before} before" if before else ""
        if line:
            found.append(f"{text(authority.get('purpose'), 40).lower() or 'authority'}: {line}")
    return found


def reasons(properties: Mapping[str, Any]) -> list[str]:
    """Why it is there, and what else its publisher tells."""
    given = properties.get("reason")
    words = [text(word, 40) for word in items(given)] or [text(given, 40)]
    why = ", ".join(word for word in words if word)
    lines = [f"reason: {why}"] if why else []
    for label, name in (("reason", "otherReasonInfo"), ("conditions", "restrictionConditions"), ("message", "message")):
        told = text(properties.get(name), 1000)
        lines += [f"{label}: {told}"] if told else []
    if text(properties.get("regulationExemption")).upper() == "YES":
        lines.append("exempt from a regulation: its publisher says from which")
    return lines
