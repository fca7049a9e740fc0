import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wedgetail import cli


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of the console script."""
    monkeypatch.setattr(sys, "argv", ["wedgetail", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_help_names_every_command_with_what_it_does() -> None:
    text = CliRunner().invoke(cli.app, ["--help"]).output
    for command in (
        "up",
        "ingest",
        "worker",
        "recorder",
        "api",
        "migrate",
        "simulate",
        "replay",
        "import",
        "export",
        "verify",
        "facts",
    ):
        assert f" {command} " in text
    assert "KAFKA_BOOTSTRAP" in text


@pytest.mark.parametrize("command", ["up", "ingest", "worker", "recorder", "api", "migrate", "simulate"])
def test_a_wrong_setting_is_one_line_that_names_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    assert run(monkeypatch, command) == 2
    told = capsys.readouterr().err
    assert told.startswith("wedgetail: Setting api.port is wrong: ")
    assert told.count("\n") == 1


def test_a_setting_that_does_not_exist_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEDGETAIL_INGEST__PROT", "14551")
    assert run(monkeypatch, "ingest") == 2
    assert capsys.readouterr().err == "wedgetail: Setting ingest.prot is wrong: no such setting\n"


def test_a_settings_file_that_is_not_there_is_refused_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "api", "--settings", str(tmp_path / "none.toml")) == 2
    assert str(tmp_path / "none.toml") in capsys.readouterr().err


def test_a_log_that_is_not_there_is_refused_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "import", str(tmp_path / "none.tlog")) == 2
    assert run(monkeypatch, "replay", str(tmp_path / "none.tlog")) == 2
