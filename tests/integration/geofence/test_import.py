"""`wedgetail zones import` on a real database: twice, as a dry run, the next edition, and files that nobody understands."""

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from core.identity import operator_id
from geofence import store
from geofence.zone import Activation, Switch, ZoneVersion
from storage.pool import connect, pool
from tests.conftest import ROOT

OPERATOR = operator_id("demo")
SQUARE = "DP 35:00:00 S 149:00:00 E\nDP 35:00:00 S 149:06:00 E\nDP 35:06:00 S 149:06:00 E\nDP 35:06:00 S 149:00:00 E\n"


def zone(name: str, ah: str = "3000FT", ac: str = "R", body: str = SQUARE) -> str:
    return f"AC {ac}\nAN {name}\nAL SFC\nAH {ah}\n{body}\n"


class Command:
    """The command as people run it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.url = database_url
        self.folder = folder

    def run(self, *arguments: str, room: str = "zones", **environment: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "wedgetail", room, *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=120,
            env=os.environ | {"PYTHONPATH": str(ROOT), "DATABASE_URL": self.url} | environment,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def take_in(self, text: str, *options: str, file: str = "south-2026-01-01.txt", **environment: str) -> list[str]:
        (self.folder / file).write_text(text)
        code, told, wrong = self.run("import", file, *options, **environment)
        assert (code, wrong) == (0, "")
        return told.splitlines()

    def known(self) -> list[ZoneVersion]:
        async def load() -> list[ZoneVersion]:
            async with await connect(self.url, name="test") as conn:
                return [zone for zone, _ in await store.versions(conn, OPERATOR)]

        return asyncio.run(load())

    def world(self) -> int:
        with psycopg.connect(self.url) as conn:
            row = conn.execute("SELECT number FROM world").fetchone()
            assert row is not None
            number: int = row[0]
            return number


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> Command:
    return Command(database_url, tmp_path)


def test_a_second_import_of_the_same_file_changes_nothing(command: Command) -> None:
    assert command.take_in(zone("R1") + zone("R2"))[-1] == "2 added, 0 changed, 0 ended, 0 unchanged"
    before = command.known()
    assert {one.world for one in before} == {1}
    assert command.take_in(zone("R1") + zone("R2"), file="south-2026-02-01.openair")[-1] == (
        "0 added, 0 changed, 0 ended, 2 unchanged"
    )
    assert (command.known(), command.world()) == (before, 1)


def test_a_dry_run_lists_what_would_be_and_stores_nothing(command: Command) -> None:
    assert command.take_in(zone("R1 [H24]") + zone("Q2", ac="Q"), "--dry-run") == [
        "south-2026-01-01.txt: OpenAir, collection south",
        "added    R1 [H24]: keep-out, SFC to 914 m AMSL",
        "added    Q2: information, SFC to 914 m AMSL",
        "dry run, nothing is stored: 2 added, 0 changed, 0 ended, 0 unchanged",
    ]
    assert (command.known(), command.world()) == ([], 0)


def test_the_next_edition_adds_changes_and_ends_in_one_world(command: Command) -> None:
    command.take_in(zone("R1") + zone("R2") + zone("R3"))
    edition = zone("R1") + zone("R2", ah="5000FT") + zone("R4")
    told = command.take_in(edition, "--dry-run")
    assert told[1:] == [
        "added    R4: keep-out, SFC to 914 m AMSL",
        "changed  R2: keep-out, SFC to 1524 m AMSL (ceiling_m)",
        "ended    R3: keep-out, SFC to 914 m AMSL",
        "dry run, nothing is stored: 1 added, 1 changed, 1 ended, 1 unchanged",
    ]
    assert command.take_in(edition)[-1] == "1 added, 1 changed, 1 ended, 1 unchanged"
    assert {(one.name, one.version, one.world, one.ended) for one in command.known()} == {
        ("R1", 1, 1, False), ("R2", 1, 1, False), ("R3", 1, 1, False),
        ("R2", 2, 2, False), ("R3", 2, 2, True), ("R4", 1, 2, False),
    }  # fmt: skip
    assert command.take_in(edition)[-1] == "0 added, 0 changed, 0 ended, 3 unchanged"


def test_another_collection_leaves_these_zones_alone(command: Command) -> None:
    command.take_in(zone("R1"))
    assert command.take_in(zone("R1"), "--collection", "north")[-1] == "1 added, 0 changed, 0 ended, 0 unchanged"
    assert {one.source for one in command.known()} == {"south/R R1", "north/R R1"}


def test_what_cannot_be_understood_is_listed_by_line_and_a_zone_that_is_still_named_does_not_end(command: Command) -> None:
    command.take_in(zone("R1") + zone("R2"))
    told = command.take_in(zone("R1") + zone("R2", body="DP nowhere\n") + zone("R3", ah="high"))
    assert told[1:] == [
        "kept     R2: keep-out, SFC to 914 m AMSL: the file names it, and it cannot be read there",
        "left out line 14 (R2): 'DP nowhere': a position such as 35:18:25 S 149:11:42 E is expected",
        "noted    line 16 (R3): its ceiling 'high' cannot be read: taken as without limit",
        "1 added, 0 changed, 0 ended, 1 unchanged",
    ]


def test_a_file_that_nobody_understands_ends_nothing_and_is_one_line(command: Command) -> None:
    command.take_in(zone("R1"))
    before = command.known()
    for text, words in [
        (zone("R1", body="DP nowhere\n"), "No zone was understood, so nothing is changed: line 5 (R1): 'DP nowhere'"),
        ('{"type": "FeatureCollection", "features": []}', "No zone was understood, so nothing is changed: it holds none"),
        ("hello", "This is no file of zones: it was not recognised as any of ED-318, GeoJSON"),
        ("", "This zone file cannot be read: it is empty"),
        ('{"fileType": "Plan"}', "This QGroundControl plan file cannot be read: it has version None"),
    ]:
        (command.folder / "south.txt").write_text(text)
        code, told, wrong = command.run("import", "south.txt")
        assert (code, told, wrong.count("\n")) == (2, "", 1)
        assert wrong.startswith(f"wedgetail: {words}")
    assert command.known() == before


def test_what_is_wrong_with_the_question_is_one_line(command: Command, empty_database_url: str) -> None:
    (command.folder / "2026-01-01.txt").write_text(zone("R1"))
    for arguments, environment, words in [
        (("import", "2026-01-01.txt"), {}, "'' is no name for a collection"),
        (("import", "2026-01-01.txt", "--collection", "A/B"), {}, "'A/B' is no name for a collection"),
        (("list",), {"DATABASE_URL": empty_database_url}, "run `wedgetail migrate` first"),
        (("list",), {"DATABASE_URL": "postgresql://postgres@127.0.0.1:9/none"}, "127.0.0.1:9/none cannot be reached"),
        (("list",), {"WEDGETAIL_AIRSPACE__CLASSES__Q": "no"}, "Setting airspace.classes.Q is wrong"),
    ]:
        code, told, wrong = command.run(*arguments, **environment)
        assert (code, told, wrong.count("\n")) == (2, "", 1)
        assert words in wrong


def test_a_zone_keeps_its_switches_while_what_is_published_stays(command: Command) -> None:
    command.take_in(zone("R1 [NOTAM]"))
    (first,) = command.known()
    assert first.activation is Activation.UNKNOWN

    async def switch() -> None:
        from geofence import service

        async with pool(command.url) as connections:
            await service.switch(connections, OPERATOR, first.zone_id, Switch(1, 2, True))

    asyncio.run(switch())
    assert command.take_in(zone("R1 [NOTAM]"))[-1] == "0 added, 0 changed, 0 ended, 1 unchanged"
    assert command.known()[-1].switched == (Switch(1, 2, True),)


def test_an_operators_table_of_classes_decides_and_changing_it_changes_the_zones(command: Command) -> None:
    command.take_in(zone("Q1", ac="Q"))
    told = command.take_in(zone("Q1", ac="Q"), WEDGETAIL_AIRSPACE__CLASSES__Q="prohibited")
    assert told[1] == "changed  Q1: keep-out, SFC to 914 m AMSL (kind, rule, remarks)"


def test_a_list_says_what_is_in_force(command: Command) -> None:
    command.take_in(zone("R1 [NOTAM]") + zone("Q1", ac="Q"))
    code, told, _ = command.run("list")
    assert (code, told.splitlines()) == (
        0,
        [
            "Q    Q1: information, SFC to 914 m AMSL, always, south/Q Q1",
            "R    R1 [NOTAM]: keep-out, SFC to 914 m AMSL, unknown, south/R R1",
            "2 zones in force",
        ],
    )


def test_australia_is_stored_in_under_ten_seconds_and_the_second_time_changes_nothing(
    command: Command, shared_data: Path
) -> None:
    file = str(shared_data / "airspace/australia-2024-11-28.openair.txt")
    begun = time.monotonic()
    code, told, _ = command.run("import", file)
    taken = time.monotonic() - begun
    assert (code, told.splitlines()) == (
        0,
        [
            "australia-2024-11-28.openair.txt: OpenAir, collection australia",
            "1,888 added, 0 changed, 0 ended, 0 unchanged",
        ],
    )
    assert taken < 10
    code, told, _ = command.run("import", file)
    assert (code, told.splitlines()[-1]) == (0, "0 added, 0 changed, 0 ended, 1,888 unchanged")
    zones = command.known()
    assert (len(zones), command.world(), {one.world for one in zones}) == (1_888, 1, {1})
    assert all(re.match("australia/.", one.source or "") for one in zones)
