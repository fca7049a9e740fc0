"""The one-minute rollup: the same answers from a plain view and from a continuous aggregate."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from storage.migrate import migrate

OPERATOR, AIRCRAFT = UUID(int=1), UUID(int=2)
START = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def timescale(timescale_url: str) -> Iterator[str]:
    migrate(timescale_url)
    yield timescale_url
    with psycopg.connect(timescale_url, autocommit=True) as conn:
        conn.execute("DELETE FROM telemetry_live")


def check(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("SET TIME ZONE 'UTC'")
        for second, agl_mm, north, battery in ((0, 90_000, 300, 80), (59, 121_500, -600, None), (60, None, None, 79)):
            conn.execute(
                "INSERT INTO telemetry_live (operator_id, aircraft_id, link, system_id, epoch, seq, event_time, kind,"
                " no_position, amsl_source, takeoff_source, agl_mm, agl_source, velocity_north_cmps, velocity_east_cmps,"
                ' battery_pct, ambiguous, partition, "offset", "row", late, append_time)'
                " VALUES (%s, %s, 'udp:1/x', 1, 1, %s, %s, 0, 0, 0, 0, %s, 2, %s, 800, %s, false, 0, 0, 0, false, now())",
                [OPERATOR, AIRCRAFT, second, START + timedelta(seconds=second), agl_mm, north, battery],
            )
        rows = conn.execute(
            "SELECT minute, samples, min_agl_mm, max_agl_mm, max_speed_mps, min_battery_pct FROM telemetry_1m ORDER BY minute"
        ).fetchall()
    assert rows == [(START, 2, 90_000, 121_500, 10.0, 80), (START + timedelta(minutes=1), 1, None, None, None, 79)]


def test_a_minute_has_its_count_heights_speed_and_battery(database_url: str) -> None:
    check(database_url)


def test_a_minute_has_the_same_on_timescale(timescale: str) -> None:
    check(timescale)
