"""Of a block what matters to viewers: each aircraft's last sample, last position message and last position."""

# mypy: allow-untyped-defs

from typing import Any, Literal
from uuid import UUID

import numpy as np
from numba import boolean, int64
from numpy.typing import NDArray

from api.shapes import Height
from core.block import Block
from core.columns import NAMES, NULL
from core.compiled import given, kernel
from core.sample import HeightSource, SampleKind
from geofence.height import SOURCE_WORDS, best_heights

_TOLD = (
    "system_id", "vehicle_type", "event_time_us", "lon_e7", "lat_e7", "no_position",
    "amsl_mm", "takeoff_height_mm", "agl_mm", "agl_source", "velocity_north_cmps", "velocity_east_cmps", "velocity_down_cmps",
    "heading_cdeg", "fix_type", "satellites", "battery_pct", "battery_age_ms", "mode_age_ms", "armed", "airborne",
    "link", "mode",
)  # fmt: skip
_TAKEN = np.array([NAMES.index(name) for name in _TOLD])[:, None]
_TIME, _AIRCRAFT, _KIND, _LON, _LAT = (
    NAMES.index(name) for name in ("event_time_us", "aircraft_id", "kind", "lon_e7", "lat_e7")
)
_NULL, _POSITION = int(NULL), int(SampleKind.POSITION)

Row = dict[str, Any]  # one sample: these columns, None where null, link and mode as text; and the best height at hand


def latest_rows(batch: Block, usable: NDArray[np.bool_]) -> list[tuple[UUID, Row, Row | None, Row | None]]:
    """Of each aircraft its last row, its last position message and its last position among the usable rows.

    Last is by event time, then by place. usable is (n,) bool.
    """
    whole = batch.whole()
    found = np.full((len(batch.aircraft), 3), -1, np.int64)
    _latest.run(whole, usable, found)
    latest = found.tolist()
    places = sorted({place for at in latest for place in at if place >= 0})
    rows: dict[int, Row | None] = dict(zip(places, _rows(batch, whole, places), strict=True))
    rows[-1] = None
    told = []
    for aircraft, at in zip(batch.aircraft, latest, strict=True):
        last, message, position = (rows[place] for place in at)
        if last is not None:
            told.append((aircraft, last, message, position))
    return told


def _rows(batch: Block, whole: NDArray[np.int64], places: list[int]) -> list[Row]:
    """These rows of a block, which stand in `whole` as numbers."""
    heights, links, modes = best_heights(batch), batch.dictionary("link"), batch.dictionary("mode")
    best = zip(
        *(part[places].tolist() for part in (heights.agl_m, heights.margin_m, heights.source, heights.amsl_m)), strict=True
    )
    rows: list[Row] = []
    for numbers, height in zip(whole[_TAKEN, places].T.tolist(), best, strict=True):
        row: Row = {name: None if number == NULL else number for name, number in zip(_TOLD, numbers, strict=True)}
        row["link"] = links[row["link"]]
        if row["mode"] is not None:
            row["mode"] = modes[row["mode"]]
        row["height"] = _height(*height)
        rows.append(row)
    return rows


@kernel(given(int64, 2), given(boolean), int64[:, ::1])
def _latest(whole, usable, found):
    """found: (aircraft, 3), the places, -1 where there is none."""
    for row in range(len(usable)):
        if usable[row]:
            at = found[whole[_AIRCRAFT, row]]
            if at[0] < 0 or whole[_TIME, row] >= whole[_TIME, at[0]]:
                at[0] = row
            if whole[_KIND, row] == _POSITION and (at[1] < 0 or whole[_TIME, row] >= whole[_TIME, at[1]]):
                at[1] = row
            known = whole[_LON, row] != _NULL and whole[_LAT, row] != _NULL
            if known and (at[2] < 0 or whole[_TIME, row] >= whole[_TIME, at[2]]):
                at[2] = row


def _height(agl_m: float, margin_m: float, source: int, amsl_m: float) -> Height | None:
    """The best height at hand; NaN where one is not known."""
    if agl_m == agl_m:
        datum: Literal["AGL", "above take-off"] = "above take-off" if source == HeightSource.TAKEOFF else "AGL"
        said = "autopilot" if source == HeightSource.TAKEOFF else SOURCE_WORDS[HeightSource(source)]
        return {"m": round(agl_m, 3), "datum": datum, "source": said, "margin_m": margin_m}
    return {"m": round(amsl_m, 3), "datum": "AMSL", "source": "autopilot", "margin_m": None} if amsl_m == amsl_m else None
