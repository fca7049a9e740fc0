"""The command line. Each command loads the settings and calls the room that does the work; a failure is one line."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import uvloop

from core.cluster import guarded
from core.errors import WedgetailError
from core.settings import Settings, load
from wedgetail import logs
from wedgetail.running import find

_LATER = 5  # niceness of the recorder: where processors are few, what people wait for comes before what is stored
_WRONG = 2
_INTERRUPTED = 130

app = typer.Typer(
    help="Watches drones: telemetry through Kafka into geofence and altitude rules, alerts in front of a person.",
    epilog="Settings come from a TOML file (--settings), then from the environment: KAFKA_BOOTSTRAP, DATABASE_URL, PORT, "
    "and WEDGETAIL_SECTION__NAME for every other one, such as WEDGETAIL_INGEST__PORT=14551.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="A TOML file of settings; the environment has the last word.")
]
_WHOLE = "Everything at once"
_PARTS = "One part, against a configured broker and database"
_FLIGHTS = "Recorded and simulated flights"
_AIRSPACE = "What rules go by"
_TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M"]


@app.command(rich_help_panel=_WHOLE)
def up(
    settings: SettingsFile = None,
    fleet: Annotated[int, typer.Option(min=0, help="Also fly this many simulated aircraft.")] = 0,
    reset: Annotated[
        bool, typer.Option("--reset", help="Begin anew: delete what earlier runs stored in the data directory.")
    ] = False,
) -> None:
    """Start all parts, and a Kafka and a PostgreSQL where none is configured; stop all with Ctrl-C."""
    loaded = load(settings)
    from wedgetail import up as supervisor

    _serve(supervisor.run(loaded, settings, fleet=fleet, reset=reset))


@app.command(rich_help_panel=_PARTS)
def ingest(settings: SettingsFile = None) -> None:
    """Receive MAVLink over UDP and put it on Kafka."""
    loaded = _part(settings)
    from ingest import service

    _serve(guarded(loaded, service.run(loaded)))


@app.command(rich_help_panel=_PARTS)
def worker(
    settings: SettingsFile = None,
    accept_gap: Annotated[
        list[int] | None,
        typer.Option(
            metavar="PARTITION", help="Go on although samples of this partition are gone; its alerts are unconfirmed."
        ),
    ] = None,
) -> None:
    """Judge samples by the rules, and publish alerts."""
    loaded = _part(settings)
    from streams import worker as entry

    _serve(guarded(loaded, entry.run(loaded, accept_gap or [])))


@app.command(rich_help_panel=_PARTS)
def recorder(
    settings: SettingsFile = None,
    accept_gap: Annotated[
        list[str] | None,
        typer.Option(metavar="TOPIC/PARTITION", help="Go on although records of this partition are gone, such as telemetry/3."),
    ] = None,
) -> None:
    """Store samples and alerts in the database."""
    loaded = _part(settings)
    from streams import recorder as entry

    os.nice(_LATER)
    _serve(guarded(loaded, entry.run(loaded, accept_gap or [])))


@app.command(rich_help_panel=_PARTS)
def api(
    settings: SettingsFile = None,
    listen: Annotated[
        str, typer.Option(metavar="ADDR", help="Also answer other machines there, such as 0.0.0.0 or 10.0.0.7:8443; needs TLS.")
    ] = "",
    tls_cert: Annotated[str, typer.Option(metavar="FILE", help="The certificate and its chain (PEM).")] = "",
    tls_key: Annotated[str, typer.Option(metavar="FILE", help="The certificate's key (PEM).")] = "",
) -> None:
    """Serve REST, WebSocket and the pages: on this machine, and over TLS where --listen says (docs/pilot.md)."""
    given = {"LISTEN": listen, "TLS_CERT": tls_cert, "TLS_KEY": tls_key}
    loaded = _part(settings, {f"WEDGETAIL_API__{name}": value for name, value in given.items() if value})
    from api import service

    _serve(guarded(loaded, service.run(loaded)))


@app.command(rich_help_panel=_PARTS)
def migrate(settings: SettingsFile = None) -> None:
    """Bring the database and the topics to what this version needs; safe to run again."""
    loaded = _part(settings)
    from wedgetail.prepare import prepare

    asyncio.run(prepare(loaded))


@app.command(rich_help_panel=_FLIGHTS)
def simulate(
    settings: SettingsFile = None,
    fleet: Annotated[int, typer.Option(min=1, max=250, help="How many aircraft.")] = 25,
) -> None:
    """Fly a simulated fleet around Canberra, sent as MAVLink 2 over UDP; some break rules on purpose."""
    loaded = _part(settings)
    from wedgetail import simulate as entry

    _serve(entry.run(loaded, fleet))


@app.command(rich_help_panel=_FLIGHTS)
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A telemetry log (.tlog).", exists=True, dir_okay=False)],
    settings: SettingsFile = None,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How many times faster than it was flown.")] = 1.0,
    start: Annotated[
        datetime | None,
        typer.Option(
            help="Begin at this time of the flight, or time of day (UTC).",
            metavar="TIME",
            formats=["%Y-%m-%dT%H:%M:%S", "%H:%M:%S"],
        ),
    ] = None,
) -> None:
    """Play a recorded flight as if it flew now, marked as a replay."""
    loaded = _part(settings)
    from ingest import replay as entry

    _serve(guarded(loaded, entry.run(loaded, file, speed, None if start is None else start.replace(tzinfo=UTC))))


@app.command("import", rich_help_panel=_FLIGHTS)
def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A telemetry log (.tlog), or a raw MAVLink stream.", exists=True, dir_okay=False),
    ],
    settings: SettingsFile = None,
    start: Annotated[
        datetime | None,
        typer.Option(help="When a raw stream, which has no times, began (UTC).", metavar="TIME", formats=["%Y-%m-%dT%H:%M:%S"]),
    ] = None,
) -> None:
    """Put a recorded flight into history at its own times, through the same rules; a second time changes nothing."""
    loaded = _part(settings)
    from ingest import importer as entry

    _serve(guarded(loaded, entry.run(loaded, file, None if start is None else start.replace(tzinfo=UTC))))


@app.command(rich_help_panel=_FLIGHTS)
def rerun(
    flight: Annotated[
        str, typer.Argument(metavar="FLIGHT", help="A log that was imported, a link (udp:14550/10.0.0.7), or an aircraft's id.")
    ],
    settings: SettingsFile = None,
    since: Annotated[
        datetime | None, typer.Option("--from", metavar="TIME", formats=_TIMES, help="Of a live flight: from then on (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", metavar="TIME", formats=_TIMES, help="Of a live flight: up to then (UTC).")
    ] = None,
    zones: Annotated[
        Path | None,
        typer.Option(metavar="FILE.geojson", help="What if these zones had been there instead.", exists=True, dir_okay=False),
    ] = None,
    add: Annotated[
        Path | None,
        typer.Option(metavar="FILE.geojson", help="What if these had been there as well.", exists=True, dir_okay=False),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="ZONE", help="What if this zone (name or id) had not been there.")
    ] = None,
    height_limit: Annotated[
        float | None,
        typer.Option(min=0, max=30_000, metavar="METRES", help="What if this had been the limit above ground, not 120 m."),
    ] = None,
) -> None:
    """Run a flight through the rules again, from the database alone, and compare the alerts; or ask: what if?

    Exit code 0: the same, byte for byte. 1: something differs. A what-if is never stored.
    """
    loaded = _part(settings)
    from wedgetail import rerun as entry

    begin, end = (None if time is None else time.replace(tzinfo=UTC) for time in (since, until))
    asked = entry.Asked(flight, begin, end, instead=zones, add=add, without=tuple(without or ()), height_limit_m=height_limit)
    if not asyncio.run(entry.run(loaded, asked)):
        raise typer.Exit(1)


@app.command(rich_help_panel=_FLIGHTS)
def export(
    flight: Annotated[
        str, typer.Argument(metavar="FLIGHT", help="A log that was imported, a link (udp:14550/10.0.0.7), or an aircraft's id.")
    ],
    file: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.", dir_okay=False)],
    format: Annotated[
        Literal["czml", "kml", "geojson", "csv", "parquet", "bundle"],
        typer.Option(help="bundle: an incident bundle, with alerts, actions, zones, rules, hashes and a report."),
    ],
    settings: SettingsFile = None,
    since: Annotated[
        datetime | None, typer.Option("--from", metavar="TIME", formats=_TIMES, help="From then on (UTC, event time).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", metavar="TIME", formats=_TIMES, help="Up to and without then (UTC).")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Of a bundle: who makes it.")] = None,
) -> None:
    """Write a flight as a file, or an incident bundle that anybody can check with `wedgetail verify`."""
    loaded = _part(settings)
    from wedgetail import export as entry

    begin, end = (None if time is None else time.replace(tzinfo=UTC) for time in (since, until))
    asyncio.run(entry.run(loaded, entry.Asked(flight, format, file, begin, end, by)))


@app.command(rich_help_panel=_FLIGHTS)
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle (.zip), or the folder that it was unpacked to.")],
) -> None:
    """Say whether a bundle is unchanged since it was made; needs no database.

    Exit code 0: unchanged, compare the root hash with the operator's. 1: files are changed, missing or added. 2: no bundle.
    """
    from wedgetail import export as entry

    if not entry.check(bundle):
        raise typer.Exit(1)


zones = typer.Typer(no_args_is_help=True)
app.add_typer(zones, name="zones", rich_help_panel=_AIRSPACE, help="Where a drone may fly: zones from files, and as files.")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be added, changed and ended.")]


@zones.command("import")
def import_zones(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="OpenAir, ED-269, ED-318, GeoJSON as the API writes it, KML or KMZ, or a QGroundControl plan.",
            exists=True,
            dir_okay=False,
        ),
    ],
    settings: SettingsFile = None,
    collection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What the zones belong to. Left out: the file's name without extensions and dates."),
    ] = None,
    kind: Annotated[
        Literal["keep_out", "keep_in", "information"] | None,
        typer.Option(help="What the zones ask, where their format does not say it (KML). Left out: information."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Make the zones of a collection those of a file; a second time changes nothing.

    Exit code 0: done, and what was not understood is listed. 2: nothing could be understood, and nothing is changed.
    """  # fmt: skip
    loaded = _part(settings)
    from wedgetail import zones as entry

    asyncio.run(entry.take_in(loaded, file, collection, kind, dry_run))


