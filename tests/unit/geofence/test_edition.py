"""What an edition changes: a table of cases, each with what was known, what the file says, and what comes of it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from geofence.edition import compare
from geofence.formats.found import Found, Trouble, zone_id
from geofence.zone import Activation, Switch, ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
NOW_US = 1_800_000_000_000_000
SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [149.1, -35], [149.1, -35.1], [149, -35.1], [149, -35]]]}
ACTIVE, INACTIVE = Switch(1, 2, True), Switch(1, 2, False)


def zone(identifier: str, version: int = 0, **facts: Any) -> ZoneVersion:
    told: dict[str, Any] = {
        "operator_id": OPERATOR, "zone_id": zone_id(OPERATOR, f"test/{identifier}"), "version": version, "world": version,
        "name": identifier, "kind": ZoneKind.KEEP_OUT, "geometry": SQUARE, "source": f"test/{identifier}",
    }  # fmt: skip
    return ZoneVersion(**(told | facts))


CASES: list[tuple[str, list[ZoneVersion], list[ZoneVersion], list[Trouble], dict[str, Any]]] = [
    ("the first import", [], [zone("A"), zone("B")], [], {"added": [("A", 1), ("B", 1)]}),
    ("the same again", [zone("A", 1), zone("B", 3)], [zone("A"), zone("B")], [], {"unchanged": 2}),
    (
        "another ceiling",
        [zone("A", 2, ceiling_m=100.0)], [zone("A", ceiling_m=120.0)], [],
        {"changed": [("A", 3, ("ceiling_m",))]},
    ),
    (
        "two fields at once",
        [zone("A", 1)], [zone("A", name="A2", activation=Activation.UNKNOWN)], [],
        {"changed": [("A2", 2, ("name", "activation"))]},
    ),
    ("gone", [zone("A", 1), zone("B", 1)], [zone("A")], [], {"ended": [("B", 2)], "unchanged": 1}),
    ("gone before", [zone("A", 1), zone("B", 2, ended=True)], [zone("A")], [], {"unchanged": 1}),
    ("back again", [zone("A", 2, ended=True)], [zone("A")], [], {"added": [("A", 3)]}),
    ("whole numbers are numbers", [zone("A", 1, radius_m=5.0)], [zone("A", radius_m=5)], [], {"unchanged": 1}),
    ("switched since, else the same", [zone("A", 4, switched=(ACTIVE, INACTIVE))], [zone("A")], [], {"unchanged": 1}),
    (
        "named by the file and not readable in it",
        [zone("A", 1), zone("B", 1), zone("C", 1)], [zone("A")], [Trouble("line 9 (B)", "a point that is none")],
        {"kept": [("B", 1)], "ended": [("C", 2)], "unchanged": 1},
    ),
    (
        "one of several geometries or periods not readable, or the whole",
        [zone("X1.1", 1), zone("X1.2@2026-08-05T11:00", 1), zone("X1~2", 1), zone("polygon 1", 1), zone("X11", 1)], [],
        [Trouble("feature 1, geometry 2 (X1)", "it has no area"), Trouble("polygon 1", "it has no area")],
        {"kept": [("X1.1", 1), ("X1.2@2026-08-05T11:00", 1), ("X1~2", 1), ("polygon 1", 1)], "ended": [("X11", 2)]},
    ),
    (
        "only noted",
        [zone("A", 1), zone("B", 1)], [zone("A")], [Trouble("line 9 (B)", "odd", lost=False)],
        {"ended": [("B", 2)], "unchanged": 1},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("known", "read", "troubles", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_an_edition_changes(
    known: list[ZoneVersion], read: list[ZoneVersion], troubles: list[Trouble], expected: dict[str, Any]
) -> None:
    changes = compare(known, Found(read, troubles), NOW_US)
    told = {
        "added": [(one.name, one.version) for one in changes.added],
        "changed": [(one.zone.name, one.zone.version, one.fields) for one in changes.changed],
        "ended": [(one.name, one.version) for one in changes.ended],
        "kept": [(one.name, one.version) for one in changes.kept],
        "unchanged": changes.unchanged,
    }
    assert told == {"added": [], "changed": [], "ended": [], "kept": [], "unchanged": 0} | expected


def test_an_ending_begins_now_or_when_the_zone_would_have_begun() -> None:
    later = NOW_US + 1_000_000
    changes = compare([zone("A", 1), zone("B", 1, valid_from_us=later)], Found([zone("C")], []), NOW_US)
    assert {one.name: (one.ended, one.valid_from_us, one.valid_to_us) for one in changes.ended} == {
        "A": (True, NOW_US, None), "B": (True, later, None),
    }  # fmt: skip


def test_of_a_zone_that_became_another_active_still_holds_and_inactive_does_not() -> None:
    changes = compare([zone("A", 1, switched=(ACTIVE, INACTIVE))], Found([zone("A", ceiling_m=50.0)], []), NOW_US)
    assert changes.changed[0].zone.switched == (ACTIVE,)


def test_what_was_stored_compares_as_unchanged() -> None:
    first = compare([], Found([zone("A"), zone("B")], []), NOW_US)
    stored = [msgspec.structs.replace(one, world=7) for one in first.versions]
    second = compare(stored, Found([zone("A"), zone("B")], []), NOW_US)
    assert (second.versions, second.unchanged) == ([], 2)
