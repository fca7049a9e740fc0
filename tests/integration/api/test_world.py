"""A zone that somebody makes: its version, "complete", and a marker on every partition that is judged by it."""

import asyncio
import time
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from api.world import PUBLISHER_LOCK
from core import records
from core.records import Marker
from core.settings import Settings
from core.topics import PARTITIONS, TELEMETRY, TELEMETRY_IMPORT, WORLD, Topic
from geofence.zone import ZoneVersion
from tests.integration.api.hand import Door, eventually, opened

SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [149.1, -35], [149.1, -35.1], [149, -35.1], [149, -35]]]}


def feature(**properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": SQUARE, "properties": {"name": "Stromlo", "kind": "keep_in"} | properties}


async def everything(settings: Settings, *topics: Topic) -> dict[str, list[ConsumerRecord]]:
    """All records of these topics, by plain name."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(settings.kafka.prefix + t.name, at) for t in topics for at in range(t.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        found: dict[str, list[ConsumerRecord]] = {topic.name: [] for topic in topics}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, batch in (await consumer.getmany(timeout_ms=200)).items():
                found[place.topic.removeprefix(settings.kafka.prefix)] += batch
        return found
    finally:
        await consumer.stop()


def markers(found: dict[str, list[ConsumerRecord]]) -> dict[tuple[str, int], list[int]]:
    """The worlds that each partition was told of, in their order."""
    told: dict[tuple[str, int], list[int]] = {}
    for name in (TELEMETRY.name, TELEMETRY_IMPORT.name):
        for record in found[name]:
            assert dict(record.headers)["kind"] == b"marker"
            told.setdefault((name, record.partition), []).append(records.decode(Marker, record.value).world)
    return told


ALL = [(name, at) for name in (TELEMETRY.name, TELEMETRY_IMPORT.name) for at in range(PARTITIONS)]


async def test_a_zone_is_in_force_everywhere_when_the_answer_is_201(door: Door) -> None:
    answer = await door.http.post("/api/v1/zones", json=feature(ceiling_m=100, ceiling_datum="AGL"))
    assert answer.status_code == 201
    told = answer.json()
    assert (told["in_force"], told["properties"]["version"], told["properties"]["world"]) == (True, 1, 1)
    found = await everything(door.settings, WORLD, TELEMETRY, TELEMETRY_IMPORT)
    version, complete = found[WORLD.name]
    assert version.key == f"{told['id']}:1".encode()
    zone = records.decode(ZoneVersion, version.value)
    assert (str(zone.zone_id), zone.name, zone.ceiling_m, zone.geometry) == (told["id"], "Stromlo", 100, SQUARE)
    assert (complete.key, complete.value) == (b"complete", b'{"world":1}')
    assert markers(found) == {place: [1] for place in ALL}


async def test_each_change_is_a_version_and_nothing_is_overwritten(door: Door) -> None:
    async with door.viewer() as viewer:
        zone_id = (await door.http.post("/api/v1/zones", json=feature())).json()["id"]
        await viewer.until("zones")
        replaced = await door.http.put(f"/api/v1/zones/{zone_id}", json=feature(name="Stromlo West"))
        assert (replaced.status_code, replaced.json()["properties"]["version"]) == (200, 2)
        listed = (await door.http.get("/api/v1/zones")).json()
        assert [(one["id"], one["properties"]["name"]) for one in listed["features"]] == [(zone_id, "Stromlo West")]
        again = await door.http.put(f"/api/v1/zones/{zone_id}", json=listed["features"][0])
        assert again.json()["properties"]["version"] == 3  # what GET gives, PUT takes
        ended = await door.http.post(f"/api/v1/zones/{zone_id}/end", json={"at": None})
        assert (ended.status_code, ended.json()["properties"]["ended"]) == (200, True)
        assert (await door.http.get("/api/v1/zones")).json()["features"] == []
        assert (await door.http.post(f"/api/v1/zones/{zone_id}/end")).status_code == 409
        assert (await door.http.put(f"/api/v1/zones/{zone_id}", json=feature())).status_code == 409
        kept = (await door.http.get(f"/api/v1/zones/{zone_id}/versions")).json()["features"]
        assert [(one["properties"]["version"], one["properties"]["ended"]) for one in kept] == [
            (1, False), (2, False), (3, False), (4, True),
        ]  # fmt: skip


async def test_zones_are_told_as_they_are_in_force_at_a_time(door: Door) -> None:
    past = feature(name="2015", valid_from="2015-07-05T00:00:00Z", valid_to="2015-07-06T00:00:00Z")
    future = feature(name="2100", valid_from="2100-01-01T00:00:00Z")
    for one in (past, future):
        assert (await door.http.post("/api/v1/zones", json=one)).status_code == 201

    async def names(**query: Any) -> list[str]:
        told = (await door.http.get("/api/v1/zones", params=query)).json()
        return [one["properties"]["name"] for one in told["features"]]

    assert await names() == []
    assert await names(coming=True) == ["2100"]
    assert await names(at="2015-07-05T10:00:00+10:00") == ["2015"]
    assert await names(at="2101-01-01T00:00:00Z") == ["2100"]


async def test_a_zone_that_is_not_everywhere_within_two_seconds_is_202_and_comes_into_force_later(prepared: Settings) -> None:
    with psycopg.connect(prepared.database.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [PUBLISHER_LOCK])  # another publisher, that does nothing
        async with opened(prepared) as door:
            began = time.monotonic()
            answer = await door.http.post("/api/v1/zones", json=feature())
            assert time.monotonic() - began > 1.5
            assert (answer.status_code, answer.json()["in_force"]) == (202, False)
            assert "not yet in force" in answer.json()["detail"]
            assert (await everything(prepared, WORLD))[WORLD.name] == []
            other.close()

            async def in_force() -> bool:
                told: bool = (await door.http.get("/api/v1/health")).json()["world"]["in_force"] == 1
                return told

            await eventually(in_force)
            found = await everything(prepared, WORLD, TELEMETRY, TELEMETRY_IMPORT)
    assert markers(found) == {place: [1] for place in ALL}


async def test_a_publisher_that_died_in_between_is_resumed_where_the_notes_end(prepared: Settings) -> None:
    async with opened(prepared) as door:
        assert (await door.http.post("/api/v1/zones", json=feature())).status_code == 201
    with psycopg.connect(prepared.database.url, autocommit=True) as conn:
        # died after "complete" and eleven acknowledged markers
        conn.execute(
            "DELETE FROM world_published WHERE (topic_id, partition) NOT IN"
            " (SELECT topic_id, partition FROM world_published ORDER BY partition <> 0, topic_id, partition LIMIT 11)"
        )
        kept = conn.execute("SELECT count(*) FROM world_published").fetchone()
    assert kept == (11,)
    async with opened(prepared) as door:
        second = await door.http.post("/api/v1/zones", json=feature(name="second"))
        assert (second.status_code, second.json()["properties"]["world"]) == (201, 2)
    found = await everything(prepared, WORLD, TELEMETRY, TELEMETRY_IMPORT)
    told = markers(found)
    assert set(told) == set(ALL)
    assert all(worlds == sorted(worlds) and worlds[-1] == 2 for worlds in told.values())
    assert [record.key for record in found[WORLD.name]].count(b"complete") == 2
    assert len([record for record in found[WORLD.name] if record.key != b"complete"]) == 2  # each version once


async def test_zones_made_at_once_get_worlds_of_their_own_and_all_come_into_force(door: Door) -> None:
    answers = await asyncio.gather(*(door.http.post("/api/v1/zones", json=feature(name=f"zone {n}")) for n in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["properties"]["world"] for answer in answers) == list(range(1, 9))
    found = await everything(door.settings, WORLD, TELEMETRY, TELEMETRY_IMPORT)
    known = 0
    for record in found[WORLD.name]:  # each "complete" stands after every version up to it
        if record.key == b"complete":
            complete = int(record.value.removeprefix(b'{"world":').removesuffix(b"}"))
            assert known >= complete
        else:
            known += 1
    assert all(worlds[-1] == 8 and worlds == sorted(worlds) for worlds in markers(found).values())
