"""OpenAir as it is found: each trap by name, and Australia whole."""

import math
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import shapely
from shapely.geometry import shape

from core.geodesy import metres_per_degree
from core.units import FOOT_M, NAUTICAL_MILE_M
from geofence.formats import openair
from geofence.formats.content import Content
from geofence.formats.found import Found
from geofence.formats.meaning import DEFAULTS, table
from geofence.geojson import read, write
from geofence.zone import Activation, Datum, ZoneKind, ZoneVersion

OPERATOR = UUID(int=1)
SQUARE = """DP 35:00:00 S 149:00:00 E
DP 35:00:00 S 149:06:00 E
DP 35:06:00 S 149:06:00 E
DP 35:06:00 S 149:00:00 E
"""
CORNERS = [[149.0, -35.0], [149.1, -35.0], [149.1, -35.1], [149.0, -35.1], [149.0, -35.0]]


def zone_text(body: str = SQUARE, ac: str = "R", an: str = "R1 SOMEWHERE [H24]", al: str = "SFC", ah: str = "3000FT") -> str:
    return f"AC {ac}\nAN {an}\nAL {al}\nAH {ah}\n{body}\n"


def found(text: str, meanings: Any = DEFAULTS) -> Found:
    return openair.read(text, OPERATOR, "test", meanings)


def one(text: str, meanings: Any = DEFAULTS) -> ZoneVersion:
    (zone,) = found(text, meanings).zones
    return zone


def outline(zone: ZoneVersion) -> Any:
    return shape(zone.geometry)


def test_a_restricted_area_is_kept_out_of_under_its_rule_and_cites_its_source() -> None:
    zone = one(zone_text())
    assert (zone.kind, zone.rule, zone.airspace_class, zone.source) == (
        ZoneKind.KEEP_OUT, "AU-PRD", "R", "test/R R1 SOMEWHERE",
    )  # fmt: skip
    assert zone.geometry == {"type": "Polygon", "coordinates": [CORNERS]}
    assert (zone.version, zone.world) == (0, 0)


LIMITS: list[tuple[str, str, tuple[float | None, Datum], tuple[float | None, Datum], str | None]] = [
    ("SFC", "3000FT", (None, Datum.SFC), (3000 * FOOT_M, Datum.AMSL), None),
    ("GND", "UNL", (None, Datum.SFC), (None, Datum.AGL), None),
    ("0", "FL180", (None, Datum.SFC), (18_000 * FOOT_M, Datum.FL), None),
    ("700 AGL", "1500 FT", (700 * FOOT_M, Datum.AGL), (1500 * FOOT_M, Datum.AMSL), None),
    ("300m AGL", "2500ft AMSL", (300.0, Datum.AGL), (2500 * FOOT_M, Datum.AMSL), None),
    ("FL 95", "FL125", (9_500 * FOOT_M, Datum.FL), (12_500 * FOOT_M, Datum.FL), None),
    ("1000ft STD", "5000 MSL", (1000 * FOOT_M, Datum.FL), (5000 * FOOT_M, Datum.AMSL), None),
    ("NOTAM", "NOTAM", (None, Datum.SFC), (None, Datum.AGL), "floor is given by NOTAM"),
    ("SFC", "BCTA", (None, Datum.SFC), (None, Datum.AGL), "base of the control area"),
    ("SFC", "99999FT", (None, Datum.SFC), (None, Datum.AGL), "is no height"),
    ("see chart", "3000FT", (None, Datum.SFC), (3000 * FOOT_M, Datum.AMSL), "floor 'see chart' cannot be read"),
    ("SFC", "about 5000", (None, Datum.SFC), (None, Datum.AGL), "ceiling 'about 5000' cannot be read"),
    ("", "", (None, Datum.SFC), (None, Datum.AGL), "it has no floor"),
    ("SFC", "SFC", (None, Datum.SFC), (None, Datum.AGL), "ceiling 'SFC' cannot be read"),
    ("UNL", "UNL", (None, Datum.SFC), (None, Datum.AGL), "floor 'UNL' cannot be read"),
    ("3000FT", "1000FT", (None, Datum.SFC), (None, Datum.AGL), "not below its ceiling"),
]


