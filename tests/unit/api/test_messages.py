"""What clients say, and that every answer names the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.messages import Authenticate, BadMessage, Subscribe, Unsubscribe, read


def test_what_is_left_out_has_its_default() -> None:
    assert read('{"type":"subscribe"}') == Subscribe("main", None, None, True, 100)
    assert read('{"type":"authenticate","token":"x"}') == Authenticate("x")
    assert read(b'{"type":"unsubscribe","id":"x"}') == Unsubscribe("x")


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ("{", "not_json", None),
        ('{"type":"authenticate"}', "invalid", "token"),
        ('{"type":"subscribe","id":""}', "invalid", "id"),
        ('{"type":"subscribe","bbox":[1e999,0,0,0]}', "invalid", "bbox[0]"),
        ('{"type":"subscribe","bbox":[181,0,0,0]}', "invalid", "bbox"),
        ('{"type":"subscribe","interval_ms":-1}', "invalid", "interval_ms"),
        ('{"type":"subscribe","interval_ms":100.5}', "invalid", "interval_ms"),
        ('{"type":"subscribe","alerts":"yes"}', "invalid", "alerts"),
    ],
)
def test_a_wrong_message_names_its_field(said: str, code: str, field: str | None) -> None:
    with pytest.raises(BadMessage) as caught:
        read(said)
    assert (caught.value.code, caught.value.field) == (code, field)


@given(st.one_of(st.text(), st.binary(), st.from_regex(r'\{"type":"subscribe","[a-z_]+":.{0,20}\}')))
def test_whatever_is_said_is_read_or_refused(said: str | bytes) -> None:
    try:
        read(said)
    except BadMessage as bad:
        assert bad.detail
