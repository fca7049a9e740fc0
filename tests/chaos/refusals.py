"""What must stop and say so rather than go on: records that are gone, another cluster, a topic of another shape."""

import asyncio
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete

from core.kafka import ensure_topics
from core.topics import PARTITIONS, TELEMETRY
from streams.log import LogReader
from tests.chaos.flight import Flight, Pilot
from tests.chaos.house import House, opened, until
from tests.chaos.kills import PARTS
from tests.chaos.table import Row
from wedgetail.local.kafka import LocalKafka


def refusals(seed: int, tell: Callable[[str], None]) -> list[Row]:
    """In a house of its own: at the end nothing runs any more."""
    with opened(tell) as house:
        pilot = Pilot(Flight(seed), house.settings.ingest.port)
        pilot.start()
        try:
            return [_records_gone(house), _another_cluster(house), _another_shape(house)]
        except BaseException:
            house.tell_logs()
            raise
        finally:
            pilot.stop()


def _records_gone(house: House) -> Row:
    house.tell("  records are gone before they were judged and stored")
    for name in ("worker", "recorder"):
        house.kill(name)
    stored = asyncio.run(_ends(house))
    until("ingest sends on", lambda: sum(asyncio.run(_ends(house)).values()) > sum(stored.values()) + 50)
    gone = asyncio.run(_forget(house))
    worker, recorder = house.spawn("worker"), house.spawn("recorder")
    until("health names what is gone", lambda: _named(house, "rules: ") and _named(house, "recorder: "))
    said = [_named(house, "rules: "), _named(house, "recorder: ")]
    house.kill("api")
    house.await_work(house.spawn("api"))
    waiting = house.ask("GET", "ready").body["waiting_for"]
    problems = [] if "are gone from the log" in str(waiting) else [f"the door did not say what is gone: {waiting}"]
    for part in (worker, recorder):
        part.stop()
        house.parts.remove(part)
    house.await_work(house.spawn(" ".join(["worker", *(f"--accept-gap {at}" for at in gone)])))
    house.await_work(house.spawn(" ".join(["recorder", *(f"--accept-gap telemetry/{at}" for at in gone)])))
    until("all is judged and stored again", lambda: not _named(house, "rules: ") and not _named(house, "recorder: "))
    before = _rows(house)
    until("rows come again", lambda: _rows(house) > before)
    house.kill("api")
    house.await_work(house.spawn("api"))
    house.await_ready()
    measured = f"health said {said[0]!r} and {said[1]!r}; the door: {waiting[0]!r}; with --accept-gap all went on"
    return Row(f"a topic whose old records are gone, on {len(gone)} partitions", measured, tuple(problems))


def _another_cluster(house: House) -> Row:
    house.tell("  another cluster behind the same address")
    house.kafka.process.kill()
    port = int(house.kafka.bootstrap.rpartition(":")[2])
    with LocalKafka(house.directory / "kafka-2", port):
        asyncio.run(ensure_topics(house.kafka.bootstrap))  # it even looks alike
        return _all_end(
            house, "another cluster behind the same address, with the same topics", "this installation was made on "
        )


def _another_shape(house: House) -> Row:
    house.tell("  a topic gets another number of partitions")
    house.start_kafka()
    for name in PARTS:
        house.spawn(name)
    for part in list(house.parts):
        house.await_work(part)
    asyncio.run(_one_more(house))
    harm = "a topic gets another number of partitions"
    return _all_end(house, harm, f"has {PARTITIONS + 1} partitions, this installation was made with {PARTITIONS}")


def _all_end(house: House, harm: str, words: str) -> Row:
    """Every part ends by itself and says why; started again, it ends at once and says it again."""
    problems: list[str] = []
    took_s = until("every part ends", lambda: all(part.code is not None for part in house.parts))
    for again in (False, True):
        for part in house.parts:
            if part.ended() == 0 or not part.said(words):
                problems.append(f"{part} ended with {part.code}: {part.lines()[-2:]}")
        if not again:
            said = next((line for part in house.parts for line in part.lines() if words in line), "nothing")
            house.parts.clear()
            for name in PARTS:
                house.spawn(name)
    house.parts.clear()
    return Row(harm, f"all parts ended within {took_s:.1f} s, and so they did when started again: {said!r}", tuple(problems))


def _named(house: House, words: str) -> str | None:
    return next((one for one in house.problems() if one.startswith(words)), None)


def _rows(house: House) -> int:
    with house.database() as conn:
        found = conn.execute("SELECT count(*) FROM telemetry_live").fetchone()
    assert found is not None
    return int(found[0])


async def _ends(house: House) -> dict[int, int]:
    reader = LogReader(house.truth.kafka.bootstrap)
    await reader.start()
    try:
        bounds = await reader.bounds([TopicPartition(TELEMETRY.name, at) for at in range(PARTITIONS)])
        return {tp.partition: each.end for tp, each in bounds.items()}
    finally:
        await reader.stop()


async def _forget(house: House) -> list[int]:
    """The partitions that have records lose all but what comes from now on."""
    ends = await _ends(house)
    admin = AIOKafkaAdminClient(bootstrap_servers=house.truth.kafka.bootstrap)
    await admin.start()
    try:
        lost = {TopicPartition(TELEMETRY.name, at): RecordsToDelete(before_offset=end) for at, end in ends.items()}
        await admin.delete_records(lost)
    finally:
        await admin.close()
    return list(ends)


async def _one_more(house: House) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=house.truth.kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_partitions({TELEMETRY.name: NewPartitions(PARTITIONS + 1)})
    finally:
        await admin.close()
