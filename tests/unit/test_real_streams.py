"""What real streams do (all of it seen in logs from the field), and what a person then sees: bytes through ingest's own
reading into the engine and the door's picture.

What real files of zones do is in tests/unit/geofence/formats.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from api.picture import Picture
from core import block
from core.errors import WedgetailError
from core.records import AlertEvent, Judged, LinkListened, Listened, Tick
from core.topics import PARTITIONS
from core.units import US_PER_S
from geofence.world import World
from geofence.zone import ZoneKind, ZoneVersion
from ingest.counts import Counts
from ingest.errors import NoTimes
from ingest.fleet import Fleet, Piece
from ingest.links import link_name
from ingest.tlog import opened
from streams.entry import Entry
from streams.pipeline import advance
from streams.state import State
from tests.unit.streams.flight import OPERATOR, T0, zone

LAT, LON = -353_623_302, 1_491_657_510
ADDRESS = "10.0.0.7"


class Sender:
    """An autopilot, or whatever else talks: frames as pymavlink writes them."""

    def __init__(self, system: int = 1, component: int = 1, version: int = 2, signed: bool = False) -> None:
        self._mav = dialect.MAVLink(None, srcSystem=system, srcComponent=component)
        self._version = version
        if signed:
            self._mav.signing.secret_key = bytes(range(32))
            self._mav.signing.sign_outgoing = True

    def _pack(self, message: Any) -> bytes:
        frame = bytes(message.pack(self._mav, force_mavlink1=self._version == 1))
        self._mav.seq = (self._mav.seq + 1) % 256
        return frame

    def heartbeat(self, kind: int = 2, autopilot: int = 3, armed: bool = True) -> bytes:
        return self._pack(self._mav.heartbeat_encode(kind, autopilot, 1 | (128 if armed else 0), 5, 4, 3))

    def position(
        self, lat: int = LAT, lon: int = LON, amsl_m: float = 600.0, above_m: float = 13.3, boot_ms: int = 1_000
    ) -> bytes:
        message = self._mav.global_position_int_encode(
            boot_ms, lat, lon, round(amsl_m * 1_000), round(above_m * 1_000), 0, 0, 0, 9_000
        )
        return self._pack(message)

    def terrain(self, above_ground_m: float) -> bytes:
        return self._pack(self._mav.terrain_report_encode(LAT, LON, 100, 590.0, above_ground_m, 0, 100))

    def gps(self, time_us: int) -> bytes:
        return self._pack(self._mav.gps_raw_int_encode(time_us, 3, LAT, LON, 600_000, 90, 90, 0, 0, 9))


class House:
    """Ingest, engine and door around one partition. now: seconds since the beginning."""

    def __init__(self, *zones: ZoneVersion) -> None:
        self.counts = Counts()
        self.events: list[AlertEvent] = []
        self._fleet = Fleet(OPERATOR, self.counts)
        self._links: dict[str, Any] = {}
        self._world = World(zones, complete=1)
        self._state = State.empty()
        self._state.world = 1
        self._picture = Picture(OPERATOR, PARTITIONS, T0)
        self._offset = 0
        for partition in range(PARTITIONS):
            self._picture.apply_judged(Judged("telemetry", partition, 1, T0, 1, "worker"))

    def hear(self, second: float, *frames: bytes, address: str = ADDRESS, late_s: float = 0.0) -> "House":
        """Datagrams of a second. late_s: how long after their time stamp the broker had them."""
        time_us = T0 + round(second * US_PER_S)
        name = link_name("udp:14550", address)
        if name not in self._links:
            self._links[name] = self._fleet.link(name, T0)
        taken = self._fleet.taken()
        self._fleet.take([Piece(self._links[name], time_us, 1, data) for data in frames], taken)
        assert self.counts.adds_up()
        if len(taken.samples):
            self._advance(time_us + round(late_s * US_PER_S), block.decode(taken.samples.block().encode()))
        return self

    def listened(self, second: float) -> "House":
        up_to_us = T0 + round(second * US_PER_S)
        self._advance(up_to_us, Listened(tuple(LinkListened(OPERATOR, name, T0, up_to_us) for name in self._links)))
        self._advance(up_to_us, Tick())
        return self

    def fly(self, seconds: Iterable[float], make: Callable[[float], Iterable[bytes]]) -> "House":
        """What is sent at each of these moments, and each second that it was listened to."""
        for second in seconds:
            self.hear(second, *make(second))
            if second == int(second):
                self.listened(second)
        return self

    def _advance(self, append_us: int, body: Any) -> None:
        told = advance(self._state, Entry(0, self._offset, append_us, True, body), self._world)
        self._offset += 1
        self.events += told
        if hasattr(body, "num_rows"):
            self._picture.apply_block(body, append_us)
        for event in told:
            self._picture.apply_alert(event, append_us)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Rule and condition of each step."""
        return [(event.rule, event.condition.value) for event in self.events]

    @property
    def seen(self) -> list[Any]:
        """The aircraft as the door shows them."""
        found = [self._picture.aircraft(one) for one in self._picture.ids()]
        return sorted((one for one in found if one is not None), key=lambda one: (one["link"], one["system_id"]))


