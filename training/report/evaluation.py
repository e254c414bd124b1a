"""The report on a model that was evaluated on data."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from anomaly_app.core.scoring.severity import CRITICAL_BELOW
from anomaly_app.core.wording import number, odds, percent
from training.evaluation.evaluate import Evaluation
from training.history import History
from training.report.page import KeyNumber, incident_rows, render
from training.report.plots import (
    Curve,
    alerts_by_threshold,
    alerts_in_time,
    precision_recall,
    score_distribution,
)
from training.report.traffic import A_DAY, Traffic, traffic_of
from training.report.words import interval_in_words, metric_value, moment


def evaluation_report(evaluation: Evaluation, *, when: datetime) -> str:
    """Return the report as an HTML page.

    Parameters
    ----------
    evaluation
        Result of `training.evaluation.evaluate.evaluate`.
    when
        Time of the report, with a time zone.
    """
    manifest, history, log_p = evaluation.manifest, evaluation.history, evaluation.log_p
    labels, known = history.known_labels if "roc_auc" in evaluation.metrics else (None, ...)
    alerts = log_p <= np.log(manifest.alert_rate)
    traffic = traffic_of(history.times, len(history))
    times = history.times if traffic.unit == A_DAY else None
    curve = Curve(manifest.detector, log_p[known], manifest.alert_rate)
    return render(
        "evaluation.html",
        when=when,
        manifest=manifest,
        source=history.source,
        data=about(history),
        threshold=f"{manifest.threshold:.3f}",
        threshold_odds=odds(manifest.alert_rate),
        keys=list(_keys(evaluation, traffic, int(alerts.sum()))),
        alert_share=evaluation.alert_share,
        warnings=evaluation.warnings,
        training_warnings=manifest.training.warnings,
        distribution=score_distribution(log_p[known], labels, manifest.threshold),
        precision_recall=None if labels is None else precision_recall([curve], labels),
        by_threshold=alerts_by_threshold(log_p, traffic, manifest.threshold),
        in_time=None
        if times is None
        else alerts_in_time(times, alerts, history.labels if history.labelled is None else None),
        unit=traffic.unit,
        incidents=incident_rows(evaluation.incidents),
        features=[feature.name for feature in manifest.schema.features],
    )


def about(history: History) -> str:
    """Describe rows in a line: number, period, and labelled anomalies."""
    parts = [f"{len(history):,} rows"]
    if history.times is not None:
        parts.append(f"from {moment(history.times.min())} to {moment(history.times.max())} UTC")
    if history.labels is None:
        parts.append("without labels")
        return ", ".join(parts)
    known = len(history) if history.labelled is None else int(history.labelled.sum())
    if known < len(history):
        parts.append(f"{known:,} of them labelled")
    many = int(history.labels.sum())
    of_these = percent(many / known if known else None)
    parts.append(f"{many:,} labelled as anomalies ({of_these})")
    return ", ".join(parts)


def _keys(evaluation: Evaluation, traffic: Traffic, alerts: int) -> Iterator[KeyNumber]:
    metrics, labels = evaluation.metrics, evaluation.history.labels
    per_unit = number(alerts / traffic.units, 3)
    yield KeyNumber(per_unit, f"alerts {traffic.unit}; {alerts:,} in total")
    rate = evaluation.manifest.alert_rate
    if labels is None:
        yield KeyNumber(
            percent(metrics["alert_rate"]), f"of the rows alert; {percent(rate)} was requested"
        )
        critical = int((evaluation.log_p <= np.log(rate * CRITICAL_BELOW)).sum())
        yield KeyNumber(f"{critical:,}", "critical: a hundred times rarer than the alert rate")
        return
    yield KeyNumber(
        metric_value("recall", metrics["recall"]),
        f"of {int(labels.sum()):,} anomalies caught (recall{_within(evaluation, 'recall')})",
    )
    yield KeyNumber(
        metric_value("precision", metrics["precision"]),
        f"of the alerts are anomalies (precision{_within(evaluation, 'precision')})",
    )
    if "average_precision" in metrics:
        between = _within(evaluation, "average_precision").removeprefix(", ")
        yield KeyNumber(
            metric_value("average_precision", metrics["average_precision"]),
            f"average precision{f' ({between})' if between else ''}; AUC "
            f"{metric_value('roc_auc', metrics['roc_auc'])}",
        )


def _within(evaluation: Evaluation, metric: str) -> str:
    found = evaluation.intervals.get(metric)
    return "" if found is None else f", {interval_in_words(metric, found)}"
