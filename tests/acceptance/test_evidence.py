"""A real flight out of the running system as files that others read, and as a bundle that is checked without it."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from pyarrow import parquet

from evidence.formats import FORMATS
from tests.acceptance.conftest import ROOT, House
from tests.acceptance.test_flights import KEEP_IN, link_of, publish


@pytest.fixture
def copter(shared_data: Path) -> Path:
    return shared_data / "logs" / "copter-canberra.tlog"


def verify(file: Path) -> "subprocess.CompletedProcess[str]":
    """As on a machine that has no database."""
    nowhere = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    return subprocess.run(
        [sys.executable, "-m", "wedgetail", "verify", str(file)],
        cwd=ROOT,
        env=nowhere,
        text=True,
        capture_output=True,
        timeout=60,
    )


def test_a_flight_is_exported_in_every_format_and_bundled_and_the_bundle_verified(
    house: House, copter: Path, tmp_path: Path
) -> None:
    publish(house, KEEP_IN)
    house.command("import", str(copter))
    for format in FORMATS:
        told = house.command("export", str(copter), "--format", format, "-o", str(tmp_path / format))
        assert "2,842 samples" in told
    rows = list(csv.DictReader((tmp_path / "csv").read_text().splitlines()))
    assert sum(row["record"] == "sample" for row in rows) == parquet.read_table(tmp_path / "parquet").num_rows - (
        sum(row["record"] == "gap" for row in rows)
    )
    assert sum(row["lon_wgs84_deg"] != "" for row in rows) == 2_684
    times = etree.parse(tmp_path / "kml").findall(".//{*}Track/{*}when")
    points = [
        one for one in json.loads((tmp_path / "geojson").read_text())["features"] if one["properties"]["record"] == "sample"
    ]
    assert len(times) == sum(point["geometry"] is not None for point in points) == 2_684
    assert json.loads((tmp_path / "czml").read_text())[0]["id"] == "document"

    file = tmp_path / "bundle.zip"
    made = house.command("export", str(copter), "--format", "bundle", "--by", "A. Officer", "-o", str(file))
    with house.database() as database:
        kept = database.execute("SELECT root_hash, report_hash, made_by, flight FROM bundle").fetchall()
    ((root_hash, report_hash, by, flight),) = kept
    assert root_hash in made and (by, flight) == ("A. Officer", link_of(copter))
    checked = verify(file)
    assert checked.returncode == 0 and "unchanged since made, compare the root hash" in checked.stdout
    assert root_hash in checked.stdout and report_hash in checked.stdout and "authentic" not in checked.stdout
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "bundle")
        manifest = json.loads(archive.read("manifest.json"))
        alerts = json.loads(archive.read("alerts.json"))["alerts"]
    assert manifest["counts"]["alerts"] == len(alerts) >= 5 and manifest["engines"]
    (tmp_path / "bundle" / "alerts.json").write_text("{}")
    (tmp_path / "bundle" / "facts.json").unlink()
    (tmp_path / "bundle" / "new.txt").write_text("new")
    checked = verify(tmp_path / "bundle")
    assert checked.returncode == 1
    assert checked.stdout.splitlines()[:3] == ["changed alerts.json", "missing facts.json", "added   new.txt"]
    assert verify(copter).returncode == 2

    for arguments in (
        ("--format", "bundle", "-o", str(tmp_path / "other.zip")),
        ("--format", "bundle", "--by", "A", "-o", str(file)),
        ("--format", "csv", "-o", str(tmp_path / "none" / "x.csv")),
        ("--format", "csv", "--from", "2030-01-01T00:00", "-o", str(tmp_path / "x.csv")),
    ):
        with house.started("export", str(copter), *arguments) as asking:
            assert asking.wait(60) == 2, arguments

    with house.door() as door:
        answer = door.get("export", params={"flight": link_of(copter), "format": "csv"})
        assert answer.status_code == 200 and answer.content == (tmp_path / "csv").read_bytes()
        answer = door.post("bundles", params={"flight": link_of(copter), "by": "B. Officer"})
        assert answer.status_code == 201
        file.write_bytes(answer.content)
        assert door.get("export", params={"flight": "nobody", "format": "csv"}).status_code == 404
    assert answer.headers["root-hash"] in verify(file).stdout
