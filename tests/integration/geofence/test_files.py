"""Files that people already have, each format by the command on a real database: in, by kind, twice, and out again."""

import asyncio
import csv
import json
import time
from pathlib import Path

import pytest

from core.settings import Database, Settings
from geofence.zone import Activation, ZoneKind
from tests.integration.geofence.test_import import Command, command, zone
from wedgetail import zones

__all__ = ["command"]  # a fixture

RING = "149,-35 149.1,-35 149.1,-35.1 149,-35.1 149,-35"
KML = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Paddock</name><Polygon><outerBoundaryIs><LinearRing>'
    f"<coordinates>{RING}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"
)
SQUARE = {"type": "Polygon", "coordinates": [[[149, -35], [149.1, -35], [149.1, -35.1], [149, -35.1], [149, -35]]]}


def refused(command: Command, *arguments: str) -> str:
    code, told, wrong = command.run(*arguments)
    assert (code, told, wrong.count("\n")) == (2, "", 1)
    return wrong.removeprefix("wedgetail: ").strip()


def done(command: Command, *arguments: str) -> list[str]:
    code, told, wrong = command.run(*arguments)
    assert (code, wrong) == (0, "")
    return told.splitlines()


def test_what_a_drawn_area_asks_is_said_by_whoever_imports_it(command: Command) -> None:
    told = command.take_in(KML, file="paddock.kml")
    assert told[0] == "paddock.kml: KML, collection paddock"
    assert told[1].startswith("noted    file: 1 areas say neither keep-in nor keep-out")
    assert command.known()[-1].kind is ZoneKind.INFORMATION
    told = command.take_in(KML, "--kind", "keep_in", file="paddock.kml")
    assert told[1:] == ["changed  Paddock: keep-in, SFC to unlimited (kind)", "0 added, 1 changed, 0 ended, 0 unchanged"]
    (command.folder / "south.txt").write_text(zone("R1"))
    assert refused(command, "import", "south.txt", "--kind", "keep_out") == (
        "A file of OpenAir says itself what its zones ask: import it without a kind."
    )


def test_a_zone_that_a_file_still_names_is_kept_whatever_part_of_it_cannot_be_read(command: Command) -> None:
    good = {"uomDimensions": "M", "horizontalProjection": SQUARE}
    wrong = {"uomDimensions": "M", "horizontalProjection": {"type": "Polygon", "coordinates": []}}

    def edition(*volumes: object) -> str:
        common = {"identifier": "X1", "name": "Place", "restriction": "PROHIBITED", "geometry": volumes}
        return json.dumps({"features": [common, {"identifier": "X2", "restriction": "PROHIBITED", "geometry": [good]}]})

    command.take_in(edition(good, good), file="state.json")
    assert {one.source for one in command.known()} == {"state/X1.1", "state/X1.2", "state/X2"}
    told = command.take_in(edition(good, wrong), file="state.json")
    assert told[1] == "kept     Place: keep-out, SFC to unlimited: the file names it, and it cannot be read there"
    assert told[-1] == "0 added, 0 changed, 0 ended, 2 unchanged"


def write_csv(file: Path, *rows: dict[str, object]) -> None:
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def aerodromes(tmp_path: Path) -> Path:
    """One with a tower, seven of the same without a runway that is known, one that nobody controls."""
    folder = tmp_path / "aerodromes"
    folder.mkdir()
    idents = ["YSCB", *(f"YAA{letter}" for letter in "ABCDEFG"), "YXYZ"]
    write_csv(folder / "a.csv", *({"icao": one, "name": one, "lat": -35 - n, "lon": 149} for n, one in enumerate(idents)))
    runway = {
        "airport_ident": "YSCB", "length_ft": 6_000, "closed": 0, "le_ident": "17", "he_ident": "35",
        "le_latitude_deg": -34.99, "le_longitude_deg": 149, "he_latitude_deg": -35.006, "he_longitude_deg": 149,
    }  # fmt: skip
    write_csv(folder / "r.csv", runway)
    towers = ({"airport_ident": one, "type": "TWR", "description": "", "frequency_mhz": 118.7} for one in idents[:-1])
    write_csv(folder / "f.csv", *towers)
    return folder


