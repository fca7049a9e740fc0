"""The engine as plainly as it can be said: every row of a block by itself, every zone tried, no kernel, no index.

It judges with the same rules (streams/judge.py) and must give the same events and leave the same aircraft.
"""

import math
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import shapely

from core.block import Block
from core.records import AlertEvent
from core.sample import HeightSource, NoPosition
from geofence.height import AMSL_RANGE_M, FAR_FROM_TAKEOFF_M, LOWEST_AGL_M, MARGIN_M, TAKEOFF_RANGE_M
from geofence.index import Entry as ZoneEntry
from geofence.monitor import PATH_LONGEST_US
from geofence.prediction import Motion
from geofence.vertical import Band, Fix
from geofence.zone import ZoneKind
from streams.entry import Entry
from streams.judge import judge
from streams.screen import AHEAD_LIMIT_US, NEVER
from streams.state import State
from streams.work import Work
from tests.unit.streams.flight import S


class Plain:
    """One partition. state holds its aircraft; marks and judged times are plain dictionaries."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._marks: dict[str, tuple[int, int]] = {}
        self._judged_us: dict[bytes, int] = {}

    def advance(self, entry: Entry, monitor) -> list[AlertEvent]:
        assert isinstance(entry.body, Block)
        events: list[AlertEvent] = []
        samples = entry.body.rows()
        for row, sample in enumerate(samples):
            pair = sample["epoch"], sample["seq"]
            if pair <= self._marks.get(sample["link"], (-1, -1)):
                continue
            self._marks[sample["link"]] = pair
            self._judge(entry, monitor, samples, row, events)
        return events

    def _judge(self, entry: Entry, monitor, samples, row: int, events: list[AlertEvent]) -> None:
        sample = samples[row]
        key, time_us = sample["aircraft_id"], sample["event_time_us"]
        aircraft = self.state.aircraft.get(key)
        if aircraft is None:
            first = next(one for one in samples if one["aircraft_id"] == key)
            aircraft = self.state.fleet.meet(
                UUID(bytes=first["operator_id"]), UUID(bytes=key), first["link"], first["system_id"],
                min(first["event_time_us"], entry.append_time_us),
            )  # fmt: skip
        ahead = entry.live and time_us > entry.append_time_us + AHEAD_LIMIT_US
        late = not ahead and time_us < self._judged_us.get(key, 0)
        judged = not (ahead or late)
        if judged:
            self._judged_us[key] = time_us
        placed = judged and sample["no_position"] == NoPosition.PRESENT
        fix, before = height(sample), aircraft.last
        motion = moved(aircraft, sample) if placed else Motion()
        seen = sightings(monitor, aircraft, before, fix) if placed else (False, [], [], [])
        work = OneRow(self.state, entry, entry.body, monitor, events)
        work.row_fix, work.row_motion = fix, motion
        work.time_us, work.no_position, work.ambiguous = (
            {row: time_us},
            {row: sample["no_position"]},
            {row: sample["ambiguous"]},
        )
        work.kind, work.verdicts = {row: sample["kind"]}, SimpleNamespace(ahead={row: ahead})
        work.look, work.suspected = {row: True}, {row: -1}
        work.sightings = SimpleNamespace(outside={row: seen[0]})
        work.inside, work.crossed, work.ahead = {row: seen[1]}, {row: seen[2]}, {row: seen[3]}
        work.lon_deg, work.lat_deg = (np.full(len(samples), value) for value in (fix.lon_deg, fix.lat_deg))
        work.ground_deg = np.array([[value] * len(samples) for value in aircraft.motion[-2:]])
        keys = entry.body.dictionary("aircraft_id")
        work.fleet_rows = np.array([aircraft.row if one == key else -1 for one in keys])
        judge(work, aircraft, row, judged, placed, sample["armed"], sample["airborne"])


class OneRow(Work):
    """Everything that is asked of it is asked of one row."""

    row_fix: Fix
    row_motion: Motion

    def fix(self, row: int) -> Fix:
        return self.row_fix

    def moves(self, row: int) -> Motion:
        return self.row_motion


def moved(aircraft, sample) -> Motion:
    """How it moves, and what the state says of that afterwards."""
    since_us, speed, climb, slowing, levelling, lon, lat = aircraft.motion
    if sample["armed"] is False or sample["airborne"] is False:
        lon, lat = sample["lon_e7"] / 1e7, sample["lat_e7"] / 1e7
    north, east, down = (sample[f"velocity_{name}_cmps"] for name in ("north", "east", "down"))
    if north is None or east is None:
        aircraft.motion = (NEVER, speed, climb, slowing, levelling, lon, lat)
        return Motion()
    now = Motion(east / 100, north / 100).speed_mps
    up = 0.0 if down is None else -down / 100
    time_us = sample["event_time_us"]
    if since_us == NEVER or time_us - since_us > 2 * S:
        since_us, speed, climb, slowing, levelling = time_us, now, up, 0.0, 0.0
    elif time_us - since_us >= S // 4:
        seconds = (time_us - since_us) / 1e6
        slowing = max(0.0, (slowing + (speed - now) / seconds) / 2)
        levelling = max(0.0, (levelling + ((abs(climb) - abs(up)) / seconds if climb * up >= 0 else 0.0)) / 2)
        since_us, speed, climb = time_us, now, up
    aircraft.motion = (since_us, speed, climb, slowing, levelling, lon, lat)
    return Motion(east / 100, north / 100, up, slowing if slowing >= 0.5 else 0.0, levelling if levelling >= 0.5 else 0.0)


def height(sample) -> Fix:
    takeoff = within(sample["takeoff_height_mm"], TAKEOFF_RANGE_M)
    amsl = within(sample["amsl_mm"], AMSL_RANGE_M)
    reported = math.nan if sample["agl_mm"] is None else sample["agl_mm"] / 1_000.0
    model = math.nan if sample["ground_amsl_mm"] is None else amsl - sample["ground_amsl_mm"] / 1_000.0
    best, source = takeoff, HeightSource.NONE if math.isnan(takeoff) else HeightSource.TAKEOFF
    refused = [math.nan, math.nan]
    for number, height_m in enumerate((reported, model)):
        if height_m < LOWEST_AGL_M or abs(height_m - takeoff) > FAR_FROM_TAKEOFF_M:
            refused[number] = height_m
        elif not math.isnan(height_m):
            best, source = height_m, (HeightSource(sample["agl_source"]), HeightSource.TERRAIN_MODEL)[number]
            break
    return Fix(
        sample["event_time_us"], (sample["lon_e7"] or 0) / 1e7, (sample["lat_e7"] or 0) / 1e7, best, MARGIN_M.get(source, 0.0),
        source, amsl, takeoff, *refused,
    )  # fmt: skip


def within(value_mm: int | None, limits_m: tuple[float, float]) -> float:
    value_m = math.nan if value_mm is None else value_mm / 1_000.0
    return value_m if limits_m[0] <= value_m <= limits_m[1] else math.nan


def sightings(
    monitor, aircraft, before: Fix | None, fix: Fix
) -> tuple[bool, list[ZoneEntry], list[ZoneEntry], list[ZoneEntry]]:
    """Outside every keep-in zone that applies; keep-out zones it may be in; zones that its path may have crossed; and all that
    are meant for it, for whatever comes."""
    meant = [
        entry
        for entry in monitor.entries
        if entry.from_us <= fix.time_us < entry.to_us and entry.zone.operator_id == aircraft.operator_id
        if entry.zone.aircraft_ids is None or aircraft.aircraft_id in entry.zone.aircraft_ids
    ]
    keep_ins = [entry for entry in meant if entry.zone.kind is ZoneKind.KEEP_IN]
    conforming = any(
        entry.holds(fix.lon_deg, fix.lat_deg) and band.known and band.inner_m >= 0
        for entry in keep_ins
        for band in [Band.of(entry.zone, fix)]
    )
    inside = [
        entry
        for entry in meant
        if entry.zone.kind is ZoneKind.KEEP_OUT and entry.holds(fix.lon_deg, fix.lat_deg)
        for band in [Band.of(entry.zone, fix)]
        if not band.known or band.outer_m > 0
    ]
    crossed = []
    ends = [] if before is None else [(before.lon_deg, before.lat_deg), (fix.lon_deg, fix.lat_deg)]
    if before is not None and ends[0] != ends[1] and fix.time_us - before.time_us <= PATH_LONGEST_US:
        path = shapely.linestrings(ends)
        for entry in meant:
            if entry.footprint.intersects(path):
                keep_out = entry.zone.kind is ZoneKind.KEEP_OUT
                if entry not in inside if keep_out else conforming and not entry.convex:
                    crossed.append(entry)
    return bool(keep_ins) and not conforming, inside, crossed, meant
