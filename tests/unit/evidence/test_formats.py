"""Each format read back by a reader that is not ours."""

import csv
import io
import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from lxml import etree
from pyarrow import parquet

from evidence import columns, czml, geojson, kml
from evidence import csv as csv_writer
from evidence import parquet as parquet_writer
from evidence.formats import FORMATS
from geofence.moments import iso
from tests.unit.evidence import record
from tests.unit.evidence.record import ONE, TWO
from tests.unit.streams.flight import T0, S

KML = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}


@pytest.mark.parametrize("word", FORMATS)
def test_the_same_flight_gives_the_same_bytes(word: str) -> None:
    assert FORMATS[word].write(record.incident().flight) == FORMATS[word].write(record.incident().flight)


def test_csv_has_a_row_for_each_sample_and_gap_in_the_order_of_time() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_writer.write(record.incident().flight).decode())))
    assert list(rows[0]) == [column.name for column in columns.COLUMNS]
    assert len(rows) == 25 + 20 + 1
    mine = [row for row in rows if row["aircraft_id"] == str(ONE.id)]
    times = [datetime.fromisoformat(row["event_time_utc"]) for row in mine]
    assert times == sorted(times) and all(time.tzinfo == UTC for time in times)
    (at,) = [number for number, row in enumerate(mine) if row["record"] == "gap"]
    gap = mine[at]
    assert (gap["gap_reason"], gap["gap_count"], gap["gap_counted"]) == ("nothing_came", "11", "frames")
    assert gap["lon_wgs84_deg"] == gap["height_judged_m"] == "" and gap["gap_end_utc"].startswith("2023-11-14 22:13:35")
    assert mine[at - 1]["record"] == mine[at + 1]["record"] == "sample"
    assert float(mine[0]["lon_wgs84_deg"]) == 149.1 and mine[0]["airborne"] == ""
    assert [row["lon_wgs84_deg"] for row in mine[at + 1 : at + 2]] == [""]


def test_parquet_has_the_rows_of_the_csv_with_types_and_words() -> None:
    flight = record.incident().flight
    table = parquet.read_table(pa.BufferReader(parquet_writer.write(flight)))
    assert table.schema.names == [column.name for column in columns.COLUMNS]
    assert table.schema.field("event_time_utc").type == pa.timestamp("us", "UTC")
    assert b"ellipsoid" in table.schema.field("amsl_m").metadata[b"says"]
    assert table.num_rows == 46
    judged = table.filter(pa.compute.equal(table["aircraft_id"], str(TWO.id)))["height_judged_m"]
    assert judged.null_count == 20


def test_geojson_tells_stretches_samples_and_gaps_apart_and_draws_no_line_across_a_gap() -> None:
    told = json.loads(geojson.write(record.incident().flight))
    assert told["type"] == "FeatureCollection"
    by = {
        kind: [feature for feature in told["features"] if feature["properties"]["record"] == kind]
        for kind in ("stretch", "sample", "gap")
    }
    assert {kind: len(found) for kind, found in by.items()} == {"stretch": 3, "sample": 45, "gap": 1}
    assert [len(feature["geometry"]["coordinates"]) for feature in by["stretch"]] == [10, 14, 20]
    (gap,) = by["gap"]
    assert gap["geometry"] == {"type": "MultiPoint", "coordinates": [[149.1009, -35.3], [149.1016, -35.3]]}
    assert sum(feature["geometry"] is None for feature in by["sample"]) == 1
    assert all(len(feature["geometry"]["coordinates"]) == 2 for feature in by["sample"] if feature["geometry"])
    assert by["sample"][0]["properties"]["event_time_utc"] == "2023-11-14T22:13:20.000000Z"
    assert by["sample"][-1]["properties"]["height_judged_m"] is None


def test_kml_has_a_track_for_each_stretch_with_as_many_times_as_places() -> None:
    root = etree.fromstring(kml.write(record.incident().flight))
    tracks = root.findall(".//gx:Track", KML)
    assert [len(track.findall("k:when", KML)) for track in tracks] == [10, 14, 20]
    for track in tracks:
        assert len(track.findall("gx:coord", KML)) == len(track.findall("k:when", KML))
        assert track.find("k:altitudeMode", KML).text == "absolute"
        for array in track.findall(".//gx:SimpleArrayData", KML):
            assert len(array.findall("gx:value", KML)) == len(track.findall("k:when", KML))
    assert tracks[0].find("gx:coord", KML).text == "149.1 -35.3 700.0"
    assert root.find(".//k:TimeSpan/k:begin", KML).text == iso(T0 + 9 * S)
    assert [folder.find("k:name", KML).text for folder in root.iter(f"{{{KML['k']}}}Folder")] == ["Kite <1> é", TWO.known_as]


def test_kml_without_a_known_altitude_is_drawn_on_the_ground_and_says_so() -> None:
    samples = [record.at(second) for second in range(3)]
    samples[1].amsl_mm = None
    root = etree.fromstring(kml.write(record.flight_of(samples)))
    assert root.find(".//gx:Track/k:altitudeMode", KML).text == "clampToGround"
    assert "not known" in root.find(".//k:Placemark/k:description", KML).text


def test_czml_never_writes_a_height_above_sea_level_as_one_above_the_ellipsoid() -> None:
    document, *packets = json.loads(czml.write(record.incident().flight))
    assert document["id"] == "document" and document["version"] == "1.0" and "ellipsoid" in document["description"]
    stretches = [packet for packet in packets if "position" in packet]
    assert [packet["point"]["heightReference"] for packet in stretches] == [
        "RELATIVE_TO_GROUND", "RELATIVE_TO_GROUND", "CLAMP_TO_GROUND",
    ]  # fmt: skip
    for packet in stretches:
        places = np.array(packet["position"]["cartographicDegrees"]).reshape(-1, 4)
        assert places[0, 0] == 0 and (np.diff(places[:, 0]) > 0).all()
        assert places[:, 3].max() < 200, "no 700 m above the sea among them"
        begin, end = packet["availability"].split("/")
        assert begin == packet["position"]["epoch"] and begin < end
    assert stretches[0]["properties"]["amsl_m"]["number"][:2] == [0.0, 700.0]
    assert "height_judged_m" not in stretches[2]["properties"]
    (mine,) = [packet for packet in packets if packet["id"] == str(ONE.id)]
    assert [gap["reason"] for gap in mine["properties"]["gaps"]] == ["nothing_came"]


@pytest.mark.parametrize("word", FORMATS)
def test_a_flight_without_any_position_can_be_written(word: str) -> None:
    assert FORMATS[word].write(record.flight_of([record.at(1, lon=None)]))
