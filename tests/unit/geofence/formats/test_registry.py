"""Which format a file is in, what its collection is called, and that rubbish is a sentence and never a traceback."""

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from geofence.formats import openair, registry
from geofence.formats.document import Unreadable
from geofence.formats.meaning import DEFAULTS, table
from geofence.geojson import write
from geofence.zone import ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [149.1, -35], [149.1, -35.1], [149, -35.1], [149, -35]]]}


def feature(**facts: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": SQUARE, "properties": {"name": "Stromlo", "kind": "keep_in"}} | facts


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


OPENAIR = b"* a comment\r\n\r\nAC R\r\nAN R1\r\nAL SFC\r\nAH 3000FT\r\nV X=35:18:00 S 149:12:00 E\r\nDC 3\r\n"


@pytest.mark.parametrize(
    ("raw", "format"),
    [
        (OPENAIR, "OpenAir"),
        (b"\xef\xbb\xbf" + OPENAIR, "OpenAir"),
        (json.dumps(feature()).encode(), "GeoJSON"),
        (collection(feature()), "GeoJSON"),
        (b"\xef\xbb\xbf" + collection(feature()), "GeoJSON"),
    ],
)
def test_a_format_is_known_by_what_is_in_the_file(raw: bytes, format: str) -> None:
    name, found = registry.read(raw, OPERATOR, "test", DEFAULTS)
    assert (name, len(found.zones), found.troubles) == (format, 1, [])


@pytest.mark.parametrize("raw", [b"hello", b"\x00\xff\xfe", b"[1]", b'{"type": "Topology"}', b"<html></html>", b"[" * 5000])
def test_what_is_no_file_of_zones_is_refused_with_the_formats_that_are(raw: bytes) -> None:
    with pytest.raises(registry.UnknownFormat, match=r"GeoJSON, ED-269, .*OpenAir"):
        registry.read(raw, OPERATOR, "test", DEFAULTS)


def test_a_file_with_nothing_in_it_or_more_than_anybody_has_is_refused() -> None:
    for raw, why in ((b"", "it is empty"), (b" \n", "it is empty"), (b" " * 50_000_001 + b"{", "more than 50000000")):
        with pytest.raises(Unreadable, match=f"^This zone file cannot be read: it .*{why}|{why}"):
            registry.read(raw, OPERATOR, "test", DEFAULTS)


ED269 = {"identifier": "LSR41", "name": "Place", "restriction": "PROHIBITED", "applicability": [{"permanent": "YES"}]}
LAYER = {"uomDimensions": "M", "upperLimit": 120, "upperVerticalReference": "AGL", "horizontalProjection": SQUARE}
CIRCLE = {"circle": {"center": [-35, 149], "radius": 99}, "inclusion": True, "version": 1}
FENCE = {"polygons": [], "circles": [CIRCLE], "version": 2}
CORNERS = "149,-35 149.1,-35 149.1,-35.1 149,-35"
KML = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Paddock</name><Polygon><outerBoundaryIs><LinearRing>'
    f"<coordinates>{CORNERS}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"
)


def zipped(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("doc.kml", text)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("raw", "format", "kinds"),
    [
        (json.dumps({"features": [ED269 | {"geometry": [LAYER]}]}).encode(), "ED-269", ["keep_out"]),
        (collection(feature(properties={"identifier": "A", "type": "PROHIBITED"})), "ED-318", ["keep_out"]),
        (collection(5, feature(properties={"identifier": "A", "type": "USPACE"})), "ED-318", ["information"]),
        (json.dumps({"fileType": "Plan", "geoFence": FENCE, "version": 1}).encode(), "QGroundControl plan", ["keep_in"]),
        (KML.encode(), "KML", ["information"]),
        (KML.encode("utf-16"), "KML", ["information"]),
        (zipped(KML), "KML", ["information"]),
    ],
)
def test_every_other_format_is_known_too(raw: bytes, format: str, kinds: list[str]) -> None:
    name, found = registry.read(raw, OPERATOR, "test", DEFAULTS)
    assert (name, [zone.kind for zone in found.zones]) == (format, kinds)


def test_whoever_imports_says_what_areas_ask_that_do_not_say_it_and_no_others() -> None:
    _, found = registry.read(KML.encode(), OPERATOR, "test", DEFAULTS, ZoneKind.KEEP_IN)
    assert ([zone.kind for zone in found.zones], found.troubles) == ([ZoneKind.KEEP_IN], [])
    with pytest.raises(registry.KindNotOpen, match="A file of OpenAir says itself what its zones ask"):
        registry.read(OPENAIR, OPERATOR, "test", DEFAULTS, ZoneKind.KEEP_OUT)


