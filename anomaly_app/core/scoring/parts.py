"""Run a step over a batch so that an item that makes it raise costs that item and no other."""

from collections.abc import Callable, Iterator
from typing import TypeVar

PARTS = 8
"""Number of parts in which a batch that raises is tried again: that is fewer calls than halving,
both for one bad item and for many."""

T = TypeVar("T")


def in_parts(
    step: Callable[[int, int], T], items: range, blame: Callable[[int, Exception], T]
) -> Iterator[T]:
    """Run a step over all items; if it raises, over parts of them, down to single items.

    Parameters
    ----------
    step
        Called with the first index of a part and the index after it. It has no side effects.
    items
        The indices, consecutive.
    blame
        Makes the result for one item from the exception that it causes.

    Yields
    ------
    object
        The results of the parts, in order.
    """
    try:
        found = step(items.start, items.stop)
    except Exception as fault:  # noqa: BLE001  # an estimator may raise anything
        if len(items) == 1:
            yield blame(items.start, fault)
            return
    else:
        yield found
        return
    size = max(len(items) // PARTS, 1)
    for begin in range(items.start, items.stop, size):
        yield from in_parts(step, range(begin, min(begin + size, items.stop)), blame)
