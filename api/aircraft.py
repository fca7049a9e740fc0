"""One aircraft's latest state: rows of blocks held as they came, turned into the door's words when someone looks."""

import math
from typing import Any, Literal
from uuid import UUID

import numpy as np

from api.shapes import Aircraft, Height, Measured, Reason
from core.block import Block
from core.colour import Level, worst
from core.identity import link_name
from core.sample import HeightSource, NoPosition, SampleKind
from core.units import US_PER_S
from geofence.geojson import iso
from geofence.height import SOURCE_WORDS, Heights, best_heights

SILENT_AFTER_US = 5 * US_PER_S  # an aircraft without a frame for so long is lost, or has ended
_MOTION_US = 5 * US_PER_S  # speed and height of a position message older than this are not those of now
NO_POSITION: dict[int, Literal["not sent", "zero", "impossible"]] = {
    NoPosition.NOT_SENT: "not sent", NoPosition.ZERO: "zero", NoPosition.IMPOSSIBLE: "impossible",
}  # fmt: skip
AGL_SOURCE: dict[int, Literal["terrain report", "rangefinder", "terrain model"]] = {
    HeightSource.TERRAIN_REPORT: "terrain report", HeightSource.RANGEFINDER: "rangefinder",
    HeightSource.TERRAIN_MODEL: "terrain model",
}  # fmt: skip


class HeldBlock:
    """A block that some aircraft's latest row stands in. Its heights are reckoned once, when first asked for."""

    __slots__ = ("_heights", "batch")

    def __init__(self, batch: Block) -> None:
        self.batch = batch
        self._heights: Heights | None = None

    def heights(self) -> Heights:
        if self._heights is None:
            self._heights = best_heights(self.batch)
        return self._heights

    def values(self, row: int) -> dict[str, Any]:
        """One row, by column."""
        return self.batch.row(row)


class Row:
    """One sample: its block, its place there, its event time."""

    __slots__ = ("block", "place", "time_us")

    def __init__(self, held: HeldBlock, place: int, time_us: int) -> None:
        self.block, self.place, self.time_us = held, place, time_us


class Held:
    """What is known of one aircraft: its last sample, its last position message, its last position."""

    __slots__ = ("fixed", "last", "message", "partition")

    def __init__(self, last: Row, partition: int) -> None:
        self.last = last
        self.message: Row | None = None
        self.fixed: Row | None = None
        self.partition = partition

    def put_down(self) -> None:
        """Keep the few rows and let go of the blocks: a silent aircraft must not hold a thousand samples of others."""
        rows = {id(row): row for row in (self.last, self.message, self.fixed) if row is not None}
        for row in rows.values():
            if row.block.batch.num_rows > 1:
                row.block = HeldBlock(row.block.batch.take([row.place]))
                row.place = 0

    def position(self) -> tuple[float, float] | None:
        """Last known longitude and latitude, degrees."""
        if self.fixed is None:
            return None
        batch, place = self.fixed.block.batch, self.fixed.place
        return batch.value("lon_e7", place) / 1e7, batch.value("lat_e7", place) / 1e7


def latest_rows(batch: Block, usable: "np.ndarray[Any, np.dtype[np.bool_]]") -> dict[UUID, tuple[int, int, int]]:
    """By aircraft: the places of its last row, its last position message and its last position among the usable rows, -1: none.

    Last is by event time, then by place. usable is (n,) bool.
    """
    times = batch.values("event_time_us")
    places = np.flatnonzero(usable)
    order = places[np.argsort(times[places], kind="stable")]
    codes = batch.codes("aircraft_id")
    aircraft = batch.aircraft
    messages = order[batch.values("kind")[order] == SampleKind.POSITION]
    fixed = order[(batch.valid("lon_e7") & batch.valid("lat_e7"))[order]]
    found = np.full((3, len(aircraft)), -1, np.int64)
    for row, chosen in enumerate((order, messages, fixed)):
        found[row, codes[chosen]] = chosen  # of several for one index numpy keeps the last
    return {one: (int(a), int(b), int(c)) for one, a, b, c in zip(aircraft, *found, strict=True) if a >= 0}


