"""A flight as KML 2.2 with gx:Track (when; longitude latitude altitude), a track for each stretch, none across a gap.

An altitude in KML is above sea level, which is what the autopilot says: it is written as it is, "absolute". A stretch in
which it is not always known is drawn on the ground and says so.
"""

from typing import Any

import numpy as np
from lxml import etree

from core.records import Gap
from evidence.columns import COUNTED
from evidence.flight import Flight, Stretch
from evidence.geojson import beside
from geofence.moments import iso

_KML, _GX = "http://www.opengis.net/kml/2.2", "http://www.google.com/kml/ext/2.2"
_VALUES = ("height_judged_m", "height_above_takeoff_m", "height_agl_m", "amsl_m", "speed_mps", "battery_pct")
_ABSOLUTE = "Altitude: metres above mean sea level, as the autopilot says it."
_CLAMPED = "Drawn on the ground: the height above mean sea level was not known throughout."


def write(flight: Flight) -> bytes:
    root = etree.Element(f"{{{_KML}}}kml", nsmap={None: _KML, "gx": _GX})
    document = _add(root, "Document")
    _add(document, "name", f"{flight.operator}: {iso(flight.from_us)} to {iso(flight.to_us)}")
    schema = _add(document, "Schema")
    schema.set("id", "sample")
    for name in _VALUES:
        field = _add(schema, "gx:SimpleArrayField")
        field.set("name", name)
        field.set("type", "float")
    values = {name: flight.samples[name].to_pylist() for name in _VALUES}
    for aircraft in flight.aircraft:
        folder = _add(document, "Folder")
        _add(folder, "name", aircraft.known_as)
        for stretch in flight.stretches:
            if stretch.aircraft == aircraft:
                _track(flight, stretch, values, folder)
        for gap in flight.gaps:
            if gap.aircraft_id == aircraft.id:
                _gap(gap, beside(flight, aircraft, gap), folder)
    unknown = [gap for gap in flight.gaps if gap.aircraft_id is None]
    if unknown:
        folder = _add(document, "Folder")
        _add(folder, "name", "Gaps of a link, of any aircraft there")
        for gap in unknown:
            _gap(gap, [], folder)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return data


def _track(flight: Flight, stretch: Stretch, values: dict[str, list[Any]], folder: Any) -> None:
    rows = stretch.rows.tolist()
    amsl_m = flight.numbers("amsl_m")[stretch.rows]
    absolute = not np.isnan(amsl_m).any()
    placemark = _add(folder, "Placemark")
    _add(placemark, "name", f"{stretch.aircraft.known_as} from {iso(int(flight.times_us[rows[0]]))}")
    _add(placemark, "description", _ABSOLUTE if absolute else _CLAMPED)
    track = _add(placemark, "gx:Track")
    _add(track, "altitudeMode", "absolute" if absolute else "clampToGround")
    for row in rows:
        _add(track, "when", iso(int(flight.times_us[row])))
    for (lon, lat), height_m in zip(flight.places[rows].tolist(), amsl_m.tolist(), strict=True):
        _add(track, "gx:coord", f"{lon!r} {lat!r} {height_m if absolute else 0!r}")
    data = _add(_add(track, "ExtendedData"), "SchemaData")
    data.set("schemaUrl", "#sample")
    for name in _VALUES:
        array = _add(data, "gx:SimpleArrayData")
        array.set("name", name)
        for row in rows:
            value = values[name][row]
            _add(array, "gx:value", "" if value is None else repr(value))


def _gap(gap: Gap, ends: list[list[float]], folder: Any) -> None:
    """Its time, its reason, and the positions beside it, without a line between them."""
    placemark = _add(folder, "Placemark")
    missing = "nobody can tell how many are missing" if gap.count is None else f"{gap.count} {COUNTED[gap.reason]} missing"
    _add(placemark, "name", f"Gap: {gap.reason.value}")
    _add(placemark, "description", f"{iso(gap.from_us)} to {iso(gap.to_us)}, {gap.link}: {missing}")
    span = _add(placemark, "TimeSpan")
    _add(span, "begin", iso(gap.from_us))
    _add(span, "end", iso(gap.to_us))
    points = _add(placemark, "MultiGeometry") if ends else None
    for lon, lat in ends:
        _add(_add(points, "Point"), "coordinates", f"{lon!r},{lat!r}")


def _add(parent: Any, name: str, words: str | None = None) -> Any:
    prefix, _, local = name.rpartition(":")
    element = etree.SubElement(parent, f"{{{_GX if prefix else _KML}}}{local}")
    element.text = words
    return element
