"""KML and KMZ from anywhere: areas load, what is none is told with its line, and no file does any harm."""

import io
import zipfile
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WedgetailError
from geofence.formats import kml, kmz
from geofence.formats.document import Unreadable
from geofence.formats.found import Found
from geofence.zone import Datum, ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
RING = "149,-35 149.1,-35 149.1,-35.1 149,-35.1 149,-35"
INNER = "149.02,-35.02 149.04,-35.02 149.04,-35.04 149.02,-35.04 149.02,-35.02"


def ring(corners: str = RING) -> str:
    return f"<LinearRing><coordinates>{corners}</coordinates></LinearRing>"


def polygon(corners: str = RING, *holes: str, more: str = "") -> str:
    inner = "".join(f"<innerBoundaryIs>{ring(hole)}</innerBoundaryIs>" for hole in holes)
    return f"<Polygon>{more}<outerBoundaryIs>{ring(corners)}</outerBoundaryIs>{inner}</Polygon>"


def placemark(body: str = "", name: str = "Field") -> str:
    return f"<Placemark><name>{name}</name>{body or polygon()}</Placemark>"


def document(*placemarks: str, head: str = "", namespace: str = "http://www.opengis.net/kml/2.2") -> bytes:
    places = "\n".join(placemarks or [placemark()])
    return f'<?xml version="1.0"?>{head}\n<kml xmlns="{namespace}"><Document>\n{places}</Document></kml>'.encode()


def archive(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packing) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return held.getvalue()


def read(data: bytes, kind: ZoneKind | None = ZoneKind.KEEP_OUT) -> Found:
    return kml.read(data, OPERATOR, "kml", kind)


def one(found: Found) -> ZoneVersion:
    assert len(found.zones) == 1, found.troubles
    return found.zones[0]


def test_an_area_asks_what_the_importer_says_that_it_asks() -> None:
    for kind in ZoneKind:
        assert one(read(document(), kind)).kind is kind


def test_without_a_word_it_is_information_and_that_is_told_once() -> None:
    found = read(document(placemark(), placemark(name="Other")), None)
    assert [zone.kind for zone in found.zones] == [ZoneKind.INFORMATION] * 2
    assert [(trouble.where, trouble.lost) for trouble in found.troubles] == [("file", False)]
    assert "2 areas say neither keep-in nor keep-out" in found.troubles[0].detail


def test_holes_and_several_polygons() -> None:
    zone = one(read(document(placemark(f"<MultiGeometry>{polygon(RING, INNER)}{polygon('0,0 1,0 1,1 0,0')}</MultiGeometry>"))))
    assert zone.geometry["type"] == "MultiPolygon"
    assert [len(rings) for rings in zone.geometry["coordinates"]] == [2, 1]


@pytest.mark.parametrize("namespace", ["http://earth.google.com/kml/2.1", "http://earth.google.com/kml/2.2", ""])
def test_older_namespaces_and_none(namespace: str) -> None:
    assert one(read(document(namespace=namespace))).name == "Field"


def test_areas_in_folders_keep_their_names() -> None:
    found = read(document(f"<Folder>{placemark(name='A')}</Folder><Folder>{placemark(name='A')}</Folder>"))
    assert [zone.source for zone in found.zones] == ["kml/A", "kml/A~2"]


def at(height: str, mode: str, extrude: str = "1") -> str:
    corners = " ".join(f"{corner},{height}" for corner in RING.split())
    return placemark(polygon(corners, more=f"<extrude>{extrude}</extrude><altitudeMode>{mode}</altitudeMode>"))


CEILINGS: list[tuple[str, str, float | None, Datum, str]] = [
    ("clamped to the ground", at("120", "clampToGround"), None, Datum.AGL, ""),
    ("above ground, extruded", at("120", "relativeToGround"), 120.0, Datum.AGL, ""),
    ("above the sea, extruded", at("720.5", "absolute"), 720.5, Datum.AMSL, ""),
    ("hanging", at("120", "relativeToGround", "0"), None, Datum.AGL, "only a polygon extruded"),
    ("above the sea's floor", at("120", "relativeToSeaFloor"), None, Datum.AGL, "only a polygon extruded"),
    ("in a mode that is none", at("120", "high"), None, Datum.AGL, "only a polygon extruded"),
    ("at 99999", at("99999", "absolute"), None, Datum.AGL, "no ceiling"),
    ("at nothing", at("0", "relativeToGround"), None, Datum.AGL, ""),
    ("sloping", at("120", "relativeToGround").replace("149,-35,120", "149,-35,90"), 120.0, Datum.AGL, "different heights"),
]