@zones.command("aerodromes")
def build_aerodromes(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="CSV files: aerodromes, runways, frequencies.", exists=True, file_okay=False),
    ],
    settings: SettingsFile = None,
    uncontrolled: Annotated[
        bool, typer.Option("--uncontrolled/--no-uncontrolled", help="Also the information zones of non-controlled aerodromes.")
    ] = True,
    dry_run: DryRun = False,
) -> None:
    """Build the zones around aerodromes (AU-AERO), by the tower hours that are stated; a second time changes nothing."""
    loaded = _part(settings)
    from wedgetail import zones as entry

    asyncio.run(entry.take_in_aerodromes(loaded, folder, uncontrolled, dry_run))


@zones.command("export")
def export_zones(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Its name says the format: .geojson, .json (ED-318) or .kml.", dir_okay=False)
    ],
    settings: SettingsFile = None,
    collection: Annotated[str | None, typer.Option(metavar="NAME", help="Only zones of this import. Left out: all.")] = None,
) -> None:
    """Write the zones in force now; if the format cannot say what one of them asks, none."""
    loaded = _part(settings)
    from wedgetail import zones as entry

    asyncio.run(entry.write(loaded, file, collection))


@zones.command("list")
def list_zones(settings: SettingsFile = None) -> None:
    """The zones in force now: class, name, what it asks, limits, when it is active, where it came from."""
    loaded = _part(settings)
    from wedgetail import zones as entry

    asyncio.run(entry.show(loaded))


