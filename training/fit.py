"""Fit a model: schema, estimator, calibration, threshold, manifest."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.calibration import Calibration
from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS
from anomaly_app.core.detectors.trimming import subsample
from anomaly_app.core.model.estimator import Preparation, make_estimator
from anomaly_app.core.model.manifest import Manifest, Training, library_versions
from anomaly_app.core.model.model import pickle_model
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.errors import DataError
from training.checks.columns import column_warnings
from training.checks.later_alerts import (
    gaps_warning,
    later_alerts_warning,
    wild_rows,
    wild_rows_warning,
)
from training.encoding import encode_history
from training.history import History
from training.holdout import hold_back
from training.metrics import measure
from training.schema import infer_schema
from training.series import infer_scales, scale_warning
from training.threshold import (
    ThresholdOptions,
    check_options,
    choose_threshold,
    last_time,
    transactions_a_day,
)

MIN_ROWS = 100

ORDINARY_ROWS = 256
"""Number of ordinary training rows that the artifact keeps as the source of expected values."""

SCORED_AGAIN = 50_000
"""Number of random training rows to score. The ordinary rows are drawn from them, and they show
whether a group among the held-back rows was known in training."""

CERTAINLY_ORDINARY = 0.9
"""Share of the scored training rows, the least abnormal, to draw the ordinary rows from."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Options of a fit.

    Parameters
    ----------
    name
        Name of the model, and of the folder with its versions.
    detector
        One of `anomaly_app.core.detectors.DETECTORS`.
    params
        Parameters of the detector.
    threshold
        Where alerts begin.
    held_back
        Share of the rows to hold back for calibration, above 0 and below 1.
    random_state
        Random seed.
    """

    name: str = "transactions"
    detector: str = "default"
    params: dict[str, Any] = field(default_factory=dict)
    threshold: ThresholdOptions = ThresholdOptions()  # noqa: RUF009  # it is frozen
    held_back: float = 0.25
    random_state: int = 0


class Fitted(NamedTuple):
    """A fitted model, ready to be written."""

    manifest: Manifest
    pickle: bytes
    left_out: dict[str, str]


def fit_model(history: History, options: FitOptions, *, version: str) -> Fitted:
    """Fit a model on history.

    Parameters
    ----------
    history
        If it has times, the latest rows are held back for calibration; otherwise random rows.
    options
        See `FitOptions`.
    version
        Version of the artifact.

    Raises
    ------
    DataError
        The history has fewer than `MIN_ROWS` rows, no usable feature, or lacks labels that the
        detector or the threshold needs.
    """
    _require_rows(history)
    fitted_on, held_back = hold_back(history, options.held_back, options.random_state)
    check_options(options.threshold, held_back)
    inferred = infer_schema(fitted_on)
    schema, matrix = _with_scales(fitted_on, inferred.schema)
    judged = encode_history(held_back, schema)
    # With several threads, sums have another order and the artifact has other bytes.
    with threadpool_limits(1):
        estimator = _fit_estimator(fitted_on, schema, matrix, options)
        raw = -estimator.score_samples(judged)
        some = subsample(matrix, SCORED_AGAIN, np.random.RandomState(options.random_state))
        learnt = -estimator.score_samples(some)
        ordinary = _ordinary(estimator, matrix, options.random_state)
    calibration = Calibration.fit(raw, learnt)
    wild = wild_rows(calibration, raw)
    missingness = next(step.missingness_ for step in estimator if isinstance(step, Preparation))
    log_p = missingness.joined_with(calibration.log_p_values(raw), np.isnan(judged))
    threshold = choose_threshold(options.threshold, log_p, held_back)
    warnings = (
        *history.warnings,
        *column_warnings(fitted_on, schema, inferred.left_out),
        scale_warning(schema),
        wild_rows_warning(wild, threshold.alert_rate),
        later_alerts_warning(fitted_on, held_back, schema, raw, learnt, wild, threshold.alert_rate),
        gaps_warning(schema, matrix, judged, log_p, wild, threshold.alert_rate),
    )
    pickle = pickle_model(estimator, ordinary)
    manifest = Manifest(
        name=options.name,
        version=version,
        sha256=hashlib.sha256(pickle).hexdigest(),
        detector=options.detector,
        schema=schema,
        roles=history.roles,
        calibration=calibration,
        alert_rate=threshold.alert_rate,
        threshold_rule=threshold.rule,
        training=Training(
            source=history.source,
            sha256=hashlib.sha256(matrix.data).hexdigest(),
            rows=len(fitted_on),
            held_back=len(held_back),
            warnings=tuple(dict.fromkeys(line for line in warnings if line is not None)),
            left_out=inferred.left_out,
            transactions_a_day=transactions_a_day(held_back),
            trained_until=last_time(history),
        ),
        libraries=library_versions(),
        created_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        random_state=options.random_state,
        alerts_a_day=options.threshold.alerts_a_day,
        metrics=measure(log_p, held_back.labels, threshold.alert_rate, held_back.labelled),
    )
    return Fitted(manifest, pickle, inferred.left_out)


def _require_rows(history: History) -> None:
    if len(history) < MIN_ROWS:
        whole = history.whole or len(history)
        part = "" if whole == len(history) else f", {len(history):,} of them for training"
        raise DataError(f"{history.source} has {whole:,} rows{part}; {MIN_ROWS} are needed")


def _with_scales(history: History, schema: FeatureSchema) -> tuple[FeatureSchema, Matrix]:
    matrix = encode_history(history, schema)
    if (scales := infer_scales(history, schema, matrix)) is None:
        return schema, matrix
    return replace(schema, scales=scales), scales.apply(
        matrix, () if history.entities is None else history.entities
    )


def _fit_estimator(
    history: History, schema: FeatureSchema, matrix: Matrix, options: FitOptions
) -> Pipeline:
    if options.detector not in DETECTORS:
        raise DataError(
            f"unknown detector {options.detector!r}; choose from {', '.join(DETECTORS)}"
        )
    labels, known = None, {}
    if options.detector not in NEEDS_LABELS:
        known = {} if history.certain is None else {"detector__certain": history.certain}
    else:
        if history.labels is None or not history.has_both_labels:
            raise DataError(
                f"{options.detector} needs labels of both kinds, and the training rows of "
                f"{history.source} do not have them: set --roles label=COLUMN, or choose another "
                "detector"
            )
        labels = np.where(history.labels, -1, 1)
        if history.labelled is not None:
            matrix, labels = matrix[history.labelled], labels[history.labelled]
    try:
        estimator = make_estimator(
            schema, options.detector, random_state=options.random_state, **options.params
        )
        return estimator.fit(matrix, labels, **known)
    except (TypeError, ValueError) as fault:
        if not options.params:
            raise
        reason = " ".join(str(fault).split())
        raise DataError(f"{options.detector} rejects its parameters: {reason}") from None


def _ordinary(estimator: Pipeline, matrix: Matrix, random_state: int) -> Matrix:
    matrix = subsample(matrix, SCORED_AGAIN, np.random.RandomState(random_state))
    scores = estimator.score_samples(matrix)
    ordinary = np.flatnonzero(scores >= np.quantile(scores, 1.0 - CERTAINLY_ORDINARY))
    drawn = np.random.default_rng(random_state).permutation(ordinary)[:ORDINARY_ROWS]
    rows: Matrix = matrix[np.sort(drawn)]
    return rows
