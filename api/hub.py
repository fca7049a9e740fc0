"""Who looks at what: viewers, and the channels that give the same bytes to all viewers with the same subscription.

A viewer that is slow gets the latest state when it can take it: what it missed is a set of ids, not a queue of frames.
Alert events are never merged; a viewer that cannot take those is closed, and comes back for a new snapshot.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from uuid import UUID

import msgspec

from api.messages import Subscribe, message
from api.picture import Changes, Picture
from geofence.moments import iso

TOO_SLOW = 4408
GOING_AWAY = 1001
MAX_WAITING = 1_000  # alert events that a viewer may be behind
MAX_SUBSCRIPTIONS = 16


class Viewer:
    """One connection's outbox. What write takes is out; else take() gives what to send next, and wake is set whenever there
    may be something. write: False when the connection has no room."""

    def __init__(self, latest: Callable[[Subscribe, set[UUID]], str], write: Callable[[str], bool]) -> None:
        self.subscriptions: dict[str, Channel] = {}
        self.wake = asyncio.Event()
        self.closed = asyncio.Event()
        self.close_code = GOING_AWAY
        self._latest = latest
        self._write = write
        self._urgent: deque[str] = deque()
        self._slots: dict[str, str] = {}  # of each, only the latest
        self._frames: dict[Subscribe, tuple[str, set[UUID]]] = {}
        self._missed: dict[Subscribe, set[UUID]] = {}
        self.caught_up = asyncio.Event()
        self.caught_up.set()

    def say(self, text: str) -> None:
        """In order, each of them."""
        if self._out(text):
            return
        if len(self._urgent) >= MAX_WAITING:
            self.close(TOO_SLOW)
            return
        self._urgent.append(text)
        self.caught_up.clear()
        self.wake.set()

    def note(self, slot: str, text: str) -> None:
        """The latest of its kind replaces one that waits."""
        if self._out(text):
            return
        self._slots[slot] = text
        self.wake.set()

    def offer(self, what: Subscribe, frame: str, ids: set[UUID]) -> None:
        """A frame for all: joins what was missed if the last one still waits."""
        if self._out(frame):
            return
        waiting = self._frames.pop(what, None)
        if waiting is not None or what in self._missed:
            self._missed.setdefault(what, set()).update(ids, waiting[1] if waiting else ())
        else:
            self._frames[what] = (frame, ids)
        self.wake.set()

    def _out(self, text: str) -> bool:
        """Nothing overtakes what waits."""
        return not (self._urgent or self._slots or self._frames or self._missed) and self._write(text)

    def forget(self, what: Subscribe) -> None:
        self._frames.pop(what, None)
        self._missed.pop(what, None)

    def take(self) -> str | None:
        """The next text to send, None: nothing now (and wake is cleared)."""
        if self._urgent:
            return self._urgent.popleft()
        self.caught_up.set()
        if self._slots:
            return self._slots.pop(next(iter(self._slots)))
        if self._frames:
            return self._frames.pop(next(iter(self._frames)))[0]
        if self._missed:
            what = next(iter(self._missed))
            return self._latest(what, self._missed.pop(what))
        self.wake.clear()
        return None

    def close(self, code: int) -> None:
        if not self.closed.is_set():
            self.close_code = code
            self.closed.set()


class Channel:
    """One subscription, however many viewers have it."""

    def __init__(self, what: Subscribe) -> None:
        self.what = what
        self.viewers: set[Viewer] = set()
        self.dirty: set[UUID] = set()
        self.inside: set[UUID] = set()  # what some viewer has been told of
        self.next_at = 0.0  # loop time before which no frame goes out
        self.timer: asyncio.TimerHandle | None = None


class Hub:
    """Everything between the picture and the viewers. All of it runs in one event loop, between two awaits."""

    def __init__(self, picture: Picture, now_us: Callable[[], int]) -> None:
        self._picture = picture
        self._now_us = now_us
        self._channels: dict[Subscribe, Channel] = {}
        self.viewers: set[Viewer] = set()

    def join(self, hello: Callable[[Picture, int], str], write: Callable[[str], bool]) -> Viewer:
        viewer = Viewer(self._frame, write)
        viewer.say(hello(self._picture, self._now_us()))
        self.viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        for name in list(viewer.subscriptions):
            self.unsubscribe(viewer, name)

    def subscribe(self, viewer: Viewer, what: Subscribe) -> None:
        """Snapshot and subscription, in one turn: nothing can fall between them. The same id again replaces."""
        self.publish()  # so that nothing older than the snapshot comes after it
        self.unsubscribe(viewer, what.id)
        channel = self._channels.setdefault(what, Channel(what))
        ids = {one for one in self._picture.ids() if self._has(what, one)}
        standing = [one for one in self._picture.standing() if what.wants(UUID(one["aircraft_id"]))] if what.alerts else []
        aircraft = [self._picture.encoded(one) for one in ids]
        viewer.say(self._message("snapshot", subscription=what.id, aircraft=aircraft, alerts=standing))
        channel.inside |= ids
        channel.viewers.add(viewer)
        viewer.subscriptions[what.id] = channel

    def unsubscribe(self, viewer: Viewer, name: str) -> bool:
        channel = viewer.subscriptions.pop(name, None)
        if channel is None:
            return False
        viewer.forget(channel.what)
        channel.viewers.discard(viewer)
        if not channel.viewers:
            del self._channels[channel.what]
            if channel.timer is not None:
                channel.timer.cancel()
        return True

    def publish(self) -> None:
        """After the picture was fed: alert events go out now, changes now or when the channel's interval is over."""
        changes = self._picture.changes()
        if changes.alerts:
            self._tell_alerts(changes)
        dirty = changes.aircraft | changes.gone
        if not dirty:
            return
        now = asyncio.get_running_loop().time()
        for channel in self._channels.values():
            channel.dirty |= dirty if channel.what.aircraft is None else dirty & channel.what.aircraft
            if channel.dirty and channel.timer is None:
                if now >= channel.next_at:
                    self._flush(channel)
                else:
                    channel.timer = asyncio.get_running_loop().call_at(channel.next_at, self._flush, channel)

    def beat(self) -> None:
        """Each second: heartbeat to everyone, and where open alerts stand."""
        told = self._picture.guidance()
        for channel in self._channels.values() if told else ():
            moved = [one for aircraft, one in told if channel.what.alerts and channel.what.wants(aircraft)]
            if moved:
                text = self._message("guidance", subscription=channel.what.id, alerts=moved)
                for viewer in channel.viewers:
                    viewer.note(f"guidance {channel.what.id}", text)
        text = self._message("heartbeat", positions_at=iso(self._picture.positions_us))
        for viewer in self.viewers:
            viewer.note("heartbeat", text)

    def zones_changed(self) -> None:
        text = self._message("zones")
        for viewer in self.viewers:
            viewer.note("zones", text)

    def close(self) -> None:
        for viewer in self.viewers:
            viewer.close(GOING_AWAY)

    def _tell_alerts(self, changes: Changes) -> None:
        for alert in changes.alerts:
            aircraft, raw = UUID(alert["aircraft_id"]), msgspec.Raw(msgspec.json.encode(alert))
            for channel in self._channels.values():
                if channel.what.alerts and channel.what.wants(aircraft):
                    text = self._message("alert", subscription=channel.what.id, alert=raw)
                    for viewer in list(channel.viewers):
                        viewer.say(text)

    def _flush(self, channel: Channel) -> None:
        channel.timer = None
        what, dirty, channel.dirty = channel.what, channel.dirty, set()
        there = {one for one in dirty if self._has(what, one)}
        left = (dirty - there) & channel.inside
        if not (there or left):
            return
        channel.inside -= left
        channel.inside |= there
        channel.next_at = asyncio.get_running_loop().time() + what.interval_ms / 1_000
        frame, ids = self._changes(what, there, left), there | left
        for viewer in channel.viewers:
            viewer.offer(what, frame, ids)

    def _frame(self, what: Subscribe, ids: set[UUID]) -> str:
        """The latest state of these aircraft, for this subscription."""
        there = {one for one in ids if self._has(what, one)}
        return self._changes(what, there, ids - there)

    def _changes(self, what: Subscribe, there: set[UUID], gone: set[UUID]) -> str:
        aircraft = [self._picture.encoded(one) for one in there]
        return self._message("changes", subscription=what.id, aircraft=aircraft, gone=[str(one) for one in gone])

    def _has(self, what: Subscribe, aircraft: UUID) -> bool:
        return (
            what.wants(aircraft)
            and self._picture.knows(aircraft)
            and (what.bbox is None or what.sees(self._picture.position(aircraft)))
        )

    def _message(self, kind: str, **facts: object) -> str:
        now_us = self._now_us()
        return message(kind, now_us, self._picture.rules(now_us), **facts)
