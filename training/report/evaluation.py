"""The report on one artifact, judged on data."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from anomaly_app.core.decide import CRITICAL_BELOW
from training.evaluate import Evaluation
from training.history import History
from training.report.page import KeyNumber, render, suspect_rows
from training.report.plots import (
    Curve,
    alerts_by_threshold,
    alerts_in_time,
    precision_recall,
    score_distribution,
)
from training.report.traffic import A_DAY, Traffic, traffic_of
from training.report.words import moment, number, p_value, share


def evaluation_report(evaluation: Evaluation, *, when: datetime) -> str:
    """Write the report, as one HTML page.

    Parameters
    ----------
    evaluation
        Of `training.evaluate.evaluate`.
    when
        When it was made; it has a time zone.
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
        threshold_odds=p_value(manifest.alert_rate),
        keys=list(_keys(evaluation, traffic, int(alerts.sum()))),
        warnings=evaluation.warnings,
        training_warnings=manifest.training.warnings,
        distribution=score_distribution(log_p[known], labels, manifest.threshold),
        precision_recall=None if labels is None else precision_recall([curve], labels),
        by_threshold=alerts_by_threshold(log_p, traffic, manifest.threshold),
        in_time=None
        if times is None
        else alerts_in_time(times, alerts, history.labels if history.labelled is None else None),
        unit=traffic.unit,
        suspects=suspect_rows(evaluation.suspects, manifest.schema),
    )


def about(history: History) -> str:
    """Say in a line how much data there is, of when, and with how many known anomalies."""
    parts = [f"{len(history):,} transactions"]
    if history.times is not None:
        parts.append(f"from {moment(history.times.min())} to {moment(history.times.max())} UTC")
    if history.labels is None:
        parts.append("without labels")
    else:
        many = int(history.labels.sum())
        rows = len(history) if history.labelled is None else int(history.labelled.sum())
        of_rows = "" if rows == len(history) else f" of {rows:,} labelled"
        parts.append(f"{many:,} labelled as anomalies ({share(many / max(rows, 1))}{of_rows})")
    return ", ".join(parts)


def _keys(evaluation: Evaluation, traffic: Traffic, alerts: int) -> Iterator[KeyNumber]:
    metrics, labels = evaluation.metrics, evaluation.history.labels
    yield KeyNumber(number(alerts / traffic.units, 3), f"alerts {traffic.unit}; {alerts:,} in all")
    if "recall" in metrics and labels is not None:
        yield KeyNumber(
            share(metrics["recall"]), f"of {int(labels.sum()):,} anomalies caught (recall)"
        )
        yield KeyNumber(share(metrics["precision"]), "of the alerts are right (precision)")
        yield KeyNumber(
            f"{metrics['average_precision']:.3f}",
            f"average precision; AUC {metrics['roc_auc']:.3f}",
        )
        return
    rate = evaluation.manifest.alert_rate
    yield KeyNumber(
        share(metrics["alert_rate"]),
        f"of the transactions alert; asked for: {share(rate)}",
    )
    critical = int((evaluation.log_p <= np.log(rate * CRITICAL_BELOW)).sum())
    yield KeyNumber(f"{critical:,}", "critical: a hundred times rarer than what alerts")
