"""A kernel takes what its signature says, from wherever the array comes, and nothing else."""

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
