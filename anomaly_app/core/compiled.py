"""Compile loops with numba, and the types of their arguments.

One option is private to numba; `tests/unit/test_private_contracts.py` looks at what it does:

``njit(_nrt=False)``
    No code that counts references to arrays: it took two thirds of the memory's time. Publicly:
    pointers instead of arrays.
"""

from collections.abc import Callable
from typing import Any

import numba

from anomaly_app.machine_code import kept_machine_code

SINGLE_MATRIX = numba.types.Array(numba.float32, 2, "C", readonly=True)
DOUBLE_MATRIX = numba.types.Array(numba.float64, 2, "C", readonly=True)
SINGLES = numba.types.Array(numba.float32, 1, "C", readonly=True)
DOUBLES = numba.types.Array(numba.float64, 1, "C", readonly=True)
INTEGERS = numba.types.Array(numba.int32, 1, "C", readonly=True)
"""Arrays that may be read-only: joblib can memory-map the arrays of an artifact."""


def compiled(
    signature: Any, *, inlined: bool = False, exact: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature when its module is imported.

    The machine code is kept in a folder for this state of the sources, and runs without the GIL.

    Parameters
    ----------
    signature
        A numba signature: the result type, called with the argument types.
    inlined
        Inline it into the compiled functions that call it. Passing ten arrays takes as long as
        comparing sixteen rows.
    exact
        Every machine gives the same bits: multiplication and addition are not fused. A division by
        zero is no error. Nothing may be allocated: arrays are not counted references, which would
        take longer than the work of small functions that are inlined.

    Notes
    -----
    What is compiled may use functions and constants of its own package, and of the modules beside
    this one: when one of their files changes, all is compiled again. Where no machine code can be
    kept, it is compiled at every start.
    """

    def compile_(function: Callable[..., Any]) -> Callable[..., Any]:
        options: dict[str, Any] = {"nogil": True, "forceinline": inlined}
        # Multiplication and addition may be fused; nothing else is reordered.
        options |= {"error_model": "numpy", "_nrt": False} if exact else {"fastmath": {"contract"}}
        made: Callable[..., Any]
        try:
            with kept_machine_code(function.__code__.co_filename, __file__) as is_kept:
                made = numba.njit(signature, cache=is_kept, **options)(function)
        except (OSError, RuntimeError):  # it could not be kept after all
            made = numba.njit(signature, **options)(function)
        return made

    return compile_
