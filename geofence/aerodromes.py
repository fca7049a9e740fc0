"""The rules around aerodromes as zones (reference/casa-rules.md, AU-AERO-*), from lists of aerodromes, runways, frequencies.

An aerodrome is controlled if a frequency of its own is a tower's, or if somebody stated its tower hours. docs/aerodromes.md
says what else is assumed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

from core.geodesy import great_circle
from core.units import NAUTICAL_MILE_M
from geofence.formats.found import Found, Trouble, zone_id
from geofence.runways import Aerodrome, Ground, Measures, Outline, Place, Runway
from geofence.times import Timetable
from geofence.zone import Activation, Datum, Weight, ZoneKind, ZoneVersion

RING, PATH, FAR_PATH, UNCONTROLLED = "AU-AERO-3NM", "AU-AERO-PATH7", "AU-AERO-PATH8.5", "AU-AERO-UNCONTROLLED"
MICRO_CEILING_M = 45.0  # up to 250 g, within the ring
FAR_PATH_CEILING_M = 90.0
OVER_250_G = tuple(weight for weight in Weight if weight is not Weight.MICRO)
_NEIGHBOUR_M = 3_000.0  # one place under two codes
_FAR_M = 10_000.0  # no runway is so far from its aerodrome: a wrong number
_POLAR_DEG = 85.0
_WORDS = {"INTERNATIONAL", "REGIONAL", "AIRPORT", "AERODROME", "AIRFIELD"}


class Frequency(NamedTuple):
    """type: in the list's own words (TWR, CTAF, TWR/CTAF)."""

    aerodrome: str
    type: str
    description: str = ""

    @property
    def is_tower(self) -> bool:
        """TWR alone or as one of several ("TWR/CTAF"). "ED TWR" is another aerodrome's tower, heard here."""
        return any(part.strip() in ("TWR", "TOWER") for part in self.type.upper().split("/"))


_Row = TypeVar("_Row", Runway, Frequency)


class Register(NamedTuple):
    """What was read, and what could not be (geofence.formats.aerodromes)."""

    aerodromes: Sequence[Aerodrome]
    runways: Sequence[Runway]
    frequencies: Sequence[Frequency]
    troubles: Sequence[Trouble] = ()


def build(
    register: Register,
    operator_id: UUID,
    collection: str = "aerodromes",
    hours: Mapping[str, Timetable] | None = None,
    measures: Measures | None = None,
    uncontrolled: bool = True,
) -> Found:
    """The zones of every aerodrome, by ident, and the troubles of the register followed by those found here.

    hours: when an aerodrome is controlled, by ident; without, it is controlled always, and its zones say so. uncontrolled:
    whether to make the information zones of the others too (nine in ten of all zones).
    """
    hours, measures, troubles = hours or {}, measures or Measures(), list(register.troubles)
    zones: list[ZoneVersion] = []
    left = set(hours)
    for aerodrome, other, runways, frequencies in _places(register, troubles):
        ident = aerodrome.ident
        left -= {ident, other}
        if abs(aerodrome.lat_deg) > _POLAR_DEG:
            troubles.append(Trouble(ident, f"a circle beyond {_POLAR_DEG:g} degrees of latitude has no meaning on the map"))
            continue
        timetable = hours.get(ident) or hours.get(other or ident)
        towers = tuple(one.type for one in frequencies if one.is_tower)
        controlled = bool(towers) or timetable is not None
        if not controlled:
            troubles += _not_its_own(ident, frequencies)
            if not uncontrolled:
                continue
        checked = [_checked(one, aerodrome, troubles) for one in runways]
        site = _Site(operator_id, collection, aerodrome, other, checked, measures, towers, timetable)
        zones += site.controlled() if controlled else [site.information()]
        if controlled and not site.ground.paths:
            troubles.append(Trouble(ident, "controlled, and no runway has both ends known: its paths are left out"))
    troubles += [Trouble(ident, "tower hours for an aerodrome that is not known here") for ident in sorted(left)]
    return Found(zones, troubles)


