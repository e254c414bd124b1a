"""The label of a table, by a word in a column's name or by the words that are its values."""

import re
from typing import NamedTuple

import polars as pl

from anomaly_app.core.roles.column_names import may_be_label, plain_name, words_of
from anomaly_app.core.roles.roles import Roles
from training.columns.label_column_names import RANKS, word_of_label
from training.columns.label_values import plain
from training.columns.labels import MOST_VALUES, is_understood

TELLING = frozenset(
    {
        *("benign", "malicious", "fraud", "fraudulent", "legit", "legitimate", "attack"),
        *("anomaly", "anomalous", "intrusion"),
    }
)
NORMAL = frozenset({"normal", "abnormal"})
"""Values that only labels have, and values that others may have as well."""

TWO = 2
MOST_NAMED = 8
"""Columns of two values that are named."""

MOST_LETTERS = 20
"""Of their values."""

UNNAMED = r"column_\d+"
"""Names of columns that have none."""


class Found(NamedTuple):
    """The columns of a table that may be the label."""

    label: str | None
    others: list[str]
    """Not features, since they may be labels."""
    lines: list[str]


def label_by_words(frame: pl.DataFrame, roles: Roles, taken: set[str]) -> Found:
    """Find the label where it is still unknown, and the columns that may be labels beside it.

    Parameters
    ----------
    frame
        The table.
    roles
        As far as they are known.
    taken
        Columns that have another part, or were named as features.
    """
    wanted = roles.label is None and "label" not in roles.absent
    ranked = sorted(
        (rank, len(words_of(column)), place, column, word)
        for place, column in enumerate(frame.columns)
        if column not in taken
        and not may_be_label(column)
        and (of_name := word_of_label(column))
        and _has_labels(frame[column], *(rank_word := of_name))
        for rank, word in (rank_word,)
    )
    flags = [one for one in ranked if one[4] == "flag"]
    if len(flags) > 1:
        # Several flags are properties: one of them may be the label, and nobody can tell which.
        ranked = [one for one in ranked if one not in flags or plain_name(one[3]) == "flag"]
    label, lines = None, []
    if wanted and ranked:
        _, _, _, label, word = ranked[0]
        lines.append(
            f"{label} was taken for the label, by the word {word!r} in its name; say label=COLUMN "
            "or label=none if it is not"
        )
    elif wanted and (label := _by_values(frame, taken)):
        lines.append(
            f"{label} was taken for the label, by its values; say label=COLUMN or label=none if "
            "it is not"
        )
    elif wanted and (two := _of_two_values(frame, taken)):
        lines.append(
            f"no column was taken for the label; {', '.join(two)} "
            f"{'has' if len(two) == 1 else 'have'} two values: if one says whether a row was an "
            "anomaly, say label=COLUMN or label=COLUMN:VALUE"
        )
    others = [column for rank, _, _, column, _ in ranked if column != label and rank % RANKS < 2]  # noqa: PLR2004
    if others:
        lines.append(
            f"{', '.join(others)} may be {'a label' if len(others) == 1 else 'labels'}, too, and "
            f"{'was' if len(others) == 1 else 'were'} left out; features= takes them"
        )
    return Found(label, others, lines)


def _has_labels(values: pl.Series, rank: int, word: str) -> bool:
    """Tell whether the values are two, or texts that labels have, as its name promises."""
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
    """Name columns of two values, with these."""
    found = []
    for column in frame.columns:
        if column in taken or frame[column].head(10_000).n_unique() > TWO + 1:
            continue
        values = frame[column].drop_nulls().unique()
        if len(values) == TWO:
            one, other = sorted(str(value)[:MOST_LETTERS] for value in values.to_list())
            found.append(f"{column} ({one}, {other})")
    return found[:MOST_NAMED]


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
    """List the values of a column of a few texts, as labels are compared."""
    if values.dtype != pl.String or values.head(10_000).n_unique() > MOST_VALUES:
        return set()
    different = values.drop_nulls().unique()
    if not 1 < len(different) <= MOST_VALUES:
        return set()
    return {plain(text) for text in different}
