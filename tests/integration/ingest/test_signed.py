"""Signed frames on a real socket, over a restart of ingest."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.errors import SettingError
from core.settings import Settings
from core.topics import REJECTED, TELEMETRY
from ingest.service import listen

Reader = Callable[[Any], Awaitable[Any]]
SECRET = bytes(range(32))


def _frames(number: int) -> list[bytes]:
    """An unsigned position, then signed ones."""
    sender = dialect.MAVLink(None, srcSystem=1, srcComponent=1)
    sender.signing.secret_key, sender.signing.timestamp = SECRET, int((time.time() - 1_420_070_400) * 100_000)
    made = []
    for at in range(1 + number):
        sender.signing.sign_outgoing = at > 0
        sender.seq = at
        made.append(bytes(sender.global_position_int_encode(at, -353_623_302, 1_491_657_510, 0, 0, 0, 0, 0, 0).pack(sender)))
    return made


async def _heard(settings: Settings, frames: list[bytes]) -> dict[str, int]:
    """What ingest refused of these frames, sent to it between its start and its stop."""
    stopped, ready = asyncio.Event(), asyncio.Event()
    service = asyncio.create_task(listen(settings, stopped, ready))
    await ready.wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for frame in frames:
            sender.sendto(frame, (settings.ingest.host, settings.ingest.port))
    stopped.set()  # what has arrived is taken before it stops
    counts = await service
    assert counts.frames == len(frames)
    return dict(counts.rejected)


async def test_frames_of_a_key_are_taken_once_though_ingest_is_restarted(
    settings: Settings, read: Reader, tmp_path: Path
) -> None:
    (tmp_path / "survey.key").write_text(SECRET.hex())
    keyed = settings.model_copy(
        update={"ingest": settings.ingest.model_copy(update={"keys": {"survey": tmp_path / "survey.key"}})}
    )
    unsigned, *signed = _frames(5)
    assert await _heard(keyed, [unsigned, *signed]) == {"not signed": 1}
    assert await _heard(keyed, signed) == {"signed and sent before": 5}
    found = await read(TELEMETRY)
    assert {row["link"] for row in found.samples} == {f"udp:{settings.ingest.port}/key:survey"}
    assert len(found.samples) == 5
    told = (await read(REJECTED)).rejections
    assert [(one.reason, one.data) for one in told] == [
        ("not signed", unsigned),
        *(("signed and sent before", frame) for frame in signed),
    ]


async def test_a_key_that_cannot_be_read_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    keyed = settings.model_copy(
        update={"ingest": settings.ingest.model_copy(update={"keys": {"survey": tmp_path / "nowhere.key"}})}
    )
    with pytest.raises(SettingError, match=r"ingest\.keys\.survey is wrong: cannot read .*nowhere\.key"):
        await listen(keyed, asyncio.Event())
