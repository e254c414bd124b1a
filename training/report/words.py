"""Format metrics and times for reports and the terminal."""

from collections.abc import Mapping
from datetime import UTC, datetime

from anomaly_app.core.wording import NOTHING, percent
from training.evaluation.intervals import Interval

METRICS: Mapping[str, str] = {
    "alert_rate": "alert rate",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "precision": "precision",
    "recall": "recall",
}
"""Names of the metrics of `training.metrics.measure`."""

SHARES = {"alert_rate", "precision", "recall"}
"""Metrics that are shares of rows; the others are areas, from 0 to 1."""

DASH = "\N{EN DASH}"
"""Between the ends of an interval."""


def metric_name(metric: str) -> str:
    """Return the display name of a metric."""
    return METRICS.get(metric, metric)


def metric_value(metric: str, value: float | None) -> str:
    """Format a metric: a share in per cent, an area with three decimals."""
    if metric in SHARES:
        return percent(value)
    return NOTHING if value is None or value != value else f"{value:.3f}"  # noqa: PLR0124


def interval_in_words(metric: str, found: Interval) -> str:
    """Format an interval of a metric."""
    return f"{metric_value(metric, found.low)}{DASH}{metric_value(metric, found.high)}"


def moment(seconds: float) -> str:
    """Format a time in seconds since the epoch as UTC, to the minute."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M")


def span(first: float, last: float) -> tuple[str, str]:
    """Format the ends of a span of time as UTC, to the minute; the end is empty if it is equal."""
    begin, end = moment(first), moment(last)
    if begin == end:
        return begin, ""
    return begin, end[11:] if begin[:10] == end[:10] else end
