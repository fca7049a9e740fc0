"""What the commands say before they ask a database, and without one."""

from pathlib import Path

import pytest

from evidence import bundle
from tests.unit.evidence import record
from tests.unit.wedgetail.test_cli import run


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--format", "bundle"], "A bundle says who made it: --by NAME is missing."),
        (["--format", "bundle", "--by", "  "], "A bundle says who made it: --by NAME is missing."),
        (["--format", "bundle", "--by", "A. Officer"], "is there already: choose another name, a bundle never replaces one."),
    ],
)
def test_a_bundle_has_a_maker_and_replaces_nothing(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEDGETAIL_DATA_DIR", str(tmp_path))
    file = tmp_path / "there.zip"
    file.write_bytes(b"")
    assert run(monkeypatch, "export", "udp:14550/10.0.0.7", "-o", str(file), *arguments) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


def test_verify_says_unchanged_and_never_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = bundle.make(record.incident(), record.MADE)
    file = tmp_path / "bundle.zip"
    file.write_bytes(made.data)
    assert run(monkeypatch, "verify", str(file)) == 0
    said = capsys.readouterr().out
    assert "unchanged since made, compare the root hash" in said and "authentic" not in said
    assert made.root_hash in said and made.report_hash in said and "A. Officer (as claimed)" in said
    file.write_bytes(made.data.replace(b"alerts.json", b"alarms.json"))
    assert run(monkeypatch, "verify", str(file)) == 1
    assert capsys.readouterr().out.splitlines()[:2] == ["missing alerts.json", "added   alarms.json"]
    assert run(monkeypatch, "verify", str(tmp_path / "none.zip")) == 2
    assert capsys.readouterr().err.startswith("wedgetail: ")