def _quarters(start: float, stop: float) -> list[float]:
    return [start + n / 4 for n in range(round((stop - start) * 4))]


def _flying(sender: Sender, **position: Any) -> Callable[[float], list[bytes]]:
    """Four positions a second, a heartbeat each second."""

    def make(second: float) -> list[bytes]:
        return [sender.position(**position)] + ([sender.heartbeat()] if second == int(second) else [])

    return make


def test_a_minute_at_exactly_zero_zero_is_an_aircraft_without_position_amber_until_it_has_one() -> None:
    sender = Sender()
    house = House().fly(_quarters(0, 60), _flying(sender, lat=0, lon=0))
    assert house.told == [("EVIDENCE-POSITION", "raised")]
    (one,) = house.seen
    assert (one["lon"], one["no_position"], one["level"]) == (None, "zero", "unknown")
    house.fly(_quarters(60, 65), _flying(sender))
    assert house.told[1:] == [("EVIDENCE-POSITION", "cleared")]
    assert (house.seen[0]["lon"], house.seen[0]["level"]) == (LON / 1e7, "clear")


def test_fixes_near_zero_zero_and_a_jump_to_the_real_place_cross_no_zone_on_the_way() -> None:
    sender = Sender()
    between = [[60.0, -30.0], [100.0, -30.0], [100.0, 5.0], [60.0, 5.0], [60.0, -30.0]]
    house = House(zone(ZoneKind.KEEP_OUT, between))
    house.fly(_quarters(0, 8), lambda s: [sender.heartbeat(), sender.position(lat=round(s * 1e4) + 1, lon=90_000)])
    house.fly(_quarters(8, 20), _flying(sender))
    assert [event for event in house.told if event[0] != "AU-DAY"] == []  # it is night at 0,0
    assert house.seen[0]["lon"] == LON / 1e7


def test_an_aircraft_that_never_sends_a_position_is_seen_and_amber() -> None:
    sender = Sender()
    house = House().fly(range(20), lambda s: [sender.heartbeat()])
    assert house.told == [("EVIDENCE-POSITION", "raised")]
    (one,) = house.seen
    assert (one["no_position"], one["lon"], one["armed"], one["level"]) == ("not sent", None, True, "unknown")


def test_a_boat_at_31392_m_above_the_sea_is_shown_so_and_breaks_no_height_rule() -> None:
    sender = Sender()
    make = _flying(sender, amsl_m=31_392.0, above_m=0.0)
    house = House().fly(_quarters(0, 20), lambda s: [sender.heartbeat(kind=11), *make(s)])
    assert house.told == []
    (one,) = house.seen
    assert (one["amsl_m"], one["height"]["datum"], one["height"]["m"]) == (31_392.0, "above take-off", 0.0)


def test_negative_heights_are_heights() -> None:
    house = House().fly(_quarters(0, 20), _flying(Sender(), amsl_m=-3.5, above_m=-1.8))
    assert house.told == []
    assert (house.seen[0]["amsl_m"], house.seen[0]["takeoff_height_m"]) == (-3.5, -1.8)


def test_a_height_above_an_unset_home_gives_way_to_a_terrain_report_or_is_told_with_it() -> None:
    sender = Sender()
    near, far = _flying(sender, above_m=400.0), _flying(sender, above_m=600.0)
    house = House().fly(_quarters(0, 20), lambda s: [sender.terrain(10.0), *near(s)])
    assert house.told == []
    assert (house.seen[0]["height"]["m"], house.seen[0]["height"]["source"]) == (10.0, "terrain report")
    # 500 m apart neither can be believed over the other: the higher one is told, and the lower one with it.
    house.fly(_quarters(20, 30), lambda s: [sender.terrain(10.0), *far(s)])
    assert house.told == [("AU-101.085-HEIGHT", "raised")]
    assert "600 m above take-off, AGL not measured (10 m AGL was reported: no height)" in house.events[0].what


@pytest.mark.parametrize(("gap_s", "steps"), [(3, []), (4, []), (98, [("LINK-LOST", "raised"), ("LINK-LOST", "cleared")])])
def test_a_gap_is_a_lost_link_when_it_lasts_and_over_when_it_ends(gap_s: int, steps: list[tuple[str, str]]) -> None:
    sender = Sender()
    house = House().fly(_quarters(0, 10), _flying(sender))
    for second in range(10, 10 + gap_s):
        house.listened(second)
    house.fly(_quarters(10 + gap_s, 16 + gap_s), _flying(sender))
    assert house.told == steps
    assert house.seen[0]["level"] == "clear"