@pytest.mark.parametrize(("given", "ceiling_m", "datum", "doubt"), [c[1:] for c in CEILINGS], ids=[c[0] for c in CEILINGS])
def test_a_polygon_extruded_from_the_ground_has_a_ceiling(given: str, ceiling_m: float, datum: Datum, doubt: str) -> None:
    found = read(document(given))
    zone = one(found)
    assert (zone.ceiling_m, zone.ceiling_datum, zone.floor_m) == (ceiling_m, datum, None)
    assert len(found.troubles) == bool(doubt)
    assert all(doubt in trouble.detail and trouble.detail in zone.remarks for trouble in found.troubles)


def test_a_keep_in_area_with_a_sloping_top_is_as_high_as_its_lowest_corner() -> None:
    sloping = at("120", "relativeToGround").replace("149,-35,120", "149,-35,90")
    assert one(read(document(sloping), ZoneKind.KEEP_IN)).ceiling_m == 90


def test_times_that_say_when_it_is_shown_are_not_taken_for_when_it_holds() -> None:
    found = read(document(placemark(f"<TimeSpan><begin>2026-01-01</begin></TimeSpan>{polygon()}")))
    assert one(found).valid_from_us is None
    assert "taken as always" in found.troubles[0].detail


LOST: list[tuple[str, str, str]] = [
    ("a point", placemark("<Point><coordinates>149,-35</coordinates></Point>"), "no area"),
    ("a line", placemark(f"<LineString><coordinates>{RING}</coordinates></LineString>"), "no area"),
    ("nothing drawn", placemark("<description>here</description>"), "no area"),
    ("an empty MultiGeometry", placemark("<MultiGeometry/>"), "no area"),
    ("a corner that is none", placemark(polygon(RING.replace("149.1,-35.1", "x,-35.1"))), "'x,-35.1' is no longitude"),
    ("a space within a corner", placemark(polygon(RING.replace(",", ", "))), "'149,' is no longitude"),
    ("NaN", placemark(polygon(RING.replace("-35.1", "nan"))), "is no longitude"),
    ("latitude 95", placemark(polygon(RING.replace("-35.1", "95"))), "latitude 95 is beyond 90"),
    ("latitude first", placemark(polygon("-35,149 -35,148 -34,148 -35,149")), "longitude stands first"),
    ("a number that no float holds", placemark(polygon(RING.replace("-35.1", "1e999"))), "not a finite number"),
    ("no coordinates", placemark(polygon("")), "4 positions"),
    ("no outer ring", placemark("<Polygon/>"), "one outerBoundaryIs, not 0"),
    ("a ring without its boundary", placemark(f"<Polygon>{ring()}</Polygon>"), "one outerBoundaryIs, not 0"),
    ("a boundary without its ring", placemark("<Polygon><outerBoundaryIs/></Polygon>"), "has 0 LinearRing"),
    ("a link", "<NetworkLink><Link><href>other.kml</href></Link></NetworkLink>", "not followed"),
]


@pytest.mark.parametrize(("given", "why"), [case[1:] for case in LOST], ids=[case[0] for case in LOST])
def test_what_is_no_area_is_left_out_with_its_line_and_the_rest_loads(given: str, why: str) -> None:
    found = read(document(given, placemark(name="Good")))
    assert [zone.name for zone in found.zones] == ["Good"]
    lost = [trouble for trouble in found.troubles if trouble.lost]
    assert len(lost) == 1 and lost[0].where.startswith("line 3") and why in lost[0].detail


