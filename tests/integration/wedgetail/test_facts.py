"""`wedgetail facts` on a real database: one transaction, one world, and a second time nothing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.settings import Settings
from storage.errors import DatabaseNotReady
from wedgetail import facts

ONE = "6f0f3a0e-5c1c-5d8b-9a54-0b9f4d8e1a11"
GIVEN: list[dict[str, Any]] = [
    {"kind": "aircraft", "aircraft_id": ONE, "weight_g": 900},
    {"kind": "pressure", "name": "[Canberra]", "qnh_hpa": 1018},
    {
        "kind": "authorisation", "number": "CASA.1", "issuer": "CASA", "type": "night", "relaxes": [{"rule": "AU-DAY"}],
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": "2126-01-01T00:00:00Z",
    },
]  # fmt: skip


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings.model_validate({"database": {"url": database_url}})


def imported(settings: Settings, file: Path, given: list[dict[str, Any]], dry_run: bool = False) -> None:
    file.write_text(json.dumps({"facts": given}))
    asyncio.run(facts.import_file(settings, file, dry_run))


def stored(settings: Settings) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database.url) as conn:
        return conn.execute("SELECT fact->>'kind', version, world FROM fact_version ORDER BY world, 1").fetchall()


def world(settings: Settings) -> int:
    with psycopg.connect(settings.database.url) as conn:
        row = conn.execute("SELECT number FROM world").fetchone()
    assert row is not None
    return int(row[0])


def test_an_import_is_one_world_and_a_second_one_changes_nothing(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "facts.json"
    imported(settings, file, GIVEN, dry_run=True)
    told = capsys.readouterr().out
    assert "3 added, 0 changed, 0 unchanged; a dry run: nothing is stored" in told
    assert (stored(settings), world(settings)) == ([], 0)

    imported(settings, file, GIVEN)
    assert "added      pressure [Canberra] (version 1)" in capsys.readouterr().out
    assert stored(settings) == [("aircraft", 1, 1), ("authorisation", 1, 1), ("pressure", 1, 1)]

    imported(settings, file, GIVEN)
    assert f"{file}: 0 added, 0 changed, 3 unchanged\n" in capsys.readouterr().out
    assert world(settings) == 1

    imported(settings, file, [GIVEN[0] | {"weight_g": 1_000}, GIVEN[1]])
    assert "0 added, 1 changed, 1 unchanged; in force once the API has published world 2" in capsys.readouterr().out
    assert stored(settings)[3:] == [("aircraft", 2, 2)], "what the file does not name stays"

    asyncio.run(facts.print_all(settings))
    assert capsys.readouterr().out.splitlines() == [
        *sorted([
            f"aircraft {ONE} (version 2): 1000 g (very_small); the pilot's station is at the take-off point (assumed)",
            "pressure [Canberra] (version 1): QNH 1018 hPa",
            "authorisation CASA.1 (version 1): night by CASA relaxes AU-DAY for all aircraft"
            ", from 2026-01-01T00:00:00.000000Z to 2126-01-01T00:00:00.000000Z",
        ]),
        "of every other aircraft: over 250 g (assumed); the pilot's station is at the take-off point (assumed)",
    ]  # fmt: skip


def test_limits_for_all_and_for_one_are_listed_in_words(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        {"kind": "operator", "link_lost_s": 10, "battery_warn_pct": 40},
        {"kind": "aircraft", "aircraft_id": ONE, "weight_g": 900, "link_lost_s": 7.5, "fix_type_min": 6},
    ]
    imported(settings, tmp_path / "facts.json", given)
    assert "added      operator all aircraft (version 1)" in capsys.readouterr().out
    asyncio.run(facts.print_all(settings))
    one, everybody, _ = capsys.readouterr().out.splitlines()
    assert everybody == "operator all aircraft (version 1): battery warns at 40 %; lost after 10 s of silence"
    assert "900 g (very_small); a fix of type 6 at least; lost after 7.5 s of silence; the pilot's station" in one


def test_one_wrong_fact_keeps_all_of_them_out(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(facts.WrongFactFile, match=r"facts\[1\]\.qnh_hpa: 29\.92 is not from 850 to 1100 hPa"):
        imported(settings, tmp_path / "facts.json", [GIVEN[0], GIVEN[1] | {"qnh_hpa": 29.92}])
    assert stored(settings) == []


def test_a_database_without_facts_says_what_to_do(empty_database_url: str) -> None:
    behind = Settings.model_validate({"database": {"url": empty_database_url}})
    with pytest.raises(DatabaseNotReady, match="run `wedgetail migrate`"):
        asyncio.run(facts.print_all(behind))
