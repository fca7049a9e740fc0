"""A pilot's token: what it says comes back, and whatever else is shown is no token."""

import base64
from uuid import UUID

import msgspec
import pytest

from api.guard import Hosts
from api.pilot import address_of
from api.pilot_links import PilotLinks
from api.pilot_token import PilotLink, read, sign
from api.problems import LinkOver, NoAddress, NotReady, Unauthorized
from core.settings import Api, Settings

OURS, THEIRS = UUID(int=1), UUID(int=2)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOW_US = 1_800_000_000_000_000
LINK = PilotLink(UUID(int=10), UUID(int=20), "Kim Ōtani", NOW_US + 3_600_000_000)
TOKEN = sign(LINK, OURS, KEY)


def spoilt(at: int) -> str:
    return TOKEN[:at] + ("A" if TOKEN[at] != "A" else "B") + TOKEN[at + 1 :]


def with_expiry(token: str, seconds: int) -> str:
    """The payload of another hour under the old signature."""
    _, payload, signature = token.split(".")
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    raw = raw[:32] + seconds.to_bytes(4) + raw[36:]
    return f"pilot.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}.{signature}"


def test_what_was_signed_is_read() -> None:
    assert read(TOKEN, OURS, KEY) == LINK
    assert sign(LINK, OURS, KEY) == TOKEN
    assert len(TOKEN) < 120  # a code that a phone reads from across a desk


@pytest.mark.parametrize(
    "token",
    [
        "", "pilot.", "pilot..", "pilot.AA.AA", "a-token-of-the-dispatcher", TOKEN.removeprefix("pilot."), TOKEN + "A",
        TOKEN[:-1],
        TOKEN + "=", TOKEN + ".AA", " " + TOKEN, TOKEN.replace("pilot", "Pilot"), spoilt(6), spoilt(30), spoilt(len(TOKEN) - 3),
        with_expiry(TOKEN, 4_000_000_000), sign(LINK, THEIRS, KEY), sign(LINK, OURS, OTHER_KEY), "pilot.\udcff.é", "pilot.é.AA",
    ],
)  # fmt: skip
def test_whatever_else_is_shown_is_no_token(token: str) -> None:
    assert read(token, OURS, KEY) is None


@pytest.mark.parametrize(
    ("now_us", "ended", "words"),
    [
        (LINK.expires_us, frozenset(), "expired at 2027-01-15 09:00:00 UTC"),
        (LINK.expires_us + 10**12, frozenset(), "expired at"),
        (NOW_US, frozenset({LINK.link_id}), "ended by dispatch"),
    ],
)
def test_a_link_that_is_over_says_why(now_us: int, ended: frozenset[UUID], words: str) -> None:
    links = PilotLinks(OURS, KEY)
    links.ended = ended
    with pytest.raises(LinkOver, match=words):
        links.admit(TOKEN, now_us)


def test_a_link_is_admitted_until_its_last_microsecond_and_not_before_it_is_known_which_ones_ended() -> None:
    links = PilotLinks(OURS, KEY)
    with pytest.raises(NotReady):
        links.admit(TOKEN, NOW_US)
    links.ended = frozenset({UUID(int=11)})
    assert links.admit(TOKEN, LINK.expires_us - 1) == LINK
    with pytest.raises(Unauthorized):
        links.admit(sign(msgspec.structs.replace(LINK, expires_us=NOW_US + 10**12), OURS, OTHER_KEY), NOW_US)


CERTIFIED = {"tls_cert": "cert.pem", "tls_key": "key.pem"}


@pytest.mark.parametrize(
    ("api", "asked", "told"),
    [
        ({}, "127.0.0.1:8080", ("http://127.0.0.1:8080", False)),
        ({"listen": "127.0.0.1:9000"}, "127.0.0.1:8080", ("http://127.0.0.1:9000", False)),
        ({**CERTIFIED, "listen": "10.0.0.7"}, "127.0.0.1:8080", ("https://10.0.0.7:8443", True)),
        (
            {**CERTIFIED, "listen": "[::]:9000", "address": "https://base.example:9000/"},
            "",
            ("https://base.example:9000", True),
        ),
    ],
)
def test_a_link_opens_where_phones_reach_the_door(api: dict[str, str], asked: str, told: tuple[str, bool]) -> None:
    assert address_of(Settings(api=Api.model_validate(api)), asked, "http") == told


def test_on_every_address_it_is_the_one_that_dispatch_came_by_or_nobody_knows() -> None:
    everywhere = Settings(api=Api.model_validate({**CERTIFIED, "listen": "0.0.0.0"}))
    assert address_of(everywhere, "10.0.0.7:8443", "https") == ("https://10.0.0.7:8443", True)
    with pytest.raises(NoAddress):
        address_of(everywhere, "127.0.0.1:8080", "http")


def test_other_machines_may_ask_by_address_or_by_the_name_that_the_settings_say_and_by_no_other() -> None:
    beyond = Hosts.of(Api.model_validate({**CERTIFIED, "listen": "0.0.0.0", "address": "https://base.example:8443"}))
    for host in ("10.0.0.7:8443", "[fe80::1]:8443", "base.example:8443", "127.0.0.1:8080", "localhost"):
        assert beyond.hold(host)
    for host in ("evil.example", "base.example.evil.example", "10.0.0.7.evil.example", "1e3.2", ""):
        assert not beyond.hold(host)
    assert beyond.let_ask("https://10.0.0.7:8443", "10.0.0.7:8443")
    assert not beyond.let_ask("https://10.0.0.9", "10.0.0.7:8443")  # another machine's page
    assert not beyond.let_ask("https://evil.example", "evil.example")
    assert not Hosts.of(Api()).hold("10.0.0.7:8443")
