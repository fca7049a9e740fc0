"""What a report must say was not checked, or was assumed, and why. Pure."""

from collections.abc import Iterator

from evidence.flight import Aircraft, Incident
from geofence.facts import AircraftFact, OperatorFact, assumed
from geofence.rules import RULES
from geofence.zone import Activation, ZoneKind


def rules() -> Iterator[tuple[str, str, str]]:
    """Of rules that have no evidence here: identifier, what it asks, why it was not checked."""
    for name, rule in RULES.items():
        if rule.checked is None:
            yield name, rule.says, rule.lacking


def limits() -> Iterator[tuple[str, str]]:
    """Of rules that were checked: identifier, and what was not checked of it, or assumed."""
    for name, rule in RULES.items():
        if rule.checked is not None and rule.lacking:
            yield name, rule.lacking


def of_the_record(incident: Incident) -> Iterator[str]:
    """What is missing in this record, in sentences."""
    flight, table = incident.flight, incident.flight.samples
    if flight.gaps:
        count = "1 gap" if len(flight.gaps) == 1 else f"{len(flight.gaps)} gaps"
        yield f"{count}: nobody knows what was sent there; nothing is filled in."
    missing, late = table["lon_wgs84_deg"].null_count, sum(table["late"].to_pylist())
    if missing:
        yield f"{missing:,} of {len(table):,} samples have no position: no rule of place was judged by them."
    if late:
        yield f"{late:,} samples came too late to be judged: they are stored and shown, and no alert goes by them."
    if table["height_judged_m"].null_count:
        yield f"{table['height_judged_m'].null_count:,} samples have no height that could be judged."
    if "take-off" in set(table["height_judged_datum"].to_pylist()):
        yield "At times no height above ground was known: the height above take-off stood in for it, with a margin of 40 m."
    if not any(one.version.kind is not ZoneKind.INFORMATION for one in incident.zones):
        yield "No keep-in or keep-out zone was in force: the geofence had nothing to check."
    unknown = [one.version.name for one in incident.zones if one.version.activation is Activation.UNKNOWN]
    if unknown:
        named = ", ".join(unknown[:5]) + (" ..." if len(unknown) > 5 else "")
        yield f"Of {len(unknown)} zones nobody said whether they were active ({named})."
    for aircraft in flight.aircraft:
        yield from _of_an_aircraft(incident, aircraft)
    if not incident.engines:
        yield "Which version of the engine judged is not in the record any more."


def _of_an_aircraft(incident: Incident, aircraft: Aircraft) -> Iterator[str]:
    stated = [one.version.fact for one in incident.facts if isinstance(one.version.fact, AircraftFact)]
    its_own = [fact for fact in stated if fact.aircraft_id == aircraft.id]
    for words in assumed(its_own[-1] if its_own else None):
        yield f"{aircraft.known_as}: {words}."
    everybodys = [one.version.fact for one in incident.facts if isinstance(one.version.fact, OperatorFact)]
    if not any(fact.vlos_m is not None for fact in (*its_own, *everybodys)):
        yield f"{aircraft.known_as}: no distance from the pilot was stated, so AU-VLOS was not checked."
