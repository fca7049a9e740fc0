"""Signed frames: whose key they were signed with, and that each comes once. MAVLink 2 only.

mavlink.io/en/guide/message_signing.html: the last 13 bytes are the sender's signature link id, a time stamp that only
grows within a stream of frames, and the first 48 bits of SHA-256 over the secret and all the bytes before.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import SettingError
from ingest import reading
from ingest.mavlink import Reason
from ingest.messages import NUMBER_OF_REASON
from ingest.reading import Ints

_SIGNATURE, _STAMP, _LINK_ID = -6, -12, -13  # where they begin, from a frame's end
_EPOCH_US = 1_420_070_400_000_000  # 2015-01-01: what stamps count from, in units of 10 us
_UNITS_PER_S = 100_000
_NEW_STREAM = 60 * _UNITS_PER_S  # a stream not heard before may be so far behind
# What is written down is ahead of what was accepted, so that not every frame waits for the disk. After a kill the frames in
# between are refused, never accepted twice.
_AHEAD = 3 * _UNITS_PER_S
_SECRET = 32
_LOOKED_AT = [reading.UNIT, reading.SIGNED, reading.START, reading.END, reading.SYSTEM, reading.COMPONENT]
_HEX = re.compile(r"[0-9a-fA-F]{32,}")


class Key(NamedTuple):
    name: str
    secret: bytes


def read_keys(files: Mapping[str, Path]) -> tuple[Key, ...]:
    """The keys in these files, each 64 hexadecimal digits or a passphrase, hashed as ground stations do.

    Raises SettingError that names the setting and the file.
    """
    return tuple(Key(name, _secret(name, file)) for name, file in sorted(files.items()))


def _secret(name: str, file: Path) -> bytes:
    setting = f"ingest.keys.{name}"
    try:
        text = file.read_text(encoding="utf-8").strip("\r\n")
    except OSError as error:
        raise SettingError(name=setting, detail=f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingError(name=setting, detail=f"{file} is neither 64 hexadecimal digits nor a passphrase") from error
    if not text.strip():
        raise SettingError(name=setting, detail=f"{file} is empty")
    if "\n" in text:
        raise SettingError(name=setting, detail=f"{file} has more than one line")
    if _HEX.fullmatch(text.strip()):
        if len(text.strip()) != 2 * _SECRET:
            detail = f"{file} has {len(text.strip())} hexadecimal digits, a secret has {2 * _SECRET}"
            raise SettingError(name=setting, detail=detail)
        return bytes.fromhex(text.strip())
    return hashlib.sha256(text.encode()).digest()


class Signing:
    """The keys of a listener, and how far each stream of signed frames has come: (key, system, component, signature link)."""

    def __init__(
        self, keys: tuple[Key, ...], accept_unsigned: bool, kept: Mapping[str, int], keep: Callable[[dict[str, int]], None]
    ) -> None:
        """kept: what was kept before; keep is given what must be on disk before it returns."""
        self._keys = list(keys)
        self._accept_unsigned = accept_unsigned
        self._last = dict(kept)
        self._kept = dict(kept)
        self._heard: dict[str, int] = {}  # since the start
        self._keep = keep
        self._newest = max(kept.values(), default=0)

    def examine(self, table: Ints, data: bytes, units: Ints, link_of: Callable[[int, str, int], int]) -> None:
        """Marks in the table what is refused, and puts the frames of a key onto its link.

        link_of: the number of a key's link, from that of the sender's address, the key's name and the time.
        """
        ahead = False
        good = np.flatnonzero(table[:, reading.REASON] == reading.GOOD)
        for at, (unit, signed, start, end, system, component) in zip(good, table[good][:, _LOOKED_AT].tolist(), strict=True):
            if not signed:
                if not self._accept_unsigned:
                    table[at, reading.REASON] = NUMBER_OF_REASON[Reason.UNSIGNED]
                continue
            frame = data[start:end]
            name = self._signer(frame)
            if name is None:
                table[at, reading.REASON] = NUMBER_OF_REASON[Reason.WRONG_SIGNATURE]
                continue
            time_us, address, _ = units[unit].tolist()
            stream = f"{name}/{system}/{component}/{frame[_LINK_ID]}"
            stamp = int.from_bytes(frame[_STAMP:_SIGNATURE], "little")
            flaw = self._flaw(stream, stamp, time_us)
            if flaw is not None:
                table[at, reading.REASON] = NUMBER_OF_REASON[flaw]
                continue
            self._last[stream] = self._heard[stream] = stamp
            self._newest = max(self._newest, stamp)
            ahead = ahead or stamp > self._kept.get(stream, 0)
            table[at, reading.LINK] = link_of(address, name, time_us)
        if ahead:
            self._write({stream: last + _AHEAD for stream, last in self._heard.items()})

    def close(self) -> None:
        """Writes down where every stream ended."""
        if self._heard:
            self._write(self._heard)

    def _signer(self, frame: bytes) -> str | None:
        """The name of the key that a frame was signed with."""
        for place, key in enumerate(self._keys):
            if hmac.compare_digest(hashlib.sha256(key.secret + frame[:_SIGNATURE]).digest()[:6], frame[_SIGNATURE:]):
                if place:  # frames of one key come together: it is asked first next time
                    self._keys.insert(0, self._keys.pop(place))
                return key.name
        return None

    def _flaw(self, stream: str, stamp: int, time_us: int) -> Reason | None:
        last = self._last.get(stream)
        if last is None:
            newest = max(self._newest, (time_us - _EPOCH_US) // 10)
            return Reason.SIGNED_LONG_AGO if stamp < newest - _NEW_STREAM else None
        return Reason.REPLAYED if stamp <= last else None

    def _write(self, streams: Mapping[str, int]) -> None:
        self._kept |= streams
        self._keep(self._kept)
