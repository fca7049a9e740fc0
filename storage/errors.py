"""What can be wrong with the database, each as the sentence a person reads."""

from core.errors import WedgetailError


class DatabaseUnreachable(WedgetailError):
    """The database at {where} cannot be reached: {detail}"""


class DatabaseNotReady(WedgetailError):
    """The database is not at this version: run `wedgetail migrate` first ({detail})"""


class DatabaseNotCreated(WedgetailError):
    """The database {name} does not exist and cannot be created: {detail}"""


class ExtensionRefused(WedgetailError):
    """TimescaleDB is loaded but this user may not enable it: run CREATE EXTENSION timescaledb in {name} first. {detail}"""


class MigrationFailed(WedgetailError):
    """Migration {name} failed and changed nothing: {detail}"""


class MigrationUnknown(WedgetailError):
    """The database stands at migration {found}, this program knows up to {known}: it is too old for this database."""


class InstallationMismatch(WedgetailError):
    """This database belongs to an installation with {what} {found}, not {given}: refusing to start."""


class QueryFileWrong(WedgetailError):
    """The query file {file} is wrong: {detail}"""


class UnknownQuery(WedgetailError):
    """There is no query named {name} in {file}; there are: {known}"""


class UnfitValue(WedgetailError):
    """Column {column} cannot be stored: {detail}"""