def test_an_operators_table_holds_for_the_words_of_ed_269_and_ed_318_too_in_either_spelling() -> None:
    raw = collection(feature(properties={"identifier": "A", "type": "REQ_AUTHORISATION"}))
    changed = table({"REQ_AUTHORIZATION": "information"})
    assert [registry.read(raw, OPERATOR, "test", one)[1].zones[0].kind for one in (DEFAULTS, changed)] == [
        ZoneKind.KEEP_OUT, ZoneKind.INFORMATION,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"<kml", "This KML file cannot be read: it is no XML"),
        (b"PK\x03\x04", "This KMZ file cannot be read: it is no whole archive"),
        (b'{"fileType": "Plan", "version": 3}', "This QGroundControl plan file cannot be read: it has version 3"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_one_sentence(raw: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        registry.read(raw, OPERATOR, "test", DEFAULTS)


def test_json_that_is_broken_says_where() -> None:
    with pytest.raises(registry.UnknownFormat, match=r"as JSON it cannot be read: .*line 1 column"):
        registry.read(b'{"type": "Feature",', OPERATOR, "test", DEFAULTS)
    with pytest.raises(registry.UnknownFormat, match="'type' stands twice"):
        registry.read(b'{"type": "Feature", "type": "Feature"}', OPERATOR, "test", DEFAULTS)


def test_features_are_read_one_by_one_and_a_wrong_one_is_told_by_field() -> None:
    wrong = feature(properties={"name": "Moor", "kind": "prohibited"})
    _, found = registry.read(
        collection(feature(id="a"), wrong, 7, feature(id="a"), feature(id="b")), OPERATOR, "test", DEFAULTS
    )
    assert [zone.source for zone in found.zones] == ["test/a", "test/b"]
    assert [one.where for one in found.troubles] == ["feature 1 (Moor)", "feature 2", "feature 3 (Stromlo)"]
    assert found.troubles[0].detail.startswith("properties.kind: one of keep_in")


def test_what_the_api_writes_is_a_collection_that_can_be_imported() -> None:
    zone = ZoneVersion(
        operator_id=OPERATOR, zone_id=UUID(int=7), version=3, world=9, name="R1", kind=ZoneKind.KEEP_OUT, geometry=SQUARE,
        source="australia/R R1", remarks=("active by NOTAM: not known here",),
    )  # fmt: skip
    _, found = registry.read(collection(write(zone)), OPERATOR, "mine", DEFAULTS)
    assert (found.zones[0].source, found.zones[0].remarks) == (f"mine/{UUID(int=7)}", zone.remarks)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("australia-2024-11-28.openair.txt", "australia"),
        ("/tmp/Australia_20241128.txt", "australia"),
        ("2024-11 airspace north.txt", "airspace-north"),
        ("zones.geojson", "zones"),
        ("DAH 28-11-2024.txt", "dah"),
        (".hidden.txt", "hidden"),
    ],
)
def test_a_collection_is_called_as_its_file_without_dates_and_extensions(file: str, name: str) -> None:
    assert registry.collection_of(file) == name


def test_a_file_that_is_all_date_needs_a_name_for_its_collection() -> None:
    with pytest.raises(registry.WrongCollection):
        registry.collection_of("2024-11-28.txt")
    for name in ("", "a/b", "Ä", "x" * 61, "a b"):
        with pytest.raises(registry.WrongCollection):
            registry.read(OPENAIR, OPERATOR, name, DEFAULTS)


_DEGREES = st.from_regex(r"\d{1,3}:\d{2}:\d{2} [NS] \d{1,3}:\d{2}:\d{2} [EW]", fullmatch=True)
_MINUTES = st.integers(0, 59)
_NEAR = st.builds("{}:{:02}:00 S {}:{:02}:00 E".format, st.integers(0, 89), _MINUTES, st.integers(0, 179), _MINUTES)
_GOOD = ["AC R", "AC Q", "AC", "AN R1 [NOTAM]", "AL SFC", "AH 700 AGL", "AL FL180", "AH BCTA", "V D=-", "V D=+", "AA NONE"]
_TAGS = ["AN", "AC", "AH", "AL", "DP", "DB", "V", "AA", "AI", "AY", "TO"]
_LINES = st.one_of(
    st.sampled_from(_GOOD),
    st.builds("DP {}".format, _NEAR | _DEGREES),
    st.builds("V X={}".format, _NEAR | _DEGREES),
    st.builds("DB {}, {}".format, _NEAR, _NEAR),
    st.builds("DC {}".format, st.integers(0, 300)),
    st.builds("DA {}, {}, {}".format, st.integers(0, 300), st.integers(-400, 400), st.integers(-400, 400)),
    st.builds("{} {}".format, st.sampled_from(_TAGS), st.text(max_size=20)),
    st.text(max_size=30),
)


@given(st.lists(_LINES, max_size=40))
def test_whatever_stands_in_it_an_openair_file_gives_valid_zones_or_troubles(lines: list[str]) -> None:
    found = openair.read("AC R\n" + "\n".join(lines), OPERATOR, "test", DEFAULTS)
    assert found.zones or found.troubles
    assert len({zone.source for zone in found.zones}) == len(found.zones)
    for zone in found.zones:
        if zone.radius_m is None:
            footprint = shape(zone.geometry)
            assert footprint.is_valid
            assert footprint.area > 0
            west, south, east, north = footprint.bounds
            assert -180 <= west <= east <= 180
            assert -90 <= south <= north <= 90
