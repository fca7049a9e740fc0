"""What can go wrong with a listener or a file, as a person reads it."""

from core.errors import WedgetailError


class CannotListen(WedgetailError):
    """Cannot listen for MAVLink on {protocol} {host} port {port}: {detail}"""


class UnreadableFile(WedgetailError):
    """Cannot read {file}: {detail}"""


class NotMavlink(WedgetailError):
    """{file} holds no MAVLink: {detail}"""


class NoTimes(WedgetailError):
    """{file} is a raw MAVLink stream without time stamps, and no aircraft in it tells the date. Give the time of its first frame: --start 2026-01-31T09:00:00Z"""  # noqa: E501


class StartOutsideLog(WedgetailError):
    """{start} is not within the log, which runs from {first} to {last}."""


class ImportBroken(WedgetailError):
    """The import of {file} broke off: {detail}. Run it again: what has arrived already stays there once."""


class UnfitTile(WedgetailError):
    """{file} is no elevation tile: {detail}. It is left out."""
