"""The map of a report: track, zones, gaps, and where alerts began, in metres around the middle. North is up."""

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

from core.geodesy import metres_per_degree
from evidence.flight import Flight, Incident
from evidence.geojson import beside
from evidence.report import ink
from geofence.index import footprint
from geofence.zone import ZoneKind, ZoneVersion

_AROUND = 0.12  # of the track's extent, free on each side
_LEAST_M = 80.0  # shown across, at least
_LABELS = 14  # zones named on the map; the table has them all
_KIND = {ZoneKind.KEEP_OUT: (0xB3161E, ()), ZoneKind.KEEP_IN: (0x2E6B2E, (6, 2)), ZoneKind.INFORMATION: (0x6B7480, (1.5, 2))}
LEGEND = (
    "Zones: keep-out red and solid, keep-in green and dashed, information grey and dotted. The track is drawn only where it is "
    "known; hollow circles are the last position before a gap and the first after it. Marks stand where an alert began, "
    f"numbered as in the table ({ink.SHAPES})."
)


class Map(Flowable):  # type: ignore[misc]
    """numbers: of alerts, by id, as the table has them."""

    def __init__(self, incident: Incident, width: float, height: float) -> None:
        super().__init__()
        self.incident, self.width, self.height = incident, width, height
        self._view = _View(incident, width, height)

    def shown(self) -> list[ZoneVersion]:
        """The zones that are on the map, larger ones first."""
        found = [(shape.area, one) for one, shape in self._view.zones]
        return [one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].zone_id.bytes, pair[1].version))]

    def draw(self) -> None:
        canvas, view, flight = self.canv, self._view, self.incident.flight
        canvas.saveState()
        canvas.setStrokeColor(ink.GREY)
        canvas.setLineWidth(0.6)
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=1, fill=0)
        _grid(canvas, view)
        _zones(canvas, view, self.shown())
        _tracks(canvas, view, flight)
        for number, alert in enumerate(self.incident.alerts, 1):
            if alert.first.lon_deg is not None and alert.first.lat_deg is not None:
                ink.mark(canvas, alert.level, *view.place(alert.first.lon_deg, alert.first.lat_deg), number)
        _scale(canvas, view)
        canvas.restoreState()


