"""Files of aerodromes, runways and frequencies: what is read, and what is said of a row that cannot be."""

from pathlib import Path

import pytest

from geofence.aerodromes import Frequency
from geofence.formats.aerodromes import NotAerodromes, read, read_folder
from geofence.runways import Aerodrome, Runway

AERODROMES = "icao,iata,name,city,subd,country,elevation,lat,lon,tz,lid"
RUNWAYS = (
    "id,airport_ref,airport_ident,length_ft,width_ft,surface,lighted,closed,le_ident,le_latitude_deg,le_longitude_deg,"
    "le_elevation_ft,le_heading_degT,le_displaced_threshold_ft,he_ident,he_latitude_deg,he_longitude_deg,he_elevation_ft,"
    "he_heading_degT,he_displaced_threshold_ft"
)
FREQUENCIES = "id,airport_ref,airport_ident,type,description,frequency_mhz"
FIELD = "YTST,TST,Test Airport,Test,ACT,AU,1886,-35.3,149.2,Australia/Sydney,"
STRIP = "1,1,YTST,5000,98,ASP,1,0,17,-35.29,149.2,1874,180,,35,-35.31,149.2,1869,360,"
TOWER = "1,1,YTST,TWR/CTAF,TWR (CTAF AH),118.7"


def files(
    aerodromes: tuple[str, ...] = (FIELD,), runways: tuple[str, ...] = (STRIP,), frequencies: tuple[str, ...] = (TOWER,)
) -> list[tuple[str, bytes]]:
    return [
        (name, "\n".join((header, *rows)).encode())
        for name, header, rows in (("a", AERODROMES, aerodromes), ("r", RUNWAYS, runways), ("f", FREQUENCIES, frequencies))
    ]


def test_each_file_is_known_by_its_header() -> None:
    register = read(reversed(files()))
    assert register.aerodromes == [Aerodrome("YTST", "Test Airport", 149.2, -35.3)]
    assert register.runways == [Runway("YTST", "17/35", ((149.2, -35.29), (149.2, -35.31)), 1524.0)]
    assert register.frequencies == [Frequency("YTST", "TWR/CTAF", "TWR (CTAF AH)")]
    assert register.troubles == []


def test_a_byte_order_mark_carriage_returns_and_quotes_change_nothing() -> None:
    plain = read(files())
    marked = [(name, b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") + b"\r\n") for name, content in files()]
    quoted = marked[0][1].replace(b"Test Airport", b'"Test ""Airport"", Test"')
    assert read(marked) == plain
    assert read([(marked[0][0], quoted), *marked[1:]]).aerodromes[0].name == 'Test "Airport", Test'


def test_the_aerodromes_of_ourairports_are_read_too_without_the_closed_ones() -> None:
    rows = (
        "id,ident,type,name,latitude_deg,longitude_deg",
        "1,YTST,small_airport,Test Airport,-35.3,149.2",
        "2,YOLD,closed,Old Airport,-35.3,149.3",
    )
    assert read([("airports.csv", "\n".join(rows).encode()), *files()[1:]]).aerodromes == read(files()).aerodromes


AERODROME_ROWS = [
    (",,No ident,,,AU,0,-35.3,149.2,,", "no ident (column icao)"),
    ("YBAD,,North,,,AU,0,95,149.2,,", "lat 95 is beyond 90"),
    ("YBAD,,East,,,AU,0,-35.3,-181,,", "lon -181 is beyond 180"),
    ("YBAD,,Words,,,AU,0,south,149.2,,", "lat 'south' is no number"),
    ("YBAD,,NaN,,,AU,0,nan,149.2,,", "lat 'nan' is no number"),
    ("YBAD,,Nowhere,,,AU,0,,149.2,,", "YBAD has no lat"),
    ("YTST,,Twice,,,AU,0,-35.3,149.3,,", "YTST stands there twice: the first is taken"),
    ("YBAD,,Short", "3 fields where the header has 11"),
]


@pytest.mark.parametrize(("row", "detail"), AERODROME_ROWS, ids=[row[1] for row in AERODROME_ROWS])
def test_an_aerodrome_that_cannot_be_read_is_lost_and_its_line_said(row: str, detail: str) -> None:
    register = read(files(aerodromes=(FIELD, row)))
    assert register.aerodromes == read(files()).aerodromes
    assert register.troubles == [("a line 3", detail, True)]


RUNWAY_ROWS = [
    (STRIP.replace("YTST", ""), "no ident (column airport_ident)", None),
    (STRIP.replace("-35.29", "-95"), "le_latitude_deg -95 is beyond 90: this runway end is unknown", (None, (149.2, -35.31))),
    (
        STRIP.replace("-35.31", ""),
        "he_latitude_deg and he_longitude_deg: one stands there without the other: this runway end is unknown",
        ((149.2, -35.29), None),
    ),
    (STRIP.replace("5000", "long"), "length_ft 'long' is no number: length unknown", ((149.2, -35.29), (149.2, -35.31))),
    (STRIP.replace("1,0,17", "1,yes,17"), "closed 'yes' is neither 0 nor 1: taken as open", ((149.2, -35.29), (149.2, -35.31))),
]


@pytest.mark.parametrize(("row", "detail", "ends"), RUNWAY_ROWS, ids=[row[1] for row in RUNWAY_ROWS])
def test_a_runway_keeps_what_can_be_read_of_it(row: str, detail: str, ends: object) -> None:
    register = read(files(runways=(row,)))
    assert [runway.ends for runway in register.runways] == ([] if ends is None else [ends])
    assert register.troubles == [("r line 2", detail, ends is None)]


def test_a_frequency_without_an_aerodrome_is_lost() -> None:
    register = read(files(frequencies=(TOWER, "2,1,,TWR,Tower,120.5")))
    assert len(register.frequencies) == 1
    assert register.troubles == [("f line 3", "no ident (column airport_ident)", True)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (files()[:2], "there is no file of frequencies"),
        (files()[1:], "there is no file of aerodromes"),
        ([], "aerodromes (icao, lat, lon) nor of runways"),
        ([("a", b"\xff\xfe"), *files()[1:]], "a: it is not UTF-8 (byte 0)"),
        ([("a", b""), *files()[1:]], "a: it is empty"),
        ([("a", b"one,two\n1,2"), *files()[1:]], "a: its columns are those of neither"),
    ],
)
def test_a_missing_file_is_no_empty_list(given: list[tuple[str, bytes]], message: str) -> None:
    with pytest.raises(NotAerodromes) as caught:
        read(given)
    assert message in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotAerodromes, match="no folder with CSV files"):
        read_folder(tmp_path / "nowhere")


def test_a_file_beside_the_three_is_noted() -> None:
    register = read([*files(), ("readme.csv", b"one,two\n1,2")])
    assert [trouble.where for trouble in register.troubles] == ["readme.csv"]


def test_the_real_files_are_read_whole(shared_data: Path) -> None:
    register = read_folder(shared_data / "aerodromes")
    assert (len(register.aerodromes), len(register.runways), register.troubles) == (1609, 2103, [])
    both = [runway for runway in register.runways if None not in runway.ends]
    assert len(both) + sum(runway.ends.count(None) == 1 for runway in register.runways) == 537
