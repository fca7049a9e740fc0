"""REST: health, part by part, and ready. Both open: whoever starts the house has no token yet."""

import asyncio
from typing import Any

import psycopg
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Request, Response
from psycopg_pool import PoolTimeout

from api import store
from api.consumer import Feed
from api.fleet import answer
from api.live import program_version
from api.world import WorldPublisher
from core.topics import PARTITIONS
from core.units import US_PER_S
from geofence.moments import iso
from storage.pool import within

ANSWER_WITHIN_S = 2.0
SILENT_AFTER_S = 5.0  # a recorder speaks each second
_SILENT = "nothing is being stored: no recorder has spoken for 5 s"

router = APIRouter(prefix="/api/v1", tags=["health"])
Positions = dict[tuple[str, int], int]
Ends = dict[tuple[str, int], tuple[int, int]]


@router.get("/health")
async def health(request: Request) -> Response:
    """Each part and how it fares. 200 whenever the door itself is alive: read status and problems."""
    feed: Feed = request.app.state.feed
    publisher: WorldPublisher = request.app.state.publisher
    now_us = request.app.state.now_us()
    (ends, kafka_problem), (database, database_problem) = await asyncio.gather(_ends(feed), _database(request, feed))
    positions, parts = database
    recorder = _recorder(feed, positions, ends, parts)
    judged = _judged(feed, now_us, ends)
    rules = feed.picture.rules(now_us)
    problems = [f"kafka: {kafka_problem}"] if kafka_problem else []
    problems += [f"database: {database_problem}"] if database_problem else []
    problems += [f"door: {one}" for one in ([feed.problem] if feed.problem else []) + feed.missing]
    problems += [f"world: {publisher.problem}"] if publisher.problem else []
    problems += [f"recorder: {one}" for one in recorder["problems"]] if database_problem is None else []
    problems += [f"recorder: {one['why']}" for one in recorder["stopped"]]
    problems += sorted({f"rules: {one['stopped']}" for one in judged if one["stopped"]})
    problems += [] if rules["running"] else ["rules: not running"]
    return answer(
        {
            "status": "degraded" if problems else "ok",
            "problems": problems,
            "server_time": iso(now_us),
            "version": program_version(),
            "kafka": {"reachable": kafka_problem is None, "cluster": feed.cluster or None, "problem": kafka_problem},
            "database": {"reachable": database_problem is None, "problem": database_problem},
            "door": {
                "loaded": feed.loaded.is_set(), "ready": feed.ready.is_set(), "problem": feed.problem,
                "missing": feed.missing, "unreadable_records": feed.unreadable, "viewers": len(feed.hub.viewers),
                "aircraft": len(feed.picture.ids()), "positions_at": iso(feed.picture.positions_us),
            },
            "world": {"in_force": publisher.everywhere if publisher.everywhere >= 0 else None, "problem": publisher.problem},
            "recorder": recorder,
            "rules": rules,
            "judged": judged,
            "parts": parts,
        }
    )  # fmt: skip


@router.get("/ready")
async def ready(request: Request) -> Response:
    """200 when the picture is whole and has come to where the stream ended at the start; else 503 and why."""
    feed: Feed = request.app.state.feed
    waiting = feed.missing or ([feed.problem] if feed.problem else ["reading the stream up to where it was at the start"])
    told = {"ready": feed.ready.is_set(), "waiting_for": [] if feed.ready.is_set() else waiting}
    return answer(told, 200 if feed.ready.is_set() else 503)


async def _ends(feed: Feed) -> tuple[Ends, str | None]:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await feed.log_ends(), None
    except TimeoutError:
        return {}, f"no answer within {ANSWER_WITHIN_S:g} s"
    except KafkaError as error:
        return {}, str(error) or type(error).__name__


async def _database(request: Request, feed: Feed) -> tuple[tuple[Positions, list[dict[str, Any]]], str | None]:
    async def asked() -> tuple[Positions, list[dict[str, Any]]]:
        async with request.app.state.pool.connection() as conn:
            return await store.positions(conn, feed.cluster), await store.parts(conn)

    try:
        return await within(ANSWER_WITHIN_S, asked()), None
    except TimeoutError:
        return ({}, []), f"no answer within {ANSWER_WITHIN_S:g} s"
    except (psycopg.Error, PoolTimeout) as error:
        return ({}, []), str(error).strip() or type(error).__name__


def _recorder(feed: Feed, positions: Positions, ends: Ends, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """How many records of the live topics are not in the database yet, why, and which partitions it stopped at."""
    names = {topic_id: name for name, topic_id in feed.topic_ids.items()}
    behind = [
        {"topic": names.get(place[0]), "partition": place[1], "next": next, "lag_records": end - next}
        for place, (_, end) in sorted(ends.items())
        if end > (next := positions.get(place, 0))
    ]
    words = [part for part in parts if part["part"] == "recorder" and part["age_s"] < SILENT_AFTER_S]
    stopped = [one for word in words for one in word["detail"].get("stopped", ())]
    told = {(one.get("topic"), one.get("partition")) for one in stopped}
    for place, (first, _) in sorted(ends.items()):
        held = positions.get(place, 0)
        if held < first and (names.get(place[0]), place[1]) not in told:
            why = f"offsets {held} to {first - 1} are gone from the log"
            stopped.append({"topic": names.get(place[0]), "partition": place[1], "why": why, "missing": [held, first - 1]})
    return {
        "age_s": min((part["age_s"] for part in parts if part["part"] == "recorder"), default=None),
        "problems": sorted({why for word in words if (why := word["detail"].get("trouble"))}) if words else [_SILENT],
        "lag_records": sum(one["lag_records"] for one in behind) if ends else None,
        "behind": behind,
        "stopped": stopped,
    }


def _judged(feed: Feed, now_us: int, ends: Ends) -> list[dict[str, Any]]:
    """Each live partition: up to which broker time it is judged, how old that is, by whom, and why not."""
    topic_id = feed.topic_ids.get("telemetry", "")
    found = []
    for partition in range(PARTITIONS):
        held = feed.picture.rules_clock.progress.get(partition)
        end = ends.get((topic_id, partition))
        found.append(
            {
                "partition": partition,
                "judged_up_to": iso(held.append_time_us) if held else None,
                "age_s": round((now_us - held.append_time_us) / US_PER_S, 3) if held else None,
                "lag_records": max(0, end[1] - held.next) if held and end else None,
                "worker": held.worker if held else None,
                "world": held.world if held else None,
                "stopped": held.stopped if held else None,
            }
        )
    return found
