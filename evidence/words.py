"""What stands beside the samples in a bundle, as JSON: alerts, actions, zones, facts, rules. Pure."""

from typing import Any

import msgspec

from evidence.flight import Alert, Incident, InForce, V
from evidence.made import Made
from geofence import factjson, geojson
from geofence.moments import iso
from geofence.rules import LIMITS, RULES


def alerts(incident: Incident) -> dict[str, Any]:
    """Each with all its steps, those outside the window too, in the order in which they began."""
    return {"alerts": [_alert(alert) for alert in incident.alerts]}


def actions(incident: Incident) -> dict[str, Any]:
    """What people did with the alerts: who, as they said, when, and up to which step they had seen it."""
    told = [one.answer() | {"action": one.action.value} for one in incident.actions]
    return {"actions": told}


def zones(incident: Incident) -> dict[str, Any]:
    """The versions in force, as the API writes zones, and when each decided."""
    features = []
    for one in incident.zones:
        feature = geojson.write(one.version, one.recorded_at)
        feature["properties"] |= _decided(one)
        features.append(feature)
    return {"type": "FeatureCollection", "features": features}


def facts(incident: Incident) -> dict[str, Any]:
    return {"facts": [factjson.write(one.version, one.recorded_at) | _decided(one) for one in incident.facts]}


def rules(incident: Incident, made: Made) -> dict[str, Any]:
    """The rulebook of the program that made the bundle, and which engines judged."""
    book = {
        name: {
            "says": rule.says, "checked": rule.checked is not None, "evidence": rule.checked, "lacking": rule.lacking or None,
            "relaxed_to": None if rule.value is None else rule.value._asdict(), "relaxable": rule.relaxable,
            "limits": {each: LIMITS[each]._asdict() for each in rule.limits},
        }
        for name, rule in RULES.items()
    }  # fmt: skip
    return {"engines_that_judged": list(incident.engines), "engine_of_the_rulebook": made.engine, "rules": book}


def _alert(alert: Alert) -> dict[str, Any]:
    steps = []
    for event, published_us in alert.steps:
        told = {name: value for name, value in msgspec.to_builtins(event).items() if not name.endswith("_us")}
        times = {"start": iso(event.start_us), "at": iso(event.at_us), "published_at": iso(published_us)}
        steps.append(told | times)
    first = alert.first
    return {
        "id": str(first.alert_id), "rule": first.rule, "zone": first.zone_name, "level": alert.level.value,
        "state": alert.state.value, "start": iso(first.start_us), "cleared_at": iso(alert.cleared_us), "steps": steps,
    }  # fmt: skip


def _decided(one: InForce[V]) -> dict[str, Any]:
    return {"in_force_from": iso(one.from_us), "in_force_to": iso(one.to_us)}
