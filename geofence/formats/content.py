"""A file as bytes, text or JSON, whichever a format needs; each is made once, when it is first asked for."""

from functools import cached_property

from core import strictjson


class Content:
    """What a file or a request holds."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def text(self) -> str:
        """UTF-8, with or without a byte order mark, UTF-16 with one; else Latin-1, which older airspace files are in."""
        if self.raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.raw.decode("utf-16", "replace")
        try:
            return self.raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.raw.decode("latin-1")

    @property
    def json(self) -> object:
        """None where it is no JSON. NaN and Infinity stand in it, to be refused by feature: the rest is not lost."""
        return self._json[0]

    @property
    def why_no_json(self) -> str:
        """Empty where it is JSON, or does not look as if it wanted to be."""
        return self._json[1] if self.text.lstrip().startswith(("{", "[")) else ""

    @cached_property
    def _json(self) -> tuple[object, str]:
        try:
            return strictjson.loads(self.text, any_number=True), ""
        except ValueError as error:
            return None, str(error)
