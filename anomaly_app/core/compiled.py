"""Loops that numba compiles, and the types of what they read."""

from collections.abc import Callable
from typing import Any

import numba

SINGLE_MATRIX = numba.types.Array(numba.float32, 2, "C", readonly=True)
DOUBLE_MATRIX = numba.types.Array(numba.float64, 2, "C", readonly=True)
SINGLES = numba.types.Array(numba.float32, 1, "C", readonly=True)
DOUBLES = numba.types.Array(numba.float64, 1, "C", readonly=True)
INTEGERS = numba.types.Array(numba.int32, 1, "C", readonly=True)
"""Arrays that may be read only: joblib can map those of an artifact from its file."""


def compiled(
    signature: Any, *, inlined: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature when its module is imported.

    The machine code is kept beside the module. It runs without the interpreter's lock.

    Parameters
    ----------
    signature
        As numba writes it: the type of the result, called with those of the arguments.
    inlined
        Write it into the compiled functions that call it. To hand over ten arrays takes as long
        as to compare sixteen rows.

    Notes
    -----
    The kept machine code of a caller does not notice that a function of another module has
    changed: after such a change, delete the folders ``__pycache__``.
    """

    def compile_(function: Callable[..., Any]) -> Callable[..., Any]:
        # Multiplication and addition may become one instruction; nothing else is reordered.
        options: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "forceinline": inlined}
        made: Callable[..., Any]
        try:
            made = numba.njit(signature, cache=True, **options)(function)
        except RuntimeError:  # no folder to keep the machine code in: it is made at every start
            made = numba.njit(signature, **options)(function)
        return made

    return compile_
