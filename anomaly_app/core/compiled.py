"""Loops that numba compiles."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature when its module is imported.

    The machine code is kept beside the module. It runs without the interpreter's lock.

    Parameters
    ----------
    signature
        As numba writes it, such as ``f8[::1](f4[:,::1])``.
    """

    def compile_(function: Callable[..., Any]) -> Callable[..., Any]:
        # Multiplication and addition may become one instruction; nothing else is reordered.
        together = {"contract"}
        try:
            return njit(signature, cache=True, nogil=True, fastmath=together)(function)
        except RuntimeError:  # no folder to keep the machine code in: it is made at every start
            return njit(signature, nogil=True, fastmath=together)(function)

    return compile_
