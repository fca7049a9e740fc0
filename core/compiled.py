"""Compiled kernels: plain loops over arrays that numba turns into machine code, each for the one signature that it names.

Nothing is compiled at import. A process calls `warm` before it begins its work; a test gets a kernel when it first runs it.
The machine code is kept beside the source, or where NUMBA_CACHE_DIR says, or in the user's cache; where nothing can be
written it is compiled at each start. What is kept is renewed when the file of the kernel changes and not when another one
does: what a kernel calls stands in its own file.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.core.dispatcher import Dispatcher

_KERNELS: list["Kernel"] = []

_INNER: dict[str, Any] = {"_nrt": False}
F = TypeVar("F", bound=Callable[..., Any])


class Kernel:
    """One compiled function. `run` takes the arrays of its signature, and raises TypeError for others."""

    def __init__(self, function: Callable[..., Any], signature: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._function, self._signature, self._options = function, signature, options
        _KERNELS.append(self)

    @cached_property
    def run(self) -> Callable[..., Any]:
        try:
            compiled: Dispatcher = numba.njit(self._function, cache=True, **self._options)
        except RuntimeError:  # there is no place where machine code could be kept
            compiled = numba.njit(self._function, **self._options)
        compiled.compile(self._signature)
        compiled.disable_compile()
        return compiled


def kernel(*signature: Any, makes_arrays: bool = True) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorates a kernel with its arguments' numba types: `given` for arrays that it reads, int64[::1] for those it writes.

    makes_arrays False: it works on the arrays that it is given, and calls only inner parts. Then references are not
    counted, which would cost some nanoseconds for each array that is passed on.
    """
    return lambda function: Kernel(function, signature, {} if makes_arrays else _INNER)


def part(function: F) -> F:
    """Decorates what kernels of the same file call; it becomes part of them."""
    return cast(F, numba.njit(function))


def inner(function: F) -> F:
    """Decorates what is called for each point or each edge, by kernels and parts: put in place, and makes no arrays."""
    return cast(F, numba.njit(function, forceinline=True, **_INNER))


def given(element: Any, dimensions: int = 1) -> Any:
    """A C-contiguous array that is only read: writable or not, aligned or not, as buffers of a message are."""
    return types.Array(element, dimensions, "C", readonly=True, aligned=False)


def warm() -> None:
    """Compiles every kernel of the modules that are imported, or takes it from the cache. Seconds the first time."""
    for each in _KERNELS:
        each.run  # noqa: B018
