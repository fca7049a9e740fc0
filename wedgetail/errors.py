"""What can go wrong while the house is switched on."""

from core.errors import WedgetailError


class AlreadyRunning(WedgetailError):
    """Wedgetail is already running on {directory} (process {pid}): stop it, or choose another with WEDGETAIL_DATA_DIR."""


class PortTaken(WedgetailError):
    """{protocol} port {port} on {host} is in use by another program: end that, or choose another port with {setting}="""


class PartFailed(WedgetailError):
    """{part} does not start (exit code {code}). The end of its log, {log}:
    {tail}"""


class NotReady(WedgetailError):
    """Started, but not ready after {seconds:.0f} s: {detail}. The logs are in {logs}"""


class DoorRefused(WedgetailError):
    """The API did not do {method} {path}: {detail}"""
