"""Label leakage: columns that predict the labels on their own, mostly known only afterwards."""

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.metrics import roc_auc_score

from training.columns.column_kinds import as_strings
from training.history import History, Labels

LEAKS = 0.99
"""AUC of a single column against the labels from which it leaks them."""

FEW_VALUES = 50
"""Maximum number of values of a column that is a second label, such as the type of attack."""

ROWS_A_VALUE = 10
"""Minimum number of rows per value of such a column."""

TELLS = 0.95
"""Minimum F1 score with which such a column predicts the labels."""

ONES = 10
"""Minimum number of rows with the value that only anomalies have, in a column of two values."""

ONLY_ANOMALIES = 0.99
"""Minimum share of anomalies among these rows."""

PART = 0.1
"""Minimum share of the anomalies that have this value."""

MAX_ROWS = 200_000
"""Maximum number of rows to check, evenly spread over the history."""


class Labelled:
    """The labelled rows of a history, to compare columns with.

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
        self._rows = rows[:: len(rows) // MAX_ROWS + 1]
        self._labels: Labels = (
            np.zeros(0, dtype=bool) if history.labels is None else history.labels[self._rows]
        )

    @property
    def has_both(self) -> bool:
        """Whether there are labels of both kinds."""
        return bool(self._labels.any() and not self._labels.all())

    def auc_of_number(self, column: pl.Series) -> float:
        """Return the AUC of a column of numbers, or of its missing values; 0 without labels."""
        if not self.has_both:
            return 0.0
        numbers = column[self._rows].cast(pl.Float64).fill_nan(None)
        # Values that only anomalies have leak the label by not being missing.
        predictors = numbers.fill_null(numbers.median()), numbers.is_null()
        aucs = [float(roc_auc_score(self._labels, values.to_numpy())) for values in predictors]
        return max(*aucs, *(1.0 - auc for auc in aucs))

    def auc_of_category(self, column: pl.Series) -> float:
        """Return the AUC of each category's rate of anomalies, cross-validated on two halves."""
        if not self.has_both:
            return 0.0
        halves = self._rates(column)
        return max(
            float(roc_auc_score(truth, rates)) if truth.any() and not truth.all() else 0.0
            for truth, rates in halves
        )

    def is_second_label(self, column: pl.Series) -> bool:
        """Return whether a column of few values is a second label."""
        if not self.has_both:
            return False
        values = column[self._rows].n_unique()
        if values > min(FEW_VALUES, len(self._rows) / ROWS_A_VALUE):
            return False
        truth, rates = (np.concatenate(parts) for parts in zip(*self._rates(column), strict=True))
        told = rates > 0.5  # noqa: PLR2004
        if truth.mean() > 0.5:  # noqa: PLR2004
            # If most rows are anomalies, calling all of them anomalies proves nothing.
            truth, told = ~truth, ~told
        caught = (told & truth).sum()
        return bool(caught > 0 and 2.0 * caught >= TELLS * (told.sum() + truth.sum()))

    def is_part_of_label(self, column: pl.Series) -> bool:
        """Return whether one of two values occurs for anomalies only, such as a type of failure."""
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
        # Every second anomaly and every second other row, whatever the order of the rows.
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
