"""Fitting a model: schema, estimator, calibration, manifest."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from anomaly_app.core.calibration import Calibration
from anomaly_app.core.errors import DataError
from anomaly_app.core.estimator import make_estimator
from anomaly_app.core.model import Manifest, Training, library_versions, pickle_estimator
from anomaly_app.core.schema import Matrix
from training.history import History
from training.schema import encode_history, infer_schema

LEAST_ROWS = 100


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What the user decides about a fit.

    Parameters
    ----------
    name
        Of the model: the folder that its versions are in.
    alert_rate
        Share of transactions that shall be called anomalous, above 0 and below 1.
    held_back
        Share of the rows that calibrate the threshold, above 0 and below 1.
    random_state
        Seed of everything random.
    """

    name: str = "transactions"
    alert_rate: float = 0.005
    held_back: float = 0.25
    random_state: int = 0


class Fitted(NamedTuple):
    """A model that is ready to be written."""

    manifest: Manifest
    pickle: bytes
    left_out: dict[str, str]


def fit_model(history: History, options: FitOptions, *, version: str) -> Fitted:
    """Fit a model on history.

    Parameters
    ----------
    history
        With a time, the latest rows are held back for calibration; without one, random rows.
    options
        See `FitOptions`.
    version
        Of the artifact.

    Raises
    ------
    DataError
        There are fewer than `LEAST_ROWS` rows, or no usable feature.
    """
    if len(history) < LEAST_ROWS:
        raise DataError(
            f"{history.source} has {len(history)} rows, {LEAST_ROWS} are needed at least"
        )
    fit_rows, held_back_rows = _split(history, options)
    fitted_on = history.take(fit_rows)
    inferred = infer_schema(fitted_on)
    matrix = encode_history(fitted_on, inferred.schema)
    estimator = make_estimator(inferred.schema, random_state=options.random_state).fit(matrix)
    held_back = history.take(held_back_rows)
    raw = -estimator.score_samples(encode_history(held_back, inferred.schema))
    calibration = Calibration.fit(raw)
    pickle = pickle_estimator(estimator)
    manifest = Manifest(
        name=options.name,
        version=version,
        sha256=hashlib.sha256(pickle).hexdigest(),
        detector="isolation_forest",
        schema=inferred.schema,
        calibration=calibration,
        alert_rate=options.alert_rate,
        training=Training(
            source=history.source,
            sha256=hashlib.sha256(matrix.tobytes()).hexdigest(),
            rows=len(fit_rows),
            held_back=len(held_back_rows),
        ),
        libraries=library_versions(),
        created_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        random_state=options.random_state,
        metrics=_metrics(held_back, raw, calibration, options.alert_rate),
    )
    return Fitted(manifest, pickle, inferred.left_out)


def _split(
    history: History, options: FitOptions
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    rows = np.arange(len(history))
    if history.times is None:
        rows = np.random.default_rng(options.random_state).permutation(rows)
    cut = len(rows) - max(int(len(rows) * options.held_back), 1)
    return rows[:cut], rows[cut:]


def _metrics(
    held_back: History, raw: Matrix, calibration: Calibration, alert_rate: float
) -> dict[str, float]:
    flagged = calibration.log_p_values(raw) <= np.log(alert_rate)
    metrics = {"held_back_alert_rate": float(flagged.mean())}
    labels = held_back.labels
    if labels is None or labels.all() or not labels.any():
        return metrics
    caught = int((flagged & labels).sum())
    return metrics | {
        "roc_auc": float(roc_auc_score(labels, raw)),
        "average_precision": float(average_precision_score(labels, raw)),
        "precision": caught / max(int(flagged.sum()), 1),
        "recall": caught / int(labels.sum()),
    }
