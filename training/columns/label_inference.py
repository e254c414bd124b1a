"""Infer the label from words in column names, and from values."""

import re

import polars as pl

from anomaly_app.core.roles.column_names import may_be_label, plain_name, words_of
from anomaly_app.core.roles.roles import Roles
from training.columns.inferred_column import InferredColumn, is_open, used_as
from training.columns.label_column_names import RANKS, word_of_label
from training.columns.label_values import plain
from training.columns.labels import MAX_VALUES, is_understood

TELLING = frozenset(
    {
        *("benign", "malicious", "fraud", "fraudulent", "legit", "legitimate", "attack"),
        *("anomaly", "anomalous", "intrusion"),
    }
)
NORMAL = frozenset({"normal", "abnormal"})
"""Values that only labels have, and values that other columns may have as well."""

TWO = 2
MAX_NAMED = 8
"""Maximum number of columns with two values to list."""

MAX_LETTERS = 20
"""Maximum length of their values in a message."""

UNNAMED = r"column_\d+"
"""Generated names of columns without a name."""


def infer_label(frame: pl.DataFrame, roles: Roles, taken: set[str]) -> InferredColumn:
    """Infer the label if it is open, and find other columns that may be labels.

    Parameters
    ----------
    frame
        The table.
    roles
        The roles known so far.
    taken
        Columns that have another role, or that the user named as features.
    """
    wanted = is_open(roles, "label")
    ranked = sorted(
        (rank, len(words_of(column)), index, column, word)
        for index, column in enumerate(frame.columns)
        if column not in taken
        and not may_be_label(column)
        and (of_name := word_of_label(column))
        and _has_labels(frame[column], *(rank_word := of_name))
        for rank, word in (rank_word,)
    )
    flags = [one for one in ranked if one[4] == "flag"]
    if len(flags) > 1:
        # Several flags are properties. One of them may be the label, but it is unclear which.
        ranked = [one for one in ranked if one not in flags or plain_name(one[3]) == "flag"]
    label, lines = None, []
    if wanted and ranked:
        _, _, _, label, word = ranked[0]
        lines.append(used_as("label", label, f"its name has the word {word!r}"))
    elif wanted and (label := _by_values(frame, taken)):
        lines.append(used_as("label", label, "its values are those of a label"))
    elif wanted and (two := _of_two_values(frame, taken)):
        lines.append(
            f"no label was found; {', '.join(two)} "
            f"{'has' if len(two) == 1 else 'have'} two values: if one of them marks anomalies, "
            "set label=COLUMN or label=COLUMN:VALUE"
        )
    others = [column for rank, _, _, column, _ in ranked if column != label and rank % RANKS < 2]  # noqa: PLR2004
    if others:
        lines.append(
            f"{', '.join(others)} may also be {'a label' if len(others) == 1 else 'labels'} and "
            f"{'was' if len(others) == 1 else 'were'} left out; to keep them, set features="
        )
    return InferredColumn(label, tuple(others), tuple(lines))


def _has_labels(values: pl.Series, rank: int, word: str) -> bool:
    """Return whether the values could be those of a label: two, or known words."""
    present = values.drop_nulls()
    texts = values.dtype == pl.String
    if rank >= RANKS and not texts:
        return False
    if word == "flag" and texts and plain_name(values.name) != "flag":
        return False
    different = present.n_unique()
    two = different == 2  # noqa: PLR2004
    return (two or (texts and different > 1)) and is_understood(values)


def _of_two_values(frame: pl.DataFrame, taken: set[str]) -> list[str]:
    """Return the columns with two values, and the values."""
    found = []
    for column in frame.columns:
        if column in taken or frame[column].head(10_000).n_unique() > TWO + 1:
            continue
        values = frame[column].drop_nulls().unique()
        if len(values) == TWO:
            one, other = sorted(str(value)[:MAX_LETTERS] for value in values.to_list())
            found.append(f"{column} ({one}, {other})")
    return found[:MAX_NAMED]


def _by_values(frame: pl.DataFrame, taken: set[str]) -> str | None:
    kinds = {
        column: kinds
        for column in frame.columns
        if column not in taken and (kinds := _kinds(frame[column]))
    }
    telling = [column for column, found in kinds.items() if found & TELLING]
    if not telling:
        normal = [column for column, found in kinds.items() if found & NORMAL]
        telling = [
            column
            for column in normal
            if len(normal) == 1 and (kinds[column] >= NORMAL or re.fullmatch(UNNAMED, column))
        ]
    if len(telling) != 1 or not is_understood(frame[telling[0]]):
        return None
    return telling[0]


def _kinds(values: pl.Series) -> set[str]:
    """Return the normalised values of a column of a few different strings."""
    if values.dtype != pl.String or values.head(10_000).n_unique() > MAX_VALUES:
        return set()
    different = values.drop_nulls().unique()
    if not 1 < len(different) <= MAX_VALUES:
        return set()
    return {plain(text) for text in different}
