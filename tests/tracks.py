"""The binary columns of GET /api/v1/replay/tracks, read as docs/replay.md says, by nothing of ours."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


def read(data: bytes) -> dict[str, tuple[int, Columns]]:
    """By aircraft id: how many samples are stored, and the columns."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    found = {}
    for track in header["tracks"]:
        columns = {
            name: np.frombuffer(data, f"<{place['type']}", track["rows"], 4 + length + place["at"])
            for name, place in track["columns"].items()
        }
        found[track["aircraft_id"]] = track["stored"], columns
    return found
