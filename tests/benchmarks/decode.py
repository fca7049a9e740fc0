"""MAVLink decoding: our compiled reader beside pymavlink, on the same frames, each value compared."""

import math
import random
import statistics
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.compiled import warm
from ingest import reading
from ingest.messages import KINDS, MESSAGES, PLACED, Reader
from tests.benchmarks.figures import Figure, Report

_POOL = 20_000
_GOALS = {100: 30.0, 1: 6.0}  # messages a call: how many times as fast
_WEIGHTS = (2, 2, 4, 10, 1, 1, 1, 1)  # how often each kind of message comes, in the order of KINDS
_NUMBERS = {"b": 8, "B": 8, "h": 16, "H": 16, "i": 32, "I": 32, "Q": 63}
_REFERENCE = "pymavlink, the faster of its parse_buffer (which finds the frames too) and decode (which is given each frame)"

Fields = dict[str, int | float]


def decode_report(rounds: int, seconds: float, tell: Callable[[str], None]) -> Report:
    """Measures and says what was found. Its rounds are passes over the pool, whatever their length."""
    warm()
    pool = frames()
    _compare(pool)
    figures = []
    for number, goal in _GOALS.items():
        calls = [b"".join(pool[at : at + number]) for at in range(0, len(pool), number)]
        bounds = [np.cumsum([0, *map(len, pool[at : at + number])]) for at in range(0, len(pool), number)]
        sides: dict[str, Callable[[], None]] = {
            "ours": lambda calls=calls, bounds=bounds: _ours(calls, bounds),
            "parse_buffer": lambda calls=calls: _parse(calls),
            "decode": lambda: _decode(pool),
        }
        taken: dict[str, list[float]] = {name: [] for name in sides}
        for at in range(rounds + 1):
            for name, side in sides.items():
                began = time.perf_counter()
                side()
                if at:  # the first is for warming up
                    taken[name].append(time.perf_counter() - began)
        rates = {name: len(pool) / statistics.median(times) for name, times in taken.items()}
        tell(f"decode, {number} a call: " + ", ".join(f"{name} {rate:,.0f}/s" for name, rate in rates.items()))
        theirs = max(rates["parse_buffer"], rates["decode"])
        name = f"MAVLink decode, {number} message{'s' if number > 1 else ''} a call"
        figures.append(Figure(name, "messages/s", rates["ours"], theirs, _REFERENCE, goal, at_most=False))
    return Report("Decode", figures, _NOTES)


_NOTES = f"""
A pool of {_POOL:,} frames of the eight messages that samples are made of, with random fields, MAVLink 2 and (one in four)
MAVLink 1. Both sides find the frames, check them and read every field; ours leaves them in a table of integers, pymavlink
makes an object of each message. Before anything is timed the values of all fields of all messages are compared. Reference:
{_REFERENCE}.
"""


def frames() -> list[bytes]:
    """The pool: the same at each run."""
    chance = random.Random(4)
    sender = dialect.MAVLink(None, srcSystem=1, srcComponent=1)
    made = []
    for number in range(_POOL):
        kind = dialect.mavlink_map[chance.choices(KINDS, _WEIGHTS)[0]]
        sender.srcSystem, sender.seq = 1 + number % 200, number % 256
        codes = dict(zip(kind.ordered_fieldnames, bytes(kind.native_format).decode()[1:], strict=True))
        lengths = dict(zip(kind.ordered_fieldnames, kind.array_lengths, strict=True))
        fields = [
            [_number(chance, codes[name]) for _ in range(lengths[name])] if lengths[name] else _number(chance, codes[name])
            for name in kind.fieldnames
        ]
        made.append(bytes(kind(*fields).pack(sender, force_mavlink1=chance.random() < 0.25)))
    return made


def _number(chance: random.Random, code: str) -> int | float:
    if code == "f":
        value: float = struct.unpack("<f", struct.pack("<f", chance.uniform(-1_000, 1_000)))[0]
        return value
    number = chance.getrandbits(_NUMBERS[code])
    return number - (1 << _NUMBERS[code] - 1) if code.islower() else number


def fields_of_row(reader: Reader, row: int) -> Fields:
    """What a needed message in the table says, by name; each number of an array has its own: voltages[0]."""
    placed = PLACED[MESSAGES[reader.table[row, reading.MESSAGE]]]
    numbers = reader.table[row, reading.FIELDS : reading.FIELDS + len(placed)]
    views = {"f": np.float64, "Q": np.uint64}
    return {
        name: number.view(views.get(code, np.int64)).item()
        for (name, _, code), number in zip(placed, numbers, strict=True)
    }  # fmt: skip


def fields_of_message(message: Any) -> Fields:
    """The same of a message as pymavlink gives it."""
    flat: Fields = {}
    for name in message.fieldnames:
        value = getattr(message, name)
        flat |= {f"{name}[{i}]": each for i, each in enumerate(value)} if isinstance(value, list) else {name: value}
    return flat


def same(ours: Fields, theirs: Fields) -> bool:
    """NaN equals NaN."""
    return ours.keys() == theirs.keys() and all(
        ours[name] == value or (math.isnan(ours[name]) and math.isnan(value)) for name, value in theirs.items()
    )


def _compare(pool: Sequence[bytes]) -> None:
    reader, parser = Reader(), dialect.MAVLink(None)
    for frame in pool:
        if reader.read(frame, np.array([0, len(frame)])) != 1 or not same(
            fields_of_row(reader, 0), fields_of_message(parser.decode(bytearray(frame)))
        ):
            raise AssertionError(f"decoded differently: {frame.hex()}")


def _ours(calls: Sequence[bytes], bounds: Sequence[Any]) -> None:
    reader = Reader()
    read = reader.read
    for data, ends in zip(calls, bounds, strict=True):
        read(data, ends)


def _parse(calls: Sequence[bytes]) -> None:
    parse = dialect.MAVLink(None).parse_buffer
    for data in calls:
        parse(data)


def _decode(pool: Sequence[bytes]) -> None:
    decode = dialect.MAVLink(None).decode
    for frame in pool:
        decode(bytearray(frame))
