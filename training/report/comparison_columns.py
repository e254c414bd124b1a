"""Columns of the comparison table: meaning and formatting."""

from collections.abc import Callable
from typing import NamedTuple

from anomaly_app.core.wording import NOTHING, number
from training.evaluation.contenders import Comparison, Contender, Unlabelled
from training.report.words import DASH, interval_in_words, metric_value


class Column(NamedTuple):
    """One column of a table of contenders."""

    title: str
    short: str
    """Title for narrow tables."""
    meaning: str
    """Explanation for readers who do not know the term."""
    cell: Callable[[Contender], str]
    measure: str = ""
    """Key of its interval in `Contender.intervals`; empty if it has none."""

    def between(self, contender: Contender, decimals: int = 3) -> str:
        """Format the interval of a contender's number; empty if it has none."""
        found = contender.intervals.get(self.measure)
        if found is None:
            return ""
        if self.measure in {"average_precision", "roc_auc", "synthetic_auc"}:
            return f"{found.low:.{decimals}f}{DASH}{found.high:.{decimals}f}"
        return interval_in_words(self.measure, found)


def columns_of(comparison: Comparison) -> tuple[Column, ...]:
    """Return the columns, with or without labels; contenders are ranked by the first."""
    return (*(_UNLABELLED if comparison.best.unlabelled else _LABELLED), *_COSTS)


def _metric(name: str) -> Callable[[Contender], str]:
    return lambda contender: metric_value(name, contender.metrics[name])


def _unlabelled(measure: Callable[[Unlabelled], float]) -> Callable[[Contender], str]:
    def cell(contender: Contender) -> str:
        value = None if contender.unlabelled is None else measure(contender.unlabelled)
        return metric_value("", value)

    return cell


_ALERTS = Column(
    "alerts",
    "alerts",
    "Share of the judged rows that alert. It should be close to the requested share. If it is not, "
    "the threshold does not carry over to new rows.",
    _metric("alert_rate"),
    "alert_rate",
)

_LABELLED = (
    Column(
        "average precision",
        "AP",
        "Precision averaged over all thresholds at which another anomaly is caught. 1 is perfect. "
        "Guessing achieves the share of anomalies in the data.",
        _metric("average_precision"),
        "average_precision",
    ),
    Column(
        "AUC",
        "AUC",
        "Probability that an anomaly scores higher than an ordinary row, both drawn at random. "
        "1 is perfect, 0.5 is guessing.",
        _metric("roc_auc"),
        "roc_auc",
    ),
    Column(
        "precision",
        "prec.",
        f"Share of the alerts that are anomalies; {NOTHING} without alerts.",
        _metric("precision"),
        "precision",
    ),
    Column("recall", "recall", "Share of the anomalies that alert.", _metric("recall"), "recall"),
    _ALERTS,
)

_UNLABELLED = (
    Column(
        "synthetic AUC",
        "AUC",
        "Probability that a synthetic anomaly scores higher than an unchanged row. Synthetic "
        "anomalies are copies of judged rows with 1 to 3 values replaced: by a value from the tail "
        "of the column, a value beyond its range, or the value of another row. 1 is perfect, 0.5 "
        "is guessing. Real anomalies may differ.",
        _unlabelled(lambda measures: measures.synthetic_auc),
        "synthetic_auc",
    ),
    Column(
        "agreement",
        "agree",
        "Mean overlap of its most anomalous 1% of the rows with those of the other detectors: rows "
        "in both, divided by rows in either. If it is low, the detector disagrees with the others.",
        _unlabelled(lambda measures: measures.agreement),
    ),
    Column(
        "stability",
        "stable",
        "The same overlap between two fits with different seeds. At 1, alerts do not depend on "
        "chance.",
        _unlabelled(lambda measures: measures.stability),
    ),
    _ALERTS,
)

_COSTS = (
    Column(
        "µs a row",
        "µs/row",
        "Time to score a row in batches of up to 1,000, on one thread, like a worker.",
        lambda contender: number(contender.us_per_row, 2),
    ),
    Column(
        "fit, s",
        "fit s",
        "Seconds to fit and calibrate.",
        lambda contender: number(contender.fit_seconds, 2),
    ),
)