def test_an_aircraft_that_stops_is_lost_though_its_radio_and_the_ground_station_talk_on() -> None:
    sender, radio, station = Sender(), Sender(51, 68), Sender(255, 190)
    house = House().fly(_quarters(0, 10), _flying(sender))
    house.fly(range(10, 20), lambda s: [radio.heartbeat(kind=0, autopilot=8), station.heartbeat(kind=6, autopilot=8)])
    assert house.told == [("LINK-LOST", "raised")]
    assert [(one["system_id"], one["level"]) for one in house.seen] == [(1, "lost")]


def test_a_recorders_clock_that_goes_back_1300_ms_gives_late_samples_and_no_alert() -> None:
    sender = Sender()
    house = House().fly(_quarters(0, 10), _flying(sender))
    for second in _quarters(8.7, 16):
        house.hear(second, *_flying(sender)(second), late_s=1.3)
    assert house.told == []
    assert house.seen[0]["level"] == "clear"


@pytest.mark.parametrize("pace", [0.6, 1.0, 4.6, -1.0])
def test_boot_time_may_run_as_it_likes_nothing_is_judged_by_it(pace: float) -> None:
    sender = Sender()
    house = House().fly(
        _quarters(0, 20), lambda s: [sender.heartbeat(), sender.position(boot_ms=round(60_000 + s * 1_000 * pace))]
    )
    assert house.told == []


def test_backward_gps_times_change_nothing() -> None:
    sender = Sender()
    house = House().fly(_quarters(0, 20), lambda s: [sender.gps(round((1e9 - s) * 1e6)), sender.heartbeat(), sender.position()])
    assert house.told == []
    assert house.seen[0]["satellites"] == 9


def test_duplicate_samples_are_one_aircraft_at_one_place() -> None:
    sender = Sender()

    def twice(second: float) -> list[bytes]:
        position = sender.position()
        return [sender.heartbeat(), position, position]

    house = House().fly(_quarters(0, 20), twice)
    assert (house.told, len(house.seen), house.seen[0]["level"]) == ([], 1, "clear")


@pytest.mark.parametrize("system", [0, 51, 65, 254, 255])
def test_the_ids_of_radios_trackers_and_stations_are_no_aircraft(system: int) -> None:
    other = Sender(system)
    house = House().fly(range(10), lambda s: [other.position(), other.heartbeat(kind=6, autopilot=8)])
    assert (house.told, house.seen) == ([], [])


@pytest.mark.parametrize("kind", [18, 27, 30])
def test_what_flies_along_under_an_aircrafts_id_is_not_an_aircraft_and_does_not_rename_it(kind: int) -> None:
    sender, along, disguised = Sender(), Sender(component=154), Sender()
    house = House().fly(
        _quarters(0, 20),
        lambda s: [sender.heartbeat(), sender.position(), along.heartbeat(kind=kind, autopilot=8, armed=False),
                   disguised.heartbeat(kind=kind, autopilot=8, armed=False)],
    )  # fmt: skip
    assert house.told == []
    assert [(one["system_id"], one["vehicle_type"], one["armed"]) for one in house.seen] == [(1, 2, True)]


def test_two_fleets_that_both_use_system_1_are_two_aircraft() -> None:
    house = House()
    for second in range(10):
        house.hear(second, Sender().heartbeat(), Sender().position(), address="10.0.0.1")
        house.hear(second, Sender().heartbeat(), Sender().position(lon=LON + 10_000), address="10.0.0.2")
    assert house.told == []
    assert [one["link"] for one in house.seen] == ["udp:14550/10.0.0.1", "udp:14550/10.0.0.2"]
    assert len({one["id"] for one in house.seen}) == 2


def test_mavlink_1_and_2_and_signed_frames_in_one_stream_are_one_aircraft() -> None:
    senders = [Sender(version=1), Sender(version=2), Sender(version=2, signed=True)]
    house = House().fly(
        _quarters(0, 20), lambda s: [one for sender in senders for one in (sender.heartbeat(), sender.position())]
    )
    assert (house.told, len(house.seen), house.counts.rejected.total()) == ([], 1, 0)
    assert house.counts.usable == 3 * 80


def test_stretches_of_bad_bytes_cost_nobody_a_sample() -> None:
    sender = Sender()
    house = House().fly(
        _quarters(0, 20), lambda s: [b"\xfe\x09" + bytes(9), sender.heartbeat(), b"\xfd noise", sender.position()]
    )
    assert (house.told, house.counts.usable) == ([], 80)
    assert house.counts.rejected.total() > 0


def test_a_raw_stream_without_time_stamps_asks_when_it_began(tmp_path: Path) -> None:
    sender = Sender()
    file = tmp_path / "raw.bin"
    file.write_bytes(b"".join(sender.heartbeat() + sender.position() for _ in range(20)))
    with pytest.raises(NoTimes, match="--start") as refused, opened(file) as log:
        list(log.entries())
    assert isinstance(refused.value, WedgetailError)
    with opened(file, T0) as log:
        assert log.entries() is not None and next(iter(log.entries())).time_us == T0
