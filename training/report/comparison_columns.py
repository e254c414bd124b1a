"""The columns of a comparison: what each means, and how its numbers are written."""

from collections.abc import Callable
from typing import NamedTuple

from anomaly_app.core.wording import NOTHING, number
from training.evaluation.contenders import Comparison, Contender, Unlabelled
from training.report.words import DASH, interval_in_words, metric_value


class Column(NamedTuple):
    """One column of a table of contenders."""

    title: str
    short: str
    """The title where there is little room."""
    meaning: str
    """For readers who do not know the term."""
    cell: Callable[[Contender], str]
    measure: str = ""
    """Key of its interval in `Contender.intervals`; empty where there is none."""

    def between(self, contender: Contender, decimals: int = 3) -> str:
        """Write the interval of a contender's number; empty where there is none."""
        found = contender.intervals.get(self.measure)
        if found is None:
            return ""
        if self.measure in {"average_precision", "roc_auc", "planted_auc"}:
            return f"{found.low:.{decimals}f}{DASH}{found.high:.{decimals}f}"
        return interval_in_words(self.measure, found)


def columns_of(comparison: Comparison) -> tuple[Column, ...]:
    """Choose the columns: those for labels where there are labels; the first is ranked by."""
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
    "Share of the judged rows that alert. It should be near the share that was asked for; where "
    "it is not, the threshold does not carry over to rows that the model has not seen.",
    _metric("alert_rate"),
    "alert_rate",
)

_LABELLED = (
    Column(
        "average precision",
        "AP",
        "Precision averaged over all thresholds at which another anomaly is caught. 1 is perfect; "
        "guessing gets the share of anomalies in the data.",
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
        "planted AUC",
        "AUC",
        "Probability that a planted anomaly scores higher than an unchanged row. Planted anomalies "
        "are copies of judged rows in which 1 to 3 values were replaced: by one from the tail, one "
        "beyond it, or that of another row. 1 is perfect, 0.5 is guessing; real anomalies may "
        "differ.",
        _unlabelled(lambda measures: measures.planted_auc),
        "planted_auc",
    ),
    Column(
        "agreement",
        "agree",
        "Overlap of its most anomalous 1% of the rows with those of each other detector, on "
        "average: rows in both, divided by rows in either. Low: it disagrees with the others.",
        _unlabelled(lambda measures: measures.agreement),
    ),
    Column(
        "stability",
        "stable",
        "The same overlap between two fits with different seeds. 1: chance plays no part in which "
        "rows alert.",
        _unlabelled(lambda measures: measures.stability),
    ),
    _ALERTS,
)

_COSTS = (
    Column(
        "µs a row",
        "µs/row",
        "Time to score a row in batches of up to 1,000, on one thread, as a worker does it.",
        lambda contender: number(contender.us_per_row, 2),
    ),
    Column(
        "fit, s",
        "fit s",
        "Seconds to fit and calibrate.",
        lambda contender: number(contender.fit_seconds, 2),
    ),
)