def _places(
    register: Register, troubles: list[Trouble]
) -> Iterator[tuple[Aerodrome, str | None, Sequence[Runway], Sequence[Frequency]]]:
    """Each place with its runways and frequencies, and its other code where the lists know it by two.

    An aerodrome that only the runways name lies in the middle of their ends. Where the list of aerodromes has one there that
    has no runways, it is that one.
    """
    runways, frequencies = _by_aerodrome(register.runways), _by_aerodrome(register.frequencies)
    listed = {one.ident: one for one in register.aerodromes}
    bare = [one for one in register.aerodromes if one.ident not in runways and one.ident not in frequencies]
    found, others = dict(listed), dict[str, str]()
    for ident in sorted((runways.keys() | frequencies.keys()) - listed.keys()):
        ends = [end for runway in runways.get(ident, ()) for end in runway.ends if end is not None]
        if not ends:
            tower = any(one.is_tower for one in frequencies.get(ident, ()))
            detail = "not in the list of aerodromes, and none of its runway ends is known"
            troubles.append(Trouble(ident, f"{detail}: a controlled aerodrome is left out" if tower else detail))
            continue
        place = sum(lon for lon, _ in ends) / len(ends), sum(lat for _, lat in ends) / len(ends)
        same = next((one for one in bare if _metres(place, (one.lon_deg, one.lat_deg)) < _NEIGHBOUR_M), None)
        if same is not None:
            others[ident] = same.ident
            found.pop(same.ident, None)
        found[ident] = Aerodrome(ident, ident if same is None else same.name, *place)
    for ident in sorted(found):
        yield found[ident], others.get(ident), runways.get(ident, ()), frequencies.get(ident, ())


def _not_its_own(ident: str, frequencies: Iterable[Frequency]) -> Iterator[Trouble]:
    """Where a tower is spoken of and none is taken to be there, a person should look."""
    for one in frequencies:
        words = f"{one.type} {one.description}".upper()
        if "TWR" in words or "TOWER" in words:
            detail = f"{one.type} {one.description!r} is not taken as a tower of its own: not controlled"
            yield Trouble(ident, detail, lost=False)


def _checked(runway: Runway, aerodrome: Aerodrome, troubles: list[Trouble]) -> Runway:
    """The runway without ends that cannot be its own; what does not fit is noted."""
    where, (first, second) = f"{aerodrome.ident} {runway.name}", runway.ends
    away = max((_metres(end, (aerodrome.lon_deg, aerodrome.lat_deg)) for end in runway.ends if end is not None), default=0.0)
    if away > _FAR_M:
        detail = f"a runway end {away / 1_000:,.0f} km from its aerodrome: both ends are taken as unknown"
        troubles.append(Trouble(where, detail, lost=False))
        return runway._replace(ends=(None, None))
    if first is None or second is None or runway.closed:
        return runway
    between = _metres(first, second)
    if between < 10.0:
        troubles.append(Trouble(where, "both ends are at one place: the other end is taken as unknown", lost=False))
        return runway._replace(ends=(first, None))
    if runway.length_m is not None and abs(between - runway.length_m) > max(300.0, 0.2 * runway.length_m):
        detail = f"{between:,.0f} m between its ends, {runway.length_m:,.0f} m long as listed: the ends are taken"
        troubles.append(Trouble(where, detail, lost=False))
    return runway


