"""The report on a comparison of detectors."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from anomaly_app.core.wording import number, percent
from training.evaluation.contenders import Comparison, Contender
from training.evaluation.recommendation import recommendation, standing
from training.report.comparison_bars import detector_bars
from training.report.comparison_columns import columns_of
from training.report.evaluation import about
from training.report.page import KeyNumber, incident_rows, render
from training.report.plots import Curve, precision_recall

MAX_CURVES = 5


class Cell(NamedTuple):
    """One number of the table."""

    value: str
    interval: str
    off: bool
    """Whether it is an alert rate far from the requested one."""


class Line(NamedTuple):
    """One detector of the table."""

    detector: str
    ties: bool
    """Whether it ties with the first detector."""
    cells: list[Cell]


def comparison_report(comparison: Comparison, *, when: datetime) -> str:
    """Return the report as an HTML page.

    Parameters
    ----------
    comparison
        Result of `training.evaluation.compare.compare`.
    when
        Time of the report, with a time zone.
    """
    best, judged = comparison.best, comparison.judged
    labels, known = judged.known_labels if best.unlabelled is None else (None, ...)
    curves = [
        Curve(contender.detector, contender.log_p[known], contender.model.manifest.alert_rate)
        for contender in comparison.contenders[:MAX_CURVES]
    ]
    return render(
        "comparison.html",
        when=when,
        source=judged.source,
        data=about(judged),
        fitted_rows=f"{comparison.fitted_rows:,}",
        timed=judged.times is not None,
        asked=percent(best.model.manifest.alert_rate),
        keys=list(_keys(comparison)),
        recommendation=recommendation(comparison),
        off=[
            f"{one.detector} {percent(one.metrics['alert_rate'])}"
            for one in comparison.contenders
            if one.alert_share
        ],
        warnings=comparison.warnings,
        training_warnings=best.model.manifest.training.warnings,
        columns=columns_of(comparison),
        table=[_line(comparison, contender) for contender in comparison.contenders],
        sure=comparison.sure,
        left_out=comparison.left_out,
        bars=detector_bars(comparison),
        precision_recall=None if labels is None else precision_recall(curves, labels),
        best=best.detector,
        incidents=incident_rows(comparison.incidents),
    )


def _line(comparison: Comparison, contender: Contender) -> Line:
    return Line(
        contender.detector,
        comparison.ties(contender),
        [
            Cell(
                column.cell(contender),
                column.between(contender),
                column.measure == "alert_rate" and contender.alert_share is not None,
            )
            for column in columns_of(comparison)
        ],
    )


def _keys(comparison: Comparison) -> Iterator[KeyNumber]:
    best, rest = comparison.best, comparison.contenders[1:]
    share = percent(best.metrics["alert_rate"])
    off = f", but alerts on {share} of the rows" if best.alert_share is not None else ""
    yield KeyNumber(best.detector, standing(comparison) + off)
    runner_up = f"; next: {rest[0].merit:.3f} ({rest[0].detector})" if rest else ""
    yield KeyNumber(f"{best.merit:.3f}", f"{comparison.merit}{runner_up}")
    yield KeyNumber(f"{number(best.us_per_row, 2)} µs", "to score a row")