@pytest.mark.parametrize(("al", "ah", "floor", "ceiling", "remark"), LIMITS)
def test_a_limit_is_read_exactly_or_never_made_smaller(
    al: str, ah: str, floor: tuple[float | None, Datum], ceiling: tuple[float | None, Datum], remark: str | None
) -> None:
    zone = one(zone_text(al=al, ah=ah))
    assert (zone.floor_m, zone.floor_datum) == (pytest.approx(floor[0]), floor[1])
    assert (zone.ceiling_m, zone.ceiling_datum) == (pytest.approx(ceiling[0]), ceiling[1])
    about_limits = [one for one in zone.remarks if "floor" in one or "ceiling" in one]
    assert bool(about_limits) == (remark is not None)
    assert remark is None or any(remark in one for one in about_limits)


def test_an_unclosed_ring_and_a_closed_one_are_the_same_zone() -> None:
    assert one(zone_text()) == one(zone_text(SQUARE + "DP 35:00:00 S 149:00:00 E\n"))


CENTRE = "V X=35:18:00 S 149:12:00 E\n"


@pytest.mark.parametrize(
    ("start", "end", "differ"),
    [("35:08:00 S 149:12:00 E", "35:18:00 S 149:24:13 E", False), ("35:08:00 S 149:12:00 E", "35:18:00 S 149:23:07 E", True)],
)
def test_an_arc_with_two_radii_keeps_the_ends_that_the_file_gives(start: str, end: str, differ: bool) -> None:
    zone = one(zone_text(f"DP 35:18:00 S 149:12:00 E\n{CENTRE}DB {start},  {end}\n"))
    ring = zone.geometry["coordinates"][0]
    last = 149.0 + (24 * 60 + 13) / 3600 if not differ else 149.0 + (23 * 60 + 7) / 3600
    assert [149.2, pytest.approx(-35.1333333)] in ring
    assert [pytest.approx(last), -35.3] in ring
    assert outline(zone).is_valid
    assert any("differ by" in remark for remark in zone.remarks) == differ
    lon_m, lat_m = metres_per_degree(-35.25)
    radii = [math.hypot((lon - 149.2) * lon_m, (lat + 35.3) * lat_m) for lon, lat in ring if [lon, lat] != [149.2, -35.3]]
    assert max(radii) - min(radii) < (40 if not differ else 1_700)


def test_an_arc_goes_clockwise_unless_it_is_told_otherwise() -> None:
    ends = "DB 35:08:00 S 149:12:00 E, 35:18:00 S 149:24:13 E\n"
    quarter = outline(one(zone_text(f"DP 35:18:00 S 149:12:00 E\n{CENTRE}V D=+\n{ends}")))
    most = outline(one(zone_text(f"DP 35:18:00 S 149:12:00 E\n{CENTRE}V D=-\n{ends}")))
    assert most.area == pytest.approx(3 * quarter.area, rel=0.01)


def test_the_direction_of_an_arc_ends_with_its_zone() -> None:
    arc = f"DP 35:18:00 S 149:12:00 E\n{CENTRE}DB 35:08:00 S 149:12:00 E, 35:18:00 S 149:24:13 E\n"
    first, second = found(zone_text("V D=-\n" + arc, an="R1") + zone_text(arc, an="R2")).zones
    assert outline(first).area > 2 * outline(second).area


def test_an_arc_by_bearings_lies_at_its_radius() -> None:
    zone = one(zone_text(f"{CENTRE}DP 35:18:00 S 149:12:00 E\nDA 10, 270, 360\n"))
    west, south, east, north = outline(zone).bounds
    lon_m, _ = metres_per_degree(-35.3)
    lat_m = metres_per_degree(-35.3 + 1 / 12)[1]
    assert (east, south) == (pytest.approx(149.2), pytest.approx(-35.3, abs=1e-3))
    assert (149.2 - west) * lon_m == pytest.approx(10 * NAUTICAL_MILE_M, rel=1e-3)
    assert (north + 35.3) * lat_m == pytest.approx(10 * NAUTICAL_MILE_M, rel=1e-5)


