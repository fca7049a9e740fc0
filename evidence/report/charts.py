"""The charts of a report, one below the other on one scale of time: height with its limit, the ground, speed, battery.

Lines break where the record does; bands are gaps. Many samples on one point of paper are drawn as their lowest and highest.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from reportlab.platypus import Flowable

from core.colour import Level
from core.units import US_PER_S, to_us, utc
from evidence.flight import Aircraft, Alert, Flight, Incident
from evidence.report import ink
from geofence.altitude import LIMIT_M

_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 8.0, 12.0, 14.0
_BREAK_US = 5 * US_PER_S  # between two values further apart nobody knows what was
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
Line = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart. columns: of the samples, the first one drawn strongest. limit: drawn across. below: filled down from it."""

    title: str
    columns: tuple[tuple[str, str], ...]  # and what the line is
    limit: tuple[float, str] | None = None
    below: tuple[str, str] | None = None
    least: tuple[float, float] | None = None  # this much is shown at least


_HEIGHT = Panel(
    "Height judged by the rules, m (AGL, or above take-off standing in)", (("height_judged_m", "height"),),
    (LIMIT_M, f"limit {LIMIT_M:g} m AGL (AU-101.085-HEIGHT)"), least=(0.0, 140.0),
)  # fmt: skip
_GROUND = Panel(
    "Altitude above mean sea level, m, over the ground by the terrain model", (("amsl_m", "autopilot"),),
    below=("ground_amsl_m", "ground"),
)  # fmt: skip
_SPEED = Panel("Speed over ground, m/s", (("speed_mps", "speed"),), least=(0.0, 1.0))
_BATTERY = Panel("Battery remaining, %", (("battery_pct", "battery"),), least=(0.0, 100.0))


def panels(flight: Flight) -> list[Panel]:
    """That of the ground only where it is known."""
    ground = [_GROUND] if flight.samples["ground_amsl_m"].null_count < len(flight.samples) else []
    return [_HEIGHT, *ground, _SPEED, _BATTERY]


class Charts(Flowable):  # type: ignore[misc]
    """Of one aircraft. timezone: in which times are told below."""

    def __init__(self, incident: Incident, aircraft: Aircraft, width: float, each: float = 105.0) -> None:
        super().__init__()
        self.incident, self.aircraft, self.width, self._each = incident, aircraft, width, each
        self._panels = panels(incident.flight)
        self.height = each * len(self._panels)
        self._rows = incident.flight.rows_of(aircraft)

    def draw(self) -> None:
        for number, panel in enumerate(self._panels):
            self.canv.saveState()
            self.canv.translate(0, self.height - (number + 1) * self._each)
            self._panel(panel, marks=number == 0)
            self.canv.restoreState()

    def _panel(self, panel: Panel, marks: bool) -> None:
        canvas, flight, rows = self.canv, self.incident.flight, self._rows
        times_us = flight.times_us[rows]
        lines = [(flight.numbers(name)[rows], word) for name, word in panel.columns]
        filled = None if panel.below is None else flight.numbers(panel.below[0])[rows]
        known = np.concatenate([values for values, _ in lines] + ([] if filled is None else [filled]))
        known = np.append(known[~np.isnan(known)], [] if panel.least is None else panel.least)
        scale = _Scale(flight.from_us, flight.to_us, known, self.width, self._each)
        canvas.setFont(ink.BOLD, 6.5)
        canvas.setFillColor(ink.BLACK)
        canvas.drawString(_LEFT, self._each - 8, panel.title)
        self._bands(scale)
        _axes(canvas, scale, ZoneInfo(flight.timezone))
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(_LEFT, _BOTTOM, scale.across, scale.up)
        canvas.clipPath(frame, stroke=0, fill=0)
        if filled is not None:
            _ground(canvas, scale, times_us, filled)
        for values, _ in lines:
            canvas.setStrokeColor(ink.TRACKS[0])
            canvas.setLineWidth(0.9)
            canvas.setLineJoin(1)
            for piece in pieces(times_us, values):
                _line(canvas, thinned(scale.points(*piece)))
        canvas.restoreState()
        if all(np.isnan(values).all() for values, _ in lines):
            canvas.setFont(ink.PLAIN, 7)
            canvas.setFillColor(ink.GREY)
            canvas.drawCentredString(_LEFT + scale.across / 2, _BOTTOM + scale.up / 2, "not known at any time")
        if panel.limit is not None:
            self._limit(scale, *panel.limit)
        if marks:
            self._marks(scale)

    def _bands(self, scale: "_Scale") -> None:
        """Gaps in grey, and the time in which a breach stood in pale red."""
        canvas = self.canv
        for _, alert in self._numbered():
            if alert.level.rank == 0:
                canvas.setFillColor(ink.clear(ink.LEVELS[alert.level], 0.10))
                self._band(scale, alert.first.start_us, alert.cleared_us or scale.to_us)
        canvas.setFillColor(ink.GAP)
        for gap in self.incident.flight.gaps_of(self.aircraft):
            self._band(scale, gap.from_us, gap.to_us)

    def _band(self, scale: "_Scale", from_us: int, to_us: int) -> None:
        begin, end = (min(max(scale.x(time_us), _LEFT), _LEFT + scale.across) for time_us in (from_us, to_us))
        if end >= begin:
            self.canv.rect(begin, _BOTTOM, max(end - begin, 0.6), scale.up, fill=1, stroke=0)

    def _limit(self, scale: "_Scale", limit: float, words: str) -> None:
        canvas, y = self.canv, scale.y(limit)
        canvas.setStrokeColor(ink.LEVELS[Level.BREACH])
        canvas.setFillColor(ink.LEVELS[Level.BREACH])
        canvas.setLineWidth(0.8)
        canvas.setDash(4, 2)
        canvas.line(_LEFT, y, _LEFT + scale.across, y)
        canvas.setDash()
        canvas.setFont(ink.PLAIN, 5.5)
        canvas.drawString(_LEFT + 3, y - 7, words)  # the marks are above it

    def _marks(self, scale: "_Scale") -> None:
        """Where each alert was raised, at the top; those that would cover each other one step lower."""
        until = [-math.inf] * 4
        for number, alert in self._numbered():
            x = min(max(scale.x(alert.first.at_us), _LEFT), _LEFT + scale.across)
            level = next((at for at, end in enumerate(until) if x - end > 12), 0)
            until[level] = x
            ink.mark(self.canv, alert.level, x, _BOTTOM + scale.up - 5 - 11 * level, number, 4.2)

    def _numbered(self) -> Iterator[tuple[int, Alert]]:
        for number, alert in enumerate(self.incident.alerts, 1):
            if alert.first.aircraft_id == self.aircraft.id:
                yield number, alert


