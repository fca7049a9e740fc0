"""A file of facts that cannot be imported: one line, which names the file and every place in it."""

import json
import sys
from pathlib import Path

import pytest

from wedgetail import cli

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["wedgetail", "facts", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "JSON is expected: "),
        (b"\xff\xfe", "JSON is expected: "),
        (b"[" * 100_000, "JSON is expected: it is nested too deep"),
        (b'{"facts": [], "facts": []}', "JSON is expected: the name 'facts' stands twice in one object"),
        (b'{"facts": [{"kind": "pressure", "name": "a", "qnh_hpa": NaN}]}', "JSON is expected: NaN is no JSON number"),
        (b"\xef\xbb\xbf[]", "This is no fact: facts: "),
        (
            b'{"facts": [{"kind": "pressure", "name": "a", "qnh_hpa": 1}, {"kind": "\\ud800"}]}',
            "facts[1].kind: ",
        ),
    ],
)
def test_what_is_no_file_of_facts_is_one_line(
    content: bytes, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "facts.json"
    file.write_bytes(content)
    assert run(monkeypatch, "import", str(file)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"wedgetail: {file} is not imported: ") and said.count("\n") == 1
    assert told.removeprefix("This is no fact: ") in said


def test_a_database_that_is_away_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    file = tmp_path / "facts.json"
    file.write_text(json.dumps({"facts": [{"kind": "pressure", "name": "Canberra", "qnh_hpa": 1018}]}))
    for arguments in (("import", str(file)), ("list",)):
        assert run(monkeypatch, *arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("wedgetail: The database at ") and said.count("\n") == 1