def test_a_small_circle_stays_a_circle_and_a_large_one_becomes_an_outline() -> None:
    small, large = one(zone_text(CENTRE + "DC 3\n")), one(zone_text(CENTRE + "DC 90.00\n"))
    assert (small.geometry, small.radius_m) == ({"type": "Point", "coordinates": [149.2, -35.3]}, 3 * NAUTICAL_MILE_M)
    assert (large.geometry["type"], large.radius_m) == ("Polygon", None)
    south, north = outline(large).bounds[1], outline(large).bounds[3]
    assert (north - south) * metres_per_degree(-35.3)[1] == pytest.approx(180 * NAUTICAL_MILE_M, rel=1e-4)


def test_an_outline_that_crosses_itself_is_repaired_and_keeps_every_part() -> None:
    bow = "DP 35:00:00 S 149:00:00 E\nDP 35:06:00 S 149:06:00 E\nDP 35:00:00 S 149:06:00 E\nDP 35:06:00 S 149:00:00 E\n"
    zone = one(zone_text(bow))
    assert outline(zone).is_valid
    assert outline(zone).area == pytest.approx(0.005)
    assert any("crosses itself" in remark for remark in zone.remarks)


def test_a_part_that_is_gone_around_twice_stays_inside() -> None:
    ring = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 1), (3, 1), (3, 3), (1, 3), (1, 0)]
    lines = "".join(f"DP {lat}:00:00 N {lon}:00:00 E\n" for lon, lat in ring)
    assert outline(one(zone_text(lines))).contains(shapely.Point(2, 2))


def test_an_outline_across_longitude_180_is_cut_there() -> None:
    lines = "DP 10:00 S 179:00 E\nDP 10:00 S 179:00 W\nDP 11:00 S 179:00 W\nDP 11:00 S 179:00 E\n"
    zone = one(zone_text(lines))
    assert zone.geometry["type"] == "MultiPolygon"
    assert outline(zone).area == pytest.approx(2.0)
    assert outline(zone).covers(shapely.Point(-179.5, -10.5))


ACTIVE: list[tuple[str, Activation, str]] = [
    ("AN R1 FIELD [H24]\n", Activation.ALWAYS, "all hours"),
    ("AN R1 FIELD [NOTAM]\n", Activation.UNKNOWN, "by NOTAM"),
    ("AN R1 FIELD\n", Activation.ALWAYS, "nothing is said of hours"),
    ("AN R1 FIELD [SEE AIP]\n", Activation.UNKNOWN, "published elsewhere"),
    ("AN R1 FIELD MON-FRI\n", Activation.UNKNOWN, "published elsewhere"),
    ("AN R1 FIELD 0800-1700\n", Activation.UNKNOWN, "published elsewhere"),
    ("AN R1 SUNRISE DAM\n", Activation.ALWAYS, "nothing is said of hours"),
    ("AN R1 FIELD\n* active when a notam says so\n", Activation.UNKNOWN, "by NOTAM"),
    ("AN R1 FIELD\nAA NONE\n", Activation.UNKNOWN, "NOTAM"),
    ("AN R1 FIELD\nAA 2026-12-16T12:00Z/2026-12-16T24:00Z\n", Activation.ALWAYS, "time published"),
    ("AN R1 FIELD\nAA whenever\n", Activation.UNKNOWN, "cannot be read"),
    (
        "AN R1 FIELD\nAA 2026-12-16T12:00Z/2026-12-16T13:00Z\nAA 2026-12-18T12:00Z/2026-12-18T13:00Z\n",
        Activation.UNKNOWN, "2 stretches",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "activation", "remark"), ACTIVE)
def test_when_it_is_active_is_what_the_file_says_or_unknown(lines: str, activation: Activation, remark: str) -> None:
    zone = one(f"AC R\n{lines}AL SFC\nAH 3000FT\n{SQUARE}")
    assert zone.activation is activation
    assert any(remark in one for one in zone.remarks)


def test_a_limit_by_notam_makes_the_hours_unknown_only_where_nothing_else_is_said() -> None:
    assert one(zone_text(an="R1", ah="NOTAM")).activation is Activation.UNKNOWN
    assert one(zone_text(an="R1 [H24]", ah="NOTAM")).activation is Activation.ALWAYS


