"""`wedgetail facts import FILE` and `wedgetail facts list`: straight to the database; the API publishes what is new."""

import time
from pathlib import Path

from rich.console import Console

from core import strictjson
from core.errors import WedgetailError
from core.identity import operator_id
from core.settings import Settings
from geofence import factjson, factstore, service
from geofence.facts import (
    AircraftFact,
    Authorisation,
    Fact,
    FactVersion,
    Limits,
    OperatorFact,
    Pressure,
    assumed,
    kind_of,
    subject,
    weighed,
)
from geofence.factservice import put_all
from geofence.moments import iso
from wedgetail.database import database


class WrongFactFile(WedgetailError):
    """{file} is not imported: {detail}"""


async def import_file(settings: Settings, file: Path, dry_run: bool) -> None:
    """Prints what was, or would be, added and changed. Raises WrongFactFile, and those of database()."""
    operator = operator_id(settings.operator.name)
    try:
        facts = factjson.read_many(strictjson.loads(file.read_text("utf-8-sig")), operator)
    except factjson.WrongFact as error:
        raise WrongFactFile(file=file, detail=error.facts["detail"]) from error
    except (OSError, ValueError) as error:
        raise WrongFactFile(file=file, detail=f"JSON is expected: {error}") from error
    async with database(settings, "wedgetail facts") as conn:
        changes = await put_all(conn, operator, facts, dry_run)
    console = Console(highlight=False, soft_wrap=True)
    for what, found in zip(changes._fields, changes, strict=True):
        for version, _ in found:
            console.print(f"{what:9}  {_named(version)}", markup=False)
    counts = ", ".join(f"{len(found)} {what}" for what, found in zip(changes._fields, changes, strict=True))
    if dry_run:
        console.print(f"{file}: {counts}; a dry run: nothing is stored", markup=False)
    elif changes.added or changes.changed:
        world = (changes.added + changes.changed)[0][0].world
        console.print(f"{file}: {counts}; in force once the API has published world {world}", markup=False)
    else:
        console.print(f"{file}: {counts}", markup=False)


async def print_all(settings: Settings) -> None:
    """Raises those of database()."""
    console = Console(highlight=False, soft_wrap=True)
    async with database(settings, "wedgetail facts") as conn:
        known = await factstore.versions(conn, operator_id(settings.operator.name))
    found = service.chosen(known, time.time_ns() // 1_000, coming=True)
    for line in sorted(f"{_named(version)}: {_words(version.fact)}{_validity(version)}" for version, _ in found):
        console.print(line, markup=False)
    console.print(f"of every other aircraft: {'; '.join(assumed(None))}", markup=False)


def _named(version: FactVersion) -> str:
    return f"{kind_of(version.fact)} {subject(version.fact)} (version {version.version})"


def _validity(version: FactVersion) -> str:
    begins, ends = iso(version.valid_from_us), iso(version.valid_to_us)
    said = [f"from {begins}" if begins else "", f"to {ends}" if ends else ""]
    return f", {' '.join(filter(None, said))}" if begins or ends else ""


def _words(fact: Fact) -> str:
    if isinstance(fact, Authorisation):
        relaxed = ", ".join(one.rule if one.to is None else f"{one.rule} to {one.to:g}" for one in fact.relaxes)
        whose = "all aircraft" if fact.aircraft_ids is None else f"{len(fact.aircraft_ids)} aircraft"
        return f"{fact.type} by {fact.issuer} relaxes {relaxed} for {whose}{_where(fact)}"
    if isinstance(fact, Pressure):
        return f"QNH {fact.qnh_hpa:g} hPa{_where(fact)}"
    if isinstance(fact, AircraftFact):
        said = [] if fact.weight_g is None else [f"{fact.weight_g:g} g ({weighed(fact).weight})"]
        if fact.station_lon_deg is not None:
            said.append(f"the pilot's station is at {fact.station_lon_deg:g} {fact.station_lat_deg:g}")
        return "; ".join(said + _limits(fact) + assumed(fact))
    if isinstance(fact, OperatorFact):
        return "; ".join(_limits(fact))
    hours = ", ".join(f"{span.start} to {span.end}" for span in fact.timetable.spans)
    return f"controlled {hours} ({fact.timetable.timezone})"


def _limits(fact: Limits) -> list[str]:
    said = {
        "in sight up to {:g} m": fact.vlos_m, "battery warns at {:g} %": fact.battery_warn_pct,
        "battery breaches at {:g} %": fact.battery_breach_pct, "a fix of type {:g} at least": fact.fix_type_min,
        "lost after {:g} s of silence": fact.link_lost_s,
    }  # fmt: skip
    return [words.format(value) for words, value in said.items() if value is not None]


def _where(fact: Authorisation | Pressure) -> str:
    return "" if fact.area is None else " in its area"
