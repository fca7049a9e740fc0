"""An alert's state, derived from what the stream said and what people did."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

T = datetime(2026, 7, 1, tzinfo=UTC)
OPERATOR, AIRCRAFT = uuid4(), uuid4()


def event(conn: psycopg.Connection[Any], alert: UUID, n: int, condition: str, level: str = "warning") -> None:
    at = T + timedelta(seconds=n)
    conn.execute(
        "INSERT INTO alert_event VALUES (%s, %s, %s, false, %s, 'RULE', NULL, %s, %s, %s, %s, '{}', %s, 3, %s)",
        [OPERATOR, alert, n, AIRCRAFT, level, condition, T, at, at, n],
    )


def acknowledge(conn: psycopg.Connection[Any], alert: UUID, n: int, station: str = "desk") -> None:
    conn.execute(
        "INSERT INTO alert_handling VALUES (%s, %s, %s, %s, 'acknowledged', %s, now(), '{}')",
        [OPERATOR, alert, uuid4(), n, station],
    )


def state(conn: psycopg.Connection[Any], alert: UUID) -> str:
    row = conn.execute("SELECT state FROM alert WHERE alert_id = %s", [alert]).fetchone()
    assert row is not None
    return str(row[0])


def test_an_acknowledgement_covers_what_was_seen_and_no_more(database_url: str) -> None:
    alert = uuid4()
    with psycopg.connect(database_url) as conn:
        event(conn, alert, 1, "raised")
        assert state(conn, alert) == "unacknowledged"
        acknowledge(conn, alert, 1)
        assert state(conn, alert) == "acknowledged"
        event(conn, alert, 2, "worsened", "breach")
        assert state(conn, alert) == "unacknowledged"
        event(conn, alert, 3, "cleared", "breach")
        assert state(conn, alert) == "cleared_unacknowledged"
        acknowledge(conn, alert, 2, "tower")
        assert state(conn, alert) == "cleared"
        row = conn.execute(
            "SELECT n, level, condition, raised_at, worsened_at, cleared_at, acknowledged_n, acknowledged_by FROM alert"
        ).fetchone()
    later = [T + timedelta(seconds=n) for n in (1, 2, 3)]
    assert row == (3, "breach", "cleared", *later, 2, "tower")


def test_a_clearing_after_the_acknowledgement_asks_for_no_other(database_url: str) -> None:
    alert = uuid4()
    with psycopg.connect(database_url) as conn:
        event(conn, alert, 1, "raised")
        acknowledge(conn, alert, 1)
        event(conn, alert, 2, "cleared")
        assert state(conn, alert) == "cleared"


def test_an_acknowledgement_may_come_before_its_alert(database_url: str) -> None:
    alert = uuid4()
    with psycopg.connect(database_url) as conn:
        acknowledge(conn, alert, 1)
        event(conn, alert, 1, "raised")
        assert state(conn, alert) == "acknowledged"


@pytest.mark.parametrize("change", ["UPDATE alert_event SET level = 'clear'", "DELETE FROM alert_event"])
def test_what_happened_is_only_ever_added_to(database_url: str, change: str) -> None:
    with psycopg.connect(database_url) as conn:
        event(conn, uuid4(), 1, "raised")
        with pytest.raises(psycopg.errors.RestrictViolation, match="alert_event is only ever added to"):
            conn.execute(change.encode())
