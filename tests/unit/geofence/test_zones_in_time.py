"""Which version decides: the index's stretches of time against the plain definition, for any history."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.identity import operator_id
from geofence.index import compile_entries
from geofence.versions import in_force
from geofence.zone import ZoneKind, ZoneVersion

SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [150, -35], [150, -34], [149, -34], [149, -35]]]}
TIMES = st.one_of(st.none(), st.integers(0, 20))


@st.composite
def histories(draw: st.DrawFn) -> list[ZoneVersion]:
    count = draw(st.integers(1, 6))
    numbers: dict[int, int] = {}
    versions = []
    for world in range(1, count + 1):
        zone = draw(st.integers(1, 2))
        numbers[zone] = numbers.get(zone, 0) + 1
        versions.append(
            ZoneVersion(
                operator_id=operator_id("test"), zone_id=UUID(int=zone), version=numbers[zone], world=world, name="z",
                kind=ZoneKind.KEEP_OUT, geometry=SQUARE, valid_from_us=draw(TIMES), valid_to_us=draw(TIMES),
                ended=draw(st.booleans()),
            )
        )  # fmt: skip
    return versions


@given(histories(), st.integers(0, 7), st.integers(-1, 22))
def test_an_entry_decides_exactly_when_its_version_does(versions: list[ZoneVersion], world: int, time_us: int) -> None:
    expected = [(v.zone_id, v.version) for v in in_force(versions, world, time_us)]
    entries = [e for e in compile_entries(versions, world) if e.from_us <= time_us < e.to_us]
    assert [(e.zone.zone_id, e.zone.version) for e in entries] == expected


def test_what_was_replaced_does_not_come_back_when_the_replacement_is_over() -> None:
    def version(number: int, **more: int) -> ZoneVersion:
        return ZoneVersion(
            operator_id=operator_id("test"), zone_id=UUID(int=1), version=number, world=number, name="z",
            kind=ZoneKind.KEEP_OUT, geometry=SQUARE, **more,
        )  # fmt: skip

    history = [version(1), version(2, valid_from_us=10, valid_to_us=20)]
    deciding = [[v.version for v in in_force(history, 2, time_us)] for time_us in (9, 10, 19, 20, 30)]
    assert deciding == [[1], [2], [2], [], []]
    assert [v.version for v in in_force(history, 1, 15)] == [1], "before it was known, the first decides"
