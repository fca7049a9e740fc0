"""A broker that is away is said now and then, not forty times a second."""

import logging

from wedgetail.logs import Sparingly


def record(at_s: float, name: str = "aiokafka") -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "", 0, "no connection to %s", ("broker",), None)
    made.created = at_s
    return made


def test_the_first_is_said_and_the_next_after_a_while_with_the_number_between() -> None:
    sparingly = Sparingly(30)
    assert sparingly.filter(record(100.0))
    assert [sparingly.filter(record(100.0 + i)) for i in range(1, 29)] == [False] * 28
    later = record(131.0)
    assert sparingly.filter(later)
    assert later.getMessage() == "no connection to broker (and 28 more like it)"


def test_one_logger_does_not_hold_back_another() -> None:
    sparingly = Sparingly(30)
    assert sparingly.filter(record(100.0)) and sparingly.filter(record(100.1, "aiokafka.consumer"))
