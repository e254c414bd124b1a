"""The columns of a comparison: what each says, and how its numbers are written."""

from collections.abc import Callable
from typing import NamedTuple

from training.compare import Comparison, Contender, Unlabelled
from training.report.words import number, share


class Column(NamedTuple):
    """One column of a table of contenders."""

    title: str
    short: str
    """The title where space is dear."""
    meaning: str
    """In a sentence, for those who do not know the word."""
    cell: Callable[[Contender], str]


def columns_of(comparison: Comparison) -> tuple[Column, ...]:
    """Choose the columns: those for labels where there are labels."""
    return (*(_UNLABELLED if comparison.best.unlabelled else _LABELLED), *_COSTS)


def _metric(name: str) -> Callable[[Contender], str]:
    return lambda contender: f"{contender.metrics[name]:.3f}"


def _unlabelled(measure: Callable[[Unlabelled], float]) -> Callable[[Contender], str]:
    def cell(contender: Contender) -> str:
        value = float("nan") if contender.unlabelled is None else measure(contender.unlabelled)
        return number(value) if value != value else f"{value:.3f}"  # noqa: PLR0124  # NaN: alone

    return cell


_ALERTS = Column(
    "alerts",
    "alerts",
    "Share of the judged rows that alert. The nearer to the share that was asked for, the better "
    "the calibration holds on rows that the model has not seen.",
    lambda contender: share(contender.metrics["alert_rate"]),
)

_LABELLED = (
    Column(
        "average precision",
        "AP",
        "Mean share of true anomalies among the rows that look worst, over all numbers of alerts "
        "that catch another one. 1 is perfect; guessing gets the share of anomalies in the data.",
        _metric("average_precision"),
    ),
    Column(
        "AUC",
        "AUC",
        "How often an anomaly looks worse than an ordinary row, both drawn at random. 1 is always, "
        "0.5 is guessing.",
        _metric("roc_auc"),
    ),
    Column("precision", "prec.", "Share of the alerts that are anomalies.", _metric("precision")),
    Column("recall", "recall", "Share of the anomalies that alert.", _metric("recall")),
    _ALERTS,
)

_UNLABELLED = (
    Column(
        "planted AUC",
        "AUC",
        "How often a planted anomaly looks worse than a row as it is. Planted anomalies are copies "
        "of judged rows in which 1 to 3 values were replaced: by one from the tail, one beyond it, "
        "or that of another row. 1 is always, 0.5 is guessing; real anomalies may be of other "
        "kinds.",
        _unlabelled(lambda measures: measures.planted_auc),
    ),
    Column(
        "agreement",
        "agree",
        "How much of its worst 1 % of the rows it shares with each other detector, on average: the "
        "rows in both over the rows in either. A loner sees something else, or nothing.",
        _unlabelled(lambda measures: measures.agreement),
    ),
    Column(
        "stability",
        "stable",
        "The same overlap for two fits of it with different seeds. Near 1, chance has no say in "
        "who gets an alert.",
        _unlabelled(lambda measures: measures.stability),
    ),
    _ALERTS,
)

_COSTS = (
    Column(
        "µs a row",
        "µs/row",
        "Time to score a row in batches of up to 1,000, on one thread: what a worker spends.",
        lambda contender: number(contender.us_per_row, 2),
    ),
    Column(
        "fit, s",
        "fit s",
        "Seconds to fit and calibrate.",
        lambda contender: number(contender.fit_seconds, 2),
    ),
)
