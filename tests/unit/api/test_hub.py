"""What each viewer is sent, without a socket: frames, slow viewers, boxes, alerts that are never held."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.hub import MAX_WAITING, TOO_SLOW, Hub, Viewer
from api.messages import Subscribe, read
from api.picture import Picture
from core import block
from core.identity import aircraft_id, operator_id
from core.sample import Sample

OPERATOR = operator_id("demo")
LINK = "udp:14550/127.0.0.1"
NOW = 1_782_874_800_000_000


def craft(system_id: int) -> UUID:
    return aircraft_id(OPERATOR, LINK, system_id)


class House:
    def __init__(self) -> None:
        self.picture = Picture(OPERATOR, 16, NOW)
        self.hub = Hub(self.picture, lambda: NOW)
        self.steps = 0

    def viewer(self, what: Subscribe | None = None) -> Viewer:
        viewer = self.hub.join(lambda picture, now_us: '{"type":"hello"}', lambda text: False)
        self.hub.subscribe(viewer, what or Subscribe())
        assert [one["type"] for one in drained(viewer)] == ["hello", "snapshot"]
        return viewer

    def move(self, system_id: int, lon_deg: float | None = 149.0) -> None:
        self.steps += 1
        where = {} if lon_deg is None else {"lon_e7": round(lon_deg * 1e7), "lat_e7": -353_000_000}
        one = Sample(OPERATOR, craft(system_id), LINK, system_id, 1, seq=self.steps, event_time_us=NOW + self.steps, **where)
        self.picture.apply_block(block.from_samples([one]), NOW)
        self.hub.publish()


def drained(viewer: Viewer) -> list[dict[str, Any]]:
    found = []
    while (text := viewer.take()) is not None:
        found.append(msgspec.json.decode(text))
    return found


def ids(told: dict[str, Any]) -> list[str]:
    return [one["id"] for one in told["aircraft"]]


@pytest.fixture
def house() -> House:
    return House()


async def test_the_first_change_goes_out_at_once_and_the_next_waits_for_the_interval(house: House) -> None:
    viewer = house.viewer(Subscribe(interval_ms=100))
    house.move(1)
    [first] = drained(viewer)
    assert ids(first) == [str(craft(1))]
    for _ in range(5):
        house.move(1)
        house.move(2)
    assert drained(viewer) == []
    async with asyncio.timeout(5):
        await viewer.wake.wait()
    [second] = drained(viewer)
    assert sorted(ids(second)) == sorted([str(craft(1)), str(craft(2))])


async def test_without_an_interval_every_change_goes_out_as_it_comes(house: House) -> None:
    viewer = house.viewer(Subscribe(interval_ms=0))
    for system_id in (1, 2, 1):
        house.move(system_id)
        [frame] = drained(viewer)
        assert ids(frame) == [str(craft(system_id))]


async def test_viewers_with_the_same_subscription_get_the_same_text(house: House) -> None:
    one, two, other = house.viewer(), house.viewer(), house.viewer(Subscribe(interval_ms=200))
    house.move(1)
    texts = [viewer.take() for viewer in (one, two, other)]
    assert texts[0] is texts[1]
    assert texts[2] is not texts[0]


async def test_a_slow_viewer_gets_the_latest_state_and_no_queue(house: House) -> None:
    slow = house.viewer()
    channel = slow.subscriptions["main"]
    for _ in range(50):
        channel.next_at = 0.0
        house.move(1)
        channel.next_at = 0.0
        house.move(2)
    [told] = drained(slow)
    assert sorted(ids(told)) == sorted([str(craft(1)), str(craft(2))])
    latest = house.picture.encoded(craft(2))
    assert latest is not None
    assert msgspec.json.decode(latest) in told["aircraft"]


async def test_a_slow_viewer_is_told_what_left_its_box_meanwhile(house: House) -> None:
    slow = house.viewer(read('{"type":"subscribe","bbox":[148,-36,150,-35]}'))  # type: ignore[arg-type]
    channel = slow.subscriptions["main"]
    for lon in (149.0, 149.1, 151.0):
        channel.next_at = 0.0
        house.move(1, lon)
    [told] = drained(slow)
    assert (told["aircraft"], told["gone"]) == ([], [str(craft(1))])


async def test_what_stays_outside_the_box_makes_no_frame(house: House) -> None:
    viewer = house.viewer(Subscribe(bbox=(148, -36, 150, -35)))
    house.move(1, 120.0)
    assert drained(viewer) == []


async def test_an_aircraft_without_a_position_is_in_every_box(house: House) -> None:
    viewer = house.viewer(Subscribe(bbox=(10, 10, 11, 11)))
    house.move(1, None)
    assert ids(drained(viewer)[0]) == [str(craft(1))]


@pytest.mark.parametrize(("lon", "inside"), [(175.0, True), (-175.0, True), (0.0, False)])
def test_a_box_may_cross_longitude_180(lon: float, inside: bool) -> None:
    assert Subscribe(bbox=(170, -50, -170, 0)).sees((lon, -35.0)) is inside


async def test_what_waits_unsent_is_not_sent_after_a_newer_snapshot(house: House) -> None:
    viewer = house.viewer()
    house.move(1)
    house.hub.subscribe(viewer, Subscribe())
    assert [one["type"] for one in drained(viewer)] == ["snapshot"]


async def test_a_heartbeat_that_waits_is_replaced_by_the_next(house: House) -> None:
    viewer = house.viewer()
    for _ in range(3):
        house.hub.beat()
    assert [one["type"] for one in drained(viewer)] == ["heartbeat"]


async def test_a_viewer_that_cannot_take_its_alerts_is_closed(house: House) -> None:
    viewer = house.viewer()
    for n in range(MAX_WAITING + 1):
        viewer.say(f"alert {n}")
    assert viewer.closed.is_set()
    assert viewer.close_code == TOO_SLOW


async def test_alerts_stand_before_frames_and_in_their_order(house: House) -> None:
    viewer = house.viewer()
    house.move(1)
    viewer.say('{"type":"alert","n":1}')
    viewer.say('{"type":"alert","n":2}')
    assert [one["type"] for one in drained(viewer)] == ["alert", "alert", "changes"]


async def test_with_room_on_the_line_all_is_written_at_once_and_nothing_overtakes_what_waits(house: House) -> None:
    written: list[str] = []
    has_room = True

    def write(text: str) -> bool:
        if has_room:
            written.append(text)
        return has_room

    viewer = house.hub.join(lambda picture, now_us: '{"type":"hello"}', write)
    house.hub.subscribe(viewer, Subscribe(interval_ms=0))
    house.move(1)
    house.hub.beat()
    assert [msgspec.json.decode(text)["type"] for text in written] == ["hello", "snapshot", "changes", "heartbeat"]
    assert viewer.take() is None

    has_room = False
    house.move(1)
    has_room = True
    house.move(2)
    viewer.say('{"type":"alert"}')
    assert len(written) == 4
    alert, changes = drained(viewer)
    assert (alert["type"], sorted(ids(changes))) == ("alert", sorted([str(craft(1)), str(craft(2))]))
    house.move(1)
    assert len(written) == 5


async def test_a_viewer_that_leaves_leaves_nothing(house: House) -> None:
    viewer = house.viewer()
    house.move(1)
    house.move(1)
    house.hub.leave(viewer)
    assert house.hub.viewers == set()
    assert house.hub._channels == {}
