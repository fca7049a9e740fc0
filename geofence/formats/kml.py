"""KML and KMZ (OGC 07-147r2): areas as people draw them, read; and written, so that they come back whole.

A placemark says nothing of keep-in or keep-out: whoever imports it does (kind), else it is information. Our own files say
it in ExtendedData, as wedgetail.kind and the other properties of our GeoJSON; there only name and outline are the placemark's.

lxml reads the XML, the dozen elements that matter are read here: fastkml 1.4, though strict, drops a corner that is no
number, and gives no outline for one whose corners differ in their number of coordinates, without a word.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import shapely
from lxml import etree
from msgspec.structs import replace
from shapely.geometry import shape

from geofence.formats.document import text
from geofence.formats.extension import hold, properties_of, zone_of
from geofence.formats.found import Found
from geofence.formats.gathering import Gathering
from geofence.formats.kmz import child_text, children, root_of, tag, zipped
from geofence.formats.layers import UNLIMITED_M
from geofence.formats.mending import NoOutline, Outline, read_outline
from geofence.geojson import WrongZone
from geofence.index import footprint
from geofence.zone import Datum, ZoneKind, ZoneVersion

_NAMESPACE = "http://www.opengis.net/kml/2.2"
_OWN = "wedgetail."
_MODES = {"relativeToGround": Datum.AGL, "absolute": Datum.AMSL}  # a lone altitude in KML is above ground or sea level
_GEOMETRIES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Model", "Track", "MultiTrack")
# Red, green, grey: in KML blue stands first.
_COLOURS = {
    ZoneKind.KEEP_OUT: "2b2bd6",
    ZoneKind.KEEP_IN: "4fa83d",
    ZoneKind.INFORMATION: "9a8a78",
}
_ROUND = 1e-3  # of a radius: how far the polygon that shows a circle may be off
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_UNKNOWN_KIND = "{count} areas say neither keep-in nor keep-out and are taken as information: import them with a kind"


def recognised(data: bytes) -> bool:
    """Is it a zip, or XML with a kml element near its beginning."""
    return zipped(data) or b"<kml" in data[:4000].replace(b"\0", b"") or b":kml" in data[:4000].replace(b"\0", b"")


def read(data: bytes, operator_id: UUID, collection: str, kind: ZoneKind | None = None) -> Found:
    """Its areas, and by placemark what could not be understood; points and lines are none. Raises Unreadable.

    kind: what areas ask that do not say it themselves.
    """
    notes: list[str] = []
    root, gathering, unsaid = root_of(data, notes), Gathering(operator_id, collection), 0
    for note in notes:
        gathering.noted("file", note)
    placemarks = (element for element in root.iter() if tag(element) == "Placemark")
    for number, placemark in enumerate(placemarks, 1):
        unsaid += _Placemark(number, placemark).read(gathering, kind)
    for link in root.iter():
        if tag(link) == "NetworkLink":
            gathering.lost(f"line {link.sourceline}", "a link to another file, which is not followed: import that one")
    if unsaid:
        gathering.noted("file", _UNKNOWN_KIND.format(count=unsaid))
    return gathering.found()


class _Placemark:
    def __init__(self, number: int, element: Any) -> None:
        self._element = element
        self._name = child_text(element, "name")
        self._known_as = text(self._name) or f"placemark {number}"
        self._where = f"line {element.sourceline} ({self._known_as})"

    def read(self, gathering: Gathering, kind: ZoneKind | None) -> bool:
        """Hands over its area, or why it has none. Did it leave open what the area asks?"""
        own, doubts = self._own(), list[str]()
        parts = [part for element in self._element for part in _parts(element)]
        polygons = [part for part in parts if tag(part) == "Polygon"]
        several = len(polygons) > 1 or any(tag(element) == "MultiGeometry" for element in self._element)
        try:
            outline = _circle(parts, own.pop("radius_m", None)) or _outline(polygons, several)
            if "kind" in own:
                known_as = text(own.pop("zone", None)) or self._known_as
                zone = zone_of(own, self._name or self._known_as, outline, gathering.operator_id)
                zone = _as_drawn(zone, polygons, doubts)
                gathering.take(self._where, known_as, zone, [*doubts, *outline.doubts])
                return False
        except (NoOutline, WrongZone) as problem:
            gathering.lost(self._where, str(problem))
            return False
        if len(polygons) < len(parts) and outline.radius_m is None:
            doubts.append("only its polygons are taken, not its points and lines")
        if any(tag(child) in ("TimeSpan", "TimeStamp") for child in self._element):
            doubts.append("its time says when it is shown, not when it holds: taken as always")
        ceiling = _ceiling(polygons, kind, doubts)
        description = text(child_text(self._element, "description"), 500)
        gathering.add(
            self._where, self._known_as, outline, kind or ZoneKind.INFORMATION, [description] if description else [], doubts,
            name=self._known_as, **ceiling,
        )  # fmt: skip
        return kind is None

    def _own(self) -> dict[str, Any]:
        """What write() wrote, each value as JSON or plain text."""
        own: dict[str, Any] = {}
        for extended in children(self._element, "ExtendedData"):
            for data in children(extended, "Data"):
                name = data.get("name") or ""
                if name.startswith(_OWN):
                    own[name.removeprefix(_OWN)] = _value(child_text(data, "value"))
        return own


def _parts(element: Any) -> Iterator[Any]:
    """The geometries in an element, those in a MultiGeometry one by one; XML is read no deeper than 256 levels."""
    if tag(element) == "MultiGeometry":
        for child in element:
            yield from _parts(child)
    elif tag(element) in _GEOMETRIES:
        yield element


def _outline(polygons: list[Any], several: bool) -> Outline:
    if not polygons:
        raise NoOutline(detail="it has no area: only polygons are areas")
    coordinates = [[_flat(ring) for ring in _rings(polygon)] for polygon in polygons]
    if several:
        return read_outline({"type": "MultiPolygon", "coordinates": coordinates})
    return read_outline({"type": "Polygon", "coordinates": coordinates[0]})


def _circle(parts: list[Any], radius_m: object) -> Outline | None:
    """KML has no circles: ours are a point, its radius, and a polygon that shows it."""
    points = [part for part in parts if tag(part) == "Point"]
    if radius_m is None or len(points) != 1:
        return None
    centre = _flat(_corners(points[0]))
    return read_outline({"type": "Point", "coordinates": centre[0] if centre else None}, radius_m)


def _as_drawn(zone: ZoneVersion, polygons: list[Any], doubts: list[str]) -> ZoneVersion:
    """The zone, or if somebody changed the polygon that shows a circle, with that polygon."""
    if zone.radius_m is None or not polygons:
        return zone
    drawn, circle = _outline(polygons, len(polygons) > 1), footprint(zone)
    if shapely.symmetric_difference(shape(drawn.geometry), circle).area <= 0.01 * circle.area:
        return zone
    doubts.append("its polygon is not the circle that it was written as: the polygon is taken")
    return replace(zone, geometry=drawn.geometry, radius_m=None)


def _rings(polygon: Any) -> list[list[list[float]]]:
    """The outer ring, then the holes. Whatever stands there twice or is missing is refused, not passed over."""
    rings: list[list[list[float]]] = []
    for side in ("outerBoundaryIs", "innerBoundaryIs"):
        boundaries = list(children(polygon, side))
        if side == "outerBoundaryIs" and len(boundaries) != 1:
            raise NoOutline(detail=f"a polygon has one outerBoundaryIs, not {len(boundaries)}")
        for boundary in boundaries:
            linear = list(children(boundary, "LinearRing"))
            if not linear or (side == "outerBoundaryIs" and len(linear) > 1):
                raise NoOutline(detail=f"{side} has {len(linear)} LinearRing")
            rings.extend(_corners(ring) for ring in linear)
    return rings


def _corners(element: Any) -> list[list[float]]:
    """lon,lat or lon,lat,altitude, with spaces between the corners and none within."""
    corners = []
    for word in child_text(element, "coordinates").split():
        numbers = word.split(",")
        if not 2 <= len(numbers) <= 3 or not all(_NUMBER.fullmatch(number) for number in numbers):
            raise NoOutline(detail=f"coordinates: {ascii(word)[:60]} is no longitude,latitude,altitude")
        corners.append([float(number) for number in numbers])
    return corners


def _flat(ring: list[list[float]]) -> list[list[float]]:
    return [corner[:2] for corner in ring]


def _ceiling(polygons: list[Any], kind: ZoneKind | None, doubts: list[str]) -> dict[str, Any]:
    """A polygon at a height and extruded to the ground is a volume with that ceiling; one that only hangs there is none."""
    heights = [corner[2] for polygon in polygons for ring in _rings(polygon) for corner in ring if len(corner) == 3]
    modes = {child_text(polygon, "altitudeMode") or "clampToGround" for polygon in polygons}
    if modes <= {"clampToGround", "clampToSeaFloor"} or not any(heights):
        return {}
    datum = _MODES.get(modes.pop()) if len(modes) == 1 else None
    if datum is None or any(child_text(polygon, "extrude") not in ("1", "true") for polygon in polygons):
        doubts.append("its height is not used: only a polygon extruded from the ground, or from sea level, has a ceiling")
        return {}
    ceiling_m = min(heights) if kind is ZoneKind.KEEP_IN else max(heights)
    if min(heights) != max(heights):
        doubts.append(f"its corners have different heights: {ceiling_m:g} m is taken as its ceiling")
    if not 0 < ceiling_m <= UNLIMITED_M:
        doubts.append(f"{ceiling_m:g} m is no ceiling: taken as without limit")
        return {}
    return {"ceiling_m": ceiling_m, "ceiling_datum": datum}


def _value(written: str) -> Any:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return written


def write(zones: Sequence[ZoneVersion]) -> bytes:
    """A KML document that read() takes back; what lies over a ceiling or under a floor is drawn by nobody's map, but is kept.

    Raises NotWritten rather than lose part.
    """
    root = etree.Element(f"{{{_NAMESPACE}}}kml", nsmap={None: _NAMESPACE})
    document = _add(root, "Document")
    _add(document, "name", "Wedgetail")
    for kind, colour in _COLOURS.items():
        style = _add(document, "Style")
        style.set("id", kind.value)
        _add(_add(style, "LineStyle"), "color", f"ff{colour}")
        _add(_add(style, "PolyStyle"), "color", f"40{colour}")
    for zone in zones:
        _write_placemark(zone, _add(document, "Placemark"))
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    if zones:
        hold(zones, read(data, zones[0].operator_id, "written"), "KML")
    return data


def _write_placemark(zone: ZoneVersion, placemark: Any) -> None:
    _add(placemark, "name", zone.name)
    if zone.remarks:
        _add(placemark, "description", "\n".join(text(remark, 1000) for remark in zone.remarks))
    _add(placemark, "styleUrl", f"#{zone.kind.value}")
    own = {"zone": str(zone.zone_id), "radius_m": zone.radius_m, **properties_of(zone)}
    extended = _add(placemark, "ExtendedData")
    for name, value in own.items():
        if value is not None:
            data = _add(extended, "Data")
            data.set("name", f"{_OWN}{name}")
            _add(data, "value", value if isinstance(value, str) and _value(value) is value else json.dumps(value))
    coordinates, parent = zone.geometry["coordinates"], placemark
    if zone.geometry["type"] != "Polygon":
        parent = _add(placemark, "MultiGeometry")
    if zone.radius_m is not None:
        _add(_add(parent, "Point"), "coordinates", _words([coordinates]))
        circle = footprint(zone)
        _, south, _, north = circle.bounds
        shown = shapely.simplify(circle, _ROUND * (north - south) / 2)
        polygons = [[list(part.exterior.coords)] for part in getattr(shown, "geoms", [shown])]
    else:
        polygons = [coordinates] if parent is placemark else coordinates
    for rings in polygons:
        _write_polygon(zone, rings, _add(parent, "Polygon"))


def _write_polygon(zone: ZoneVersion, rings: list[Any], polygon: Any) -> None:
    datum = next((mode for mode, datum in _MODES.items() if datum is zone.ceiling_datum), None)
    height_m = zone.ceiling_m if datum and zone.floor_m is None else None
    if height_m is not None:
        _add(polygon, "extrude", "1")
        _add(polygon, "altitudeMode", datum)
    for number, ring in enumerate(rings):
        boundary = _add(polygon, "innerBoundaryIs" if number else "outerBoundaryIs")
        _add(_add(boundary, "LinearRing"), "coordinates", _words(ring, height_m))


def _words(corners: Sequence[Sequence[float]], height_m: float | None = None) -> str:
    height = "" if height_m is None else f",{height_m!r}"
    return " ".join(f"{corner[0]!r},{corner[1]!r}{height}" for corner in corners)


def _add(parent: Any, name: str, words: str | None = None) -> Any:
    element = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    element.text = words
    return element
