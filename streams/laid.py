"""Blocks that follow each other on a partition, laid together: what costs Python something for each block costs it here once
for all of them, and compiled loops do the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import arrow
from core.block import Block
from core.whole import AIRCRAFT, LINK, OPERATOR, gather


@dataclass(frozen=True, slots=True)
class Laid:
    """value: the blocks' bytes, one behind the other. places: (blocks, columns, 4), where in them everything is (core.arrow).
    begins: (blocks + 1,), each block's first row, and the number of all. table: (columns, rows) as Block.whole has it, but
    the codes of these three are into the distinct words of all blocks."""

    value: NDArray[np.uint8]
    places: NDArray[np.int64]
    begins: NDArray[np.int64]
    table: NDArray[np.int64]
    operators: list[bytes]
    aircraft: list[bytes]
    links: list[str]

    @property
    def blocks(self) -> NDArray[np.int64]:
        """(rows,): which block each row is of."""
        return np.repeat(np.arange(len(self.places)), np.diff(self.begins))


def lay(blocks: Sequence[Block]) -> Laid:
    """Blocks in the order in which they stand."""
    wires = [block.wire() for block in blocks]
    value = np.frombuffer(b"".join([wire.value for wire in wires]), np.uint8)
    starts = np.cumsum([0, *(len(wire.value) for wire in wires)])
    places = arrow.places(wires) + starts[:-1, None, None]
    begins = np.cumsum([0, *(wire.rows for wire in wires)])
    table = gather(value, places, begins)
    words = [
        _common(table[column], begins, [block.dictionary(name) for block in blocks])
        for column, name in ((OPERATOR, "operator_id"), (AIRCRAFT, "aircraft_id"), (LINK, "link"))
    ]
    return Laid(value, places, begins, table, *words)


def _common(codes: NDArray[np.int64], begins: NDArray[np.int64], dictionaries: Sequence[Sequence[Any]]) -> list[Any]:
    """The distinct words of all dictionaries. The codes, into each block's own until now, become codes into those."""
    number: dict[Any, int] = {}
    numbers = [number.setdefault(word, len(number)) for word in chain.from_iterable(dictionaries)]
    first = np.cumsum([0, *map(len, dictionaries)])[:-1]
    codes += np.repeat(first, np.diff(begins))
    codes[:] = np.array(numbers, np.int64)[codes]
    return list(number)
