"""Many viewers in one process, as light as Python allows: bare sockets, of each frame its beginning and when it was whole."""

import json
import multiprocessing
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from core.units import to_us
from tests.benchmarks.fan_out_sides import TOKEN

_KEPT = 1_024  # bytes of each frame: the moment of its first aircraft stands in them
_READ = 256 << 10
_RECEIVE_BUFFER = 128 << 10
_QUIET_S = 1.0  # when nothing came for so long, nothing more comes
_PING, _PONG = 9, 10
_MOMENT = b'"event_time":"'
_START_S = 60.0


@dataclass(frozen=True)
class Seen:
    """latencies_ms: of each message that a viewer was told, from its change on. per_s: of all viewers together."""

    latencies_ms: NDArray[np.float64]
    per_s: float
    bytes_each: float
    fewest: int  # messages that came to one viewer
    most: int


class _Viewer:
    """One connection. Frames are counted off by their length; nothing is copied but their beginnings."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[bytes, int]] = []
        self.bytes = 0
        self._header = b""  # of the frame that is under way, then how much of it is to come, and its beginning
        self._left = 0
        self._begins = b""
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self.sock.connect(("127.0.0.1", port))
        self.sock.sendall(
            f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            if not (part := self.sock.recv(1)):  # so that no frame is taken with it
                raise RuntimeError(f"the server refused a viewer: {answer!r}")
            answer += part

    def say(self, **told: object) -> None:
        data = json.dumps(told).encode()
        assert len(data) < 126
        self.sock.sendall(bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)  # masked with nothing

    def read(self, buffer: bytearray) -> None:
        """What is there. Raises RuntimeError when the server hung up."""
        size = self.sock.recv_into(buffer)
        if size == 0:
            raise RuntimeError("the server hung up on a viewer")
        now_ns, at, view = time.time_ns(), 0, memoryview(buffer)
        self.bytes += size
        while at < size:
            if self._left == 0:
                wanted = _header_size(self._header) - len(self._header)
                self._header += view[at : min(size, at + wanted)]
                at = min(size, at + wanted)
                if len(self._header) == _header_size(self._header):
                    self._left = _payload_size(self._header)
                continue
            step = min(self._left, size - at)
            if len(self._begins) < _KEPT:
                self._begins += view[at : at + min(step, _KEPT)]
            at += step
            self._left -= step
            if self._left == 0:
                if self._begins.startswith(b'{"type":"changes"'):
                    self.heard.append((self._begins, now_ns))
                elif self._header[0] & 0x0F == _PING:
                    self.sock.sendall(bytes([0x80 | _PONG, 0x80 | len(self._begins), 0, 0, 0, 0]) + self._begins)
                self._header = self._begins = b""


def _header_size(header: bytes) -> int:
    """As far as the bytes at hand say."""
    return 2 if len(header) < 2 or header[1] < 126 else 4 if header[1] == 126 else 10


def _payload_size(header: bytes) -> int:
    return header[1] if header[1] < 126 else int.from_bytes(header[2:], "big")


@dataclass(frozen=True)
class Watching:
    """The process of the viewers of one server."""

    results: "Connection[float | None, Seen]"

    @contextmanager
    def counting(self) -> Iterator[None]:
        """What comes from here on counts."""
        self.results.send(time.time())
        self.results.recv()
        yield

    def seen(self) -> Seen:
        """When nothing more comes."""
        self.results.send(None)
        return self.results.recv()


@contextmanager
def watching(port: int, number: int) -> Iterator[Watching]:
    """So many viewers of a server, each told of every change."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(port, number, theirs), name="viewers", daemon=True)
    process.start()
    try:
        if not ours.poll(_START_S):
            raise RuntimeError("the viewers did not come in")
        ours.recv()
        yield Watching(ours)
    finally:
        process.kill()
        process.join()


def _run(port: int, number: int, control: "Connection[Seen | None, float | None]") -> None:
    viewers: list[_Viewer] = []
    selector, buffer = selectors.DefaultSelector(), bytearray(_READ)
    for _ in range(number):
        viewers.append(viewer := _Viewer(port))
        viewer.say(type="authenticate", token=TOKEN)
        viewer.say(type="subscribe", interval_ms=0)
        viewer.sock.setblocking(False)
        selector.register(viewer.sock, selectors.EVENT_READ, viewer)
        _read(selector, 0, buffer)  # or the first are given up for dead before the last are in
    selector.register(control, selectors.EVENT_READ, None)
    control.send(None)
    while True:
        if _read(selector, None, buffer):
            if control.recv() is None:
                end = time.monotonic() + _QUIET_S
                while time.monotonic() < end:
                    before = sum(len(viewer.heard) for viewer in viewers)
                    _read(selector, _QUIET_S / 10, buffer)
                    if sum(len(viewer.heard) for viewer in viewers) > before:
                        end = time.monotonic() + _QUIET_S
                control.send(_seen(viewers))
            else:
                for viewer in viewers:
                    viewer.heard.clear()
                    viewer.bytes = 0
                control.send(None)


def _read(selector: selectors.BaseSelector, wait_s: float | None, buffer: bytearray) -> bool:
    """What is there for each viewer; whether there is an order too."""
    ordered = False
    for key, _ in selector.select(wait_s):
        if key.data is None:
            ordered = True
        else:
            key.data.read(buffer)
    return ordered


def _seen(viewers: list[_Viewer]) -> Seen:
    ends = [at_ns for viewer in viewers for _, at_ns in viewer.heard]
    told = [len(viewer.heard) for viewer in viewers]
    latencies = [at_ns / 1e6 - _moment_ms(begins) for viewer in viewers for begins, at_ns in viewer.heard]
    span_s = (max(ends) - min(ends)) / 1e9
    return Seen(
        np.array(latencies), sum(told) / span_s, sum(viewer.bytes for viewer in viewers) / sum(told), min(told), max(told)
    )


def _moment_ms(begins: bytes) -> float:
    at = begins.index(_MOMENT) + len(_MOMENT)
    return to_us(datetime.fromisoformat(begins[at : begins.index(b'"', at)].decode())) / 1_000
