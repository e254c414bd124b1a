"""Columns that tell the labels by themselves: mostly they are known only afterwards."""

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.metrics import roc_auc_score

from training.columns.column_kinds import as_strings
from training.history import History, Labels

LEAKS = 0.99
"""AUC of a single column against the labels at which it knows too much."""

FEW_VALUES = 50
"""Values of a label in disguise at most: kinds of attacks, not a quantity."""

ROWS_A_VALUE = 10
"""Rows for each of its values at least: fewer say nothing of it."""

TELLS = 0.95
"""F1 score, at least, with which the values of a label in disguise tell the labels."""

ONES = 10
"""Rows, at least, with the value of a column of two that only anomalies have."""

ONLY_ANOMALIES = 0.99
"""Share of these rows, at least, that are anomalies."""

PART = 0.1
"""Share of the anomalies, at least, that have it."""

MOST_ROWS = 200_000
"""Rows that are looked at, evenly over the history."""


class Labelled:
    """The rows of a history that were labelled, to judge columns by.

    Parameters
    ----------
    history
        With or without labels.
    """

    def __init__(self, history: History) -> None:
        known = history.labels is not None
        rows = np.arange(len(history) if known else 0)
        if known and history.labelled is not None:
            rows = rows[history.labelled]
        self._rows = rows[:: len(rows) // MOST_ROWS + 1]
        self._labels: Labels = (
            np.zeros(0, dtype=bool) if history.labels is None else history.labels[self._rows]
        )

    @property
    def has_both(self) -> bool:
        """Whether there are anomalies and others."""
        return bool(self._labels.any() and not self._labels.all())

    def auc_of_number(self, column: pl.Series) -> float:
        """AUC of a column of numbers by itself, or of its being missing; 0 without labels."""
        if not self.has_both:
            return 0.0
        numbers = column[self._rows].cast(pl.Float64).fill_nan(None)
        # What is known of anomalies only gives them away by being there.
        told_by = numbers.fill_null(numbers.median()), numbers.is_null()
        aucs = [float(roc_auc_score(self._labels, values.to_numpy())) for values in told_by]
        return max(*aucs, *(1.0 - auc for auc in aucs))

    def auc_of_category(self, column: pl.Series) -> float:
        """AUC, in either half of the rows, of each category's rate of anomalies in the other."""
        if not self.has_both:
            return 0.0
        halves = self._rates(column)
        return max(
            float(roc_auc_score(truth, rates)) if truth.any() and not truth.all() else 0.0
            for truth, rates in halves
        )

    def is_told_by(self, column: pl.Series) -> bool:
        """Whether a column of few values is a label in disguise."""
        if not self.has_both:
            return False
        values = column[self._rows].n_unique()
        if values > min(FEW_VALUES, len(self._rows) / ROWS_A_VALUE):
            return False
        truth, rates = (np.concatenate(parts) for parts in zip(*self._rates(column), strict=True))
        told = rates > 0.5  # noqa: PLR2004
        if truth.mean() > 0.5:  # noqa: PLR2004
            # To call every row an anomaly is no knowledge where most of them are.
            truth, told = ~truth, ~told
        caught = (told & truth).sum()
        return bool(caught > 0 and 2.0 * caught >= TELLS * (told.sum() + truth.sum()))

    def is_part_of_label(self, column: pl.Series) -> bool:
        """Whether one value of a column of two is that of anomalies only: a kind of failure."""
        values = column[self._rows]
        if not self.has_both or values.drop_nulls().n_unique() != 2:  # noqa: PLR2004
            return False
        of_value = (
            pl.DataFrame({"value": values, "label": self._labels})
            .drop_nulls()
            .group_by("value")
            .agg(pl.len().alias("rows"), pl.col("label").sum().alias("anomalies"))
        )
        enough = (pl.col("rows") >= ONES) & (
            pl.col("anomalies") >= PART * float(self._labels.sum())
        )
        only = pl.col("anomalies") >= ONLY_ANOMALIES * pl.col("rows")
        return not of_value.filter(enough & only).is_empty()

    def _rates(self, column: pl.Series) -> list[tuple[Labels, npt.NDArray[np.float64]]]:
        labels = self._labels
        # Every other anomaly and every other of the rest, whatever the order of the rows.
        half = np.where(labels, np.cumsum(labels), np.cumsum(~labels)) % 2 == 0
        frame = pl.DataFrame({"category": as_strings(column[self._rows]), "label": labels})
        judged = []
        for learn in (half, ~half):
            rates = frame.filter(learn).group_by("category").agg(pl.col("label").mean().alias("p"))
            others = frame.filter(~learn).join(
                rates, on="category", how="left", nulls_equal=True, maintain_order="left"
            )
            judged.append((others["label"].to_numpy(), others["p"].fill_null(0.0).to_numpy()))
        return judged
