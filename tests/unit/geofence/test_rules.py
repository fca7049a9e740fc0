"""The rulebook names what the engine checks, and says of the rest why not."""

from pathlib import Path

from geofence import aerodromes, altitude, monitor
from geofence.rules import KNOWN, RULES
from streams.judge import LOST
from streams.rules import RULES as WITHOUT_OUTLINE

CASES = Path(__file__).parents[2] / "cases"
ALIKE = {"AU-AERO-PATH7", "AU-AERO-PATH8.5"}  # judged as AU-AERO-3NM is: zones with another outline
LIFECYCLE = {LOST}  # its cases are those of the protocol


def test_what_the_engine_checks_is_said_to_be_checked() -> None:
    checks = {altitude.RULE, monitor.KEEP_IN, monitor.KEEP_OUT, LOST, *(rule.RULE for _, rule in WITHOUT_OUTLINE)}
    zones = {aerodromes.RING, aerodromes.PATH, aerodromes.FAR_PATH, "AU-PRD"}
    assert {name for name, rule in RULES.items() if rule.checked} == checks | zones


def test_what_is_not_checked_says_why() -> None:
    assert all(rule.lacking for rule in RULES.values() if rule.checked is None)


def test_every_rule_that_is_checked_has_cases() -> None:
    files = {file.stem for file in CASES.glob("*.yaml")}
    assert {name for name, rule in RULES.items() if rule.checked} - ALIKE - LIFECYCLE == files


def test_an_authorisation_relaxes_rules_of_airspace_and_conduct_only() -> None:
    assert {name for name in RULES if name not in KNOWN} == {"BATTERY", "FIX-QUALITY", "LINK-LOST"}
