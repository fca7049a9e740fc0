"""What lets tests that fly now pass at any hour: everybody may fly by night (AU-DAY), or they fly where it is day."""

from datetime import UTC, datetime, timedelta
from typing import Any


def night_authorisation() -> dict[str, Any]:
    """As the door takes it."""
    now = datetime.now(UTC)
    return {
        "kind": "authorisation", "number": "ANY-HOUR", "issuer": "tests", "type": "night", "relaxes": [{"rule": "AU-DAY"}],
        "valid_from": (now - timedelta(days=1)).isoformat(), "valid_to": (now + timedelta(days=1)).isoformat(),
    }  # fmt: skip


def noon_lon_deg() -> float:
    """A whole longitude at which it is about noon; away from 180."""
    now = datetime.now(UTC)
    west_of_greenwich = 15.0 * (now.hour + now.minute / 60) - 180.0
    return float(max(-170, min(170, round(-west_of_greenwich))))