class _Scale:
    def __init__(self, from_us: int, to_us: int, known: Line, width: float, height: float) -> None:
        self.from_us, self.to_us = from_us, max(to_us, from_us + US_PER_S)
        self.across, self.up = width - _LEFT - _RIGHT, height - _TOP - _BOTTOM
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        room = max(high - low, 1.0) * 0.06
        self.low, self.high = (low if low == 0 else low - room), high + room

    def x(self, time_us: int) -> float:
        return _LEFT + (time_us - self.from_us) / (self.to_us - self.from_us) * self.across

    def y(self, value: float) -> float:
        return _BOTTOM + (value - self.low) / (self.high - self.low) * self.up

    def points(self, times_us: NDArray[np.int64], values: Line) -> Line:
        x = _LEFT + (times_us - self.from_us) / (self.to_us - self.from_us) * self.across
        return np.column_stack((x, _BOTTOM + (values - self.low) / (self.high - self.low) * self.up))


def pieces(times_us: NDArray[np.int64], values: Line) -> Iterator[tuple[NDArray[np.int64], Line]]:
    """The known values, cut where nobody knows what was in between."""
    known = ~np.isnan(values)
    times_us, values = times_us[known], values[known]
    cuts = np.flatnonzero(np.diff(times_us) > _BREAK_US) + 1
    for times, piece in zip(np.split(times_us, cuts), np.split(values, cuts), strict=True):
        if len(piece):
            yield times, piece


def thinned(points: Line, width: float = 0.4) -> Line:
    """Of the points within a width of paper the first, the lowest, the highest and the last: no peak is lost."""
    if len(points) < 4:
        return points
    cells = np.floor(points[:, 0] / width)
    kept: set[int] = set()
    for group in np.split(np.arange(len(points)), np.flatnonzero(np.diff(cells)) + 1):
        heights = points[group, 1]
        kept |= {int(group[0]), int(group[-1]), int(group[heights.argmin()]), int(group[heights.argmax()])}
    return points[sorted(kept)]


def _line(canvas: Any, points: Line) -> None:
    path = canvas.beginPath()
    for at, (x, y) in enumerate(points.tolist()):
        (path.lineTo if at else path.moveTo)(x, y)
    if len(points) == 1:
        path.lineTo(x + 0.5, y)
    canvas.drawPath(path, fill=0, stroke=1)


def _ground(canvas: Any, scale: _Scale, times_us: NDArray[np.int64], values: Line) -> None:
    canvas.setFillColor(ink.GROUND)
    for piece in pieces(times_us, values):
        points = thinned(scale.points(*piece)).tolist()
        path = canvas.beginPath()
        path.moveTo(points[0][0], _BOTTOM)
        for x, y in points:
            path.lineTo(x, y)
        path.lineTo(points[-1][0], _BOTTOM)
        path.close()
        canvas.drawPath(path, fill=1, stroke=0)


def _axes(canvas: Any, scale: _Scale, zone: ZoneInfo) -> None:
    canvas.setStrokeColor(ink.PALE)
    canvas.setLineWidth(0.5)
    canvas.setFillColor(ink.GREY)
    canvas.setFont(ink.PLAIN, 5.5)
    step = _nice((scale.high - scale.low) / 4)
    for number in range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1):
        y = scale.y(number * step)
        canvas.line(_LEFT, y, _LEFT + scale.across, y)
        canvas.drawRightString(_LEFT - 3, y - 2, f"{number * step:g}")
    for at in ticks(utc(scale.from_us).astimezone(zone), utc(scale.to_us).astimezone(zone)):
        x = scale.x(to_us(at))
        canvas.line(x, _BOTTOM, x, _BOTTOM + scale.up)
        canvas.drawCentredString(x, 5, f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}")
    canvas.setStrokeColor(ink.GREY)
    canvas.rect(_LEFT, _BOTTOM, scale.across, scale.up, fill=0, stroke=1)


def ticks(begin: datetime, end: datetime, most: int = 10) -> Sequence[datetime]:
    """Round local times within a window."""
    seconds = (end - begin).total_seconds()
    step = next((step for step in _STEPS_S if seconds / step <= most), 86_400 * math.ceil(seconds / 86_400 / most))
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    first = math.ceil((begin - midnight).total_seconds() / step)
    found = []
    while (at := midnight + timedelta(seconds=first * step)) <= end:
        found.append(at)
        first += 1
    return found


def _nice(value: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (10, 5, 2, 1) if step * power <= value or step == 1)
