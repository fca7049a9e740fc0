"""The rulebook names what the engine checks, and says of the rest why not."""

from pathlib import Path

from geofence import aerodromes, altitude, monitor
from geofence.facts import Limits
from geofence.rules import KNOWN, LIMITS, RULES
from streams.rules import RULES as WITHOUT_OUTLINE
from streams.rules import link

CASES = Path(__file__).parents[2] / "cases"
ALIKE = {"AU-AERO-PATH7", "AU-AERO-PATH8.5"}  # judged as AU-AERO-3NM is: zones with another outline


def test_what_the_engine_checks_is_said_to_be_checked() -> None:
    checks = {altitude.RULE, monitor.KEEP_IN, monitor.KEEP_OUT, link.RULE, *(rule.RULE for _, rule in WITHOUT_OUTLINE)}
    zones = {aerodromes.RING, aerodromes.PATH, aerodromes.FAR_PATH, "AU-PRD"}
    assert {name for name, rule in RULES.items() if rule.checked} == checks | zones


def test_what_is_not_checked_says_why() -> None:
    assert all(rule.lacking for rule in RULES.values() if rule.checked is None)


def test_every_rule_that_is_checked_has_cases() -> None:
    files = {file.stem for file in CASES.glob("*.yaml")}
    assert {name for name, rule in RULES.items() if rule.checked} - ALIKE == files


def test_every_limit_that_may_be_stated_is_a_rules_and_its_own_value_is_within_its_bounds() -> None:
    assert set(LIMITS) == set(Limits.__struct_fields__)
    assert sorted(name for rule in RULES.values() for name in rule.limits) == sorted(LIMITS)
    assert all(limit.low <= limit.otherwise <= limit.high for limit in LIMITS.values() if limit.otherwise is not None)


def test_an_authorisation_relaxes_rules_of_airspace_and_conduct_only() -> None:
    assert {name for name in RULES if name not in KNOWN} == {"BATTERY", "FIX-QUALITY", "LINK-LOST"}
