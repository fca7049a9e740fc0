"""The WebSocket, as a client sees it: real stream in, messages out."""

import asyncio
import json
import socket
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from core.identity import partition_of
from core.records import Condition, Guidance
from core.topics import PARTITIONS, TELEMETRY
from tests.integration.api.hand import Door, Stream, aircraft, event, now_us, opened, sample


async def test_a_viewer_gets_a_snapshot_and_then_the_first_change_at_once(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        snapshot = await viewer.subscribe(id="main", interval_ms=60_000)
        assert (snapshot["subscription"], snapshot["aircraft"], snapshot["alerts"]) == ("main", [], [])
        await stream.samples(sample(1))
        changes = await viewer.until("changes")  # long before the interval is over
    [told] = changes["aircraft"]
    assert told["id"] == str(aircraft(1))
    assert (told["lon"], told["lat"], told["takeoff_height_m"], told["level"]) == (149.1, -35.3, 50.0, "clear")
    assert told["height"] == {"m": 50.0, "datum": "above take-off", "source": "autopilot", "margin_m": 40.0}
    assert changes["server_time"].endswith("Z")
    assert set(changes["rules"]) == {"judged_up_to", "running", "since"}


async def test_frames_come_at_most_one_in_an_interval_and_end_with_the_latest_state(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe(interval_ms=300)
        began = asyncio.get_running_loop().time()
        for step in range(40):
            await stream.samples(sample(1, lat_e7=-353_000_000 + step))
            await asyncio.sleep(0.02)
        frames, last = 0, None
        while last != -353_000_000 + 39:
            told = await viewer.until("changes")
            frames, last = frames + 1, round(told["aircraft"][0]["lat"] * 1e7)
    took_s = asyncio.get_running_loop().time() - began
    assert 2 <= frames <= took_s / 0.3 + 2


async def test_each_alert_event_is_told_and_none_is_merged(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe(interval_ms=1_000)
        await asyncio.gather(*(stream.alert(event(1, n)) for n in (1, 2, 3)))
        told = [(await viewer.until("alert"))["alert"] for _ in range(3)]
    assert [(one["n"], one["what"], one["state"]) for one in told] == [(n, f"step {n}", "unacknowledged") for n in (1, 2, 3)]


async def test_old_news_of_an_alert_is_no_news(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe()
        for n in (1, 2, 1, 2, 3):
            await stream.alert(event(1, n))
        told = [(await viewer.until("alert"))["alert"]["n"] for _ in range(3)]
    assert told == [1, 2, 3]


async def test_an_alert_colours_its_aircraft_with_the_reason(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe()
        await stream.samples(sample(1))
        await stream.alert(event(1, what="12 m above the 120 m limit"))
        told = await viewer.until("changes", lambda told: told["aircraft"][0]["level"] == "breach")
        [reason] = told["aircraft"][0]["reasons"]
        assert (reason["rule"], reason["what"]) == ("AU-101.085-HEIGHT", "12 m above the 120 m limit")
        await stream.alert(event(1, n=2, condition=Condition.CLEARED))
        cleared = (await viewer.until("alert", lambda told: told["alert"]["n"] == 2))["alert"]
        assert (cleared["condition"], cleared["state"]) == ("cleared", "cleared_unacknowledged")
        await viewer.until("changes", lambda told: told["aircraft"][0]["level"] == "clear")


async def test_where_an_open_alert_stands_is_told_each_second(door: Door, stream: Stream) -> None:
    alert = event(1)
    async with door.viewer() as viewer:
        await viewer.subscribe()
        await stream.alert(alert)
        now = Guidance(alert.alert_id, alert.at_us + 1_000_000, "20 m above the 120 m limit", "DESCEND 20 m", 20.0)
        await stream.judged(range(alert.partition, alert.partition + 1), guidance=(now,))
        [told] = (await viewer.until("guidance"))["alerts"]
    assert (told["id"], told["way_back"], told["beyond_m"]) == (str(alert.alert_id), "DESCEND 20 m", 20.0)


async def test_an_aircraft_that_leaves_the_box_is_gone_but_its_alert_is_told(door: Door, stream: Stream) -> None:
    await stream.samples(sample(1), sample(2, lon_e7=1_300_000_000))
    async with door.viewer() as viewer:
        await viewer.subscribe(id="box", bbox=[149, -36, 150, -35])
        await stream.samples(sample(1))
        told = await viewer.until("changes", lambda told: told["aircraft"])
        assert [one["id"] for one in told["aircraft"]] == [str(aircraft(1))]
        await stream.samples(sample(1, lon_e7=1_510_000_000), sample(2, lon_e7=1_300_000_001))
        told = await viewer.until("changes")
        assert (told["aircraft"], told["gone"]) == ([], [str(aircraft(1))])
        await stream.alert(event(2))
        assert (await viewer.until("alert"))["alert"]["aircraft_id"] == str(aircraft(2))


async def test_a_list_of_aircraft_chooses_aircraft_and_their_alerts(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe(aircraft=[str(aircraft(2))])
        await stream.alert(event(1))
        await stream.samples(sample(1), sample(2))
        await stream.alert(event(2))
        assert (await viewer.until("alert"))["alert"]["aircraft_id"] == str(aircraft(2))
        told = await viewer.until("changes")
        assert [one["id"] for one in told["aircraft"]] == [str(aircraft(2))]


async def test_a_viewer_that_comes_back_gets_a_new_snapshot_with_each_n(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe()
        await stream.alert(event(1))
        await viewer.until("alert")
    await stream.alert(event(1, n=2))
    await stream.samples(sample(1))
    async with door.viewer() as watcher:  # sees when the door has both
        await watcher.subscribe()
        async with door.viewer() as viewer:
            while not ((told := await viewer.subscribe())["aircraft"] and told["alerts"][0]["n"] == 2):
                await watcher.hear()
    assert [(one["n"], one["state"]) for one in told["alerts"]] == [(2, "unacknowledged")]


async def test_a_heart_beats_each_second_and_says_how_old_the_positions_are(door: Door, stream: Stream) -> None:
    sent = sample(1)
    async with door.viewer() as viewer:
        await viewer.subscribe()
        await stream.samples(sent)
        first = await viewer.until("heartbeat", lambda told: told["positions_at"])
        started = asyncio.get_running_loop().time()
        await viewer.until("heartbeat")
        assert 0.5 < asyncio.get_running_loop().time() - started < 2.0
    assert first["positions_at"].endswith("Z")


async def test_rules_that_stop_are_told_and_turn_their_aircraft_unknown(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe()
        await stream.samples(sample(1))
        await stream.judged()
        await viewer.until("heartbeat", lambda told: told["rules"]["running"])
        await stream.judged(append_time_us=now_us() - 10_000_000)  # an old word is no news
        assert (await viewer.until("heartbeat"))["rules"]["running"]
        told = await viewer.until("changes", lambda told: told["aircraft"][0]["level"] == "unknown")
        assert "rules not running since" in told["aircraft"][0]["reasons"][0]["what"]
        assert not told["rules"]["running"]
        assert told["rules"]["since"] == told["rules"]["judged_up_to"]
        await stream.judged()
        await viewer.until("changes", lambda told: told["aircraft"][0]["level"] == "clear")


async def test_a_block_that_nobody_can_read_marks_the_aircraft_that_its_header_names(door: Door, stream: Stream) -> None:
    one = event(1).partition
    await stream.samples(sample(1))
    async with door.viewer() as viewer:
        await viewer.subscribe()
        headers = [("kind", b"block"), ("schema", b"1"), ("aircraft", aircraft(1).bytes)]
        await stream.send(TELEMETRY.name, b"no block", one, headers)
        told = await viewer.until("changes", lambda told: told["aircraft"][0]["level"] == "unknown")
        assert told["aircraft"][0]["reasons"][0]["rule"] == "not judged"


WRONG: list[tuple[str | bytes, str | None]] = [
    ("hello", None),
    ("[]", None),
    ('{"type":"dance"}', "type"),
    ('{"type":"subscribe","bbox":[1,2,3]}', "bbox"),
    ('{"type":"subscribe","bbox":[0,50,10,40]}', "bbox"),
    ('{"type":"subscribe","bbox":[0,-95,10,40]}', "bbox"),
    ('{"type":"subscribe","interval_ms":-1}', "interval_ms"),
    ('{"type":"subscribe","aircraft":["VH-1"]}', "aircraft[0]"),
    ('{"type":"subscribe","tiles":[]}', "tiles"),
    ('{"type":"unsubscribe","id":"other"}', "id"),
    ('{"type":"authenticate","token":"again"}', "type"),
    (b"\xff\xfe", None),
]


async def test_a_wrong_message_is_answered_naming_the_field_and_the_connection_stays(door: Door) -> None:
    async with door.viewer() as viewer:
        for said, field in WRONG:
            await viewer.socket.send(said)
            told = await viewer.until("error")
            assert told["field"] == field, said
            assert told["detail"]
        assert (await viewer.subscribe())["type"] == "snapshot"


async def test_one_who_only_says_nonsense_is_closed(door: Door) -> None:
    async with door.viewer() as viewer:
        with pytest.raises(ConnectionClosed) as caught:
            for _ in range(30):
                await viewer.socket.send("nonsense")
                await viewer.until("error")
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008


async def test_without_the_token_first_the_connection_is_closed(door: Door) -> None:
    for first in ({"type": "authenticate", "token": "guess"}, {"type": "subscribe"}, "token"):
        async with connect(f"ws://127.0.0.1:{door.settings.api.port}/api/v1/live") as viewer:
            await viewer.send(json.dumps(first))
            with pytest.raises(ConnectionClosed) as caught:
                await viewer.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4401


async def test_unsubscribed_means_no_more_changes(door: Door, stream: Stream) -> None:
    async with door.viewer() as viewer:
        await viewer.subscribe(id="one")
        await viewer.subscribe(id="two", interval_ms=200)
        await viewer.say(type="unsubscribe", id="one")
        await stream.samples(sample(1))
        assert (await viewer.until("changes"))["subscription"] == "two"


async def test_viewers_are_told_when_the_door_closes(prepared: Any) -> None:
    async with opened(prepared) as door:
        viewer = await connect(f"ws://127.0.0.1:{door.settings.api.port}/api/v1/live")
        await viewer.send(json.dumps({"type": "authenticate", "token": door.settings.api.token}))
        await viewer.recv()
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await viewer.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001


async def test_ready_says_how_many_partitions_are_judged(door: Door, stream: Stream) -> None:
    await stream.judged()
    async with door.viewer() as viewer:
        await viewer.until("heartbeat", lambda told: told["rules"]["running"])
    health = (await door.http.get("/api/v1/health")).json()
    assert health["problems"] == ["recorder: nothing is being stored: no recorder has spoken for 5 s"]  # there is none here
    assert len(health["judged"]) == PARTITIONS
    assert all(one["age_s"] < 5 and one["worker"] == "by hand" for one in health["judged"])


async def test_a_viewer_that_does_not_read_gets_the_latest_state_when_it_does(door: Door, stream: Stream) -> None:
    fleet = [n for n in range(1, 255) if partition_of(aircraft(n), PARTITIONS) == 0]
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.connect(("127.0.0.1", door.settings.api.port))
    async with door.viewer(narrow) as slow, door.viewer() as quick:
        await slow.subscribe()
        slow.socket.transport.pause_reading()
        await quick.subscribe()
        steps = 25
        for step in range(1, steps + 1):
            # so wide that the buffers between the two cannot hold all of them
            await stream.samples(*(sample(n, lat_e7=step, mode="M" * 20_000) for n in fleet))
            await quick.until("changes")
        slow.socket.transport.resume_reading()
        frames, last = 0, dict.fromkeys(map(str, map(aircraft, fleet)), 0)
        while set(last.values()) != {steps}:
            frames += 1
            last |= {one["id"]: round(one["lat"] * 1e7) for one in (await slow.until("changes"))["aircraft"]}
    assert frames < steps