def test_an_interval_is_the_zones_validity() -> None:
    zone = one(zone_text("AA 2026-12-16T12:00Z/2026-12-16T24:00Z\n" + SQUARE))
    assert (zone.valid_from_us, zone.valid_to_us) == (1_797_422_400_000_000, 1_797_465_600_000_000)
    assert one(zone_text("AA 2026-12-16T12:00Z/NONE\n" + SQUARE)).valid_to_us is None


@pytest.mark.parametrize(
    ("ac", "kind", "rule"),
    [
        ("P", ZoneKind.KEEP_OUT, "AU-PRD"),
        ("r", ZoneKind.KEEP_OUT, "AU-PRD"),
        *((name, ZoneKind.INFORMATION, None) for name in ("Q", "RMZ", "A", "E", "G", "C", "D", "CTR")),
        ("UNC\nAY P", ZoneKind.KEEP_OUT, "AU-PRD"),
        ("D\nAY CTR", ZoneKind.INFORMATION, None),
    ],
)
def test_classes_mean_what_the_table_says(ac: str, kind: ZoneKind, rule: str | None) -> None:
    zone = one(zone_text(ac=ac))
    assert (zone.kind, zone.rule) == (kind, rule)


def test_an_operator_may_say_otherwise() -> None:
    assert one(zone_text(ac="Q"), table({"Q": "prohibited"})).kind is ZoneKind.KEEP_OUT
    assert one(zone_text(ac="R"), table({"R": "information"})).kind is ZoneKind.INFORMATION


def test_a_garbage_class_is_shown_as_information_and_reported() -> None:
    read_as = found(zone_text(ac="%$x"))
    assert read_as.zones[0].kind is ZoneKind.INFORMATION
    assert [(one.where, one.lost) for one in read_as.troubles] == [("line 1 (R1 SOMEWHERE [H24])", False)]
    assert "'%$X' is not in the table of classes" in read_as.troubles[0].detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_a_byte_order_mark_and_latin_1_are_read(encoding: str) -> None:
    content = Content(zone_text(an="R1 Fl\u00e4che").encode(encoding))
    assert openair.recognised(content.text)
    assert one(content.text).name == "R1 Fl\u00e4che"


LOST: list[tuple[str, str, str, str]] = [
    ("a point that is none", "DP 35:00:00 S\n" + SQUARE, "line 5 (R1", "a position such as"),
    ("minutes beyond 60", "DP 35:61:00 S 149:00:00 E\n" + SQUARE, "line 5 (R1", "up to 60"),
    ("latitude beyond 90", "DP 95:00:00 S 149:00:00 E\n" + SQUARE, "line 5 (R1", "up to 90"),
    ("an arc without centre", "DB 35:00:00 S 149:00:00 E, 35:01:00 S 149:00:00 E\n" + SQUARE, "line 5 (R1", "centre"),
    ("an arc with one end", CENTRE + "DB 35:00:00 S 149:00:00 E\n", "line 6 (R1", "two positions"),
    ("a circle of nothing", CENTRE + "DC 0\n", "line 6 (R1", "radius of 0"),
    ("a circle in words", CENTRE + "DC three\n", "line 6 (R1", "1 number"),
    ("an airway", "DY 35:00:00 S 149:00:00 E\n", "line 5 (R1", "airways"),
    ("no outline", "", "line 1 (R1", "three different points"),
    ("two points", "DP 1:00 N 1:00 E\nDP 1:00 N 2:00 E\n", "line 1 (R1", "three different points"),
    ("points in a line", "DP 1:00 N 1:00 E\nDP 1:00 N 2:00 E\nDP 1:00 N 3:00 E\n", "line 1 (R1", "no area"),
    ("a circle and an outline", CENTRE + "DC 2\n" + SQUARE, "line 1 (R1", "a circle and an outline"),
    ("a strange direction", "V D=left\n" + SQUARE, "line 5 (R1", "+ or -"),
]


@pytest.mark.parametrize(("body", "where", "detail"), [case[1:] for case in LOST], ids=[case[0] for case in LOST])
def test_what_cannot_be_understood_is_told_by_line_and_the_rest_is_loaded(body: str, where: str, detail: str) -> None:
    read_as = found(zone_text(body) + "\n" + zone_text(an="R2 NEXT"))
    assert [zone.name for zone in read_as.zones] == ["R2 NEXT"]
    (trouble,) = read_as.troubles
    assert trouble.lost
    assert trouble.where.startswith(where)
    assert detail in trouble.detail


