"""A door for one browser: the page's built files, and a WebSocket that speaks docs/live.md about a fleet that flies circles.

Run as a process of its own (`python -m tests.benchmarks.pagefeed N RATE`): what it costs must not wait for the browser's
driver. Prints its port. Each frame has the aircraft that moved since the one before it, and comes 100 ms after that, or as
soon as the page has taken it: a slow viewer gets fewer messages, never older ones, as from our own door.
"""

import asyncio
import json
import math
import mimetypes
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

_DIST = Path(__file__).parents[2] / "dashboards" / "web" / "dist"
_LON, _LAT, _SPREAD_DEG = 149.1, -35.3, 1.0  # around Canberra
_RADIUS_DEG, _TURN_S = 0.004, 180.0
BREACH, WARNING = 997, 499  # one in so many
_RULES = {"judged_up_to": None, "running": True, "since": None}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Fleet:
    """number aircraft, evenly around a place, each with a position rate times a second."""

    def __init__(self, number: int, rate: float) -> None:
        self.number, self.rate = number, rate
        self._began = asyncio.get_running_loop().time()
        side = math.ceil(math.sqrt(number))
        self._centres = [
            (_LON + (index % side / side - 0.5) * _SPREAD_DEG, _LAT + (index // side / side - 0.5) * _SPREAD_DEG)
            for index in range(number)
        ]
        self._parts = [self._words(index) for index in range(number)]

    def aircraft(self, numbers: range | list[int]) -> str:
        """Their objects, as JSON, as of now."""
        seconds, time = asyncio.get_running_loop().time() - self._began, _now()
        told = []
        for index in numbers:
            angle = 2 * math.pi * (seconds / _TURN_S + index / 17)
            lon, lat = self._centres[index]
            before, after = self._parts[index]
            told.append(
                f'{before}"event_time":"{time}","position_time":"{time}","lon":{lon + _RADIUS_DEG * math.cos(angle):.7f},'
                f'"lat":{lat + _RADIUS_DEG * math.sin(angle):.7f},"heading_deg":{-math.degrees(angle) % 360:.2f},{after}'
            )
        return ",".join(told)

    def due(self, since_s: float, now_s: float) -> list[int]:
        """Whose next position fell between two moments of the loop's clock."""
        first, last = math.floor(since_s * self.rate * self.number), math.floor(now_s * self.rate * self.number)
        return sorted({count % self.number for count in range(max(first + 1, last - self.number + 1), last + 1)})

    def alerts(self) -> list[dict[str, Any]]:
        return [_alert(index, self._level(index)) for index in range(self.number) if self._level(index) != "clear"]

    def _level(self, index: int) -> str:
        return "breach" if index % BREACH == 0 else "warning" if index % WARNING == 1 else "clear"

    def _words(self, index: int) -> tuple[str, str]:
        level = self._level(index)
        reasons = [{"alert_id": _alert_id(index), "rule": "BATTERY", "level": level, "what": "battery at 20 %"}]
        fixed = {
            "id": str(UUID(int=index)), "operator_id": str(UUID(int=1)), "name": f"Survey {index}",
            "link": "udp:14550/127.0.0.1", "link_name": "udp:14550/127.0.0.1", "system_id": index % 250, "vehicle_type": 2,
            "replay": False, "partition": index % 16, "no_position": None, "amsl_m": 712.4, "takeoff_height_m": 62.1,
            "agl_m": 60.0, "agl_source": "terrain report", "speed_mps": 14.0, "climb_mps": 0.2,
            "height": {"m": 60.0, "datum": "AGL", "source": "terrain report", "margin_m": 0.0},
        }  # fmt: skip
        after = {
            "course_deg": None, "battery_pct": 81, "battery_age_s": 0.4, "fix_type": 3, "satellites": 14, "mode": "AUTO",
            "mode_age_s": 0.6, "armed": True, "airborne": True, "ended": False, "level": level,
            "reasons": [] if level == "clear" else reasons,
        }  # fmt: skip
        return json.dumps(fixed)[:-1] + ",", json.dumps(after)[1:]


def _alert_id(index: int) -> str:
    return str(UUID(int=index + (1 << 64)))


def _alert(index: int, level: str) -> dict[str, Any]:
    time = _now()
    return {
        "id": _alert_id(index), "n": 1, "operator_id": str(UUID(int=1)), "aircraft_id": str(UUID(int=index)),
        "aircraft_name": f"Survey {index}", "link_name": "udp:14550/127.0.0.1", "system_id": index % 250, "rule": "BATTERY",
        "zone_id": None, "zone_name": None, "zone_versions": [], "level": level, "condition": "raised",
        "state": "unacknowledged", "start": time, "triggered_at": time, "published_at": time, "raised_at": time,
        "cleared_at": None, "what": "battery at 20 %", "way_back": None, "guidance_at": time, "beyond_m": None,
        "ahead_s": None, "height_m": None, "height_datum": None, "height_source": None, "lon": _LON, "lat": _LAT,
        "acknowledged": None, "pilot_saw": None, "imported": False, "confirmed": True,
    }  # fmt: skip


class Feed:
    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    async def live(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):  # the browser went
            await self._tell(socket)

    async def _tell(self, socket: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        hello = {
            "version": "0", "protocol": 1, "pilot": None, "timezone": "Australia/Sydney", "map_style": None,
            "operator": {"id": str(UUID(int=1)), "name": "demo", "title": "Measured"}, "heartbeat_ms": 1000, "frame_ms": 100,
        }  # fmt: skip
        await socket.recv()  # authenticate
        await socket.send(self._message("hello", json.dumps(hello)[1:-1]))
        asked: asyncio.Queue[float] = asyncio.Queue()
        asks = asyncio.create_task(self._hear(socket, asked))
        try:
            interval_s = await asked.get()
            told_s = await self._snapshot(socket)
            while True:
                if not asked.empty():  # subscribed anew
                    interval_s = asked.get_nowait()
                    told_s = await self._snapshot(socket)
                await asyncio.sleep(max(0.0, told_s + interval_s - loop.time()))
                since_s, told_s = told_s, loop.time()
                body = f'"subscription":"main","gone":[],"aircraft":[{self.fleet.aircraft(self.fleet.due(since_s, told_s))}]'
                await socket.send(self._message("changes", body))
        finally:
            asks.cancel()

    async def _snapshot(self, socket: ServerConnection) -> float:
        told_s = asyncio.get_running_loop().time()
        everyone = self.fleet.aircraft(range(self.fleet.number))
        body = f'"subscription":"main","aircraft":[{everyone}],"alerts":{json.dumps(self.fleet.alerts())}'
        await socket.send(self._message("snapshot", body))
        return told_s

    async def _hear(self, socket: ServerConnection, asked: "asyncio.Queue[float]") -> None:
        """interval_ms of each subscription."""
        async for text in socket:
            await asked.put(json.loads(text)["interval_ms"] / 1000)

    def _message(self, kind: str, body: str) -> str:
        return f'{{"type":"{kind}","server_time":"{_now()}","rules":{json.dumps(_RULES | {"judged_up_to": _now()})},{body}}}'

    def file(self, socket: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?")[0]
        if path == "/api/v1/live":
            return None
        if path.startswith("/api/v1/"):
            return _response(200, "application/json", json.dumps({"features": [], "rules": []}).encode())
        file = _DIST / (path.strip("/") or "index.html")
        if not file.is_file():
            return _response(404, "text/plain", b"")
        return _response(200, mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes())


def _response(status: int, kind: str, body: bytes) -> Response:
    return Response(status, "", Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}), body)


async def main(number: int, rate: float) -> None:
    feed = Feed(Fleet(number, rate))
    async with serve(
        feed.live, "127.0.0.1", 0, process_request=feed.file, compression=None, write_limit=1 << 16, max_size=None
    ) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
