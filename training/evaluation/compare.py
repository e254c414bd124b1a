"""Compare detectors on one history: fit on its first part, judge on the part held back."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.core.model.model import Model
from anomaly_app.errors import DataError
from training.checks.alert_share import alert_share_warning
from training.checks.compatibility import data_warnings
from training.encoding import encode_history
from training.evaluation.agreement import mean_overlap, overlap, top_rows
from training.evaluation.benchmark import microseconds_per_row
from training.evaluation.blocks import blocks_of
from training.evaluation.contenders import Comparison, Contender, Unlabelled
from training.evaluation.incidents import find_incidents
from training.evaluation.intervals import Bootstrap, interval, judge
from training.evaluation.synthetic_anomalies import source_rows, synthetic_anomalies, synthetic_auc
from training.fit import FitOptions, fit_model
from training.history import History
from training.holdout import hold_back
from training.metrics import measure


def compare(
    history: History,
    detectors: Sequence[str],
    *,
    held_back: float = 0.25,
    seed: int = 0,
    on_detector: Callable[[int, str], None] = lambda *_: None,
) -> Comparison:
    """Fit and judge detectors on one history.

    Parameters
    ----------
    history
        If it has times, its latest rows are judged; otherwise random rows.
    detectors
        Names; see `anomaly_app.core.detectors.DETECTORS`.
    held_back
        Share of the rows to judge on and not fit on, above 0 and below 1.
    seed
        Random seed.
    on_detector
        Called with the index and the name of each detector before it is fitted.

    Raises
    ------
    DataError
        The history is too small, has no usable feature, or no detector could be fitted.
    """
    fitted_on, judged = hold_back(history, held_back, seed)
    bootstrap = Bootstrap(blocks_of(judged), seed)
    contenders: list[Contender] = []
    left_out: dict[str, str] = {}
    for index, name in enumerate(detectors):
        on_detector(index, name)
        try:
            contenders.append(_contend(name, fitted_on, judged, bootstrap, seed))
        except DataError as fault:
            if name not in NEEDS_LABELS:
                raise
            left_out[name] = str(fault)
        except ValueError as fault:
            left_out[name] = f"{name} could not be fitted: {' '.join(str(fault).split())}"
    if not contenders:
        raise DataError("; ".join(left_out.values()) or "name at least one detector")
    if contenders[0].unlabelled is not None:
        contenders = _with_agreement(contenders)
    contenders.sort(key=lambda contender: -contender.merit)
    best = contenders[0]
    incidents = find_incidents(best.model, judged, best.log_p)
    matrix = encode_history(judged, best.model.schema)
    warnings = data_warnings(best.model.manifest, judged, matrix)
    return Comparison(judged, len(fitted_on), contenders, left_out, incidents, warnings)


def _contend(
    name: str, fitted_on: History, judged: History, bootstrap: Bootstrap, seed: int
) -> Contender:
    options = FitOptions(detector=name, random_state=seed)
    started = time.perf_counter()
    model = _fit(fitted_on, options)
    fit_seconds = time.perf_counter() - started
    matrix = encode_history(judged, model.schema)
    log_p = model.log_p_values(matrix)
    rate = model.manifest.alert_rate
    metrics = measure(log_p, judged.labels, rate, judged.labelled)
    measured = judge(bootstrap, log_p, metrics, judged, rate)
    intervals, unlabelled = measured.intervals, None
    merits = None if measured.draws is None else measured.draws.average_precision
    if "average_precision" not in metrics:
        other = _fit(fitted_on, replace(options, random_state=seed + 1))
        again = other.log_p_values(encode_history(judged, other.schema))
        synthetic = model.log_p_values(synthetic_anomalies(matrix, model.schema, seed))
        unlabelled = Unlabelled(
            synthetic_auc(log_p, synthetic),
            float("nan"),
            overlap(top_rows(log_p), top_rows(again)),
        )
        merits = _synthetic_aucs(bootstrap, log_p, synthetic, seed)
        intervals = intervals | {"synthetic_auc": interval(merits, unlabelled.synthetic_auc)}
    us_per_row = microseconds_per_row(model.score_samples, matrix)
    return Contender(
        detector=name,
        model=model,
        log_p=log_p,
        metrics=measured.metrics,
        intervals=intervals,
        merits=merits,
        alert_share=alert_share_warning(rate, int((log_p <= np.log(rate)).sum()), len(judged)),
        unlabelled=unlabelled,
        fit_seconds=fit_seconds,
        us_per_row=us_per_row,
    )


def _synthetic_aucs(bootstrap: Bootstrap, log_p: Vector, synthetic: Vector, seed: int) -> Vector:
    rows = np.concatenate([bootstrap.rows, bootstrap.rows[source_rows(len(log_p), seed)]])
    is_synthetic = np.arange(len(rows)) >= len(log_p)
    return bootstrap.ranking(np.concatenate([log_p, synthetic]), is_synthetic, rows).roc_auc


def _fit(history: History, options: FitOptions) -> Model:
    fitted = fit_model(history, options, version="1")
    return Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where=options.detector)


def _with_agreement(contenders: list[Contender]) -> list[Contender]:
    tops = [top_rows(contender.log_p) for contender in contenders]
    return [
        replace(one, unlabelled=one.unlabelled._replace(agreement=mean_overlap(index, tops)))
        for index, one in enumerate(contenders)
        if one.unlabelled is not None
    ]
