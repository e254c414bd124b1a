"""Plots of an evaluation: scores, precision and recall, alerts by threshold and over time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from sklearn.metrics import precision_recall_curve

from anomaly_app.core.arrays import Vector
from anomaly_app.core.calibration import score_of
from anomaly_app.core.wording import number
from training.history import Labels
from training.report.figures import (
    ALARM,
    FULL_WIDTH,
    INK,
    ORDINARY,
    SERIES,
    canvas,
    styled,
    svg,
)
from training.report.traffic import DAY, Traffic, alerts_over_time

BINS = 50

MAX_POINTS = 400
"""Maximum number of points of a curve; more are invisible and make the file large."""


class Curve(NamedTuple):
    """A detector's scores of labelled rows."""

    name: str
    log_p: Vector
    """Logarithms of p-values, shape ``(rows,)``."""
    alert_rate: float


def scores_of(log_p: Vector) -> Vector:
    """Convert logarithms of p-values to the scores that alerts show."""
    return score_of(np.exp(log_p))


@styled
def score_distribution(log_p: Vector, labels: Labels | None, threshold: float) -> Markup:
    """Plot the distribution of scores.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    labels
        Whether each row is an anomaly; with labels, the plot is wider.
    threshold
        The lowest score that alerts, 0 to 1.
    """
    figure, axes = canvas() if labels is None else canvas(width=FULL_WIDTH, height=2.8)
    scores, bins = scores_of(log_p), np.linspace(0.0, 1.0, BINS + 1)
    if labels is None:
        axes.hist(scores, bins=list(bins), color=ORDINARY)
    else:
        axes.hist(scores[~labels], bins=list(bins), color=ORDINARY, alpha=0.75, label="ordinary")
        axes.hist(scores[labels], bins=list(bins), color=ALARM, alpha=0.8, label="anomalies")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: number(count)))
    axes.set_ylim(bottom=0.7)
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("score")
    axes.set_ylabel("rows")
    _mark_threshold(axes, threshold)
    return svg(figure, alt="How many rows have which score, and where alerts begin")


@styled
def precision_recall(curves: Sequence[Curve], labels: Labels) -> Markup:
    """Plot precision against recall, and mark the thresholds.

    Parameters
    ----------
    curves
        At most five.
    labels
        Whether each row is an anomaly; both kinds occur.
    """
    alone = len(curves) == 1
    figure, axes = canvas() if alone else canvas(width=FULL_WIDTH, height=3.6)
    for curve, color in zip(curves, (ORDINARY,) if alone else SERIES, strict=False):
        precision, recall, _ = precision_recall_curve(labels, -curve.log_p)
        # From the last point but one, the strictest threshold, to the first that misses nothing.
        points = len(recall) - 2 - np.flatnonzero(recall == 1.0)[-1]
        few = len(recall) - 2 - np.unique(np.geomspace(1, points + 1, MAX_POINTS).astype(int) - 1)
        name = "each threshold" if alone else curve.name
        axes.plot(recall[few], precision[few], color=color, label=name, linewidth=1.6)
        _mark_point(
            axes, curve, labels, ALARM if alone else color, "the chosen one" if alone else ""
        )
    axes.set_xlim(0.0, 1.02)
    axes.set_ylim(0.0, 1.05)
    axes.set_xlabel("recall: share of the anomalies that alert")
    axes.set_ylabel("precision")
    if alone:
        axes.legend(loc="upper right", fontsize=9)
    else:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=9)
    return svg(figure, alt="Precision against recall, with the chosen threshold marked")


@styled
def alerts_by_threshold(log_p: Vector, traffic: Traffic, threshold: float) -> Markup:
    """Plot the number of alerts at each threshold.

    Parameters
    ----------
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    traffic
        The unit to count alerts by.
    threshold
        The lowest score that alerts, 0 to 1.
    """
    figure, axes = canvas()
    ordered = np.sort(scores_of(log_p))[::-1]
    few = np.unique(np.geomspace(1, len(ordered), MAX_POINTS).astype(int))
    axes.step(ordered[few - 1], few / traffic.units, where="pre", color=ORDINARY, linewidth=1.6)
    chosen = int((ordered >= threshold).sum())
    axes.plot([threshold], [max(chosen, 0.5) / traffic.units], "o", color=ALARM, markersize=7)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: number(count, 2)))
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("threshold on the score")
    axes.set_ylabel(f"alerts {traffic.unit}")
    _mark_threshold(axes, threshold, f"{number(chosen / traffic.units, 3)} {traffic.unit}")
    return svg(figure, alt=f"Alerts {traffic.unit} at each threshold, with the chosen one marked")


@styled
def alerts_in_time(times: Vector, alerts: Labels, labels: Labels | None) -> Markup:
    """Plot the number of alerts over time.

    Parameters
    ----------
    times
        Seconds since the epoch, increasing, shape ``(rows,)``.
    alerts
        Whether each row alerts.
    labels
        Whether each row is an anomaly.
    """
    counted = alerts_over_time(times, alerts, labels)
    figure, axes = canvas(width=FULL_WIDTH, height=2.8)
    days, width = counted.starts / DAY, counted.width / DAY * 0.9
    right = np.zeros_like(counted.alerts) if counted.right is None else counted.right
    if counted.right is not None:
        axes.bar(days, right, width, align="edge", color=ALARM, label="anomalies")
    wrong = counted.alerts - right
    axes.bar(
        days,
        wrong,
        width,
        bottom=right,
        align="edge",
        color=ORDINARY,
        label="false alerts" if counted.right is not None else "alerts",
    )
    if counted.right is not None:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9)
    axes.xaxis_date()
    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_dates(locator))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(visible=False, axis="x")
    axes.set_ylabel(f"alerts {counted.unit}")
    return svg(figure, alt=f"Alerts {counted.unit} over time")


def _dates(locator: AutoDateLocator) -> ConciseDateFormatter:
    return ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]


def _mark_threshold(axes: Axes, threshold: float, note: str = "threshold") -> None:
    axes.axvline(threshold, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    left = threshold > 0.5  # noqa: PLR2004
    axes.annotate(
        note,
        (threshold, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if left else 5, 2),
        textcoords="offset points",
        ha="right" if left else "left",
        va="bottom",
        fontsize=9,
    )


def _mark_point(axes: Axes, curve: Curve, labels: Labels, color: str, name: str) -> None:
    alerts = curve.log_p <= np.log(curve.alert_rate)
    if not alerts.any():
        return
    caught = int((alerts & labels).sum())
    recall, precision = caught / int(labels.sum()), caught / int(alerts.sum())
    axes.plot([recall], [precision], "o", color=color, markersize=7, label=name or "_nolegend_")
