"""ED-269 and ED-318: what each word becomes, every trap by its name, and files that are not what they should be."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import WedgetailError
from geofence.formats import ed269, ed318
from geofence.formats.content import Content
from geofence.formats.document import Unreadable
from geofence.formats.found import Found, zone_id
from geofence.moments import read_time
from geofence.times import Span, Timetable
from geofence.zone import Activation, Datum, ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
SQUARE = [[8.0, 47.0], [8.1, 47.0], [8.1, 47.1], [8.0, 47.1], [8.0, 47.0]]
HOLE = [[8.02, 47.02], [8.04, 47.02], [8.04, 47.04], [8.02, 47.04], [8.02, 47.02]]


def volume(shape: Any = None, **values: Any) -> dict[str, Any]:
    """An ED-269 volume."""
    limits = {
        "uomDimensions": "M",
        "lowerLimit": 0,
        "lowerVerticalReference": "AGL",
        "upperLimit": 120,
        "upperVerticalReference": "AGL",
        "horizontalProjection": shape or {"type": "Polygon", "coordinates": [SQUARE]},
    }
    return {name: value for name, value in (limits | values).items() if value is not ...}


def feature(*volumes: Any, **values: Any) -> dict[str, Any]:
    """An ED-269 feature."""
    facts = {"identifier": "X1", "name": "Place", "restriction": "PROHIBITED", "applicability": [{"permanent": "YES"}]}
    return facts | {"geometry": list(volumes) or [volume()]} | values


def read269(*features: Any) -> Found:
    return ed269.read({"features": list(features)}, OPERATOR, "CH")


def one(found: Found) -> ZoneVersion:
    assert len(found.zones) == 1, found.troubles
    return found.zones[0]


def zone318(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    facts = {"identifier": "X1", "name": [{"text": "Place", "lang": "en-GB"}], "type": "PROHIBITED"} | properties
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    return {"type": "Feature", "geometry": geometry or polygon, "properties": facts}


def read318(*features: Any, **members: Any) -> Found:
    return ed318.read({"type": "FeatureCollection", "features": list(features)} | members, OPERATOR, "IE")


@pytest.mark.parametrize(
    ("file", "zones", "lost"),
    [
        ("ed269-luxembourg.json", 2, 0),
        ("ed269-switzerland.json", 5, 0),
        ("ed318-circle.json", 1, 0),
        ("ed318-collection.json", 3, 0),
        ("ed318-ireland.json", 5, 0),
        ("ed318-invalid-two-layers.json", 0, 1),
    ],
)
def test_the_real_files_load_and_the_invalid_one_is_refused(shared_data: Path, file: str, zones: int, lost: int) -> None:
    reader = ed269 if file.startswith("ed269") else ed318
    found = reader.read(Content((shared_data / "zones" / file).read_bytes()).json, OPERATOR, "c")
    assert (len(found.zones), sum(trouble.lost for trouble in found.troubles)) == (zones, lost)
    assert len({zone.source for zone in found.zones}) == zones


def test_the_invalid_file_is_refused_by_feature_with_its_reason(shared_data: Path) -> None:
    found = ed318.read(Content((shared_data / "zones" / "ed318-invalid-two-layers.json").read_bytes()).json, OPERATOR, "c")
    assert found.troubles[0].where == "feature 1 (NFZ6547)"
    assert "metadata.validFrom" in found.troubles[0].detail


def test_a_zone_is_found_again_by_its_collection_and_identifier() -> None:
    zone = one(read269(feature()))
    assert (zone.source, zone.zone_id) == ("CH/X1", zone_id(OPERATOR, "CH/X1"))


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("PROHIBITED", ZoneKind.KEEP_OUT),
        ("REQ_AUTHORISATION", ZoneKind.KEEP_OUT),
        ("REQ_AUTHORIZATION", ZoneKind.KEEP_OUT),
        ("CONDITIONAL", ZoneKind.INFORMATION),
        ("NO_RESTRICTION", ZoneKind.INFORMATION),
        ("USPACE", ZoneKind.INFORMATION),
    ],
)
def test_a_restriction_is_taken_by_its_own_word(word: str, kind: ZoneKind) -> None:
    for zone in (one(read269(feature(restriction=word))), one(read318(zone318(type=word)))):
        assert (zone.kind, zone.airspace_class, zone.rule) == (kind, word, None)
        assert zone.remarks[0].startswith(f"{word}: ")


def test_who_authorises_is_said() -> None:
    authority = {"name": "Police", "email": "p@police.example", "purpose": "AUTHORIZATION", "intervalBefore": "P30D"}
    zone = one(read269(feature(restriction="REQ_AUTHORISATION", zoneAuthority=[authority])))
    assert "authorization: Police, p@police.example, P30D before" in zone.remarks


FLOOR, CEILING = ("floor_m", "floor_datum"), ("ceiling_m", "ceiling_datum")
LIMITS: list[tuple[str, dict[str, Any], tuple[str, str], tuple[Any, Datum], str]] = [
    ("zero AGL is the ground", {}, FLOOR, (None, Datum.SFC), ""),
    ("zero above the sea is a floor", {"lowerVerticalReference": "AMSL"}, FLOOR, (0.0, Datum.AMSL), ""),
    ("a floor", {"lowerLimit": 30}, FLOOR, (30.0, Datum.AGL), ""),
    ("a missing floor", {"lowerLimit": ...}, FLOOR, (None, Datum.SFC), ""),
    ("a null floor", {"lowerLimit": None}, FLOOR, (None, Datum.SFC), ""),
    ("a ceiling in metres", {}, CEILING, (120.0, Datum.AGL), ""),
    ("in feet", {"uomDimensions": "FT", "upperLimit": 400}, CEILING, (121.92, Datum.AGL), ""),
    ("in feet, small", {"uomDimensions": "ft", "upperLimit": 3000}, CEILING, (914.4, Datum.AGL), ""),
    ("in metres, small", {"uomDimensions": "m"}, CEILING, (120.0, Datum.AGL), ""),
    ("above the sea", {"upperVerticalReference": "AMSL"}, CEILING, (120.0, Datum.AMSL), ""),
    ("above the ellipsoid", {"upperVerticalReference": "WGS84"}, CEILING, (120.0, Datum.WGS84), ""),
    ("99999 m", {"upperLimit": 99999}, CEILING, (None, Datum.AGL), ""),
    ("99999 ft", {"upperLimit": 99999, "uomDimensions": "FT"}, CEILING, (None, Datum.AGL), ""),
    ("99999 m AMSL", {"upperLimit": 99999, "upperVerticalReference": "AMSL"}, CEILING, (None, Datum.AGL), ""),
    ("no ceiling", {"upperLimit": ...}, CEILING, (None, Datum.AGL), "no upper limit is published"),
    ("no datum", {"upperVerticalReference": ...}, CEILING, (None, Datum.AGL), "measured from something unknown"),
    ("a strange datum", {"upperVerticalReference": "QNE"}, CEILING, (None, Datum.AGL), "'QNE'"),
    ("no unit", {"uomDimensions": ...}, CEILING, (None, Datum.AGL), "no unit"),
    ("a unit of another kind", {"uomDimensions": ["M"]}, CEILING, (None, Datum.AGL), "no unit"),
    ("a limit in words", {"upperLimit": "high"}, CEILING, (None, Datum.AGL), "is no number"),
    ("NaN", {"upperLimit": float("nan")}, CEILING, (None, Datum.AGL), "is no number"),
    ("a ceiling at the ground", {"upperLimit": 0}, CEILING, (None, Datum.AGL), "leaves nothing"),
    ("a floor beyond the sky", {"lowerLimit": 99999}, FLOOR, (None, Datum.SFC), "no height"),
    ("upside down", {"lowerLimit": 200}, CEILING, (None, Datum.AGL), "not above the lower"),
]


@pytest.mark.parametrize(("given", "fields", "limit", "doubt"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_limits(given: dict[str, Any], fields: tuple[str, str], limit: tuple[Any, Datum], doubt: str) -> None:
    """What cannot be read limits nothing, and that is told: to who imports, and with the zone."""
    found = read269(feature(volume(**given)))
    zone = one(found)
    assert (getattr(zone, fields[0]), getattr(zone, fields[1])) == limit
    told = [trouble.detail for trouble in found.troubles if not trouble.lost]
    assert len(told) == len(found.troubles) == bool(doubt)
    assert all(doubt in text and text in zone.remarks for text in told)


DAILY = {"day": ["MON", "FRI"], "startTime": "08:00:00Z", "endTime": "17:30:00Z"}
PLAIN = Span("08:00", "17:30", (0, 4))
SCHEDULES: list[tuple[str, dict[str, Any], Span]] = [
    ("in UTC", {}, PLAIN),
    ("without a zone", {"startTime": "08:00", "endTime": "17:30"}, PLAIN),
    ("with an offset", {"startTime": "10:00:00+02:00", "endTime": "19:30:00+02:00"}, PLAIN),
    ("an offset over midnight", {"startTime": "05:00+10:00", "endTime": "09:00+10:00"}, Span("19:00", "23:00", (3, 6))),
    ("until midnight by offset", {"startTime": "05:00+10:00", "endTime": "10:00+10:00"}, Span("19:00", "24:00", (3, 6))),
    ("any day", {"day": ["ANY"]}, Span("08:00", "17:30")),
    ("a day as a word", {"day": "TUE"}, Span("08:00", "17:30", (1,))),
    ("a day in full", {"day": ["sunday"]}, Span("08:00", "17:30", (6,))),
    ("all seven", {"day": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]}, Span("08:00", "17:30")),
    (
        "by the sun",
        {"startTime": None, "startEvent": "BMCT", "endTime": None, "endEvent": "EECT"},
        Span("BMCT", "EECT", (0, 4)),
    ),
    ("the sun in a clock's place", {"startTime": "SR", "endTime": "SS"}, Span("SR", "SS", (0, 4))),
    ("whole days", {"startTime": None, "endTime": None}, Span("00:00", "24:00", (0, 4))),
    ("over midnight", {"startTime": "22:00Z", "endTime": "04:00Z"}, Span("22:00", "04:00", (0, 4))),
    ("to the last second", {"startTime": "00:00:00Z", "endTime": "23:59:59Z"}, Span("00:00", "24:00", (0, 4))),
]


@pytest.mark.parametrize(("given", "span"), [case[1:] for case in SCHEDULES], ids=[case[0] for case in SCHEDULES])
def test_a_schedule_becomes_a_timetable(given: dict[str, Any], span: Span) -> None:
    daily = {name: value for name, value in (DAILY | given).items() if value is not None}
    zone = one(read269(feature(applicability=[{"permanent": "YES", "schedule": [daily]}])))
    assert (zone.activation, zone.timetable) == (Activation.TIMETABLE, Timetable("UTC", (span,)))


UNREADABLE: list[tuple[str, Any, str]] = [
    ("no list", "always", "is no list"),
    ("no object", ["always"], "is no object"),
    ("neither permanent nor timed", [{"permanent": "NO"}], "says no times"),
    ("a day that is none", [{"schedule": [DAILY | {"day": ["HOL"]}]}], "'HOL' is no day"),
    ("days of another kind", [{"schedule": [DAILY | {"day": 5}]}], "no list"),
    ("a time that is none", [{"schedule": [DAILY | {"startTime": "25:00"}]}], "'25:00' is no time of day"),
    ("a number for a time", [{"schedule": [DAILY | {"endTime": 8}]}], "8 is no time of day"),
    ("a schedule in words", [{"schedule": "HJ"}], "no list"),
    ("by NOTAM", [{"startDateTime": "BY NOTAM"}], "startDateTime"),
    ("no such day", [{"endDateTime": "2026-02-30T00:00:00Z"}], "no such time"),
    (
        "the end first",
        [{"startDateTime": "2026-02-02T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}],
        "not after its beginning",
    ),
]


@pytest.mark.parametrize(("given", "why"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE])
def test_times_that_cannot_be_read_leave_it_unknown_when_it_applies(given: Any, why: str) -> None:
    found = read269(feature(applicability=given))
    zone = one(found)
    assert (zone.activation, zone.timetable) == (Activation.UNKNOWN, None)
    assert any(why in remark for remark in zone.remarks)
    assert any(why in trouble.detail and not trouble.lost for trouble in found.troubles)


def test_times_from_to() -> None:
    period = {"permanent": "NO", "startDateTime": "2026-08-01T08:00:00+02:00", "endDateTime": "2026-08-01T18:00:00"}
    found = read269(feature(applicability=[period]))
    zone = one(found)
    assert zone.valid_from_us == read_time("2026-08-01T06:00:00Z")
    assert zone.valid_to_us == read_time("2026-08-01T18:00:00Z")
    assert [trouble.detail for trouble in found.troubles] == ["endDateTime has no time zone: taken as UTC"]


def test_an_end_in_the_year_9999_is_none() -> None:
    period = {"startDateTime": "0001-01-01T00:00:00Z", "endDateTime": "9999-12-31T23:59:59Z"}
    zone = one(read269(feature(applicability=[period])))
    assert (zone.valid_from_us, zone.valid_to_us, zone.activation) == (None, None, Activation.ALWAYS)


def test_every_day_and_all_day_is_always() -> None:
    zone = one(read269(feature(applicability=[{"permanent": "YES", "schedule": [{"day": ["ANY"]}, DAILY]}])))
    assert (zone.activation, zone.timetable) == (Activation.ALWAYS, None)


def test_several_periods_are_several_zones_which_keep_their_ids_when_one_is_dropped() -> None:
    first, second = (
        {"startDateTime": f"2026-08-{day}T06:00:00Z", "endDateTime": f"2026-08-{day}T07:00:00Z"} for day in (11, 12)
    )
    third = {"startDateTime": "2026-08-13T06:00:00Z", "endDateTime": "2026-08-13T07:00:00Z"}
    both = read269(feature(applicability=[first, second, third])).zones
    later = read269(feature(applicability=[second, third])).zones
    assert [zone.source for zone in both] == [f"CH/X1@2026-08-{day}T06:00" for day in (11, 12, 13)]
    assert [zone.zone_id for zone in later] == [zone.zone_id for zone in both[1:]]


def test_schedules_of_one_period_are_one_timetable() -> None:
    periods = [{"permanent": "YES", "schedule": [DAILY]}, {"permanent": "YES", "schedule": [DAILY | {"day": ["SAT"]}]}]
    zone = one(read269(feature(applicability=periods)))
    assert zone.timetable == Timetable("UTC", (PLAIN, Span("08:00", "17:30", (5,))))


def test_what_is_permanent_as_well_is_permanent() -> None:
    zone = one(read269(feature(applicability=[{"startDateTime": "2026-08-11T06:00:00Z"}, {"permanent": "YES"}])))
    assert (zone.valid_from_us, zone.activation) == (None, Activation.ALWAYS)


def test_a_zone_of_ed318_holds_while_its_file_is_valid() -> None:
    metadata = {"validFrom": "2026-08-04T22:00:00Z", "validTo": "2026-09-04T22:00:00Z"}
    zone = one(read318(zone318(), metadata=metadata))
    assert (zone.valid_from_us, zone.valid_to_us) == tuple(map(read_time, metadata.values()))


def test_a_time_outside_its_file_is_told() -> None:
    over = [{"endDateTime": "2026-08-01T00:00:00Z"}]
    found = read318(zone318(limitedApplicability=over), datasetMetadata={"validFrom": "2026-08-04T22:00:00Z"})
    assert not found.zones
    assert "outside the time" in found.troubles[0].detail


def test_several_layers_are_several_zones() -> None:
    found = read269(feature(volume(upperLimit=50), volume(lowerLimit=50)))
    assert [(zone.source, zone.floor_m, zone.ceiling_m) for zone in found.zones] == [
        ("CH/X1.1", None, 50),
        ("CH/X1.2", 50, 120),
    ]


def test_of_several_geometries_the_wrong_one_is_left_out() -> None:
    found = read269(feature(volume({"type": "Polygon", "coordinates": []}), volume()))
    assert one(found).source == "CH/X1.2"
    assert (found.troubles[0].where, found.troubles[0].lost) == ("feature 1, geometry 1 (X1)", True)


def test_circles() -> None:
    circle = {"type": "Circle", "center": [8.0, 47.0], "radius": 500}
    metric, feet = (one(read269(feature(volume(circle, uomDimensions=unit)))) for unit in ("M", "FT"))
    point = {"type": "Point", "coordinates": [8.0, 47.0], "extent": {"subType": "Circle", "radius": 500}}
    for zone, radius_m in ((metric, 500.0), (feet, 152.4), (one(read318(zone318(point))), 500.0)):
        assert (zone.geometry, zone.radius_m) == ({"type": "Point", "coordinates": [8.0, 47.0]}, radius_m)


def test_holes_and_several_polygons_are_kept() -> None:
    geometry = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [[[lon + 1, lat] for lon, lat in SQUARE]]]}
    assert one(read318(zone318(geometry))).geometry == geometry


def test_a_layer_of_a_collection_is_each_ones_own_or_else_the_collections() -> None:
    layer = {"upper": 400.0, "upperReference": "AGL", "lower": 0.0, "lowerReference": "AGL", "uom": "ft"}
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    parts = [polygon, polygon | {"layer": layer | {"upper": 100.0}}]
    found = read318(zone318({"type": "GeometryCollection", "geometries": parts, "layer": layer}))
    assert [zone.ceiling_m for zone in found.zones] == [121.92, 30.48]


WORLD = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]


@pytest.mark.parametrize("ring", [WORLD, [[-179.9, -89], [179.9, -89], [179.9, 89], [-179.9, 89], [-179.9, -89]]])
def test_a_polygon_round_the_world_is_information(ring: Any) -> None:
    zone = one(read269(feature(volume({"type": "Polygon", "coordinates": [ring]}))))
    assert zone.kind is ZoneKind.INFORMATION
    assert "it goes round the world, which nobody can close to drones: taken as information" in zone.remarks


def test_a_byte_order_mark_is_no_matter() -> None:
    words = json.dumps({"features": [feature()]})
    for encoded in (b"\xef\xbb\xbf" + words.encode(), words.encode("utf-16")):
        assert ed269.read(Content(encoded).json, OPERATOR, "CH").zones == read269(feature()).zones


def test_one_identifier_twice_keeps_both() -> None:
    found = read269(feature(), feature(name="Other"))
    assert [zone.source for zone in found.zones] == ["CH/X1", "CH/X1~2"]
    assert "stands for another zone too" in found.troubles[0].detail


LOST: list[tuple[str, Any, str]] = [
    ("no object", 5, "no object"),
    ("no restriction", feature(restriction=None), "nothing is none of PROHIBITED"),
    ("a restriction that is none", feature(restriction="FORBIDDEN"), "FORBIDDEN is none of"),
    ("a restriction of another kind", feature(restriction=["PROHIBITED"]), "none of"),
    ("no geometry", feature(geometry=[]), "no geometry"),
    ("geometry of another kind", feature(geometry="here"), "no geometry"),
    ("no shape", feature(volume(horizontalProjection={})), "one of Polygon"),
    ("a line", feature(volume({"type": "LineString", "coordinates": SQUARE})), "one of Polygon"),
    ("a circle without radius", feature(volume({"type": "Circle", "center": [8, 47]})), "needs its radius"),
    ("a circle without centre", feature(volume({"type": "Circle", "radius": 500})), "a position is"),
    ("latitude 95", feature(volume({"type": "Polygon", "coordinates": [[[8, 95], *SQUARE]]})), "latitude 95 is beyond 90"),
    (
        "latitude first",
        feature(volume({"type": "Polygon", "coordinates": [[[-35, 149], [-35, 148], [-34, 148]]]})),
        "longitude stands first",
    ),
    ("NaN in a corner", feature(volume({"type": "Polygon", "coordinates": [[[float("nan"), 0], *SQUARE]]})), "not a finite"),
    ("corners of another kind", feature(volume({"type": "Polygon", "coordinates": [["a", *SQUARE]]})), "a position is"),
    ("a line drawn as an area", feature(volume({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2]]]})), ""),
]


@pytest.mark.parametrize(("given", "why"), [case[1:] for case in LOST], ids=[case[0] for case in LOST])
def test_what_is_no_zone_is_left_out_with_its_reason_and_the_rest_loads(given: Any, why: str) -> None:
    found = read269(given, feature(identifier="GOOD"))
    assert [zone.source for zone in found.zones] == ["CH/GOOD"]
    lost = [trouble for trouble in found.troubles if trouble.lost]
    assert len(lost) == 1 and lost[0].where.startswith("feature 1") and why in lost[0].detail


@pytest.mark.parametrize("given", [None, 5, [], {}, {"features": {}}, {"type": "FeatureCollection", "features": {}}])
def test_what_is_no_such_document_is_one_sentence(given: Any) -> None:
    for reader, name in ((ed269, "ED-269"), (ed318, "ED-318")):
        with pytest.raises(Unreadable, match=f"^This {name} file cannot be read: .*eature"):
            reader.read(given, OPERATOR, "c")


def test_the_other_format_is_named() -> None:
    with pytest.raises(Unreadable, match="as ED-318 has it"):
        ed269.read({"type": "FeatureCollection", "features": []}, OPERATOR, "c")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, child in children for place in _places(child, (*path, key))]


def _with(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = _with(value[path[0]], path[1:], other)
    return changed


WHOLE269 = {
    "title": "t",
    "features": [
        feature(
            volume(),
            volume({"type": "Circle", "center": [8.0, 47.0], "radius": 500}),
            type="COMMON",
            reason=["OTHER"],
            applicability=[
                {"permanent": "NO", "startDateTime": "2026-08-11T06:00:00Z", "endDateTime": "2026-08-12T06:00:00Z"},
                {"permanent": "YES", "schedule": [DAILY]},
            ],
            zoneAuthority=[{"name": "Police", "purpose": "AUTHORIZATION"}],
        )
    ],
}
LAYER = {"upper": 150, "upperReference": "AGL", "lower": 50, "lowerReference": "AGL", "uom": "m"}
WHOLE318 = {
    "type": "FeatureCollection",
    "metadata": {"validFrom": "2018-12-31T15:59:59Z"},
    "features": [
        zone318(
            {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "coordinates": [SQUARE, HOLE], "layer": LAYER},
                    {"type": "Point", "coordinates": [8.0, 47.0], "extent": {"subType": "Circle", "radius": 9}},
                ],
            },
            limitedApplicability=[{"startDateTime": "2026-08-11T06:00:00Z", "schedule": [DAILY]}],
            zoneAuthority=[{"name": [{"text": "Police", "lang": "en-GB"}], "purpose": "AUTHORIZATION"}],
            extendedProperties={"wedgetail": {"kind": "keep_in"}},
        )
    ],
}


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_stands_in_a_file_is_a_zone_a_trouble_or_one_sentence(data: st.DataObject) -> None:
    reader, whole = data.draw(st.sampled_from([(ed269, WHOLE269), (ed318, WHOLE318)]))
    for _ in range(data.draw(st.integers(1, 3))):
        whole = _with(whole, data.draw(st.sampled_from(_places(whole))), data.draw(ANY_JSON))
    try:
        found = reader.read(json.loads(json.dumps(whole)), OPERATOR, "c")
    except WedgetailError as error:
        assert str(error).startswith("This ED-")
    else:
        assert found.zones or found.troubles or not whole["features"]
        for zone in found.zones:
            assert zone.name and zone.name.isprintable()
            assert (zone.source or "").encode()
