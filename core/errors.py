"""The one family of errors: a class is a kind of failure, its docstring the sentence a person reads."""

import re


class WedgetailError(Exception):
    """{detail}"""

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        return (type(self).__doc__ or "").format(**self.facts)

    @property
    def title(self) -> str:
        """The kind of failure in words: Unknown aircraft."""
        return re.sub(r"(?<!^)([A-Z])", r" \1", type(self).__name__).lower().capitalize()

    @property
    def urn(self) -> str:
        """The same for programs: urn:wedgetail:unknown-aircraft."""
        return f"urn:wedgetail:{self.title.lower().replace(' ', '-')}"


class SettingError(WedgetailError):
    """Setting {name} is wrong: {detail}"""


class UnknownBlockVersion(WedgetailError):
    """This block has schema version {version}; this program reads versions up to {known}. Upgrade it first."""


class UnreadableRecord(WedgetailError):
    """A stream record of kind {kind} cannot be read: {detail}"""


class TopicMismatch(WedgetailError):
    """Topic {topic} has {found} partitions, this installation was made with {expected}: refusing to start."""


class DatabaseAway(WedgetailError):
    """The database does not answer: {detail}"""


class BrokerUnreachable(WedgetailError):
    """Kafka at {bootstrap} cannot be used: {detail}"""
