"""Ask for memory before it is needed, so that several waits overlap."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LINE = 64
"""Bytes that arrive together on most machines."""


def _typed(context: Any, cells: Any, at: Any) -> Any:  # noqa: ARG001
    """Ask for the line of memory that has a cell; nothing else changes."""
    return types.void(cells, types.int64), _generate


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    cells = context.make_array(signature.args[0])(context, builder, arguments[0])
    byte = ir.IntType(8).as_pointer()
    number = ir.IntType(32)
    prefetch = builder.module.declare_intrinsic(
        "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, number, number, number])
    )
    pointer = builder.bitcast(builder.gep(cells.data, [arguments[1]]), byte)
    # To be written, to be kept near, and data.
    builder.call(prefetch, [pointer, number(1), number(3), number(1)])
    return context.get_dummy_value()


prefetch: Any = intrinsic(_typed)
