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


@pytest.mark.parametrize(
    ("listen", "told"),
    [("127.0.0.1", "127.0.0.1:8443"), ("localhost:9000", "127.0.0.1:9000"), ("[::1]:9000", "[::1]:9000")],
)
def test_other_doors_on_loopback_need_no_tls(listen: str, told: str) -> None:
    assert load(None, {"WEDGETAIL_API__LISTEN": listen}).api.listen == told


def test_with_a_certificate_any_address_is_listened_on() -> None:
    tls = {"WEDGETAIL_API__TLS_CERT": "c.pem", "WEDGETAIL_API__TLS_KEY": "k.pem"}
    assert load(None, tls | {"WEDGETAIL_API__LISTEN": "0.0.0.0"}).api.listen == "0.0.0.0:8443"
    assert load(None, tls | {"WEDGETAIL_API__LISTEN": "[::]:9443"}).api.listen == "[::]:9443"


@pytest.mark.parametrize(
    ("given", "name", "detail"),
    [
        ({"LISTEN": "0.0.0.0"}, "api.listen", "anything but loopback needs TLS"),
        ({"LISTEN": "10.0.0.7:9000"}, "api.listen", "anything but loopback needs TLS"),
        ({"LISTEN": "[::]:9000"}, "api.listen", "anything but loopback needs TLS"),
        ({"LISTEN": "base.example:9000"}, "api.listen", "an address in digits"),
        ({"LISTEN": "::1"}, "api.listen", "an address in digits"),
        ({"LISTEN": "127.0.0.1:0"}, "api.listen", "from 1 to 65535"),
        ({"LISTEN": "127.0.0.1:99999"}, "api.listen", "from 1 to 65535"),
        ({"LISTEN": "0.0.0.0", "TLS_CERT": "c.pem"}, "api.tls_key", "belong together"),
        ({"LISTEN": "0.0.0.0", "TLS_KEY": "k.pem"}, "api.tls_key", "belong together"),
        ({"TLS_CERT": "c.pem", "TLS_KEY": "k.pem"}, "api.listen", "no address that it is for"),
        ({"ADDRESS": "base.example"}, "api.address", "pattern"),
    ],
)
def test_what_would_open_the_door_to_others_without_tls_is_refused(given: dict[str, str], name: str, detail: str) -> None:
    with pytest.raises(SettingError, match=detail) as caught:
        load(None, {f"WEDGETAIL_API__{key}": value for key, value in given.items()})
    assert caught.value.facts["name"] == name


@pytest.mark.parametrize(
    ("style", "origin"),
    [
        ("", None),
        ("https://maps.example.org/styles/quiet/style.json?key=abc", "https://maps.example.org"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
    ],
)
def test_an_online_map_is_of_one_origin(style: str, origin: str | None) -> None:
    assert load(None, {"WEDGETAIL_MAP__STYLE": style}).map.origin == origin


@pytest.mark.parametrize(
    "style", ["maps.example.org/style.json", "ftp://maps.example.org/", "https://a.example; script-src *", "https://"]
)
def test_what_is_no_address_of_a_map_is_refused(style: str) -> None:
    with pytest.raises(SettingError, match=r"Setting map\.style is wrong"):
        load(None, {"WEDGETAIL_MAP__STYLE": style})
