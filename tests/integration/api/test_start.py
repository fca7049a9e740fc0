"""The door opens: what the database holds and what the stream holds since meet without a seam."""

import asyncio
from typing import Any

import psycopg
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from core import kafka
from core.settings import Settings
from core.units import utc
from tests.integration.api.hand import OPERATOR, Door, Stream, aircraft, event, eventually, now_us, opened, sample
from tests.integration.api.test_acknowledge import acknowledge, store_event


def move_recorder(settings: Settings, topic: str, partition: int, next: int) -> None:
    with psycopg.connect(settings.database.url, autocommit=True) as conn:
        changed = conn.execute(
            "UPDATE recorder_offset SET next = %s WHERE topic = %s AND partition = %s", [next, topic, partition]
        )
        assert changed.rowcount == 1


def store_sample(settings: Settings, system_id: int, **facts: Any) -> None:
    """As the recorder writes it; facts are columns."""
    one = aircraft(system_id)
    columns: dict[str, Any] = {
        "operator_id": OPERATOR, "aircraft_id": one, "link": "udp:14550/127.0.0.1", "system_id": system_id, "epoch": 1,
        "seq": 1, "event_time": utc(now_us()), "kind": 0, "no_position": 0, "lon_e7": 1_490_000_000,
        "lat_e7": -350_000_000, "amsl_source": 0, "takeoff_source": 0, "agl_source": 0, "armed": True, "airborne": True,
        "ambiguous": False, "partition": 0, "offset": 0, "row": 0, "late": False, "append_time": utc(now_us()),
    } | facts  # fmt: skip
    names = ", ".join(f'"{name}"' for name in columns)
    with psycopg.connect(settings.database.url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO aircraft (operator_id, aircraft_id, link, system_id, name, first_seen, imported)"
            " VALUES (%s, %s, 'udp:14550/127.0.0.1', %s, %s, now(), false) ON CONFLICT DO NOTHING",
            [OPERATOR, one, system_id, f"Survey {system_id}"],
        )
        marks = ", ".join(["%s"] * len(columns))
        conn.execute(f"INSERT INTO telemetry_live ({names}) VALUES ({marks})".encode(), list(columns.values()))


async def test_the_snapshot_holds_what_the_database_has_and_what_the_stream_has_since(
    prepared: Settings, stream: Stream
) -> None:
    store_event(prepared.database.url, event(1))
    store_event(prepared.database.url, event(1, n=2))
    store_sample(prepared, 1, event_time=utc(now_us() - 3_000_000))
    store_sample(prepared, 1, event_time=utc(now_us() - 2_000_000), lon_e7=None, lat_e7=None, no_position=2, seq=2)
    for n in (1, 2, 3):
        await stream.alert(event(1, n))
    move_recorder(prepared, "alerts", event(1).partition, 2)
    await stream.samples(sample(2))
    async with opened(prepared) as door, door.viewer() as viewer:
        snapshot = await viewer.subscribe()
        history = (await door.http.get(f"/api/v1/alerts/{event(1).alert_id}")).json()
    [alert] = snapshot["alerts"]
    assert (alert["n"], alert["aircraft_name"]) == (3, "Survey 1")
    assert [one["n"] for one in history["events"]] == [1, 2, 3]
    by_id = {one["id"]: one for one in snapshot["aircraft"]}
    one, two = by_id[str(aircraft(1))], by_id[str(aircraft(2))]
    assert (one["name"], one["lon"], one["no_position"], one["level"]) == ("Survey 1", 149.0, "zero", "breach")
    assert one["position_time"] < one["event_time"]
    assert (two["name"], two["level"]) == (None, "clear")


async def test_what_was_acknowledged_before_the_door_closed_is_acknowledged_when_it_opens(
    prepared: Settings, stream: Stream
) -> None:
    async with opened(prepared) as door, door.viewer() as viewer:
        await viewer.subscribe()
        await stream.alert(event(1))
        await viewer.until("alert")
        assert (await acknowledge(door, event(1).alert_id, 1)).status_code == 200
    async with opened(prepared) as door, door.viewer() as viewer:  # the recorder has stored nothing meanwhile
        [alert] = (await viewer.subscribe())["alerts"]
    assert (alert["state"], alert["acknowledged"]["station"]) == ("acknowledged", "north")


async def test_where_the_log_lacks_what_the_database_lacks_it_is_not_ready_and_says_so(
    prepared: Settings, stream: Stream
) -> None:
    partition = event(1).partition
    for n in (1, 2, 3):
        await stream.alert(event(1, n))
    admin = AIOKafkaAdminClient(bootstrap_servers=prepared.kafka.bootstrap)
    await admin.start()
    topic = TopicPartition(prepared.kafka.prefix + "alerts", partition)
    await admin.delete_records({topic: RecordsToDelete(before_offset=2)})
    await admin.close()
    async with opened(prepared, until="loaded") as door:
        answer = await door.http.get("/api/v1/ready")
        assert answer.status_code == 503
        assert answer.json()["waiting_for"] == [f"alerts, partition {partition}: offsets 0 to 1 are gone from the log"]
        health = (await door.http.get("/api/v1/health")).json()
        assert health["status"] == "degraded"
        assert health["recorder"]["stopped"][0]["missing"] == [0, 1]

        async def seen() -> list[Any]:  # the picture goes on with what there is
            listed: list[Any] = (await door.http.get("/api/v1/alerts")).json()["alerts"]
            return listed

        assert [one["n"] for one in await eventually(seen)] == [3]


async def test_health_counts_what_the_recorder_has_not_stored_yet(door: Door, stream: Stream) -> None:
    await asyncio.gather(*(stream.samples(sample(1, seq=n)) for n in range(5)))
    await stream.alert(event(1))
    recorder = (await door.http.get("/api/v1/health")).json()["recorder"]
    assert recorder["lag_records"] == 6
    assert {(one["topic"], one["lag_records"]) for one in recorder["behind"]} == {("telemetry", 5), ("alerts", 1)}
    move_recorder(door.settings, "telemetry", event(1).partition, 5)
    assert (await door.http.get("/api/v1/health")).json()["recorder"]["lag_records"] == 1


async def test_it_waits_for_a_broker_without_topics_and_answers_meanwhile(settings: Settings) -> None:
    async with opened(settings, until="alive") as door:

        async def waits() -> bool:
            return "no topic" in (await door.http.get("/api/v1/ready")).json()["waiting_for"][0]

        async def ready() -> bool:
            return (await door.http.get("/api/v1/ready")).status_code == 200

        await eventually(waits)
        answer = await door.http.get("/api/v1/aircraft")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        await kafka.ensure_topics(settings.kafka.bootstrap, settings.kafka.prefix)
        await eventually(ready)
        assert (await door.http.get("/api/v1/aircraft")).json()["aircraft"] == []
