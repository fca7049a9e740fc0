"""What can go wrong with the servers that we start ourselves."""

from core.errors import WedgetailError


class ServerDied(WedgetailError):
    """The embedded {server} ended by itself (exit code {code}). The end of its log, {log}:
    {tail}"""


class ServerSilent(WedgetailError):
    """The embedded {server} does not answer after {seconds:.0f} s. The end of its log, {log}:
    {tail}"""


class ServerLeftover(WedgetailError):
    """An earlier {server} (process {pid}) still uses {directory} and does not end: end it, then start again."""


class CommandFailed(WedgetailError):
    """{what} failed (exit code {code}): {output}"""


class JarMissing(WedgetailError):
    """Kafka's library {name} cannot be downloaded: {detail}"""


class JarChanged(WedgetailError):
    """Kafka's library {name} has SHA-256 {found}, the lock file says {expected}: refusing to run it."""


class PostgresUnusable(WedgetailError):
    """The embedded PostgreSQL cannot run: {detail}"""
