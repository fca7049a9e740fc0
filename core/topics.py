"""Every topic in one place: who keys it, how its values are written, how many partitions, how long it is kept."""

from dataclasses import dataclass, field

DAY_MS = 86_400_000
PARTITIONS = 16  # P: fixed when an installation is born; a process refuses a topic that differs


@dataclass(frozen=True)
class Topic:
    """A topic's name and shape. config holds Kafka's own topic settings."""

    name: str
    key: str  # what decides the partition
    codec: str  # what the value is
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def _kept(**config: str) -> dict[str, str]:
    # The broker's clock stamps every record: it is the one clock that all workers share.
    return {"message.timestamp.type": "LogAppendTime"} | {key.replace("_", "."): value for key, value in config.items()}


_CHECKPOINT = _kept(segment_bytes=str(4 << 20), retention_bytes=str(32 << 20), retention_ms="-1")

TELEMETRY = Topic("telemetry", "partition of the aircraft", "block or control", PARTITIONS, _kept(retention_ms=str(7 * DAY_MS)))
TELEMETRY_IMPORT = Topic(
    "telemetry-import", "partition of the aircraft", "block or control", PARTITIONS, _kept(retention_ms=str(7 * DAY_MS))
)
REJECTED = Topic("telemetry-rejected", "link", "JSON rejection", 1, _kept(retention_ms=str(DAY_MS)))
UNJUDGED = Topic(
    "telemetry-unjudged", "partition of the block", "the block as it came", PARTITIONS, _kept(retention_ms=str(30 * DAY_MS))
)
ALERTS = Topic("alerts", "partition of the aircraft", "JSON alert event", PARTITIONS, _kept(retention_ms=str(30 * DAY_MS)))
ALERTS_IMPORT = Topic(
    "alerts-import", "partition of the aircraft", "JSON alert event", PARTITIONS, _kept(retention_ms=str(30 * DAY_MS))
)
JUDGED = Topic("judged", "partition that was judged", "JSON progress", 1, _kept(retention_ms=str(3_600_000)))
WORLD = Topic("world", "zone and version", "JSON zone version", 1, _kept(cleanup_policy="compact"))
CHECKPOINT = Topic("checkpoint", "partition of the state", "chunk of a state", PARTITIONS, _CHECKPOINT)
CHECKPOINT_IMPORT = Topic("checkpoint-import", "partition of the state", "chunk of a state", PARTITIONS, _CHECKPOINT)
# One partition: sixteen states an hour, and a fetch pays for each partition that it asks for.
RERUN = Topic(
    "rerun", "none", "chunk of a state, or JSON of a record that was not judged", 1,
    _kept(retention_ms=str(7 * DAY_MS), retention_bytes=str(1 << 30)),
)  # fmt: skip

TOPICS = (
    TELEMETRY, TELEMETRY_IMPORT, REJECTED, UNJUDGED, ALERTS, ALERTS_IMPORT, JUDGED, WORLD, CHECKPOINT, CHECKPOINT_IMPORT,
    RERUN,
)  # fmt: skip
