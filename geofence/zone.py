"""A zone and its versions: a footprint with floor and ceiling, when it holds, and for whom. Never overwritten."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from geofence.times import Timetable
from geofence.versions import Version


class ZoneKind(StrEnum):
    """What a zone asks of a drone. INFORMATION asks nothing: it is drawn and listed, and never alarms."""

    KEEP_IN = "keep_in"
    KEEP_OUT = "keep_out"
    INFORMATION = "information"


class Datum(StrEnum):
    """What a zone's floor or ceiling is measured from. SFC is the ground itself: a floor of SFC is never compared.

    FL is a pressure altitude (metres at 1013.25 hPa): without QNH it is known to 300 m only. WGS84 is the ellipsoid.
    """

    SFC = "SFC"
    AGL = "AGL"
    AMSL = "AMSL"
    TAKEOFF = "TAKEOFF"
    FL = "FL"
    WGS84 = "WGS84"


class Weight(StrEnum):
    """CASA's weight classes (reference/casa-rules.md): up to 250 g, 2 kg, 25 kg, 150 kg, and above."""

    MICRO = "micro"
    VERY_SMALL = "very_small"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Activation(StrEnum):
    """When a valid zone asks what it asks. UNKNOWN: by NOTAM, or in words nobody here can read. BY_HAND: only when switched."""

    ALWAYS = "always"
    TIMETABLE = "timetable"
    BY_HAND = "by_hand"
    UNKNOWN = "unknown"


class Switch(msgspec.Struct, frozen=True):
    """A person's or a program's word that a zone is active, or is not, from_us <= t < to_us. The last one given decides."""

    from_us: int
    to_us: int
    active: bool


class ZoneVersion(Version, msgspec.Struct, frozen=True, kw_only=True):
    """One version of one zone. geometry is GeoJSON: Polygon, MultiPolygon, or Point with radius_m (a circle)."""

    operator_id: UUID
    zone_id: UUID
    version: int
    world: int
    name: str
    kind: ZoneKind
    geometry: dict[str, Any]
    radius_m: float | None = None
    floor_m: float | None = None  # None: from the ground up
    floor_datum: Datum = Datum.SFC
    ceiling_m: float | None = None  # None: without limit
    ceiling_datum: Datum = Datum.AGL
    valid_from_us: int | None = None
    valid_to_us: int | None = None
    aircraft_ids: tuple[UUID, ...] | None = None  # None: all of the operator's
    raise_beyond_m: float = 0.0
    raise_after_s: float = 1.0
    clear_inside_m: float = 3.0
    clear_after_s: float = 10.0
    ended: bool = False
    rule: str | None = None  # the identifier that its alerts cite, such as AU-PRD; None: the geofence's own
    source: str | None = None  # where it came from, COLLECTION/IDENTIFIER: an import finds its own zones again by it
    airspace_class: str | None = None  # in the source's own words: R, CTR, PROHIBITED
    remarks: tuple[str, ...] = ()  # what a person must know: what was assumed, what the source says
    weights: tuple[Weight, ...] | None = None  # only for aircraft of these classes; None: all
    activation: Activation = Activation.ALWAYS
    timetable: Timetable | None = None
    switched: tuple[Switch, ...] = ()
    warn_within_s: float | None = None  # seconds to its boundary that warn; None: by what it is (geofence.prediction)

    @property
    def key(self) -> UUID:
        return self.zone_id

    @property
    def collection(self) -> str | None:
        """Whose edition it came with; None: drawn here."""
        return None if self.source is None else self.source.partition("/")[0]
