"""Every rule's green, amber and red cases, from tests/cases/*.yaml, through the whole engine."""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import yaml

from core.geodesy import metres_per_degree
from core.identity import aircraft_id
from geofence.facts import Fact, FactVersion, fact_id
from tests.unit.streams.flight import LAT, LINK, LON, OPERATOR, T0, Engine, S, at, zone

CASES = Path(__file__).parents[1] / "cases"
NEVER_RED = {"FIX-QUALITY"}  # nobody breaks a rule by it: what the others say is worth less
COLOURS = {"breach": "red", "warning": "amber", "unknown": "amber", "lost": "amber"}
LON_M, LAT_M = metres_per_degree(LAT)


def load() -> list[Any]:
    return [
        pytest.param(file.stem, case, id=f"{file.stem}: {case['name']}")
        for file in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(file.read_text())
    ]


def lon_lat(east_m: float, north_m: float) -> list[float]:
    return [LON + east_m / LON_M, LAT + north_m / LAT_M]


def ring(half_m: float, east_m: float = 0.0, wide_m: float | None = None) -> list[list[float]]:
    wide = half_m if wide_m is None else wide_m
    corners = [(-wide, -half_m), (wide, -half_m), (wide, half_m), (-wide, half_m), (-wide, -half_m)]
    return [lon_lat(east_m + x, y) for x, y in corners]


def shape(kind: str, east_m: float) -> dict[str, Any]:
    rings: dict[str, list[list[list[float]]]] = {
        "square": [ring(500, east_m)],
        "hole": [ring(500), ring(100)],
        "wall": [ring(500, wide_m=1.0)],
        "L": [[lon_lat(*p) for p in [(-500, -500), (500, -500), (500, 0), (0, 0), (0, 500), (-500, 500), (-500, -500)]]],
    }
    if kind == "two":
        return {"type": "MultiPolygon", "coordinates": [[ring(500)], [ring(500, 2000)]]}
    return {"type": "Polygon", "coordinates": rings[kind]}


def zones(case: dict[str, Any]) -> list[Any]:
    made = []
    for number, given in enumerate(case.get("zones", ())):
        facts = {"name": "Field", "zone_id": str(UUID(int=number + 1))} | given
        geometry = shape(facts.pop("shape", "square"), facts.pop("east_m", 0.0))
        if "radius_m" in facts:
            geometry = {"type": "Point", "coordinates": [LON, LAT]}
        if "for_system" in facts:
            facts["aircraft_ids"] = [str(aircraft_id(OPERATOR, LINK, facts.pop("for_system")))]
        if "valid_from_s" in facts:
            facts["valid_from_us"] = T0 + facts.pop("valid_from_s") * S
        made.append(zone(**facts, geometry=geometry))
    return made


def facts(case: dict[str, Any]) -> list[FactVersion]:
    """aircraft_id: that of the one that flies, unless the case says otherwise."""
    made = []
    for given in case.get("facts", ()):
        whose = {"aircraft_id": str(aircraft_id(OPERATOR, LINK, 1))} if given["kind"] == "aircraft" else {}
        said = {"issuer": "CASA", "type": "night"} | whose | given
        times = {f"valid_{name}_us": T0 + said.pop(f"{name}_s") * S for name in ("from", "to") if f"{name}_s" in said}
        fact = msgspec.convert(said, Fact)
        made.append(FactVersion(operator_id=OPERATOR, fact_id=fact_id(OPERATOR, fact), version=1, world=1, fact=fact, **times))
    return made


def samples(case: dict[str, Any]) -> list[Any]:
    flown = _samples(case)
    for name in ("battery_pct", "fix_type"):
        for sample, value in zip(flown, case.get(name, ()), strict=False):
            setattr(sample, name, value)
    east, north, up = case.get("velocity_mps", (None, None, None))
    for sample in flown:
        sample.event_time_us += round(case.get("hours_later", 0) * 3600 * S)
        if east is not None:
            sample.velocity_east_cmps, sample.velocity_north_cmps = round(east * 100), round(north * 100)
            sample.velocity_down_cmps = round(-up * 100)
    return flown


def _samples(case: dict[str, Any]) -> list[Any]:
    every = case.get("every_s", 0.5)
    if "path" in case:
        heights_m = case.get("takeoff_m", 50)
        heights_m = heights_m if isinstance(heights_m, list) else [heights_m] * len(case["path"])
        return [
            at(i * every, None) if place is None
            else at(i * every, *lon_lat(*place), takeoff_m=heights_m[i], armed=case.get("armed_at", [True] * (i + 1))[i])
            for i, place in enumerate(case["path"])
        ]  # fmt: skip
    count = max(len(case.get(name, ())) for name in ("agl_m", "takeoff_m", "amsl_m"))
    heights = {name: case.get(name, [None] * count) for name in ("agl_m", "takeoff_m", "amsl_m")}
    ground_mm = case["ground_m"] * 1000 if "ground_m" in case else None
    return [
        at(i * every, agl_m=heights["agl_m"][i], takeoff_m=heights["takeoff_m"][i], armed=case.get("armed", True),
           amsl_mm=None if heights["amsl_m"][i] is None else heights["amsl_m"][i] * 1000, ground_amsl_mm=ground_mm)
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(("rule", "case"), load())
def test_case(rule: str, case: dict[str, Any]) -> None:
    engine = Engine(*zones(case), facts=facts(case))
    flown = samples(case)
    if case.get("armed", True) is None:
        for sample in flown:
            sample.airborne = None
    for seconds in case.get("listened_s", ()):
        before = [sample for sample in flown if sample.event_time_us <= T0 + seconds * S]
        if before:
            engine.fly(*before)
        engine.listened(seconds)
        flown = flown[len(before) :]
    if flown:
        engine.fly(*flown)
    events = [event for event in engine.events if event.rule == rule]
    assert [f"{event.condition} {event.level}" for event in events] == case["expect"]
    if "what" in case:
        assert events[-1].what == case["what"]
    if "what_starts" in case:
        assert events[-1].what.startswith(case["what_starts"])
    if "way_back" in case:
        assert events[-1].way_back == case["way_back"]
    if "alerts" in case:
        assert len({event.alert_id for event in events}) == case["alerts"]
    seen = engine.events if case.get("colour_of") == "aircraft" else events
    open_levels = {event.alert_id: None if event.condition == "cleared" else event.level for event in seen}
    colours = {COLOURS[level] for level in open_levels.values() if level}
    assert ("red" if "red" in colours else "amber" if colours else "green") == case["colour"]


def test_every_rule_has_a_green_an_amber_and_a_red_case() -> None:
    for file in CASES.glob("*.yaml"):
        colours = {case["colour"] for case in yaml.safe_load(file.read_text())}
        assert colours == {"green", "amber", "red"} - ({"red"} if file.stem in NEVER_RED else set()), file.stem