def test_terrain_and_unknown_records_are_told_and_take_nothing_with_them() -> None:
    read_as = found("hello\n" + zone_text("XY 1\n" + SQUARE) + "TO hill\n" + SQUARE + zone_text(an="R2"))
    assert [zone.name for zone in read_as.zones] == ["R1 SOMEWHERE [H24]", "R2"]
    assert [(one.where, one.lost) for one in read_as.troubles] == [
        ("line 1", False), ("line 6 (R1 SOMEWHERE [H24])", False), ("line 12", True),
    ]  # fmt: skip


def test_identifiers_are_told_apart_by_limits_and_then_by_outline() -> None:
    other = SQUARE.replace("149:06", "149:07")
    blocks = [zone_text(an="E1"), zone_text(an="E1", al="3000FT", ah="FL180"), zone_text(other, an="E1")]
    read_as = found("".join([*blocks, zone_text(an="E1 [NOTAM]")]))
    first, second, third = (zone.source or "" for zone in read_as.zones)
    assert second == "test/R E1 (914 m AMSL to FL180)"
    assert first != third
    assert all(re.fullmatch(r"test/R E1 \(SFC to 914 m AMSL\) [0-9a-f]{8}", source) for source in (first, third))
    assert [one.detail for one in read_as.troubles] == ["the same zone stands in the file before: read once"]


def test_an_identifier_outlives_the_words_about_hours_and_the_files_own_comes_first() -> None:
    assert one(zone_text(an="R1 FIELD [H24]")).zone_id == one(zone_text(an="R1 FIELD [NOTAM]", ah="5000FT")).zone_id
    assert one(zone_text("AI 6f0f3a0e\n" + SQUARE)).source == "test/6f0f3a0e"


def test_a_name_with_asterisks_is_whole_and_an_inline_comment_is_not() -> None:
    zone = one(zone_text(an="AVALON 120.1 *TWR HRS-SEE ERSA*", ah="3000FT * about"))
    assert (zone.name, zone.ceiling_m) == ("AVALON 120.1 *TWR HRS-SEE ERSA*", 3000 * FOOT_M)


@pytest.mark.parametrize("text", [zone_text(), zone_text(ah="BCTA", al="NOTAM"), zone_text(CENTRE + "DC 3\n", ac="%$")])
def test_what_is_read_is_a_zone_that_the_api_takes_back(text: str) -> None:
    zone = one(text)
    again = read(write(zone), OPERATOR, zone.zone_id)
    assert again == msgspec.structs.replace(zone, source=None)


def test_australia_loads_whole(shared_data: Path) -> None:
    raw = (shared_data / "airspace/australia-2024-11-28.openair.txt").read_bytes()
    read_as = found(Content(raw).text)
    assert (len(read_as.zones), read_as.troubles) == (1_888, [])
    assert len({zone.zone_id for zone in read_as.zones}) == 1_888
    restricted = [zone for zone in read_as.zones if zone.kind is ZoneKind.KEEP_OUT]
    assert (len(restricted), {zone.rule for zone in restricted}) == (275, {"AU-PRD"})
    by_notam = [zone for zone in restricted if zone.activation is Activation.UNKNOWN]
    assert (len(by_notam), sum("[NOTAM]" in zone.name for zone in by_notam)) == (230, 230)
    assert sum(any("crosses itself" in remark for remark in zone.remarks) for zone in read_as.zones) == 1
    assert all(shape(zone.geometry).is_valid for zone in read_as.zones)
    (canberra,) = [zone for zone in read_as.zones if zone.name.startswith("CANBERRA CONTROL ZONE")]
    assert canberra.kind is ZoneKind.INFORMATION
    assert outline(canberra).contains(shapely.Point(149.165751, -35.3623302))
    assert canberra.ceiling_m == pytest.approx(3_500 * FOOT_M)
    for zone in read_as.zones:
        assert read(write(zone), OPERATOR, zone.zone_id) == msgspec.structs.replace(zone, source=None)
