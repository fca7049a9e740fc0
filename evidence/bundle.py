"""An incident bundle: a ZIP of files whose sums stand in its manifest; the manifest's own sum is the root hash. Pure.

    SHA256SUMS      sums of manifest.json (the root hash) and of report.pdf, as `sha256sum -c` reads them
    manifest.json   what this is of, who made it when with what, and the sum of every file but these three
    report.pdf      for people; the root hash is printed on each of its pages, so its own sum cannot be part of it
    ...             the data

The same incident gives the same bytes, but for who made it when.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence import csv, kml, parquet, words
from evidence.flight import Incident
from evidence.made import Made
from evidence.report import document
from geofence.moments import iso

MANIFEST, REPORT, SUMS = "manifest.json", "report.pdf", "SHA256SUMS"
FORMAT = "wedgetail-bundle-1"
_BORN = (1980, 1, 1, 0, 0, 0)  # of every file in the ZIP: when it was made stands in the manifest
_SUMS = re.compile(rf"([0-9a-f]{{64}})  {re.escape(MANIFEST)}\n([0-9a-f]{{64}})  {re.escape(REPORT)}\n")


@dataclass(frozen=True, slots=True)
class Bundle:
    data: bytes  # the ZIP
    root_hash: str
    report_hash: str


def make(incident: Incident, made: Made) -> Bundle:
    files = data_files(incident, made)
    told = manifest(incident, made, files)
    root_hash = sha256(told)
    drawn = document.write(incident, made, root_hash, {name: sha256(data) for name, data in files.items()})
    own = {REPORT: drawn, MANIFEST: told, SUMS: sums(told, drawn)}
    return Bundle(pack(own | files), root_hash, sha256(drawn))


def data_files(incident: Incident, made: Made) -> dict[str, bytes]:
    """Everything but manifest, report and sums, by name."""
    flight = incident.flight
    return {
        "samples.csv": csv.write(flight),
        "samples.parquet": parquet.write(flight),
        "track.kml": kml.write(flight),
        "alerts.json": canonical(words.alerts(incident)),
        "actions.json": canonical(words.actions(incident)),
        "zones.geojson": canonical(words.zones(incident)),
        "facts.json": canonical(words.facts(incident)),
        "rules.json": canonical(words.rules(incident, made)),
    }


def manifest(incident: Incident, made: Made, files: Mapping[str, bytes]) -> bytes:
    """In its one form; its SHA-256 is the root hash."""
    flight = incident.flight
    return canonical(
        {
            "format": FORMAT,
            "operator": {"id": str(flight.operator_id), "title": flight.operator, "timezone": flight.timezone},
            "flight": flight.name,
            "window": {"from": iso(flight.from_us), "to": iso(flight.to_us)},
            "imported": flight.imported,
            "aircraft": [
                {"id": str(one.id), "name": one.name, "link": one.link, "system_id": one.system_id} for one in flight.aircraft
            ],
            "counts": {
                "samples": len(flight.samples), "gaps": len(flight.gaps), "alerts": len(incident.alerts),
                "actions": len(incident.actions), "zones": len(incident.zones), "facts": len(incident.facts),
            },
            "worlds": {"first": incident.worlds[0], "last": incident.worlds[1]},
            "engines": list(incident.engines),
            "made": {"at": iso(made.at_us), "by": made.by, "program": made.program, "engine": made.engine},
            "files": {name: {"bytes": len(data), "sha256": sha256(data)} for name, data in files.items()},
        }
    )  # fmt: skip


def sums(manifest: bytes, report: bytes) -> bytes:
    return f"{sha256(manifest)}  {MANIFEST}\n{sha256(report)}  {REPORT}\n".encode()


def read_sums(text: bytes) -> tuple[str, str] | None:
    """The sums of manifest and report; None: it is not in its one form."""
    found = _SUMS.fullmatch(text.decode("ascii", "replace"))
    return None if found is None else (found[1], found[2])


def pack(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _BORN)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def canonical(value: Any) -> bytes:
    """JSON in one form: names in order, indented by one, UTF-8, one newline at the end."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