def has_ended(values: dict[str, Any], age_us: int) -> bool:
    """Silent, and last heard disarmed or landed (as streams.state has it). Armed, airborne or unknown is lost instead."""
    return (values["armed"] is False or values["airborne"] is False) and age_us >= SILENT_AFTER_US


def describe(held: Held, name: str | None, ended: bool, reasons: list[Reason]) -> Aircraft:
    """The aircraft as the door tells it."""
    last = held.last.block.values(held.last.place)
    moving = held.message if held.message and held.last.time_us - held.message.time_us <= _MOTION_US else None
    motion = last if moving is held.last or moving is None else moving.block.values(moving.place)
    message = held.message or held.last
    no_position = message.block.batch.value("no_position", message.place)
    position = held.position()
    return {
        "id": str(UUID(bytes=last["aircraft_id"])),
        "operator_id": str(UUID(bytes=last["operator_id"])),
        "name": name,
        "link": last["link"],
        "link_name": link_name(last["link"]),
        "system_id": last["system_id"],
        "vehicle_type": last["vehicle_type"],
        "replay": last["link"].startswith("replay:"),
        "partition": held.partition,
        "event_time": iso(held.last.time_us) or "",
        "position_time": iso(held.fixed.time_us) if held.fixed else None,
        "lon": position[0] if position else None,
        "lat": position[1] if position else None,
        "no_position": NO_POSITION.get(no_position),
        **measured(motion),
        "height": _height(moving),
        "battery_pct": last["battery_pct"],
        "battery_age_s": _thousandth(last["battery_age_ms"]),
        "fix_type": last["fix_type"],
        "satellites": last["satellites"],
        "mode": last["mode"],
        "mode_age_s": _thousandth(last["mode_age_ms"]),
        "armed": last["armed"],
        "airborne": last["airborne"],
        "ended": ended,
        "level": worst([Level(reason["level"]) for reason in reasons]).value,
        "reasons": reasons,
    }


def measured(values: dict[str, Any]) -> Measured:
    """Heights, speed, climb and heading of one sample, in metres, m/s and degrees. Shared with tracks."""
    north, east, down = (values[f"velocity_{axis}_cmps"] for axis in ("north", "east", "down"))
    return {
        "amsl_m": _thousandth(values["amsl_mm"]),
        "takeoff_height_m": _thousandth(values["takeoff_height_mm"]),
        "agl_m": _thousandth(values["agl_mm"]),
        "agl_source": AGL_SOURCE.get(values["agl_source"]),
        "speed_mps": None if north is None or east is None else round(math.hypot(north, east) / 100, 2),
        "climb_mps": None if down is None else -down / 100 + 0.0,
        "heading_deg": None if values["heading_cdeg"] is None else values["heading_cdeg"] / 100,
    }


def _thousandth(value: int | None) -> float | None:
    return None if value is None else value / 1_000


def _height(row: Row | None) -> Height | None:
    if row is None:
        return None
    heights, place = row.block.heights(), row.place
    agl_m, source = float(heights.agl_m[place]), HeightSource(int(heights.source[place]))
    if not math.isnan(agl_m):
        datum: Literal["AGL", "above take-off"] = "above take-off" if source is HeightSource.TAKEOFF else "AGL"
        said = "autopilot" if source is HeightSource.TAKEOFF else SOURCE_WORDS[source]
        return {"m": round(agl_m, 3), "datum": datum, "source": said, "margin_m": float(heights.margin_m[place])}
    amsl_m = float(heights.amsl_m[place])
    if math.isnan(amsl_m):
        return None
    return {"m": round(amsl_m, 3), "datum": "AMSL", "source": "autopilot", "margin_m": None}
