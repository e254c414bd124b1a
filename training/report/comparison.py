"""The report on all detectors, judged on one history."""

from collections.abc import Iterator
from datetime import datetime

from training.compare import Comparison
from training.report.bars import detector_bars
from training.report.columns import columns_of
from training.report.evaluation import about
from training.report.page import KeyNumber, render, suspect_rows
from training.report.plots import Curve, precision_recall
from training.report.words import number, share

MOST_CURVES = 5


def comparison_report(comparison: Comparison, *, when: datetime) -> str:
    """Write the report, as one HTML page.

    Parameters
    ----------
    comparison
        Of `training.compare.compare`.
    when
        When it was made; it has a time zone.
    """
    best, judged = comparison.best, comparison.judged
    columns = columns_of(comparison)
    labels, known = judged.known_labels if best.unlabelled is None else (None, ...)
    curves = [
        Curve(contender.detector, contender.log_p[known], contender.model.manifest.alert_rate)
        for contender in comparison.contenders[:MOST_CURVES]
    ]
    return render(
        "comparison.html",
        when=when,
        source=judged.source,
        data=about(judged),
        fitted_rows=f"{comparison.fitted_rows:,}",
        timed=judged.times is not None,
        asked=share(best.model.manifest.alert_rate),
        keys=list(_keys(comparison)),
        warnings=best.model.manifest.training.warnings,
        columns=columns,
        table=[
            (contender.detector, [column.cell(contender) for column in columns])
            for contender in comparison.contenders
        ],
        left_out=comparison.left_out,
        bars=detector_bars(comparison),
        precision_recall=None if labels is None else precision_recall(curves, labels),
        best=best.detector,
        suspects=suspect_rows(comparison.suspects, best.model.schema),
    )


def _keys(comparison: Comparison) -> Iterator[KeyNumber]:
    best, rest = comparison.best, comparison.contenders[1:]
    yield KeyNumber(best.detector, f"does best of {len(comparison.contenders)}")
    merit = "AUC of planted anomalies" if best.unlabelled else "average precision"
    runner_up = f"; next: {rest[0].merit:.3f} ({rest[0].detector})" if rest else ""
    yield KeyNumber(f"{best.merit:.3f}", f"{merit}{runner_up}")
    yield KeyNumber(f"{number(best.us_per_row, 2)} µs", "to score a row")
