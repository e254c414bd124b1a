"""Which rows of a history have which verdict, as it was known at a time."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl

from anomaly_app.core.learning.label import Verdict
from anomaly_app.core.learning.together import Said, put_together
from training.history import History, Labels
from training.retraining.known_labels import KnownLabels

Joined: TypeAlias = Mapping[int, Iterable[Said]]
"""By the index of a row: all that was ever said that applies to it, each id once."""


class Verdicts(NamedTuple):
    """What is known of each row, shape ``(rows,)`` each; at most one is true."""

    fraud: Labels
    expected: Labels
    disputed: Labels

    def take(self, rows: Labels) -> "Verdicts":
        """Return those of some rows."""
        return Verdicts(*(one[rows] for one in self))


def join(history: History, known: KnownLabels) -> Joined:
    """Find the rows to which labels apply.

    Parameters
    ----------
    history
        Labels apply by the ids of its rows, by their places if it is read from a topic, and by
        their entities if it has times.
    known
        What was said.
    """
    found: dict[int, dict[str, Said]] = {}
    for column, by_name in ((history.ids, known.transactions), (history.places, known.anomalies)):
        for row, name in _rows_with(column, by_name):
            found.setdefault(row, {}).update({one.id: one for one in by_name[name]})
    if history.times is not None:
        for row, name in _rows_with(history.entities, known.entities):
            time = float(history.times[row])
            applies = {one.said.id: one.said for one in known.entities[name] if one.reaches(time)}
            if applies:
                found.setdefault(row, {}).update(applies)
    return {row: [*said.values()] for row, said in found.items()}


def verdicts_of(joined: Joined, rows: int, as_of: float) -> Verdicts:
    """Put together what was known at a time.

    Parameters
    ----------
    joined
        What was said of the rows.
    rows
        Number of rows of the history.
    as_of
        Seconds since the epoch; what was said later is not known.
    """
    verdicts = Verdicts(*(np.zeros(rows, dtype=np.bool_) for _ in Verdicts._fields))
    for row, said in joined.items():
        judged = put_together(said, as_of)
        if judged is None:
            continue
        if judged.is_disputed:
            verdicts.disputed[row] = True
        elif judged.verdict == Verdict.FRAUD:
            verdicts.fraud[row] = True
        else:
            verdicts.expected[row] = True
    return verdicts


def _rows_with(column: pl.Series | None, names: Mapping[str, object]) -> list[tuple[int, str]]:
    """Return the rows whose cell is one of the names, and the name."""
    if column is None or not names:
        return []
    texts = as_names(column)
    rows = texts.is_in([*names]).fill_null(value=False).arg_true()
    return [*zip(rows.to_list(), texts.gather(rows).to_list(), strict=True)]


def as_names(column: pl.Series) -> pl.Series:
    """Write ids as labels name them: 7 for 7.0."""
    if column.dtype.is_float():
        numbers = column.fill_nan(None)
        whole = numbers.cast(pl.Int64, strict=False)
        if bool((whole == numbers).fill_null(value=True).all()):
            column = whole
    return column.cast(pl.String)


def with_label_column(verdicts: Verdicts, history: History) -> Verdicts:
    """Add the frauds of the history's own label column, where nobody has said anything."""
    if history.labels is None:
        return verdicts
    has_label = True if history.labelled is None else history.labelled
    unsaid = ~(verdicts.expected | verdicts.disputed)
    return verdicts._replace(fraud=verdicts.fraud | (history.labels & has_label & unsaid))