class _View:
    """What is shown: points on paper of degrees."""

    def __init__(self, incident: Incident, width: float, height: float) -> None:
        places = incident.flight.places
        places = places[~np.isnan(places[:, 0])]
        if not len(places):
            centres = [footprint(one.version).centroid.coords[0] for one in incident.zones[:1]] or [(0.0, 0.0)]
            places = np.array(centres)
        low, high = places.min(axis=0), places.max(axis=0)
        self.centre = (low + high) / 2
        self.per_degree = metres_per_degree(float(self.centre[1]))
        extent = np.maximum((high - low) * self.per_degree * (1 + 2 * _AROUND), _LEAST_M)
        self.per_metre = float(min(width / extent[0], height / extent[1]))  # points of paper
        self.middle = np.array((width / 2, height / 2))
        self.width, self.height = width, height
        frame = shapely.box(*self.degrees(0, 0), *self.degrees(width, height))
        self.zones: list[tuple[ZoneVersion, Any]] = []
        for one in incident.zones:
            cut = shapely.intersection(shapely.make_valid(footprint(one.version)), frame.buffer(1e-4))
            if not cut.is_empty and shapely.intersects(cut, frame):
                self.zones.append((one.version, cut))

    def points(self, lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) degrees as points on paper."""
        points: NDArray[np.float64] = (lon_lat - self.centre) * self.per_degree * self.per_metre + self.middle
        return points

    def place(self, lon_deg: float, lat_deg: float) -> tuple[float, float]:
        x, y = self.points(np.array((lon_deg, lat_deg)))
        return float(x), float(y)

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        lon, lat = (np.array((x, y)) - self.middle) / self.per_metre / self.per_degree + self.centre
        return float(lon), float(lat)


def _grid(canvas: Any, view: _View) -> None:
    """Lines of longitude and latitude at round figures, told at the edge."""
    (west, south), (east, north) = view.degrees(0, 0), view.degrees(view.width, view.height)
    step = _round((north - south) / 3)
    digits = max(0, -math.floor(math.log10(step)))
    canvas.setStrokeColor(ink.PALE)
    canvas.setLineWidth(0.5)
    canvas.setFillColor(ink.GREY)
    canvas.setFont(ink.PLAIN, 5.5)
    for number in range(math.ceil(west / step), math.floor(east / step) + 1):
        x, _ = view.place(number * step, south)
        canvas.line(x, 0, x, view.height)
        canvas.drawString(x + 1.5, 2, f"{number * step:.{digits}f}°")
    for number in range(math.ceil(south / step), math.floor(north / step) + 1):
        _, y = view.place(west, number * step)
        canvas.line(0, y, view.width, y)
        canvas.drawString(2, y + 1.5, f"{number * step:.{digits}f}°")


def _zones(canvas: Any, view: _View, zones: list[ZoneVersion]) -> None:
    shapes = {(zone.zone_id, zone.version): shape for zone, shape in view.zones}
    for zone in zones:
        colour, dashes = HexColor(_KIND[zone.kind][0]), _KIND[zone.kind][1]
        canvas.setStrokeColor(colour)
        canvas.setFillColor(ink.clear(colour, 0.07 if zone.kind is ZoneKind.KEEP_OUT else 0.03))
        canvas.setLineWidth(0.9)
        canvas.setDash(*dashes) if dashes else canvas.setDash()
        for part in _polygons(shapes[zone.zone_id, zone.version]):
            path = canvas.beginPath()
            for ring in (part.exterior, *part.interiors):
                for at, (x, y) in enumerate(view.points(np.asarray(ring.coords)[:, :2]).tolist()):
                    (path.lineTo if at else path.moveTo)(x, y)
                path.close()
            canvas.drawPath(path, fill=1, stroke=1, fillMode=0)
    canvas.setDash()
    taken: list[Any] = []
    for zone in zones[::-1][:_LABELS]:  # the smallest first: it has the least room
        label = ink.text(zone.name if len(zone.name) <= 40 else zone.name[:39] + "…")
        length = canvas.stringWidth(label, ink.PLAIN, 6)
        x, y = _label_at(view, shapes[zone.zone_id, zone.version], length)
        box = shapely.box(x, y - 1, x + length, y + 6)
        if any(box.intersects(other) for other in taken):
            continue
        taken.append(box)
        canvas.setFillColor(HexColor(_KIND[zone.kind][0]))
        canvas.setFont(ink.PLAIN, 6)
        canvas.drawString(x, y, label)


def _label_at(view: _View, shape: Any, length: float) -> tuple[float, float]:
    """Below its northern edge, where that is on the map."""
    _, _, _, north = shape.bounds
    lon, _ = next(iter(shape.representative_point().coords))
    x, y = view.place(lon, north)
    return min(max(x - length / 2, 12), view.width - length - 4), min(max(y - 8, 10), view.height - 9)


def _tracks(canvas: Any, view: _View, flight: Flight) -> None:
    canvas.setLineJoin(1)
    canvas.setLineCap(1)
    for number, aircraft in enumerate(flight.aircraft):
        colour = ink.TRACKS[number % len(ink.TRACKS)]
        mine = [stretch for stretch in flight.stretches if stretch.aircraft == aircraft]
        canvas.setStrokeColor(colour)
        canvas.setFillColor(colour)
        canvas.setLineWidth(1.1)
        for stretch in mine:
            points = view.points(flight.places[stretch.rows])
            if len(points) > 1:  # thinned to what the eye cannot tell from the whole
                points = np.asarray(shapely.simplify(shapely.LineString(points), 0.15).coords)
            path = canvas.beginPath()
            for at, (x, y) in enumerate(points.tolist()):
                (path.lineTo if at else path.moveTo)(x, y)
            canvas.drawPath(path, fill=0, stroke=1)
        if not mine:
            continue
        canvas.setFillColor(ink.WHITE)
        for gap in flight.gaps_of(aircraft):
            for lon, lat in beside(flight, aircraft, gap):
                canvas.circle(*view.place(lon, lat), 2.2, fill=1, stroke=1)
        canvas.setFillColor(colour)
        canvas.setFont(ink.BOLD, 6)
        for word, row in (("start", mine[0].rows[0]), ("end", mine[-1].rows[-1])):
            x, y = view.place(*flight.places[row].tolist())
            canvas.circle(x, y, 1.8, fill=1, stroke=0)
            label = word if len(flight.aircraft) == 1 else f"{word} {ink.text(aircraft.known_as)}"
            canvas.drawString(x + 3.5, y - 7 if word == "start" else y + 3, label)


def _scale(canvas: Any, view: _View) -> None:
    length_m = _round(view.width / view.per_metre / 5)
    length = length_m * view.per_metre
    x, y = view.width - length - 12, 12
    canvas.setFillColor(ink.clear(ink.WHITE, 0.85))
    canvas.rect(x - 6, y - 5, length + 12, 17, fill=1, stroke=0)
    canvas.setStrokeColor(ink.BLACK)
    canvas.setFillColor(ink.BLACK)
    canvas.setLineWidth(1.4)
    canvas.line(x, y, x + length, y)
    canvas.setFont(ink.PLAIN, 6)
    canvas.drawCentredString(x + length / 2, y + 3, f"{length_m:,.0f} m" if length_m < 10_000 else f"{length_m / 1000:,.0f} km")
    right, low = view.width - 14, view.height - 26
    path = canvas.beginPath()
    path.moveTo(right, low + 14)
    path.lineTo(right - 4, low)
    path.lineTo(right, low + 3)
    path.lineTo(right + 4, low)
    path.close()
    canvas.drawPath(path, fill=1, stroke=0)
    canvas.drawCentredString(right, low + 16, "N")


def _polygons(shape: Any) -> list[Any]:
    return [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]


def _round(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above it."""
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (5, 2, 1) if step * power <= value)
