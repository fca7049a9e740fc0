"""What became of every frame, counted: the sums add up, so that nothing is lost without a number."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """frames = decoded + ignored + rejected. positions = usable + without (by reason)."""

    frames: int = 0  # frames and rejected stretches, as each link counts them
    bytes: int = 0
    decoded: Counter[str] = field(default_factory=Counter)  # by message
    ignored: Counter[str] = field(default_factory=Counter)  # by kind: a message without use here, or who is no aircraft
    rejected: Counter[str] = field(default_factory=Counter)  # by reason
    heartbeat_samples: int = 0
    usable: int = 0  # position samples with a position
    without: Counter[str] = field(default_factory=Counter)  # position samples without, by reason
    dropped_blocks: int = 0  # of the buffer, while the broker was away
    dropped_samples: int = 0
    rejections_untold: int = 0  # counted here, but too many for their topic
    kernel_drops: int = 0  # datagrams that the socket's buffer had no room for

    @property
    def positions(self) -> int:
        return self.usable + self.without.total()

    @property
    def samples(self) -> int:
        return self.positions + self.heartbeat_samples

    def adds_up(self) -> bool:
        return self.frames == self.decoded.total() + self.ignored.total() + self.rejected.total()

    def line(self) -> str:
        """One line for the log: the totals, and the reasons for what was lost."""
        told = {
            "frames": self.frames,
            "decoded": self.decoded.total(),
            "ignored": self.ignored.total(),
            "rejected": self.rejected.total(),
            "samples": self.samples,
            "without position": self.without.total(),
        }
        lost = {
            **dict(sorted(self.rejected.items())),
            "blocks dropped": self.dropped_blocks,
            "samples dropped": self.dropped_samples,
            "rejections untold": self.rejections_untold,
            "datagrams lost by the kernel": self.kernel_drops,
        }
        text = ", ".join(f"{name} {number}" for name, number in told.items())
        losses = ", ".join(f"{name} {number}" for name, number in lost.items() if number)
        return f"{text} ({losses})" if losses else text