def test_aerodromes_are_an_edition_of_their_own_and_alike_troubles_are_one_line(command: Command, aerodromes: Path) -> None:
    told = done(command, "aerodromes", str(aerodromes))
    assert told[0] == "aerodromes: 9 aerodromes, collection aerodromes"
    (line,) = (one for one in told if "paths are left out" in one)
    assert line == (
        "left out 7 times: controlled, and no runway has both ends known: its paths are left out: "
        "YAAA, YAAB, YAAC, YAAD, YAAE, YAAF, YAAG"
    )
    assert told[-1] == "27 added, 0 changed, 0 ended, 0 unchanged"
    assert done(command, "aerodromes", str(aerodromes))[-1] == "0 added, 0 changed, 0 ended, 27 unchanged"
    dry = done(command, "aerodromes", str(aerodromes), "--no-uncontrolled", "--dry-run")
    assert [one for one in dry if one.startswith("ended")] == [
        "ended    YXYZ non-controlled aerodrome: information, SFC to unlimited"
    ]
    assert dry[-1] == "dry run, nothing is stored: 0 added, 0 changed, 1 ended, 26 unchanged"


def test_tower_hours_that_are_stated_make_an_aerodromes_timetable(command: Command, aerodromes: Path) -> None:
    hours = {"timezone": "Australia/Sydney", "spans": [{"start": "06:00", "end": "22:00"}]}
    fact = {"kind": "tower", "aerodrome": "YSCB", "timetable": hours}
    (command.folder / "facts.json").write_text(json.dumps({"facts": [fact]}))
    done(command, "aerodromes", str(aerodromes))
    code, _, wrong = command.run("import", "facts.json", room="facts")
    assert (code, wrong) == (0, "")
    told = done(command, "aerodromes", str(aerodromes))
    assert told[-1] == "0 added, 5 changed, 0 ended, 22 unchanged"
    changed = {one.source: one for one in command.known()}["aerodromes/YSCB-3NM"]
    assert (changed.activation, changed.rule) == (Activation.TIMETABLE, "AU-AERO-3NM")


def test_what_aerodromes_cannot_be_built_from_is_one_line(command: Command, tmp_path: Path) -> None:
    assert "it is no folder with CSV files" in refused(command, "aerodromes", str(tmp_path))


def test_zones_are_written_in_each_format_and_come_back_the_same(command: Command) -> None:
    command.take_in(zone("R1 [NOTAM]", ah="FL125") + zone("Q1", ac="Q"))
    command.take_in(KML, "--kind", "keep_in", file="paddock.kml")
    before = {one.name: (one.kind, one.ceiling_m, one.ceiling_datum, one.activation) for one in command.known()}
    files = ("all.geojson", "all.json", "all.kml")
    for file in files:
        assert done(command, "export", file) == [f"{file}: 3 zones"]
    for file in files:
        collection = file.replace(".", "-")
        assert done(command, "import", file, "--collection", collection)[-1] == "3 added, 0 changed, 0 ended, 0 unchanged"
        back = [one for one in command.known() if one.collection == collection]
        assert {one.name: (one.kind, one.ceiling_m, one.ceiling_datum, one.activation) for one in back} == before
    assert done(command, "export", "south.kml", "--collection", "south") == ["south.kml: 2 zones"]
    assert "its name ends with one of .geojson (geojson), .json (ed318), .kml (kml)" in refused(command, "export", "zones.txt")
    assert refused(command, "export", "no/such/folder.kml") == "no/such/folder.kml cannot be written: No such file or directory"


def test_everything_that_is_at_hand_loads_and_twice_changes_nothing(
    command: Command, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the command does it, without the second that each start of a program takes."""
    settings = Settings(database=Database(url=command.url))
    folders = (shared_data / folder for folder in ("airspace", "zones", "fences"))
    files = sorted(file for folder in folders for file in folder.iterdir() if "invalid" not in file.name)

    def load_all() -> list[str]:
        last = []
        for file in files:
            asyncio.run(zones.take_in(settings, file, None, None, dry_run=False))
            last.append(capsys.readouterr().out.splitlines()[-1])
        asyncio.run(zones.take_in_aerodromes(settings, shared_data / "aerodromes", uncontrolled=True, dry_run=False))
        return [*last, capsys.readouterr().out.splitlines()[-1]]

    begun = time.monotonic()
    first = load_all()
    with capsys.disabled():
        print(f"all files of zones, and the aerodromes, in {time.monotonic() - begun:.1f} s")
    assert [line.split(" ")[0] for line in first] == ["1,888", "2", "2", "5", "1", "3", "5", "1,803"]
    before = command.known()
    assert all(line.startswith("0 added, 0 changed, 0 ended") for line in load_all())
    assert (command.known(), command.world()) == (before, len(files) + 1)
    invalid = str(shared_data / "zones" / "ed318-invalid-two-layers.json")
    assert refused(command, "import", invalid).startswith("No zone was understood, so nothing is changed: feature 1")
    for file in ("all.geojson", "all.json", "all.kml"):
        (told,) = done(command, "export", file)
        assert told.startswith(f"{file}: 3,7")
