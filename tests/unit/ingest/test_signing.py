"""Signed frames, as pymavlink signs them: whose they are, and that none is taken twice."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core import identity
from core.errors import SettingError
from core.settings import load
from ingest.counts import Counts
from ingest.fleet import Fleet
from ingest.ledger import Ledger
from ingest.listener import Chunk, Listener
from ingest.signing import Key, read_keys
from tests.unit.ingest.told import OPERATOR, T0, as_samples

SECOND = 1_000_000
ALPHA, BRAVO = Key("alpha", bytes(range(32))), Key("bravo", hashlib.sha256(b"open sesame").digest())


class Voice:
    """An aircraft that signs with pymavlink."""

    def __init__(self, key: Key = ALPHA, system: int = 1, link_id: int = 0, at_us: int = T0) -> None:
        self._mav = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
        self._mav.signing.secret_key, self._mav.signing.sign_outgoing = key.secret, True
        self._mav.signing.link_id = link_id
        self.clock(at_us)

    def clock(self, at_us: int) -> None:
        self._mav.signing.timestamp = (at_us - 1_420_070_400_000_000) // 10

    def position(self, lat: int = -353_623_302) -> bytes:
        message = self._mav.global_position_int_encode(1_000, lat, 1_491_657_510, 600_000, 13_300, 100, -200, 3, 9_000)
        self._mav.seq = (self._mav.seq + 1) % 256
        return bytes(message.pack(self._mav))


class Ear:
    """A listener whose ledger is in a directory; a second one in the same directory is the first, started again."""

    def __init__(self, directory: Path, at_us: int = T0, accept_unsigned: bool = False, streams: bool = False) -> None:
        self.counts = Counts()
        self.listener = Listener(
            Fleet(OPERATOR, self.counts),
            "udp:14550",
            Ledger(directory / "udp-14550.json"),
            at_us,
            streams=streams,
            keys=(ALPHA, BRAVO),
            accept_unsigned=accept_unsigned,
        )

    def hear(self, *frames: bytes, address: str = "10.0.0.1", port: int = 1, at_us: int = T0) -> list[str]:
        """The links of the samples that were made, and in brackets the reasons for what was refused."""
        taken = self.listener.take([Chunk(at_us, address, port, frame) for frame in frames])
        assert self.counts.adds_up()
        assert all(rejection.link == f"udp:14550/{address}" for rejection in taken.rejections)
        links = [sample.link for sample in as_samples(taken.samples)]
        return links + [f"[{rejection.reason}]" for rejection in taken.rejections]


def test_a_signed_frame_belongs_to_its_keys_link_wherever_it_comes_from(tmp_path: Path) -> None:
    ear, alpha, bravo = Ear(tmp_path), Voice(), Voice(BRAVO)
    assert ear.hear(alpha.position()) == ["udp:14550/key:alpha"]
    assert ear.hear(alpha.position(), address="10.9.9.9") == ["udp:14550/key:alpha"]
    assert ear.hear(bravo.position(), alpha.position()) == ["udp:14550/key:bravo", "udp:14550/key:alpha"]
    ((said,), *_) = ear.listener.listened(T0).values()
    assert said.link.startswith("udp:14550/key:")


def test_a_frame_taken_before_is_refused_from_any_address(tmp_path: Path) -> None:
    ear, voice = Ear(tmp_path), Voice()
    first, second = voice.position(), voice.position()
    assert ear.hear(first, second) == ["udp:14550/key:alpha"] * 2
    assert ear.hear(second, first, address="10.6.6.6") == ["[signed and sent before]"] * 2
    assert ear.counts.rejected == {"signed and sent before": 2}


def test_a_damaged_or_foreign_signature_is_wrong(tmp_path: Path) -> None:
    ear, voice = Ear(tmp_path), Voice()
    frame = bytearray(voice.position())
    for at in range(1, 14):  # the signature's link, its time stamp, the signature itself
        damaged = bytes(frame[:-at] + bytes([frame[-at] ^ 1]) + frame[len(frame) - at + 1 :])
        assert ear.hear(damaged) == ["[wrong signature]"]
    assert ear.hear(Voice(Key("eve", b"\7" * 32)).position()) == ["[wrong signature]"]
    assert ear.hear(bytes(frame)) == ["udp:14550/key:alpha"]


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_not_signed_is_refused_unless_it_is_wanted(
    tmp_path: Path, position: Callable[..., bytes], version: int
) -> None:
    assert Ear(tmp_path).hear(position(version=version)) == ["[not signed]"]
    ear = Ear(tmp_path, accept_unsigned=True)
    assert ear.hear(position(version=version), Voice().position()) == ["udp:14550/10.0.0.1", "udp:14550/key:alpha"]
    ids = {identity.aircraft_id(OPERATOR, f"udp:14550/{link}", 1) for link in ("10.0.0.1", "key:alpha")}
    assert {aircraft.aircraft_id for aircraft in ear.listener._fleet.aircraft} == ids


def test_each_system_and_signature_link_is_a_stream_of_its_own(tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    for voice in (Voice(system=1), Voice(system=2), Voice(system=1, link_id=4)):
        assert ear.hear(voice.position()) == ["udp:14550/key:alpha"]


def test_a_new_stream_may_be_a_minute_behind_the_newest_and_our_clock(tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    assert ear.hear(Voice(system=1, at_us=T0 - 61 * SECOND).position()) == ["[signed too long ago]"]
    assert ear.hear(Voice(system=2, at_us=T0 - 59 * SECOND).position()) == ["udp:14550/key:alpha"]
    ahead = Voice(system=3, at_us=T0 + 3_600 * SECOND)
    assert ear.hear(ahead.position()) == ["udp:14550/key:alpha"]
    assert ear.hear(Voice(system=4).position()) == ["[signed too long ago]"]
    late = Voice(system=2, at_us=T0 - 58 * SECOND)
    assert ear.hear(late.position(), at_us=T0 + 600 * SECOND) == ["udp:14550/key:alpha"], "known: only its own stamps count"


@pytest.mark.parametrize("clean", [True, False])
def test_nothing_is_taken_again_after_a_restart(tmp_path: Path, clean: bool) -> None:
    ear, voice = Ear(tmp_path), Voice()
    frames = []
    for step in range(40):  # of a quarter of a second
        voice.clock(T0 + step * SECOND // 4)
        frames.append(voice.position())
        assert ear.hear(frames[-1], at_us=T0 + step * SECOND // 4) == ["udp:14550/key:alpha"]
    if clean:
        ear.listener.close()
    later_us = T0 + 11 * SECOND
    again = Ear(tmp_path, at_us=later_us)
    assert again.hear(*frames, at_us=later_us) == ["[signed and sent before]"] * len(frames)
    voice.clock(T0 + (10 if clean else 14) * SECOND)  # killed, it may have taken more than it knows: three seconds
    assert again.hear(voice.position(), at_us=later_us) == ["udp:14550/key:alpha"]


def test_two_senders_under_one_key_are_ambiguous(tmp_path: Path) -> None:
    ear, voice = Ear(tmp_path), Voice()
    addresses = ("10.0.0.1", "10.0.0.2", "10.0.0.1")
    chunks = [Chunk(T0, address, 1, voice.position()) for address in addresses]
    assert [sample.ambiguous for sample in as_samples(ear.listener.take(chunks).samples)] == [False, False, True]


def test_over_streams_a_key_is_listened_to_while_one_is_open_that_brought_it(tmp_path: Path) -> None:
    ear, voice = Ear(tmp_path, streams=True), Voice()
    for address in ("10.0.0.1", "10.0.0.2"):
        ear.listener.opened(address, 1, T0)
    assert ear.hear(voice.position()) == ["udp:14550/key:alpha"]
    ((before,),) = ear.listener.listened(T0).values()
    ear.listener.closed("10.0.0.1", 1)
    assert ear.listener.listened(T0) == {}
    voice.clock(T0 + SECOND)
    assert ear.hear(voice.position(), address="10.0.0.2", at_us=T0 + SECOND) == ["udp:14550/key:alpha"]
    ((after,),) = ear.listener.listened(T0).values()
    assert (before.link, after.link) == ("udp:14550/key:alpha",) * 2
    assert after.epoch > before.epoch


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (ALPHA.secret.hex(), ALPHA.secret),
        (ALPHA.secret.hex().upper() + "\n", ALPHA.secret),
        ("open sesame\n", BRAVO.secret),
        ("open sesame ", hashlib.sha256(b"open sesame ").digest()),
        ("größer", hashlib.sha256("größer".encode()).digest()),
    ],
)
def test_a_keys_file_holds_the_secret_or_a_passphrase(tmp_path: Path, content: str, secret: bytes) -> None:
    file = tmp_path / "alpha.key"
    file.write_text(content)
    settings = load(environment={"WEDGETAIL_INGEST__KEYS__ALPHA": str(file)})
    assert read_keys(settings.ingest.keys) == (Key("alpha", secret),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"ab" * 31, "62 hexadecimal digits"),
        (b"one\ntwo", "more than one line"),
        (b"\xff\xfe\x00", "neither"),
        (None, "No such file"),
    ],
)
def test_a_bad_keys_file_is_told_with_its_setting(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "alpha.key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingError, match=rf"ingest\.keys\.alpha is wrong: .*{message}"):
        read_keys({"alpha": file})


def test_a_keys_name_is_part_of_a_links_and_so_a_plain_word(tmp_path: Path) -> None:
    file = tmp_path / "wedgetail.toml"
    file.write_text('[ingest.keys]\n"a/b" = "x"\n')
    with pytest.raises(SettingError, match=r"ingest\.keys"):
        load(file, {})
