"""Which columns of a history a preset is about, by their names and what they hold."""

from typing import Literal

import msgspec
import polars as pl

from anomaly_app.core.roles.column_names import plain_name, words_of
from training.columns.column_kinds import is_category, is_identifier
from training.history import History


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of columns.

    Parameters
    ----------
    type
        What they hold.
    names
        Words that their names contain, in order of preference; a name that is such a word comes
        first. Without any, all columns of the type.
    otherwise
        Which column to take if no name fits: the only one of the type, the one of the most
        different values, or none.
    most
        Maximum number of columns.
    """

    type: Literal["number", "text"]
    names: tuple[str, ...] = ()
    otherwise: Literal["only", "most_values", "none"] = "none"
    most: int = 1


def find_columns(history: History, field: Field) -> list[str]:
    """Return the columns of a kind, best match first; at most `field.most`."""
    columns = [column for column in history.frame.iter_columns() if _fits(column, field)]
    names = [column.name for column in columns]
    if not field.names:
        return names[: field.most]
    if named := sorted(
        (rank, place, name)
        for place, name in enumerate(names)
        if (rank := _rank(name, field.names)) is not None
    ):
        return [name for _, _, name in named][: field.most]
    if field.otherwise == "only" and len(names) == 1:
        return names
    if field.otherwise == "most_values" and columns:
        return [max(columns, key=lambda column: column.n_unique()).name]
    return []


def _fits(column: pl.Series, field: Field) -> bool:
    if column.dtype == pl.Null:
        return False
    if field.type == "text":
        return is_category(column)
    return column.dtype.is_numeric() and not is_category(column) and not is_identifier(column)


def _rank(name: str, names: tuple[str, ...]) -> int | None:
    plain, words = plain_name(name), words_of(name)
    for rank, wanted in enumerate(names):
        if plain == wanted:
            return rank
    for rank, wanted in enumerate(names):
        if wanted in words:
            return len(names) + rank
    return None
