"""Parts of many names: what one query asks for at a time."""

from collections.abc import Iterable, Iterator

MOST = 1_000
"""Names in one query: databases have a largest number of parameters."""


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield names in order, `MOST` at a time: in one order, writers cannot block each other."""
    ordered = sorted(names)
    for begin in range(0, len(ordered), MOST):
        yield ordered[begin : begin + MOST]