facts = typer.Typer(no_args_is_help=True)
app.add_typer(
    facts, name="facts", rich_help_panel=_AIRSPACE, help="Weights, stations, limits, authorisations, tower hours, QNH."
)


@facts.command("import")
def import_facts(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.json", help='{"facts": [...]}, see docs/facts.md.', exists=True, dir_okay=False)
    ],
    settings: SettingsFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be added and changed.")] = False,
) -> None:
    """State all facts of a file, or none if one is wrong; those that it does not name stay. A second time changes nothing."""
    loaded = _part(settings)
    from wedgetail import facts as entry

    asyncio.run(entry.import_file(loaded, file, dry_run))


@facts.command("list")
def list_facts(settings: SettingsFile = None) -> None:
    """The facts in force now and those to come, and what is assumed because nobody stated it."""
    loaded = _part(settings)
    from wedgetail import facts as entry

    asyncio.run(entry.print_all(loaded))


def main() -> None:
    """The console script: what people can mend is one line on stderr and exit code 2."""
    try:
        app()
    except WedgetailError as error:
        print(f"wedgetail: {error}", file=sys.stderr)
        sys.exit(_WRONG)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _part(file: Path | None, given: dict[str, str] | None = None) -> Settings:
    """Settings for one part, which logs as wedgetail.logs says. given: what the command line says, before the environment."""
    settings = find(load(file, os.environ | (given or {})))
    logs.configure()
    # Half the processor time for each datagram, record and frame; as a policy, because Faust makes loops of its own.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    return settings


def _serve(part: Coroutine[Any, Any, object]) -> None:
    """Runs a part to its end."""
    asyncio.run(_until_signal(part))


async def _until_signal(part: Coroutine[Any, Any, object]) -> None:
    """Ctrl-C and SIGTERM cancel the part, which then ends cleanly; one that listens to them itself replaces this."""
    task = asyncio.create_task(part)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
