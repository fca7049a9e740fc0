"""A bundle holds everything, is the same again, and tells what was done to it."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from evidence import bundle
from evidence.bundle import MANIFEST, REPORT, SUMS
from evidence.verify import NoBundle, verify
from tests.unit.evidence import record

NAMES = {
    "samples.csv", "samples.parquet", "track.kml", "alerts.json", "actions.json", "zones.geojson", "facts.json", "rules.json",
    MANIFEST, REPORT, SUMS,
}  # fmt: skip


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return unpacked(bundle.make(record.incident(), record.MADE).data)


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_it_holds_data_alerts_actions_zones_rules_and_the_report(files: dict[str, bytes]) -> None:
    assert set(files) == NAMES
    (alert,) = json.loads(files["alerts.json"])["alerts"]
    assert (alert["level"], alert["state"], len(alert["steps"])) == ("breach", "cleared", 2)
    assert alert["steps"][0]["engine"] == "3" and alert["steps"][0]["published_at"].endswith("Z")
    (action,) = json.loads(files["actions.json"])["actions"]
    assert (action["station"], action["action"], action["alert_id"]) == ("Dispatch 1", "acknowledged", alert["id"])
    (zone,) = json.loads(files["zones.geojson"])["features"]
    assert zone["properties"]["name"] == "Field 中" and zone["properties"]["in_force_to"] is None
    (fact,) = json.loads(files["facts.json"])["facts"]
    assert (fact["weight_g"], fact["version"], fact["world"]) == (1_500, 1, 2)
    rules = json.loads(files["rules.json"])
    assert rules["engines_that_judged"] == ["3"] and not rules["rules"]["AU-VMC"]["checked"]
    told = json.loads(files[MANIFEST])
    assert told["made"] == {"at": "2023-11-14T23:13:20.000000Z", "by": "A. Officer", "program": "0.1.0", "engine": "3"}
    assert told["counts"] == {"samples": 45, "gaps": 1, "alerts": 1, "actions": 1, "zones": 1, "facts": 1}
    assert {name: one["sha256"] for name, one in told["files"].items()} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name not in (MANIFEST, REPORT, SUMS)
    }


def test_its_sums_are_as_sha256sum_reads_them(files: dict[str, bytes]) -> None:
    lines = files[SUMS].decode().splitlines()
    assert [line.split("  ")[1] for line in lines] == [MANIFEST, REPORT]
    assert all(hashlib.sha256(files[line[66:]]).hexdigest() == line[:64] for line in lines)


def test_the_same_incident_gives_the_same_bytes_but_for_who_made_it_when(files: dict[str, bytes]) -> None:
    assert unpacked(bundle.make(record.incident(), record.MADE).data) == files
    later = unpacked(bundle.make(record.incident(), record.LATER).data)
    assert {name for name in files if files[name] != later[name]} == {MANIFEST, REPORT, SUMS}
    told, then = json.loads(later[MANIFEST]), json.loads(files[MANIFEST])
    assert {name for name in told if told[name] != then[name]} == {"made"}


def test_what_was_not_touched_is_unchanged_as_zip_and_as_folder(files: dict[str, bytes], tmp_path: Path) -> None:
    made = bundle.make(record.incident(), record.MADE)
    (tmp_path / "bundle.zip").write_bytes(made.data)
    for path in (tmp_path / "bundle.zip", written(tmp_path / "folder", files)):
        found = verify(path)
        assert found.unchanged and found.files == len(NAMES)
        assert (found.root_hash, found.report_hash) == (made.root_hash, made.report_hash)
        assert found.made["by"] == "A. Officer"


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0])
def test_a_flipped_bit_in_any_file_is_found_and_named(name: str, where: float, files: dict[str, bytes], tmp_path: Path) -> None:
    data = bytearray(files[name])
    data[round(where * (len(data) - 1))] ^= 1
    found = verify(written(tmp_path, files | {name: bytes(data)}))
    assert not found.unchanged
    assert any(name in told for told in found.changed), found
    if name not in (SUMS, MANIFEST):  # a changed manifest may say a wrong sum of another file
        assert len(found.changed) == 1, "only that one"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_removed_file_is_missing(name: str, files: dict[str, bytes], tmp_path: Path) -> None:
    found = verify(written(tmp_path, {one: data for one, data in files.items() if one != name}))
    assert found.missing == (name,)


@pytest.mark.parametrize("name", ["note.txt", "deep/er.json", ".hidden"])
def test_an_added_file_is_named(name: str, files: dict[str, bytes], tmp_path: Path) -> None:
    found = verify(written(tmp_path, files | {name: b"new"}))
    assert (found.added, found.changed, found.missing) == ((name,), (), ())


def test_data_changed_together_with_its_sum_changes_the_manifest(files: dict[str, bytes], tmp_path: Path) -> None:
    told = json.loads(files[MANIFEST])
    told["files"]["alerts.json"]["sha256"] = hashlib.sha256(b"{}").hexdigest()
    found = verify(written(tmp_path, files | {"alerts.json": b"{}", MANIFEST: bundle.canonical(told)}))
    assert found.changed == (f"{MANIFEST}, or its sum in {SUMS}",)


def test_with_every_sum_made_anew_only_the_root_hash_tells(files: dict[str, bytes], tmp_path: Path) -> None:
    told = json.loads(files[MANIFEST])
    told["made"]["by"] = "Somebody else"
    other = bundle.canonical(told)
    found = verify(written(tmp_path, files | {MANIFEST: other, SUMS: bundle.sums(other, files[REPORT])}))
    assert found.unchanged
    assert found.root_hash != hashlib.sha256(files[MANIFEST]).hexdigest()


def damaged(data: bytes) -> bytes:
    """A byte within the packed data of samples.csv."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo("samples.csv")
    at = entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def twice(data: bytes) -> bytes:
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("alerts.json", "{}")
    return buffer.getvalue()


@pytest.mark.parametrize("harm, name", [(damaged, "samples.csv"), (twice, "alerts.json")])
def test_a_zip_that_was_tampered_with_is_found(harm: Callable[[bytes], bytes], name: str, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(harm(bundle.make(record.incident(), record.MADE).data))
    found = verify(file)
    assert not found.unchanged and name in {*found.changed, *found.added}


def test_no_damage_to_a_zip_is_more_than_changed_or_no_bundle(tmp_path: Path) -> None:
    data, file = bundle.make(record.incident(), record.MADE).data, tmp_path / "bundle.zip"
    for at in [*range(0, len(data), 997), *range(len(data) - 900, len(data))]:
        file.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with suppress(NoBundle):
            verify(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", None])
def test_what_is_no_bundle_is_said_in_a_sentence(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NoBundle, match="is no bundle"):
        verify(file)


def test_a_zip_of_something_else_is_no_bundle(tmp_path: Path) -> None:
    file = tmp_path / "other.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(NoBundle, match="neither"):
        verify(file)


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b"null", b"[" * 100_000, b'{"files": 3, "format": "wedgetail-bundle-1"}']
)
def test_a_manifest_that_is_none_is_changed(manifest: bytes, files: dict[str, bytes], tmp_path: Path) -> None:
    assert MANIFEST in verify(written(tmp_path, files | {MANIFEST: manifest})).changed
