"""Parts of many names, for one query each, and rows of answers as plain values."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import RowMapping

MOST = 1_000
"""Names in one query: databases have a largest number of parameters."""


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield names in order, `MOST` at a time: in one order, writers cannot block each other."""
    ordered = sorted(names)
    for begin in range(0, len(ordered), MOST):
        yield ordered[begin : begin + MOST]


def plain_row(row: RowMapping) -> dict[str, Any]:
    """Return a row with names that are nothing but text, which SQLAlchemy's are not."""
    return {str(name): value for name, value in row.items()}
