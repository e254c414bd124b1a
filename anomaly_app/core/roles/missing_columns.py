"""Error text for missing columns: the closest names, and how to specify them."""

import difflib
import shlex
from collections.abc import Collection, Mapping, Sequence

from anomaly_app.core.roles.column_names import plain_name

ALIKE = 0.5
"""Minimum similarity of a column's name to that of a missing one."""


def missing_columns(
    wanted: Mapping[str, str], columns: Sequence[str], taken: Collection[str | None] = ()
) -> str:
    """Describe which columns are missing, which exist, and how to specify other names.

    Parameters
    ----------
    wanted
        The missing columns, by their word in roles: a part such as ``key``, or the name of a
        feature.
    columns
        The columns that exist.
    taken
        Columns with another part, which cannot be the missing ones.
    """
    free = [column for column in columns if column not in taken]
    nearest = {word: nearest_column(column, free) for word, column in wanted.items()}
    words = " ".join(
        f"{_quoted(word)}={'COLUMN' if near is None else _quoted(near)}"
        for word, near in nearest.items()
    )
    given = f"'{words}'" if "'" not in words else shlex.quote(words)
    plural = "s" if len(wanted) > 1 else ""
    close = ", ".join(repr(name) for name in nearest.values() if name is not None)
    return (
        f"there is no column{plural} {', '.join(map(repr, wanted.values()))}: the columns are "
        f"{', '.join(columns)}; {f'nearest: {close}; ' if close else ''}if a column has another "
        f"name here, give --roles {given}"
    )


def nearest_column(column: str, columns: Sequence[str]) -> str | None:
    """Return the column whose name is most similar; None if none is similar."""
    likeness = {name: _likeness(plain_name(column), plain_name(name)) for name in columns}
    nearest = max(columns, key=lambda name: likeness[name], default=None)
    return nearest if nearest is not None and likeness[nearest] >= ALIKE else None


def _likeness(name: str, other: str) -> float:
    """Return the similarity of two plain names, 0 to 1; ``amt`` and ``amount`` are very similar."""
    short, long = sorted((name, other), key=len)
    letters = iter(long)
    abbreviates = short[:1] == long[:1] and all(letter in letters for letter in short)
    return 1.0 if abbreviates else difflib.SequenceMatcher(None, name, other).ratio()


def _quoted(name: str) -> str:
    return f'"{name}"' if shlex.quote(name) != name and '"' not in name else shlex.quote(name)
