"""Aerodromes, runways and frequencies from CSV files with the columns of airportsdata and OurAirports.

A file is known by its header, not by its name. A row that cannot be understood is a trouble with its line.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from core.errors import WedgetailError
from core.units import FOOT_M
from geofence.aerodromes import Frequency, Register
from geofence.formats.found import Trouble
from geofence.runways import Aerodrome, Place, Runway

# columns that tell a kind of file; an aerodrome's differ between airportsdata and OurAirports
_RUNWAYS = {
    "airport_ident",
    "le_ident",
    "le_latitude_deg",
    "le_longitude_deg",
    "he_ident",
    "he_latitude_deg",
    "he_longitude_deg",
}
_FREQUENCIES = {"airport_ident", "type", "frequency_mhz"}
_AERODROMES = (("icao", "lat", "lon"), ("ident", "latitude_deg", "longitude_deg"))
_LONGEST_FT = 30_000.0

Rows = list[tuple[str, Mapping[str, str]]]  # where ("runways.csv line 12"), and by column what stands there


class NotAerodromes(WedgetailError):
    """No aerodromes can be built from {where}: {detail}"""


def read_folder(path: Path) -> Register:
    """Every *.csv of a folder. Raises NotAerodromes where there is none or it cannot be read, and as read does."""
    try:
        files = [(file.name, file.read_bytes()) for file in sorted(path.glob("*.csv"))]
    except OSError as error:
        raise NotAerodromes(where=path, detail=error.strerror or str(error)) from error
    if not files:
        raise NotAerodromes(where=path, detail="it is no folder with CSV files")
    return read(files, str(path))


def read(files: Iterable[tuple[str, bytes]], where: str = "these files") -> Register:
    """files: (name, content). Raises NotAerodromes unless there is one of each kind.

    Without frequencies nothing would be controlled, and nobody would see that it is missing.
    """
    aerodromes: dict[str, Aerodrome] = {}
    runways: list[Runway] = []
    frequencies: list[Frequency] = []
    troubles: list[Trouble] = []
    missing = dict.fromkeys(("aerodromes (icao, lat, lon)", "runways (airport_ident, le_ident, ...)", "frequencies"))
    kinds = tuple(missing)
    for name, content in files:
        columns, rows = _table(name, content, troubles)
        if columns >= _RUNWAYS:
            missing.pop(kinds[1], None)
            runways += _runways(rows, troubles)
        elif columns >= _FREQUENCIES:
            missing.pop(kinds[2], None)
            frequencies += _frequencies(rows, troubles)
        elif names := next((names for names in _AERODROMES if columns >= set(names)), None):
            missing.pop(kinds[0], None)
            for at, aerodrome in _aerodromes(rows, *names, troubles):
                if aerodromes.setdefault(aerodrome.ident, aerodrome) is not aerodrome:
                    troubles.append(Trouble(at, f"{aerodrome.ident} stands there twice: the first is taken"))
        elif columns:
            troubles.append(Trouble(name, "its columns are those of neither aerodromes, runways nor frequencies"))
    if missing:
        said = [f"{trouble.where}: {trouble.detail}" for trouble in troubles if " line " not in trouble.where]
        raise NotAerodromes(where=where, detail="; ".join([f"there is no file of {' nor of '.join(missing)}", *said]))
    return Register(list(aerodromes.values()), runways, frequencies, troubles)


def _table(name: str, content: bytes, troubles: list[Trouble]) -> tuple[set[str], Rows]:
    """The columns of a file, and its rows; a file that is no CSV has neither, or ends where it stops being one."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        troubles.append(Trouble(name, f"it is not UTF-8 (byte {error.start})"))
        return set(), []
    lines = csv.reader(io.StringIO(text, newline=""))
    header: list[str] = []
    rows: Rows = []
    try:
        header = [column.strip() for column in next(lines, [])]
        for fields in lines:
            at = f"{name} line {lines.line_num}"
            if fields and len(fields) != len(header):
                troubles.append(Trouble(at, f"{len(fields)} fields where the header has {len(header)}"))
            elif fields:
                rows.append((at, dict(zip(header, (field.strip() for field in fields), strict=True))))
    except csv.Error as error:
        troubles.append(Trouble(f"{name} line {lines.line_num}", f"{error}: nothing after it was read"))
    if not header:
        troubles.append(Trouble(name, "it is empty"))
    return set(header), rows


def _aerodromes(rows: Rows, ident: str, lat: str, lon: str, troubles: list[Trouble]) -> Iterator[tuple[str, Aerodrome]]:
    for at, row in rows:
        if row.get("type") == "closed":
            continue
        try:
            if not row[ident]:
                raise ValueError(f"no ident (column {ident})")
            lat_deg, lon_deg = _number(row, lat, 90.0), _number(row, lon, 180.0)
            if lat_deg is None or lon_deg is None:
                raise ValueError(f"{row[ident]} has no {lat if lat_deg is None else lon}")
        except ValueError as error:
            troubles.append(Trouble(at, str(error)))
            continue
        yield at, Aerodrome(row[ident], row.get("name") or row[ident], lon_deg, lat_deg)


def _runways(rows: Rows, troubles: list[Trouble]) -> Iterator[Runway]:
    for at, row in rows:
        if not row["airport_ident"]:
            troubles.append(Trouble(at, "no ident (column airport_ident)"))
            continue
        name = "/".join(filter(None, (row["le_ident"], row["he_ident"]))) or "unnamed"
        length_m = None
        try:
            length_ft = _number(row, "length_ft", _LONGEST_FT)
            length_m = length_ft * FOOT_M if length_ft else None
        except ValueError as error:
            troubles.append(Trouble(at, f"{error}: length unknown", lost=False))
        ends = _end(at, row, "le", troubles), _end(at, row, "he", troubles)
        if row.get("closed", "") not in ("", "0", "1"):
            troubles.append(Trouble(at, f"closed {row['closed']!r} is neither 0 nor 1: taken as open", lost=False))
        yield Runway(row["airport_ident"], name, ends, length_m, closed=row.get("closed") == "1")


def _end(at: str, row: Mapping[str, str], side: str, troubles: list[Trouble]) -> Place | None:
    lat, lon = f"{side}_latitude_deg", f"{side}_longitude_deg"
    try:
        lat_deg, lon_deg = _number(row, lat, 90.0), _number(row, lon, 180.0)
        if (lat_deg is None) != (lon_deg is None):
            raise ValueError(f"{lat} and {lon}: one stands there without the other")
    except ValueError as error:
        troubles.append(Trouble(at, f"{error}: this runway end is unknown", lost=False))
        return None
    return None if lat_deg is None or lon_deg is None else (lon_deg, lat_deg)


def _frequencies(rows: Rows, troubles: list[Trouble]) -> Iterator[Frequency]:
    for at, row in rows:
        if row["airport_ident"]:
            yield Frequency(row["airport_ident"], row["type"], row.get("description", ""))
        else:
            troubles.append(Trouble(at, "no ident (column airport_ident)"))


def _number(row: Mapping[str, str], column: str, limit: float) -> float | None:
    """What a column holds, None where it is blank or not there. Raises ValueError in words."""
    word = row.get(column, "")
    if not word:
        return None
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{column} {word!r} is no number")
    if abs(number) > limit:
        raise ValueError(f"{column} {word} is beyond {limit:g}")
    return number
