"""Compiled kernels: plain loops over arrays that numba turns into machine code, each for the one signature that it names.

Nothing is compiled at import. A process calls `warm` before it begins its work; a test gets a kernel when it first runs it.
The machine code is kept beside the source, or where NUMBA_CACHE_DIR says, or in the user's cache; where nothing can be
written it is compiled at each start. Machine code has the values of globals in it, a limit or a column's number, wherever
those are defined; numba looks only at the kernel's own file. So what is kept is known by all that it was made of.
"""

import contextlib
import hashlib
import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cached_property
from types import CodeType, ModuleType
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types
from numba.core.caching import FunctionCache
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
        compiled: Dispatcher = numba.njit(self._function, **self._options)
        with contextlib.suppress(RuntimeError):  # there is no place where machine code could be kept
            cast(Any, compiled)._cache = _Kept(self._function)
        compiled.compile(self._signature)
        compiled.disable_compile()
        return compiled


class _Kept(FunctionCache):
    """numba's cache, in which machine code is found again only while everything that it was made of is the same."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._made_of = hashlib.sha256(b"\0".join(_made_of(function, set()))).hexdigest()

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), self._made_of)  # type: ignore[no-untyped-call]


def _made_of(function: Callable[..., Any], met: set[object]) -> Iterator[bytes]:
    """A function's source, and the values of the globals that it names; of functions that are parts of it the same."""
    yield inspect.getsource(function).encode()
    names = sorted(_names(function.__code__))
    for name in names:
        yield from _value(function.__globals__.get(name), names, met)


def _names(code: CodeType) -> set[str]:
    inside = (each for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*(_names(each) for each in inside))


def _value(value: Any, names: list[str], met: set[object]) -> Iterator[bytes]:
    """A value as bytes; of a module or a class what the names take from it."""
    if isinstance(value, np.ndarray):
        yield value.dtype.str.encode() + value.tobytes()
    elif isinstance(value, int | float | str | bytes | tuple | np.generic | Enum):
        yield repr(value).encode()
    elif isinstance(value, Dispatcher) and value not in met:
        met.add(value)
        yield from _made_of(value.py_func, met)
    elif isinstance(value, ModuleType | type) and (value, *names) not in met:
        met.add((value, *names))
        for name in names:
            yield from _value(vars(value).get(name), names, met)


def kernel(*signature: Any, makes_arrays: bool = True, aside: bool = False) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorates a kernel with its arguments' numba types: `given` for arrays that it reads, int64[::1] for those it writes.

    makes_arrays False: it works on the arrays that it is given, and calls only inner parts. Then references are not
    counted, which would cost some nanoseconds for each array that is passed on. aside: it may take long, and runs without the
    interpreter's lock, so that other threads go on.
    """
    options = ({} if makes_arrays else _INNER) | ({"nogil": True} if aside else {})
    return lambda function: Kernel(function, signature, options)


def part(function: F) -> F:
    """Decorates what kernels call; it becomes part of them."""
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
