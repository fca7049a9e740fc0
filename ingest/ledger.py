"""What a listener must remember over a restart: the last epoch it gave, and which aircraft it listens to.

Without the aircraft, one that fell silent while ingest was away would never be reported as not heard.
"""

import os
from pathlib import Path

import msgspec

from ingest.errors import UnreadableFile


class _Kept(msgspec.Struct):
    epoch: int = 0
    links: dict[str, dict[int, int]] = {}  # link: system id: last heard, microseconds
    signed: dict[str, int] = {}  # stream of signed frames: no stamp up to this one is accepted again


class Ledger:
    """One JSON file for each listener, replaced as a whole, on disk before an epoch is used."""

    def __init__(self, file: Path) -> None:
        """Raises UnreadableFile when a file of before is there and cannot be read: beginning anew could repeat an epoch."""
        self._file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._kept = msgspec.json.decode(file.read_bytes(), type=_Kept) if file.exists() else _Kept()
        except OSError as error:
            raise UnreadableFile(file=file, detail=error.strerror or str(error)) from error
        except msgspec.DecodeError as error:
            detail = f"{error}. It holds the last epoch; remove it only if the clock has not gone back since"
            raise UnreadableFile(file=file, detail=detail) from error

    def next_epoch(self, clock_us: int) -> int:
        """The clock, but above every epoch given before."""
        self._kept.epoch = max(clock_us, self._kept.epoch + 1)
        self._write()
        return self._kept.epoch

    @property
    def links(self) -> dict[str, dict[int, int]]:
        """Link: system id: when it was last heard, microseconds."""
        return self._kept.links

    def keep(self, links: dict[str, dict[int, int]]) -> None:
        self._kept.links = links
        self._write()

    @property
    def signed(self) -> dict[str, int]:
        """Stream of signed frames: the highest stamp that may have been accepted."""
        return self._kept.signed

    def keep_signed(self, signed: dict[str, int]) -> None:
        self._kept.signed = signed
        self._write()

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(msgspec.json.encode(self._kept))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._file)
        except OSError as error:
            raise UnreadableFile(file=self._file, detail=error.strerror or str(error)) from error
