"""From a condition's step to the event that is published: the same bytes whoever computes it, and when."""

import math
from uuid import UUID

from alerts.lifecycle import Condition
from core.identity import alert_id
from core.records import AlertEvent
from core.records import Condition as Step
from core.sample import HeightSource
from geofence.height import SOURCE_WORDS
from geofence.vertical import Fix
from streams.entry import Entry
from streams.fleet import Aircraft
from streams.state import ENGINE, State


def condition_id(aircraft: Aircraft, condition: Condition) -> UUID:
    return alert_id(aircraft.operator_id, aircraft.aircraft_id, condition.rule, condition.zone_id, condition.start_us)


def alert_event(
    state: State, entry: Entry, aircraft: Aircraft, condition: Condition, step: Step, at_us: int, row: int, fix: Fix | None
) -> AlertEvent:
    """The event of a step. fix: the position that triggered it, else the last one known is told."""
    place = fix or aircraft.last
    height, datum, source = _height(place)
    return AlertEvent(
        alert_id=condition_id(aircraft, condition),
        n=condition.n,
        operator_id=aircraft.operator_id,
        aircraft_id=aircraft.aircraft_id,
        link=aircraft.link,
        system_id=aircraft.system_id,
        rule=condition.rule,
        zone_id=condition.zone_id,
        zone_name=condition.zone_name,
        zone_versions=tuple(condition.versions),
        level=condition.level,
        condition=step,
        start_us=condition.start_us,
        at_us=at_us,
        what=condition.what,
        way_back=condition.way_back,
        beyond_m=condition.beyond_m,
        height_m=height,
        height_datum=datum,
        height_source=source,
        lon_deg=place.lon_deg if place else None,
        lat_deg=place.lat_deg if place else None,
        world=state.world,
        engine=ENGINE,
        partition=entry.partition,
        offset=entry.offset,
        row=entry.rows[row] if entry.rows and row >= 0 else row,
    )


def _height(fix: Fix | None) -> tuple[float | None, str | None, str | None]:
    if fix is None:
        return None, None, None
    if not math.isnan(fix.agl_m):
        datum = "above take-off" if fix.agl_source is HeightSource.TAKEOFF else "AGL"
        source = "autopilot" if fix.agl_source is HeightSource.TAKEOFF else SOURCE_WORDS[fix.agl_source]
        return round(fix.agl_m, 3), datum, source
    if not math.isnan(fix.amsl_m):
        return round(fix.amsl_m, 3), "AMSL", "autopilot"
    return None, None, None