def test_an_outline_that_crosses_itself_is_mended_and_told() -> None:
    found = read(document(placemark(polygon("0,0 1,1 1,0 0,1 0,0"))))
    assert "crosses itself" in found.troubles[0].detail
    assert one(found).remarks == (found.troubles[0].detail,)


def test_a_kmz_is_its_doc_kml() -> None:
    found = read(archive({"files/logo.png": b"x", "other.kml": document(placemark(name="Other")), "doc.kml": document()}))
    assert one(found).name == "Field"
    assert found.troubles[0].detail == "the archive has 2 documents: only doc.kml is read"


def test_paths_in_an_archive_lead_nowhere() -> None:
    assert one(read(archive({"../../etc/doc.kml": document()}))).name == "Field"


BOMB = '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
NO_FILES: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "it is empty"),
    ("no XML", b"AC R", "it is no XML"),
    ("half a file", document()[:-20], "it is no XML"),
    ("another XML", b"<gpx/>", "not gpx"),
    ("the kml of somebody else", document(namespace="urn:example"), "a kml element is expected"),
    ("an entity bomb", document(placemark(name="&i;"), head=BOMB + "]>"), "amplification|DOCTYPE"),
    ("an entity bomb in an attribute", document('<Folder id="&i;"/>', head=BOMB + "]>"), "amplification|DOCTYPE"),
    ("a file here", document(placemark(name="&x;"), head='<!DOCTYPE kml [<!ENTITY x SYSTEM "/etc/hostname">]>'), "DOCTYPE"),
    ("a DTD from elsewhere", document(head='<!DOCTYPE kml SYSTEM "file:///etc/hostname">'), "DOCTYPE"),
    ("nested without end", document("<Folder>" * 10_000 + "</Folder>" * 10_000), "it is no XML"),
    ("half an archive", archive({"doc.kml": document()})[:-30], "no whole archive"),
    ("the beginning of an archive", b"PK\x03\x04", "no whole archive"),
    ("an archive of something else", archive({"a.txt": b"x"}), "no .kml in it"),
    ("an archive with nothing", archive({"doc.kml": b""}), "it is empty"),
    ("an archive packed otherwise", archive({"doc.kml": document()}, zipfile.ZIP_LZMA), "packed in a way"),
    ("an archive in an archive", archive({"doc.kml": archive({"doc.kml": document()})}), "it is no XML"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "why"), [case[1:] for case in NO_FILES], ids=[case[0] for case in NO_FILES])
def test_what_is_no_such_file_is_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=f"^This KM[LZ] file cannot be read: .*({why})"):
        read(data)


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    packed = archive({"doc.kml": b"\0" * 60_000_000})
    assert len(packed) < 100_000
    with pytest.raises(Unreadable, match="more than"):
        read(packed)


def test_an_archive_that_lies_about_its_size_is_refused() -> None:
    packed = archive({"doc.kml": document()}).replace(len(document()).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    with pytest.raises(WedgetailError):
        read(packed)


WHOLE = document(
    placemark(f"<MultiGeometry>{polygon(RING, INNER)}<Point><coordinates>1,2</coordinates></Point></MultiGeometry>"),
    placemark('<ExtendedData><Data name="wedgetail.kind"><value>keep_in</value></Data></ExtendedData>' + polygon()),
    at("120", "absolute"),
)
ARCHIVE = archive({"doc.kml": WHOLE})


@given(st.data())
def test_whatever_bytes_are_changed_it_is_a_zone_a_trouble_or_one_sentence(data: st.DataObject) -> None:
    whole: Any = bytearray(data.draw(st.sampled_from([WHOLE, ARCHIVE])))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        kml.read(bytes(whole), OPERATOR, "kml")
    except WedgetailError as error:
        assert str(error).startswith("This KM")


def test_a_file_is_known_by_what_is_in_it() -> None:
    assert kml.recognised(WHOLE) and kml.recognised(ARCHIVE) and kmz.zipped(ARCHIVE)
    assert kml.recognised(WHOLE.decode().replace("1.0", "1.1", 1).encode("utf-16"))
    assert not kml.recognised(b'{"type": "Feature"}') and not kml.recognised(b"AC R\nAN X")
