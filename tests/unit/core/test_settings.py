"""Settings that are tables: what an operator says a class of airspace means."""

from pathlib import Path

import pytest

from core.errors import SettingError
from core.settings import load
from geofence.formats.meaning import DEFAULTS, WORDS, table


def settings_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "wedgetail.toml"
    file.write_text(text)
    return file


def test_a_class_of_airspace_means_what_the_operator_says_and_else_what_the_table_says(tmp_path: Path) -> None:
    said = load(
        settings_file(tmp_path, '[airspace.classes]\nQ = "prohibited"\nTRA = "information"\nr = "aerodrome-rules"\n'), {}
    )
    meanings = table(said.airspace.classes)
    assert (meanings["Q"], meanings["TRA"], meanings["R"]) == tuple(
        WORDS[word] for word in ("prohibited", "information", "aerodrome-rules")
    )
    assert meanings["P"] == DEFAULTS["P"]


def test_the_environment_says_a_class_too() -> None:
    assert load(None, {"WEDGETAIL_AIRSPACE__CLASSES__Q": "prohibited"}).airspace.classes == {"Q": "prohibited"}


@pytest.mark.parametrize(
    ("text", "name", "detail"),
    [
        ('[airspace.classes]\nQ = "forbidden"', "airspace.classes.Q", "'prohibited', 'information' or 'aerodrome-rules'"),
        ("[airspace.classes]\nQ = 1", "airspace.classes.Q", "'prohibited'"),
        ('[airspace.classes]\n"" = "prohibited"', "airspace.classes", "pattern"),
        ('[airspace.classes]\nQ = "prohibited"\nq = "information"', "airspace.classes", "twice"),
        ('[airspace]\nclasses = "Q"', "airspace.classes", "dictionary"),
        ('[airspace]\nclass = "Q"', "airspace.class", "no such setting"),
    ],
)
def test_a_wrong_word_for_a_class_is_refused_by_its_name(tmp_path: Path, text: str, name: str, detail: str) -> None:
    with pytest.raises(SettingError) as refused:
        load(settings_file(tmp_path, text), {})
    assert f"Setting {name}" in str(refused.value)
    assert detail in str(refused.value)


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    assert load(None, {"WEDGETAIL_OPERATOR__TIMEZONE": "Australia/Perth"}).operator.timezone == "Australia/Perth"
    for name in ("Australia/Sidney", "../etc/passwd", ""):
        with pytest.raises(SettingError, match=r"Setting operator\.timezone is wrong: .*no such time zone"):
            load(None, {"WEDGETAIL_OPERATOR__TIMEZONE": name})
