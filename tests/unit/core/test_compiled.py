"""A kernel takes what its signature says, from wherever the array comes, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import int64

from core.compiled import given, kernel, warm


@kernel(given(int64), int64[::1])
def double(values, doubled):
    for i in range(len(values)):
        doubled[i] = 2 * values[i]


def test_a_kernel_reads_writable_read_only_and_unaligned_arrays():
    warm()
    writable = np.arange(3)
    message = b"x" + writable.tobytes()
    for values in (writable, np.frombuffer(writable.tobytes(), np.int64), np.frombuffer(message, np.int64, offset=1)):
        doubled = np.zeros(3, np.int64)
        double.run(values, doubled)
        assert doubled.tolist() == [0, 2, 4]


def test_another_type_is_refused_and_not_compiled_on_the_way():
    with pytest.raises(TypeError):
        double.run(np.zeros(3, np.float32), np.zeros(3, np.int64))


LOOP = """
import numpy as np
from numba import int64
import far
from core.compiled import kernel
from near import LIMIT, Kind, above

@kernel(int64[::1])
def fill(found):
    found[0], found[1], found[2], found[3] = LIMIT, Kind.HIGH, far.AWAY, above(0)

found = np.zeros(4, np.int64)
fill.run(found)
print(found.tolist(), sum(fill.run.stats.cache_hits.values()))
"""
NEAR = """
from enum import IntEnum
from core.compiled import part
LIMIT, _STEP = 120, 7

class Kind(IntEnum):
    HIGH = 3

@part
def above(value):
    return value + _STEP
"""


def test_kept_machine_code_is_not_used_when_something_that_it_was_made_of_has_changed(tmp_path: Path) -> None:
    kept = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
    near, far, loop = (tmp_path / f"{name}.py" for name in ("near", "far", "loop"))
    loop.write_text(LOOP)

    def run(near_text: str, far_text: str = "AWAY = 9") -> str:
        near.write_text(near_text)
        far.write_text(far_text)
        done = [sys.executable, "-B", str(loop)]
        return subprocess.run(done, env=kept, check=True, capture_output=True, text=True).stdout.strip()

    assert run(NEAR) == "[120, 3, 9, 7] 0"
    assert run(NEAR) == "[120, 3, 9, 7] 1"
    assert run(NEAR.replace("120", "60")) == "[60, 3, 9, 7] 0"
    assert run(NEAR.replace("HIGH = 3", "HIGH = 4")) == "[120, 4, 9, 7] 0"
    assert run(NEAR, "AWAY = 8") == "[120, 3, 8, 7] 0"
    assert run(NEAR.replace("120, 7", "120, 6")) == "[120, 3, 9, 6] 0"
    assert run(NEAR.replace("value + _STEP", "value - _STEP")) == "[120, 3, 9, -7] 0"
    assert run(NEAR) == "[120, 3, 9, 7] 1"  # and what it was before is still there
