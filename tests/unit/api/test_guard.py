"""Which Host and Origin are this machine's own."""

import pytest

from api.guard import content_policy, is_loopback_host, is_loopback_origin, same


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST:8080", "[::1]:8080"])
def test_loopback_names_are_let_in(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "wedgetail.example", "127.0.0.1.example", "localhost.example:80", "127.0.0.2", "a@127.0.0.1", "127.0.0.1:x", "[::2]"],
)
def test_any_other_name_is_not(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:8080", "https://[::1]:1"])
def test_a_page_of_this_machine_may_ask(origin: str) -> None:
    assert is_loopback_origin(origin)


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://evil.example", "http://localhost.evil.example", "file://", "http://localhost:80/x", "http://[::1"],
)
def test_a_page_of_another_may_not(origin: str) -> None:
    assert not is_loopback_origin(origin)


def test_a_token_is_compared_whole_whatever_is_in_it() -> None:
    assert same("abc", "abc")
    assert not same("abc", "ab")
    assert not same("abc", "\udcff")


def test_the_pages_may_ask_this_door_and_the_host_of_an_online_map_and_no_other() -> None:
    assert "http" not in content_policy()
    online = dict(part.split(" ", 1) for part in content_policy("https://maps.example.org").split("; "))
    assert {name for name, sources in online.items() if "https://maps.example.org" in sources} == {"img-src", "connect-src"}