class _Site(NamedTuple):
    """One aerodrome with all that its zones are made of. other: the code under which the list of aerodromes has it."""

    operator_id: UUID
    collection: str
    aerodrome: Aerodrome
    other: str | None
    runways: Sequence[Runway]
    measures: Measures
    towers: tuple[str, ...]
    timetable: Timetable | None

    @property
    def ground(self) -> Ground:
        return Ground.of(self.aerodrome, [one for one in self.runways if not one.closed])

    def controlled(self) -> list[ZoneVersion]:
        """The ring and the paths, and what holds within them for up to 250 g."""
        ground, measures = self.ground, self.measures
        ring, strips = ground.around(measures.ring_m), ground.strips(measures)
        path, far_path = (
            ground.path(from_m, to_m, measures)
            for from_m, to_m in ((0.0, measures.path_m), (measures.path_m, measures.far_path_m))
        )
        near, middle, far = (f"{m / NAUTICAL_MILE_M:.3g} NM" for m in (measures.ring_m, measures.path_m, measures.far_path_m))
        micro, about = (Weight.MICRO,), (*self._control(), *self._lies())
        area = (*about, f"movement area unknown: taken as runway strips, {measures.strip_m:g} m either side of the centreline")
        splay_pct = f"{100.0 * measures.splay:.3g} %"
        wide = f"{measures.inner_width_m:g} m wide at the runway's end, each side splayed by {splay_pct} (unverified)"
        zones = [
            self._zone("3NM", near, RING, ring, about, OVER_250_G),
            self._zone("3NM-MICRO", f"{near}, up to 250 g: 45 m AGL", RING, ring, about, micro, MICRO_CEILING_M),
            self._zone("AREA-MICRO", "movement area, up to 250 g", RING, strips, area, micro),
        ]
        if path is not None and far_path is not None:
            about = (*about, wide)
            zones += [
                self._zone("PATH7", f"paths to {middle}", PATH, path, about, OVER_250_G),
                self._zone(
                    "PATH8.5", f"paths {middle} to {far}: 90 m AGL", FAR_PATH, far_path, about, None, FAR_PATH_CEILING_M
                ),
            ]
        return zones

    def information(self) -> ZoneVersion:
        outline = self.ground.around_and_paths(self.measures)
        advice = "non-controlled: do not launch, and manoeuvre away or land, when crewed aircraft are there"
        return self._zone("UNCONTROLLED", "non-controlled aerodrome", UNCONTROLLED, outline, (advice, *self._lies()), None)

    def _zone(
        self,
        part: str,
        label: str,
        rule: str,
        outline: Outline,
        remarks: tuple[str, ...],
        weights: tuple[Weight, ...] | None,
        floor_m: float | None = None,
    ) -> ZoneVersion:
        """floor_m: above ground, up to which one may fly; None: not at all."""
        source = f"{self.collection}/{self.aerodrome.ident}-{part}"
        return ZoneVersion(
            operator_id=self.operator_id, zone_id=zone_id(self.operator_id, source), version=0, world=0, source=source,
            name=f"{_short(self.aerodrome)} {label}", rule=rule, remarks=remarks, weights=weights,
            kind=ZoneKind.INFORMATION if rule == UNCONTROLLED else ZoneKind.KEEP_OUT,
            geometry=outline.geometry, radius_m=outline.radius_m,
            floor_m=floor_m, floor_datum=Datum.SFC if floor_m is None else Datum.AGL,
            activation=Activation.ALWAYS if self.timetable is None else Activation.TIMETABLE, timetable=self.timetable,
        )  # fmt: skip

    def _control(self) -> Iterator[str]:
        if self.towers:
            yield f"controlled: it has a frequency of type {', '.join(sorted(set(self.towers)))}"
        else:
            yield "controlled: tower hours are stated, though no frequency of its own is a tower's"
        if self.timetable is None:
            yield "tower hours unknown: taken as controlled"
        else:
            yield "in its tower's hours only: otherwise as a non-controlled aerodrome"

    def _lies(self) -> Iterator[str]:
        """What the shape was drawn from."""
        if self.other is not None:
            yield f"{self.other} in the list of aerodromes"
        usable = [one for one in self.runways if not one.closed]
        known = [one.name for one in usable if one.is_known]
        missing = [one.name for one in usable if not one.is_known]
        if known:
            yield f"runways {', '.join(known)}"
        if missing and known:
            yield f"runways {', '.join(missing)}: ends unknown, so from the reference point too"
        elif not known:
            yield f"from the reference point: {'runway ends unknown' if missing else 'no open runway is listed'}"
        if closed := [one.name for one in self.runways if one.closed]:
            yield f"closed, left out: {', '.join(closed)}"


def _short(aerodrome: Aerodrome) -> str:
    """CANBERRA (YSCB)"""
    words = aerodrome.name.upper().split()
    while len(words) > 1 and words[-1] in _WORDS:
        words.pop()
    name = " ".join(words)
    return name if name == aerodrome.ident else f"{name[:100]} ({aerodrome.ident})"


def _by_aerodrome(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.aerodrome].append(row)
    return dict(found)


def _metres(one: Place, other: Place) -> float:
    return great_circle(*one, *other)[0]
