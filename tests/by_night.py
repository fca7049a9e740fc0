"""What lets tests that fly now pass at any hour: everybody may fly by night (AU-DAY)."""

from datetime import UTC, datetime, timedelta
from typing import Any


def authorisation() -> dict[str, Any]:
    """As the door takes it."""
    now = datetime.now(UTC)
    return {
        "kind": "authorisation", "number": "ANY-HOUR", "issuer": "tests", "type": "night", "relaxes": [{"rule": "AU-DAY"}],
        "valid_from": (now - timedelta(days=1)).isoformat(), "valid_to": (now + timedelta(days=1)).isoformat(),
    }  # fmt: skip
